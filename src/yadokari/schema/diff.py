"""Differences between two shapes of a collection, or of the whole schema, as ordered steps.

D1  Fields are matched by id, collections by id; names decide nothing.
D2  No step finds its name taken: columns are dropped and renamed before new ones come, and names
    that go round in a circle pass through a ``$`` name, which no user name can contain.
D3  Views are dropped before tables change and made after, in the order of the schema.

Not here: whether the change is allowed (schema/collection_check.py), applying it (stores).
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from yadokari.schema.collection import Collection, Schema
from yadokari.schema.fields import Field, FileField, ListField, RelationField, SelectField, is_list
from yadokari.schema.index import parse_index
from yadokari.schema.steps import (
    AddCollection,
    AddField,
    ChangeMultiplicity,
    CreateIndexes,
    DropCollection,
    DropField,
    DropIndexes,
    DropView,
    IndexToCreate,
    RenameCollection,
    RenameField,
    SchemaStep,
    SetView,
)


def diff(old: Collection | None, new: Collection | None) -> tuple[SchemaStep, ...]:
    """Steps that lead one collection from its old to its new shape.

    None stands for a collection that is not there. A view that is saved is always made anew,
    because what it reads may have changed meanwhile.
    """
    if new is None:
        return _dropped(old)
    if old is None:
        return _added(new)
    assert old.id == new.id, "a collection's id never changes"
    assert old.type == new.type, "a collection's type never changes"
    if new.is_view:
        return (DropView(collection_id=old.id, table=old.name), SetView(collection=new))
    return tuple(_changed(old, new))


def diff_schemas(old: Schema, new: Schema) -> tuple[SchemaStep, ...]:
    """Steps for a change of many collections at once; unchanged ones give none.

    Every view of the new schema is made anew when a table changed, as it may read that table.
    """
    tables: list[SchemaStep] = []
    for before in old.collections:
        if not before.is_view and before.id not in new.by_id:
            tables += _dropped(before)
    tables += _parking(old, new)
    for after in new.collections:
        if not after.is_view and old.by_id.get(after.id) != after:
            tables += diff(_parked(old.by_id.get(after.id), new), after)
    all_views = bool(tables)
    views_before = [item for item in old.collections if item.is_view]
    gone = [item for item in views_before if all_views or new.by_id.get(item.id) != item]
    made = [
        SetView(collection=item)
        for item in new.collections
        if item.is_view and (all_views or old.by_id.get(item.id) != item)
    ]
    drops = [DropView(collection_id=item.id, table=item.name) for item in reversed(gone)]
    return (*drops, *tables, *made)


def _dropped(old: Collection | None) -> tuple[SchemaStep, ...]:
    if old is None:
        return ()
    if old.is_view:
        return (DropView(collection_id=old.id, table=old.name),)
    return (DropCollection(collection=old),)


def _added(new: Collection) -> tuple[SchemaStep, ...]:
    if new.is_view:
        return (SetView(collection=new),)
    steps: tuple[SchemaStep, ...] = (AddCollection(collection=new),)
    if new.indexes:
        created = tuple(IndexToCreate(position=at, text=text) for at, text in _listed(new))
        steps += (CreateIndexes(collection_id=new.id, table=new.name, indexes=created),)
    return steps


def _changed(old: Collection, new: Collection) -> Iterator[SchemaStep]:
    dropped = [field for field in old.fields if field.id not in new.by_id]
    kept = [(old.by_id[field.id], field) for field in new.fields if field.id in old.by_id]
    reshaped = [(was, now) for was, now in kept if is_list(was) != is_list(now)]
    renamed = [(was, now) for was, now in kept if was.name != now.name]
    # A renamed column drags its indexes along in SQLite, so the texts would no longer say what is.
    all_indexes = bool(dropped or reshaped or renamed)
    doomed = [
        index.name
        for text in old.indexes
        if (index := parse_index(text)) is not None and (all_indexes or text not in new.indexes)
    ]
    wanted = tuple(
        IndexToCreate(position=at, text=text)
        for at, text in _listed(new)
        if all_indexes or text not in old.indexes
    )
    table = new.name
    if doomed:
        yield DropIndexes(collection_id=new.id, table=old.name, names=tuple(doomed))
    if old.name != new.name:
        yield RenameCollection(collection_id=new.id, old_table=old.name, new_table=new.name)
    for field in dropped:
        yield DropField(collection_id=new.id, table=table, field=field)
    yield from _renames(renamed, collection_id=new.id, table=table)
    for was, now in reshaped:
        yield ChangeMultiplicity(
            collection_id=new.id, table=table, old=_as_list_field(was), new=_as_list_field(now)
        )
    for field in new.fields:
        if field.id not in old.by_id:
            yield AddField(collection_id=new.id, table=table, field=field)
    if wanted:
        yield CreateIndexes(collection_id=new.id, table=table, indexes=wanted)


def _renames(
    pairs: list[tuple[Field, Field]], *, collection_id: str, table: str
) -> Iterator[RenameField]:
    """Renames in an order in which no name is taken when it is needed."""
    waiting = [(now, was.name, now.name) for was, now in pairs]
    while waiting:
        taken = {old_name.lower() for _, old_name, _ in waiting}
        free = [
            item
            for item in waiting
            if item[2].lower() not in taken or item[2].lower() == item[1].lower()
        ]
        if free:
            field, old_name, new_name = free[0]
            waiting.remove(free[0])
        else:
            field, old_name, final_name = waiting.pop(0)
            new_name = f"$swap_{field.id}"
            waiting.append((field, new_name, final_name))
        yield RenameField(
            collection_id=collection_id,
            table=table,
            field=field,
            old_name=old_name,
            new_name=new_name,
        )


def _parking(old: Schema, new: Schema) -> Iterator[RenameCollection]:
    """Move tables aside whose name another collection takes over in the same change."""
    for before in old.collections:
        if _must_park(before, new):
            yield RenameCollection(
                collection_id=before.id, old_table=before.name, new_table=_parking_name(before)
            )


def _parked(before: Collection | None, new: Schema) -> Collection | None:
    if before is None or not _must_park(before, new):
        return before
    return replace(before, name=_parking_name(before))


def _must_park(before: Collection, new: Schema) -> bool:
    after = new.by_id.get(before.id)
    if after is None or before.is_view or after.name == before.name:
        return False
    heir = new.find(before.name)
    return heir is not None and heir.id != before.id and heir.name.lower() == before.name.lower()


def _parking_name(collection: Collection) -> str:
    return f"$swap_{collection.id}"


def _listed(collection: Collection) -> list[tuple[int, str]]:
    return list(enumerate(collection.indexes))


def _as_list_field(field: Field) -> ListField:
    assert isinstance(field, SelectField | FileField | RelationField), "only lists change shape"
    return field
