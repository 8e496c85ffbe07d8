"""What the generators know of a round: its collections, their fields and the ids in use.

W1  The model follows what the generators asked for, not what the servers did; it only steers.

Not here: drawing schemas (generate_schema.py), values (generate_values.py).
"""

import random
from dataclasses import dataclass, field
from typing import Literal

from tests.oracle.client import Json

Kind = Literal[
    "text", "editor", "number", "bool", "email", "url", "date", "autodate", "select", "selects",
    "file", "files", "relation", "relations", "json", "password", "geoPoint",
]  # fmt: skip
KINDS: tuple[Kind, ...] = (
    "text", "editor", "number", "bool", "email", "url", "date", "autodate", "select", "selects",
    "file", "files", "relation", "relations", "json", "password", "geoPoint",
)  # fmt: skip
"""The 14 field types, with the multiple form of select, file and relation as kinds of their own."""
OWN_ID = "id0"
"""Ids that a generator gave open with this; all others were drawn by a server."""
CHOICES = ("a", "B", "5", "true", "x y")
DRAWN_KINDS: frozenset[Kind] = frozenset({"autodate", "file", "files", "password"})
"""Kinds whose stored value differs from server to server."""


@dataclass(slots=True, kw_only=True)
class FieldShape:
    """A field as the generators see it."""

    name: str
    kind: Kind
    options: dict[str, Json] = field(default_factory=dict)
    target: str = ""
    """Name of the collection a relation leads to."""

    def as_json(self) -> dict[str, Json]:
        """The field in a collection's body; relations need `collectionId` in the options."""
        plural = {"selects": "select", "files": "file", "relations": "relation"}
        return {"name": self.name, "type": plural.get(self.kind, self.kind), **self.options}


@dataclass(slots=True, kw_only=True)
class Shape:
    """A collection as the generators see it."""

    name: str
    id: str
    type: Literal["base", "auth", "view"]
    fields: list[FieldShape]
    ids: list[str] = field(default_factory=list)

    def of_kind(self, kind: Kind) -> list[FieldShape]:
        """Its fields of a kind."""
        return [one for one in self.fields if one.kind == kind]

    @property
    def path(self) -> str:
        """Path of its records."""
        return f"/api/collections/{self.name}/records"


@dataclass(slots=True, kw_only=True)
class World:
    """All collections of a round, and the dice that everything is drawn with."""

    dice: random.Random
    shapes: dict[str, Shape] = field(default_factory=dict)
    last_id: int = 0

    def new_id(self) -> str:
        """An id that no record has yet."""
        self.last_id += 1
        return f"{OWN_ID}{self.last_id:012d}"

    def any_id(self, name: str) -> str:
        """An id of a collection, sometimes one that does not exist."""
        shape = self.shapes.get(name)
        if shape is None or not shape.ids or self.dice.random() < 0.02:
            return f"{OWN_ID}{999_999_000 + self.dice.randrange(9):012d}"
        return self.dice.choice(shape.ids)

    def back_relations(self, shape: Shape) -> list[tuple[Shape, FieldShape]]:
        """Fields of other collections that lead to this one."""
        return [
            (other, one)
            for other in self.shapes.values()
            for one in other.fields
            if one.target == shape.name and other.type != "view"
        ]
