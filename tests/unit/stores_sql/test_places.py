"""Where statements look for rows: shared elements, missing ones, and what ends an order.

Each filter is asked by a scan, by look-ups and of the evaluator: three readings of one language.
"""

from functools import cache

import pytest

from tests.oracle.client import Json
from tests.unit.rules.questions import World
from tests.unit.rules.small_database import SUPERUSERS, SmallDatabase, collection_from
from yadokari.rules.bind import RequestContext
from yadokari.schema.collection import Schema

MANY: dict[str, Json] = {"type": "relation", "collectionId": "u", "maxSelect": 9}
ONE: dict[str, Json] = {"type": "relation", "collectionId": "u", "maxSelect": 1}
USER: dict[str, Json] = {
    "id": "u",
    "name": "user",
    "fields": [
        {"name": "name", "type": "text"},
        {"name": "active", "type": "bool"},
        {"name": "rank", "type": "number"},
    ],
}
POST: dict[str, Json] = {
    "id": "p",
    "name": "post",
    "fields": [
        {"name": "title", "type": "text"},
        {"name": "n", "type": "number"},
        {"name": "meta", "type": "json"},
        {"name": "authors", **MANY},
        {"name": "editor", **ONE},
        {"name": "deputy", **ONE},
    ],
}
ROWS: tuple[tuple[str, dict[str, Json]], ...] = (
    ("user", {"id": "ann", "name": "Ann", "active": True, "rank": 1}),
    ("user", {"id": "bob", "name": "Bob", "active": False, "rank": 2}),
    ("user", {"id": "nil", "name": ""}),
    (
        "post",
        {"id": "both", "authors": ["ann", "bob"], "editor": "ann", "deputy": "bob", "n": 5},
    ),
    (
        "post",
        {"id": "lost", "authors": ["gone"], "editor": "gone", "deputy": "gone", "meta": {"k": 3}},
    ),
    ("post", {"id": "none", "title": "Ann"}),
    (
        "post",
        {"id": "one", "authors": ["ann"], "editor": "nil", "deputy": "nil", "meta": {"k": "a"}},
    ),
)
HALF: dict[str, Json] = {"id": "half", "authors": ["ann", "gone"]}


@cache
def posts(*, half: bool = False) -> World:
    """Posts with both, one, lost and no authors; ``half``: and one that has lost one of two."""
    collections = (SUPERUSERS, collection_from(USER), collection_from(POST))
    database = SmallDatabase(Schema(collections=collections))
    database.load(ROWS)
    if half:
        database.put("post", HALF)
    return World({}, database, collections[2], RequestContext())


