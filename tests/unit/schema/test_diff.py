"""Steps between two shapes of the schema."""

import sqlite3

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from yadokari.schema.collection import Collection, Schema
from yadokari.schema.diff import diff, diff_schemas
from yadokari.schema.fields import Field, SelectField, TextField
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


def text(id: str, name: str) -> TextField:
    """A text field in short."""
    return TextField(id=id, name=name)


BASE = Collection(
    id="c",
    name="t",
    fields=(text("1", "a"), text("2", "b")),
    indexes=("create index i on t (a)", "create index j on t (b)"),
)
VIEW = Collection(id="v", name="w", type="view", view_query="select id from t")


def test_a_new_collection_is_one_table_and_its_indexes() -> None:
    """A store gets all fields at once and can make the table in one statement."""
    assert diff(None, BASE) == (
        AddCollection(collection=BASE),
        CreateIndexes(
            collection_id="c",
            table="t",
            indexes=(
                IndexToCreate(position=0, text=BASE.indexes[0]),
                IndexToCreate(position=1, text=BASE.indexes[1]),
            ),
        ),
    )
    plain = replace(BASE, indexes=())
    assert diff(None, plain) == (AddCollection(collection=plain),)


def test_a_removed_collection_takes_everything_along() -> None:
    """Tables and views go in different ways."""
    assert diff(BASE, None) == (DropCollection(collection=BASE),)
    assert diff(VIEW, None) == (DropView(collection_id="v", table="w"),)
    assert diff(None, None) == ()


def test_a_saved_view_is_always_made_anew() -> None:
    """What it reads may have changed while its text did not."""
    assert diff(None, VIEW) == (SetView(collection=VIEW),)
    assert diff(VIEW, VIEW) == (
        DropView(collection_id="v", table="w"),
        SetView(collection=VIEW),
    )


def test_options_without_columns_need_no_step() -> None:
    """Rules and limits live in the schema alone."""
    hidden = replace(
        BASE, list_rule="", fields=(replace(BASE.fields[0], hidden=True), text("2", "b"))
    )

    assert diff(BASE, hidden) == ()


def test_only_changed_indexes_are_touched_while_columns_stay() -> None:
    """Building an index over many rows is slow."""
    changed = replace(BASE, indexes=(BASE.indexes[1], "create index k on t (a, b)"))

    assert diff(BASE, changed) == (
        DropIndexes(collection_id="c", table="t", names=("i",)),
        CreateIndexes(
            collection_id="c",
            table="t",
            indexes=(IndexToCreate(position=1, text="create index k on t (a, b)"),),
        ),
    )


def test_fields_are_matched_by_id_and_change_in_a_safe_order() -> None:
    """D1 and D2: a new field may take the name of a dropped or renamed one."""
    one = SelectField(id="3", name="s", values=("a",))
    many = replace(one, max_select=2)
    old = replace(BASE, fields=(*BASE.fields, one), indexes=())
    new = replace(old, name="t2", fields=(text("1", "b"), many, text("4", "a")))

    assert diff(old, new) == (
        RenameCollection(collection_id="c", old_table="t", new_table="t2"),
        DropField(collection_id="c", table="t2", field=text("2", "b")),
        RenameField(
            collection_id="c", table="t2", field=text("1", "b"), old_name="a", new_name="b"
        ),
        ChangeMultiplicity(collection_id="c", table="t2", old=one, new=many),
        AddField(collection_id="c", table="t2", field=text("4", "a")),
    )


def test_a_renamed_column_rebuilds_every_index() -> None:
    """Texts must be judged against the new names."""
    new = replace(BASE, fields=(text("1", "A"), text("2", "b")))

    steps = diff(BASE, new)

    assert isinstance(steps[0], DropIndexes)
    assert steps[0].names == ("i", "j")
    assert isinstance(steps[-1], CreateIndexes)
    assert len(steps[-1].indexes) == 2


def test_collections_may_swap_names_in_one_import() -> None:
    """D2 holds for tables, too, and views follow the tables."""
    other = replace(BASE, id="d", name="u", indexes=())
    gone = replace(BASE, id="e", name="x")
    old = Schema(collections=(replace(BASE, indexes=()), other, gone, VIEW))
    new = Schema(collections=(replace(BASE, name="u", indexes=()), replace(other, name="t"), VIEW))

    steps = diff_schemas(old, new)

    assert steps[0] == DropView(collection_id="v", table="w")
    assert steps[1] == DropCollection(collection=gone)
    assert steps[-1] == SetView(collection=VIEW)
    assert run_renames(steps, {"t": "c", "u": "d"}) == {"u": "c", "t": "d"}


def test_an_unchanged_schema_needs_no_step() -> None:
    """A view is made anew only when a table or it changed."""
    schema = Schema(collections=(BASE, VIEW))
    changed = replace(VIEW, view_query="select id, a from t")

    assert diff_schemas(schema, schema) == ()
    assert diff_schemas(schema, Schema(collections=(BASE, changed))) == (
        DropView(collection_id="v", table="w"),
        SetView(collection=changed),
    )
    assert diff_schemas(Schema(), schema)[0] == AddCollection(collection=BASE)


def run_renames(steps: tuple[SchemaStep, ...], tables: dict[str, str]) -> dict[str, str]:
    """Names of tables after the steps; no step may meet a taken name."""
    for step in steps:
        if isinstance(step, RenameCollection):
            assert step.new_table not in tables
            tables[step.new_table] = tables.pop(step.old_table)
    return tables


NAMES = st.permutations(["a", "b", "c", "A2", "d"])


@given(NAMES, NAMES, st.integers(1, 5), st.integers(1, 5))
def test_a_real_table_follows_any_change_of_names(
    before: list[str], after: list[str], count_before: int, count_after: int
) -> None:
    """D2 on SQLite itself: no step finds its name taken, and data stay with their id."""
    old_fields: tuple[Field, ...] = tuple(text(str(i), before[i]) for i in range(count_before))
    new_fields: tuple[Field, ...] = tuple(text(str(i), after[i]) for i in range(count_after))
    old, new = (
        replace(BASE, fields=old_fields, indexes=()),
        replace(BASE, fields=new_fields, indexes=()),
    )
    db = sqlite3.connect(":memory:")
    db.execute("create table t (k" + "".join(f', "{f.name}"' for f in old_fields) + ")")
    db.execute(f"insert into t values (0{''.join(f', {f.id}' for f in old_fields)})")

    for step in diff(old, new):
        if isinstance(step, DropField):
            db.execute(f'alter table t drop column "{step.field.name}"')
        elif isinstance(step, RenameField):
            db.execute(f'alter table t rename column "{step.old_name}" to "{step.new_name}"')
        elif isinstance(step, AddField):
            db.execute(f'alter table t add column "{step.field.name}" default {step.field.id}')

    names = [column[0] for column in db.execute("select * from t").description]
    row = dict(zip(names, db.execute("select * from t").fetchone(), strict=True))
    db.close()
    assert row == {"k": 0, **{field.name: int(field.id) for field in new_fields}}
