"""The schema inside one unit of work: check, write, and keep views in step.

SU1  A collection is stored only when every check passes; its row, its tables and the schema in
     force change together.
SU2  After a change every other view is described anew, without running it; one that shows other
     fields now is saved again. A view that can no longer be described stays as it is, and then
     none is saved again.
SU3  A collection goes only when nothing refers to it and no view breaks.

Not here: what a client may ask (collections/service.py), checks of plain data (schema).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from yadokari.base.errors import BadRequest, Conflict, Invalid
from yadokari.base.problems import Problems, required
from yadokari.collections.reserved import Box, remove_row, write_row
from yadokari.collections.view_fields import VIEW_ID_FIELD, same_fields, view_fields
from yadokari.ports.store import Page, Transaction
from yadokari.rules.bind import RequestContext, bind
from yadokari.rules.resolve import Query, check_rule, parse_text, resolve
from yadokari.schema.auth_wire import auth_keys, auth_merged
from yadokari.schema.collection import AuthOptions, Collection, Schema
from yadokari.schema.collection_check import collection_problems, invalid_view_query
from yadokari.schema.diff import diff, diff_schemas
from yadokari.schema.fields import Field, RelationField
from yadokari.schema.fields_check import fields_problem
from yadokari.schema.ids import Draw
from yadokari.schema.index import parse_index, parse_indexes
from yadokari.schema.index_check import invalid_index
from yadokari.schema.steps import SchemaStep
from yadokari.schema.system import (
    AUTH_ORIGINS_NAME,
    EXTERNAL_AUTHS_NAME,
    MFAS_NAME,
    OTPS_NAME,
)

HELPER_NAMES = (EXTERNAL_AUTHS_NAME, AUTH_ORIGINS_NAME, MFAS_NAME, OTPS_NAME)
STORE_PREFIX = "sqlite_"  # Such names would hinder a move to SQLite, too.
HELPER_ROWS_PAGE = 500  # Rows of a deleted auth collection are removed in pages of this many.


class References(BadRequest):
    """Other collections' relations point here; ``names`` says which. Remove those fields first."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(
            f"Failed to delete collection probably due to existing reference in {', '.join(names)}."
        )
        self.names = tuple(names)