def found(text: str, *, half: bool = False) -> str:
    """Ids that a filter finds on every way; a way that differs is told by its name."""
    answers = {way: " ".join(ids) for way, ids in posts(half=half).answers(text).items()}
    one = answers["scan"]
    assert answers == dict.fromkeys(answers, one), text
    return one


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("authors.name ?= 'Ann' && authors.active ?= true", "both one"),
        ("authors.name ?= 'Bob' && authors.active ?= true", ""),
        ("authors.name ?= 'Bob' && (authors.active ?= true || authors.rank ?= 1)", ""),
        ("authors.name ?= 'Bob' || authors.active ?= true", "both one"),
        ("@collection.user.name ?= 'Bob' && @collection.user.rank ?= 1", ""),
        (
            "@collection.user.name ?= 'Bob' && @collection.user:other.rank ?= 1",
            "both lost none one",
        ),
    ],
)
def test_conditions_on_one_path_speak_of_one_element(text: str, ids: str):
    """K2, H1: two conditions on a path are met by one related record, not by two."""
    assert found(text) == ids


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("authors.name ?= ''", "lost none"),
        ("authors.name ?!= 'Ann'", "both lost none"),
        ("authors.id ?= null", "none"),
        ("editor.name = ''", "lost none one"),
        ("editor.name = null", "lost none one"),
        ("editor.name != 'Ann'", "lost none one"),
        ("editor.rank = null || title = 'no'", "lost none"),
        ("editor.name = 'Ann' || title = 'Ann'", "both none"),
        ("editor.name = 'Ann' && editor.rank = 1", "both"),
    ],
)
def test_records_without_related_ones_are_found_by_what_is_missing(text: str, ids: str):
    """K3, K4: no related row counts as one row of NULLs."""
    assert found(text) == ids


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("editor.name = deputy.name", "lost none one"),
        ("editor.name != deputy.name", "both"),
        ("editor.name = title", "lost one"),
        ("editor.name != title", "both none"),
    ],
)
def test_fields_that_are_both_missing_are_equal(text: str, ids: str):
    """O2: NULL and '' are one value between two fields, too."""
    assert found(text) == ids


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("authors.active = true", "one"),
        ("authors.active ?= true", "both one"),
        ("authors.name != 'Bob'", "lost none one"),
        ("authors.name ~ 'n'", "one"),
        ("authors.rank < 2", "one"),
    ],
)
def test_without_a_question_mark_every_element_must_do(text: str, ids: str):
    """R3: one that contradicts is enough against it."""
    assert found(text) == ids


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("authors.rank < 2", True),
        ("authors.rank >= 2", False),
        ("authors.name ~ 'n'", True),
        ("authors.name !~ 'x'", True),
        ("authors.name = 'Ann'", True),
        ("authors.name != 'Bob'", True),
        ("authors.name != ''", False),
    ],
)
def test_a_missing_element_refutes_only_what_is_known(text: str, is_found: bool):
    """R3, R4: NULL is blank for equality, and unknown for everything else."""
    assert ("half" in found(text, half=True).split()) is is_found


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("n = '5'", "both"),
        ("n = '5.0'", "both"),
        ("n > '4'", "both"),
        ("n = title", ""),
        ("title = 5", ""),
        ("meta.k > 5", "one"),
        ("meta.k < 5", "lost"),
        ("meta.k < 'a'", "lost"),
    ],
)
def test_values_of_two_kinds_compare_by_the_affinities_of_their_fields(text: str, ids: str):
    """R5: a number's text is the number, and numbers stand before texts."""
    assert found(text) == ids


def test_a_look_up_never_scans_the_related_collection():
    """K3: one record is viewed at the cost of one, however large its neighbours are."""
    world = posts()
    plan, binding = world.plan("editor.name = 'Ann'")
    database = world.database

    scan, look_up = database.sql(plan, binding), database.sql(plan, binding, by_id=True)

    assert "IN (SELECT" in scan
    assert "IN (SELECT" not in look_up


@pytest.mark.parametrize("sort", ["n", "-n", "-n,title", "editor.rank", "-editor.rank"])
def test_ties_come_in_the_order_of_creation_whatever_index_is_used(sort: str):
    """Pages that follow one another must neither repeat nor lose a record."""
    collections = (SUPERUSERS, collection_from(USER), collection_from(POST))
    database = SmallDatabase(Schema(collections=collections))
    database.connection.execute('CREATE INDEX by_n ON "post" ("n")')
    ids = ["d", "a", "c", "b"]
    database.load([("post", {"id": one, "n": 5}) for one in ids])
    world = World({}, database, collections[2], RequestContext())

    plan, binding = world.plan("", sort=sort)

    assert database.scanned(plan, binding) == ids


@pytest.mark.parametrize(
    "text",
    [
        "title ~ 'a' && n = 5",
        "editor.name = 'Ann' && title ~ 'a' && n = 5",
        "editor.name = 'Ann' || title ~ 'a' || n = 5",
        "(editor.name = 'Ann' || deputy.rank > 1) && n = 5",
    ],
)
def test_the_cheap_condition_stands_first(text: str):
    """K5: a comparison at hand spares a search in a text, and both a look at another row."""
    plan, binding = posts().plan(text)

    statement = posts().database.sql(plan, binding).partition("WHERE")[2]

    marks = [statement.find(mark) for mark in ('"n"', "LIKE", "SELECT")]
    assert marks[0] > 0
    assert [at for at in marks if at > 0] == sorted(at for at in marks if at > 0)


@pytest.mark.parametrize(
    ("sort", "ids"),
    [("title,-n", "both lost one none"), ("-n", "both lost none one"), ("", "both lost none one")],
)
def test_a_page_is_in_order_although_its_rows_are_read_afterwards(sort: str, ids: str):
    """K6: the rows come in the order of their keys."""
    plan, binding = posts().plan("", sort=sort)

    assert posts().database.paged(plan, binding, size=2) == ids.split()
