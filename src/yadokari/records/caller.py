"""Who asks, and with what: the caller and the facts of a request that rules may read.

A1  A guest has no record; a superuser is any record of the superusers' collection.
A3  The key of a superuser is no superuser: it skips the rules of its own collections, no more.
A2  Facts are read lazily: a request whose rules ask nothing pays nothing.

Not here: how a token becomes a caller (auth/callers.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from yadokari.ports.store import Row
from yadokari.rules.bind import RequestContext
from yadokari.schema.collection import SUPERUSERS_ID, Collection

T = TypeVar("T")

NO_CONTEXT = RequestContext()


class KeyScope(msgspec.Struct, frozen=True):
    """What an API key may do at most."""

    collections: tuple[str, ...]
    """Names; ``*`` = every collection that is not a system one."""
    actions: tuple[str, ...]
    """Actions on records; ``*`` = all of them."""
    networks: tuple[str, ...] = ()
    """Where it may come from; none = anywhere."""

    def covers(self, collection: Collection) -> bool:
        """Whether this is one of its collections."""
        if collection.system:
            return False
        return "*" in self.collections or collection.name in self.collections

    def allows(self, action: str, collection: Collection) -> bool:
        """Whether it may do this there."""
        return ("*" in self.actions or action in self.actions) and self.covers(collection)


class Caller(msgspec.Struct, frozen=True, dict=True):
    """Whoever sends a request. It has a dict: facts are worked out once, when asked for."""

    row: Row | None = None
    collection: Collection | None = None
    scope: KeyScope | None = None
    """Of an API key that acts as this record; it is no superuser, whoever that is."""
    is_passing: bool = False
    """Whether it came with a short-lived token that must not give birth to another one."""

    @property
    def is_superuser(self) -> bool:
        """Whether all rules are skipped."""
        return self.scope is None and self.is_of_superuser

    @property
    def is_of_superuser(self) -> bool:
        """Whether a superuser asks, or a key that acts as one."""
        return self.collection is not None and self.collection.id == SUPERUSERS_ID

    def skips_rules_of(self, collection: Collection) -> bool:
        """Whether this collection's own rules are skipped: for superusers, and their keys."""
        if self.scope is None:
            return self.is_of_superuser
        return self.is_of_superuser and self.scope.covers(collection)

    @property
    def is_guest(self) -> bool:
        """Whether nobody is signed in."""
        return self.row is None

    @cached_property
    def facts(self) -> Mapping[str, object] | None:
        """The auth record as rules see it; None for a guest."""
        if self.row is None or self.collection is None:
            return None
        facts: dict[str, object] = dict(self.row.values)
        facts["collectionId"] = self.collection.id
        facts["collectionName"] = self.collection.name
        return facts

    def owns(self, row: Row) -> bool:
        """Whether the record is the caller's own."""
        mine = self.row
        return mine is not None and mine.collection_id == row.collection_id and mine.id == row.id


GUEST = Caller()


class LazyFacts(Mapping[str, T]):
    """Facts that are made when the first of them is asked for (A2)."""

    __slots__ = ("_made", "_make")

    def __init__(self, make: Callable[[], Mapping[str, T]]) -> None:
        self._make = make
        self._made: Mapping[str, T] | None = None

    def _all(self) -> Mapping[str, T]:
        if self._made is None:
            self._made = self._make()
        return self._made

    def __getitem__(self, name: str) -> T:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())


class HeaderFacts(LazyFacts[str]):
    """Headers as rules name them: lower case, ``_`` for ``-``."""

    __slots__ = ()

    def __init__(self, raw: Callable[[], Mapping[str, str]]) -> None:
        super().__init__(
            lambda: {name.lower().replace("-", "_"): value for name, value in raw().items()}
        )


class Asking:
    """A request as the records layer sees it."""

    __slots__ = ("_context", "caller")

    def __init__(
        self,
        *,
        caller: Caller = GUEST,
        context: RequestContext | Callable[[], RequestContext] = NO_CONTEXT,
    ) -> None:
        """``context`` may be a way to make it, taken when the first rule asks (A2)."""
        self.caller = caller
        self._context = context

    @property
    def context(self) -> RequestContext:
        """What rules may ask about the request."""
        context = self._context
        if not isinstance(context, RequestContext):
            context = self._context = context()
        return context

    def with_body(self, body: Callable[[], Mapping[str, object]]) -> Asking:
        """The same request with this body resolved, made when a rule asks."""
        return Asking(
            caller=self.caller, context=lambda: replace(self.context, body=LazyFacts(body))
        )

    def within(self, context: str) -> Asking:
        """The same request seen from another context, such as ``expand``."""
        return Asking(caller=self.caller, context=lambda: replace(self.context, context=context))