class SchemaUnit:
    """Changes collections within a transaction."""

    def __init__(self, tx: Transaction, *, now: str, draw: Draw, box: Box | None) -> None:
        """Work on a transaction.

        Args:
            now: The moment, canonical text.
            draw: For copies of fields in views and trial runs of patterns.
            box: Seals secrets in the stored rows; None keeps them plain.
        """
        self._tx, self._now, self._draw, self._box = tx, now, draw, box

    @property
    def schema(self) -> Schema:
        """The schema as it is by now."""
        return self._tx.schema

    async def save(self, new: Collection, old: Collection | None) -> Collection:
        """Store a new or changed collection; returns it as stored.

        Raises:
            Invalid: a check fails; ``problems`` says why, by key.
            BadRequest: the store refuses the index, the view or the change of a table.
        """
        schema = self._tx.schema
        found: Problems = {}
        if new.is_view:
            fields, found = await self._fields_of(new)
            new = replace(new, fields=fields)
        problems = self._problems(new, old, schema, _names_seen(schema, new, old)) | found
        if problems:
            raise Invalid("", problems=problems)
        if new.name.lower().startswith(STORE_PREFIX):
            raise BadRequest("The name begins like the store's own tables.")
        await self._put(new, diff(old, new), _with(schema, new))
        await self.refresh_views(besides=new.id)
        return self._tx.schema.by_id[new.id]

    async def remove(self, old: Collection) -> None:
        """Delete a collection with its records.

        Raises:
            BadRequest: SU3, or it is a system collection; References says who refers.
        """
        if old.system:
            raise BadRequest("System collections cannot be deleted.")
        names = referring(old, self._tx.schema)
        if names:
            raise References(names)
        await self._forget(old)
        left = [item for item in self._tx.schema.collections if item.id != old.id]
        await self._tx.apply(diff(old, None), schema=self._tx.schema.with_collections(left))
        await self.refresh_views(besides=old.id, must_work=True)

    async def refresh_views(self, *, besides: str, must_work: bool = False) -> None:
        """Describe the other views anew (SU2).

        Raises:
            BadRequest: with ``must_work``, when one can no longer be described.
        """
        try:
            async with self._tx.savepoint():
                for view in [item for item in self._tx.schema.collections if item.is_view]:
                    if view.id != besides:
                        await self._refresh(view)
        except (BadRequest, Conflict):
            if must_work:
                raise

    async def replace_all(
        self, changed: Sequence[Collection], *, removed: frozenset[str] = frozenset()
    ) -> None:
        """Store many collections at once; they may refer to each other, checks come last.

        Args:
            changed: In the order to take them. One that is listed again is made of each in turn,
                so a field that an earlier one lacks comes back empty.
            removed: Ids of collections that go.

        Raises:
            Invalid: a check fails; ``problems`` are those of the first such collection.
            BadRequest: the store refuses.
        """
        before = self._tx.schema
        last = {item.id: item for item in changed}
        added = [item for item in last.values() if item.id not in before.by_id]
        kept = [last.get(item.id, item) for item in before.collections if item.id not in removed]
        after = before.with_collections((*kept, *added))
        for item in changed:
            _refuse_indexes(item, after)
        for item in changed:
            self._check_shape(item, before.by_id.get(item.id), after)
        for gone in removed:
            await self._forget(before.by_id[gone])
        for item in changed:
            if not item.is_view and last[item.id] is not item:
                await self._pass_through(item)
        # Views that nobody touches stay as they are, so a broken one does not stand in the way.
        touched = frozenset(last) | removed
        steps = diff_schemas(_touched(self._tx.schema, touched), _touched(after, touched))
        await self._tx.apply(steps, schema=after)
        settled = [await self._described(item) if item.is_view else item for item in changed]
        schema = self._tx.schema
        for item in settled:
            problems = self._problems(item, before.by_id.get(item.id), schema, schema)
            problems.pop("id", None)
            if problems:
                raise Invalid(f"The collection {item.name!r} is not valid.", problems=problems)
            await write_row(self._tx, item, self._box)
        await self.refresh_views(besides="", must_work=bool(removed))

    async def _pass_through(self, item: Collection) -> None:
        """Give a table a shape that a later item of the same list changes again."""
        present = self._tx.schema
        touched = frozenset((item.id,))
        passing = _with(present, item)
        steps = diff_schemas(_touched(present, touched), _touched(passing, touched))
        await self._tx.apply(steps, schema=passing)

    async def _described(self, view: Collection) -> Collection:
        """An imported view with its fields. Raises Invalid when its query is wrong."""
        fields, found = await self._fields_of(view)
        if found:
            raise Invalid("", problems=found)
        shown = replace(view, fields=fields)
        await self._tx.apply((), schema=_with(self._tx.schema, shown))
        return shown

    async def view_fields(self, name: str, query: str) -> tuple[Field, ...]:
        """The fields that a view with this SELECT would have. Raises BadRequest with the reason."""
        view = Collection(id="", name=name, type="view", view_query=query)
        columns = await self._tx.describe_view(query)
        fields = view_fields(columns, self._tx.schema, draw=self._draw)
        if self._bad_names(replace(view, fields=fields)):
            raise BadRequest("A column has a name that no field can have.")
        return fields

    async def _refresh(self, view: Collection) -> None:
        columns = await self._tx.describe_view(view.view_query, runs=False)
        schema = self._tx.schema
        fields = view_fields(columns, schema, draw=self._draw)
        if same_fields(fields, view.fields):
            return
        shown = replace(view, fields=fields, updated=self._now)
        await self._put(shown, diff(view, shown), _with(schema, shown))

    async def _fields_of(self, view: Collection) -> tuple[tuple[Field, ...], Problems]:
        """The fields of a view's query, or none and what is wrong with it."""
        if not view.view_query:
            return (), {}
        try:
            columns = await self._tx.describe_view(view.view_query)
        except BadRequest as error:
            bad: Problems = {"fields": required(), "viewQuery": invalid_view_query(error.message)}
            found = error.problems or bad
            return () if "fields" in found else (VIEW_ID_FIELD,), found
        fields = view_fields(columns, self._tx.schema, draw=self._draw)
        bad_names = self._bad_names(replace(view, fields=fields))
        if bad_names:
            return fields, {"fields": bad_names, "viewQuery": invalid_view_query()}
        return fields, {}

    def _bad_names(self, view: Collection) -> Problems:
        """Fields of a view whose name no field can have, by position."""
        table = replace(view, type="base")
        found = fields_problem(table, None, schema=self._tx.schema, draw=self._draw)
        if not isinstance(found, dict):
            return {}
        return {
            at: {"name": wrong["name"]}
            for at, wrong in found.items()
            if isinstance(wrong, dict) and "name" in wrong
        }

    def _problems(
        self, new: Collection, old: Collection | None, schema: Schema, names: Schema
    ) -> Problems:
        if (new.type == "auth") != (new.auth is not None):
            # Its type was changed, which is wrong already; options are judged as that type's.
            new = replace(new, auth=_no_auth_options() if new.type == "auth" else None)
        found = collection_problems(
            new,
            old,
            schema=schema,
            rule_problem=lambda holder, text: check_rule(text, holder, names) is not None,
            draw=self._draw,
        )
        if new.name.lower().startswith(STORE_PREFIX):
            found.pop("name", None)  # Refused as a whole, as PocketBase does.
        return found

    def _check_shape(self, new: Collection, old: Collection | None, schema: Schema) -> None:
        """What must be right before tables are touched; fields of views are not known yet."""
        found = collection_problems(
            new, old, schema=schema, rule_problem=lambda _holder, _text: False, draw=self._draw
        )
        found.pop("id", None)  # What it brings is kept, and it is part of the schema by now.
        if new.is_view:
            found.pop("fields", None)
        if found:
            raise Invalid(f"The collection {new.name!r} is not valid.", problems=found)

    async def _put(
        self, collection: Collection, steps: Sequence[SchemaStep], schema: Schema
    ) -> None:
        await self._tx.apply(steps, schema=schema)
        await write_row(self._tx, collection, self._box)

    async def _forget(self, old: Collection) -> None:
        await remove_row(self._tx, old.id)
        if old.is_auth:
            for name in HELPER_NAMES:
                helper = self._tx.schema.named(name)
                if helper is not None:
                    await self._remove_helpers(helper, old.id)

    async def _remove_helpers(self, helper: Collection, collection_id: str) -> None:
        """Rows that belong to records of an auth collection go with it."""
        tree = parse_text("collectionRef = ''")
        plan = resolve(Query(collection=helper, filter=tree, restricted=False), self._tx.schema)
        binding = bind(plan, RequestContext(), (collection_id,))
        page = Page(offset=0, limit=HELPER_ROWS_PAGE)
        while rows := await self._tx.select(plan, binding, page=page):
            for row in rows:
                await self._tx.remove(row)


