"""Rows are carried as they are, and a store that changes one is found out."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.unit.collections.world import opened
from tests.unit.importing.fake_source import FakeSource
from yadokari.importing.errors import ImportDiffers
from yadokari.importing.findings import Findings
from yadokari.importing.rows import INSTALLER_EMAIL, compare_rows, put_rows, source_rows
from yadokari.ports.store import Row, Transaction
from yadokari.schema.collection import SUPERUSERS_ID, Collection
from yadokari.schema.fields import TextField
from yadokari.schema.system import MFAS_NAME

SHELLS = Collection(
    id="shells",
    name="shells",
    fields=(TextField(id="id", name="id", primary_key=True), TextField(id="t", name="text")),
)
SOURCE = FakeSource({"shells": (("id", "text"), [(f"r{n}", f"text {n}") for n in range(1_200)])})


async def carried(store: object, source: FakeSource, collection: Collection) -> None:
    """Carry every row."""
    for rows in source_rows(source, collection):
        await put_rows(store, rows)  # type: ignore[arg-type]


async def test_equal_rows_give_a_digest_and_a_count(tmp_path: Path):
    """RW3: over several batches, in order."""
    async with opened(tmp_path) as world:
        shells = await world.collections.create(
            {"id": "shells", "name": "shells", "fields": [{"name": "text", "type": "text"}]}
        )
        await carried(world.store, SOURCE, shells)
        steps: list[int] = []

        result = await compare_rows(world.store, SOURCE, shells, step=steps.append)

    assert (result.count, len(result.digest)) == (1_200, 64)
    assert steps == [500, 500, 200]


@pytest.mark.parametrize("what", ["value", "row", "order"])
async def test_a_store_that_changes_a_value_is_found_out(tmp_path: Path, what: str):
    """A difference of one letter, one row or one place in the order."""
    rows = list(SOURCE.tables["shells"][1])
    if what == "order":
        rows[700], rows[701] = rows[701], rows[700]
    async with opened(tmp_path) as world:
        shells = await world.collections.create(
            {"id": "shells", "name": "shells", "fields": [{"name": "text", "type": "text"}]}
        )
        await carried(world.store, FakeSource({"shells": (("id", "text"), rows)}), shells)

        async def spoil(tx: Transaction) -> None:
            row = (await tx.get(shells, ["r7"]))["r7"]
            if what == "value":
                values = {**row.values, "text": "text 7!"}
                await tx.put(
                    Row(row.collection_id, values, row.version, row.stamp), expected=row.version
                )
            elif what == "row":
                await tx.put(Row(shells.id, {**row.values, "id": "more"}), expected=0)

        await world.store.transact(spoil)

        with pytest.raises(ImportDiffers):
            await compare_rows(world.store, SOURCE, shells, step=lambda _rows: None)


def test_what_is_not_meant_to_last_is_left_out_and_told():
    """Half-done sign-ins, and the superuser of PocketBase's first start."""
    superusers = replace(SHELLS, id=SUPERUSERS_ID, name="_superusers", fields=(
        *SHELLS.fields, TextField(id="e", name="email"),
    ))  # fmt: skip
    mfas = replace(SHELLS, name=MFAS_NAME)
    source = FakeSource(
        {
            "_superusers": (
                ("id", "text", "email"),
                [("a", "", INSTALLER_EMAIL), ("b", "", "root@example.com")],
            ),
            MFAS_NAME: (("id", "text"), [("m", "")]),
        }
    )
    findings = Findings()

    kept = [
        row.id
        for collection in (superusers, mfas)
        for rows in source_rows(source, collection, findings)
        for row in rows
    ]

    assert kept == ["b"]
    assert [(one.sort, one.names) for one in findings.all()] == [
        ("left out", (INSTALLER_EMAIL,)),
        ("left out", (MFAS_NAME,)),
    ]
