"""Empty collections with their defaults, for a dashboard to begin with."""

from __future__ import annotations

from msgspec.structs import replace

from yadokari.schema.collection import Collection, CollectionType
from yadokari.schema.collection_json import collection_to_wire
from yadokari.schema.defaults import (
    new_collection,
    required_indexes,
    with_system_fields,
)
from yadokari.schema.ids import RECORD_ID_ALPHABET, Draw, random_text

_PLACEHOLDER_CHARS = 10


def scaffolds(*, draw: Draw) -> dict[str, dict[str, object]]:
    """By type, the JSON of a collection without id and name.

    Args:
        draw: For the passing names of indexes, which get their real ones on creation.
    """
    kinds: tuple[CollectionType, ...] = ("auth", "base", "view")
    return {kind: collection_to_wire(_scaffold(kind, draw)) for kind in kinds}


def _scaffold(kind: CollectionType, draw: Draw) -> Collection:
    collection = with_system_fields(new_collection(type=kind, draw=None))
    if kind != "auth":
        return collection
    passing = random_text(draw, length=_PLACEHOLDER_CHARS, alphabet=RECORD_ID_ALPHABET)
    indexes = required_indexes(collection, named_for=passing)
    return replace(collection, indexes=tuple(indexes.values()))