def _refuse_indexes(collection: Collection, schema: Schema) -> None:
    """Tell of every index that no store could make, before anything else that is wrong.

    Raises:
        BadRequest: an index is no CREATE INDEX, names a missing column, or has a name that is
            taken; ``problems`` says which.
    """
    taken = {
        index.name.lower()
        for other in schema.collections
        if other.id != collection.id
        for index in parse_indexes(other.indexes)
    }
    names = {name.lower() for name in collection.by_name}  # Columns are found in any letter case.
    refused: Problems = {}
    for at, text in enumerate(() if collection.is_view else collection.indexes):
        index = parse_index(text)
        columns = () if index is None else index.columns
        missing = any(
            not column.is_expression and column.name.lower() not in names for column in columns
        )
        if index is None or not collection.name or missing or index.name.lower() in taken:
            refused[str(at)] = invalid_index()
        else:
            taken.add(index.name.lower())
    if refused:
        raise BadRequest("An index cannot be made.", problems={"indexes": refused})


def referring(collection: Collection, schema: Schema) -> list[str]:
    """Names of other collections with a relation to this one."""
    return [
        other.name
        for other in schema.collections
        if other.id != collection.id and _points_at(other.fields, collection.id)
    ]


def _points_at(fields: Iterable[Field], collection_id: str) -> bool:
    return any(
        isinstance(field, RelationField) and field.collection_id == collection_id
        for field in fields
    )


def _touched(schema: Schema, ids: frozenset[str]) -> Schema:
    """The schema without the views that do not change."""
    kept = (item for item in schema.collections if not item.is_view or item.id in ids)
    return Schema(collections=tuple(kept), version=schema.version)


def _with(schema: Schema, collection: Collection) -> Schema:
    """The next version of the schema, with this collection in its place or at the end."""
    if collection.id not in schema.by_id:
        return schema.with_collections((*schema.collections, collection))
    return schema.with_collections(
        collection if item.id == collection.id else item for item in schema.collections
    )


def _names_seen(schema: Schema, new: Collection, old: Collection | None) -> Schema:
    """What the names in a collection's rules mean while it is saved.

    It is found under its new name, and, as other rules may still say so, under its old one. A new
    one that claims the id of another does not take that one's name away.
    """
    if old is not None and old.name == new.name:
        return _with(schema, new)
    return schema.with_collections((*schema.collections, new))


def _no_auth_options() -> AuthOptions:
    """What a collection has that was never an auth collection: every option unset."""
    return auth_merged(AuthOptions(), dict.fromkeys(auth_keys()))
