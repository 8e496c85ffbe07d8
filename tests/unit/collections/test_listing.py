"""Lists of collections: which names a filter knows, and in which order items come."""

from __future__ import annotations

import pytest

from tests.unit.collections.world import World
from yadokari.base.errors import BadRequest
from yadokari.collections.listing import CollectionQuery


async def names(world: World, *, filter: str = "", sort: str = "") -> list[str]:
    """Names of the found collections."""
    listed = await world.collections.list(CollectionQuery(filter=filter, sort=sort))
    return [item.name for item in listed.collections]


async def test_order_is_that_of_creation(world: World) -> None:
    """CL2."""
    await world.collections.create({"name": "b"})
    await world.collections.create({"name": "a"})

    assert (await names(world))[-3:] == ["users", "b", "a"]
    assert (await names(world, sort="-@rowid"))[:2] == ["a", "b"]


@pytest.mark.parametrize(
    ("search", "sort", "expected"),
    [
        ("system = false", "", ["users"]),
        ("system = true && name ~ 's'", "name", None),
        ("type = 'auth'", "-name", ["users", "_superusers"]),
        ("name ~ 'user'", "name", ["_superusers", "users"]),
        ("id = '_pb_users_auth_' && created < @tomorrow", "", ["users"]),
        ("created < @tomorrow && id != null", "created", None),
        ("geoDistance(1, 2, 3, 4) > 0 && name = 'users'", "", ["users"]),
        ("strftime('%Y', created) = '2025' && name = 'users'", "", ["users"]),
    ],
)
async def test_known_fields_macros_and_functions_work(
    world: World,
    search: str,
    sort: str,
    expected: list[str] | None,
) -> None:
    """CL1: the grammar is that of records."""
    found = await names(world, filter=search, sort=sort)

    assert found == expected if expected is not None else found


@pytest.mark.parametrize(
    ("search", "sort"),
    [
        ("listRule = ''", ""),
        ("definition ~ 'secret'", ""),
        ("sealed = true", ""),
        ("name:lower = 'users'", ""),
        ("@request.auth.id = ''", ""),
        ("@collection.users.id = ''", ""),
        ("name.x = 1", ""),
        ("name =", ""),
        ("", "definition"),
        ("", "name:lower"),
        ("", "@request.auth.id"),
        ("name = '" + "x" * 3_500 + "'", ""),
    ],
)
async def test_other_names_are_refused(
    world: World,
    search: str,
    sort: str,
) -> None:
    """Stored secrets must not be found by guessing at them."""
    with pytest.raises(BadRequest):
        await names(world, filter=search, sort=sort)


async def test_pages_and_totals(world: World) -> None:
    """A page knows how many there are unless nobody asked."""
    query = CollectionQuery(page=2, per_page=4)

    counted = await world.collections.list(query)
    uncounted = await world.collections.list(CollectionQuery(skip_total=True))

    assert [item.name for item in counted.collections] == ["_superusers", "users"]
    assert counted.total == 6
    assert uncounted.total == -1
