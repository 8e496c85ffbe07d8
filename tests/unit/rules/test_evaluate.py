"""The evaluator's ways of its own: what it asks for, what it decides early, new records."""

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.rules.judged import judge
from tests.unit.rules.questions import operators_world
from yadokari.rules.bind import RequestContext, bind
from yadokari.rules.comparison import as_number, as_text, is_true
from yadokari.rules.distance import distance
from yadokari.rules.evaluate import decide, needs_records
from yadokari.rules.fetching import ById, Everything, Pointing
from yadokari.rules.json_part import json_items, json_part
from yadokari.rules.like_pattern import matches_like
from yadokari.rules.real_text import number_text
from yadokari.rules.resolve import Query, resolve

SQLITE = apsw.Connection(":memory:")
SQLITE.execute("CREATE TABLE cell (value NUMERIC)")
ROW = "itemaaaaaaaaa04"


def one(sql: str, *bindings: str | float | None) -> object:
    """The one value of a query."""
    [(found,)] = SQLITE.execute(sql, bindings).fetchall()
    return found


# --- what is asked for -------------------------------------------------------------------------


def test_a_rule_about_the_record_alone_asks_for_nothing():
    """Create rules of most applications are such; they must cost next to nothing."""
    world = operators_world()
    plan, binding = world.plan("t != '' && @request.auth.id != ''")
    row = world.database.rows["item_id"][ROW]

    assert not needs_records(plan, binding)
    assert decide(plan, binding, row.values)
    assert judge(world.database, plan, binding, row) == (True, [])


@pytest.mark.parametrize(
    ("text", "answer"),
    [("id = '' && rm.name = 'a'", False), ("id != '' || rm.name = 'a'", True)],
)
def test_nothing_is_asked_for_when_the_record_decides(text: str, answer: bool):
    """V2: a read that changes nothing is not made."""
    world = operators_world()
    plan, binding = world.plan(text)
    row = world.database.rows["item_id"][ROW]

    assert needs_records(plan, binding)
    assert judge(world.database, plan, binding, row) == (answer, [])


def test_each_join_is_one_request():
    """F1: the records of a list come together, each once."""
    world = operators_world()
    plan, binding = world.plan(
        "id != '' && (rm.boss.name ?= 'a' || child_via_owner.ct ?= 'a'"
        " || @collection.nobody.name ?= 'a')"
    )
    row = world.database.rows["item_id"][ROW]

    _, asked = judge(world.database, plan, binding, row)

    assert [type(request) for request in asked] == [ById, ById, Pointing, Everything]


def test_a_plan_without_condition_holds():
    """A rule for everyone."""
    world = operators_world()
    plan, binding = world.plan("", sort="t")
    row = world.database.rows["item_id"][ROW]

    assert decide(plan, binding, row.values)


# --- records that are not stored yet ------------------------------------------------------------


@pytest.mark.parametrize("text", ["child_via_owner.id = ''", "t != 'no' || only_via_owner.id = ''"])
def test_a_new_record_fails_rules_about_what_points_at_it(text: str):
    """V3: so does the oracle, whatever else the rule says."""
    world = operators_world()
    plan, binding = world.plan(text)
    row = world.database.rows["item_id"][ROW]

    assert judge(world.database, plan, binding, row, stored=False) == (False, [])


def test_a_new_record_may_look_back_from_its_relations():
    """V3 is about records that point at the new one alone."""
    world = operators_world()
    plan, binding = world.plan("r1.item_via_r1.id ?!= 'no'")
    row = world.database.rows["item_id"][ROW]

    assert judge(world.database, plan, binding, row, stored=False)[0]


def test_request_values_of_every_kind_are_bound():
    """B1 and B2."""
    world = operators_world()
    rule = "@request.auth.n = 5 && @request.body.n = 5 && @request.body.deep.list.0 = 'x'"
    plan = resolve(Query(collection=world.collection, rules=(rule,)), world.database.schema)
    context = RequestContext(body={"n": "5", "deep": {"list": ["x"]}}, auth={"n": 5})

    assert bind(plan, context).values == (5.0, 5.0, "x", "x")
    assert "five" in bind(plan, RequestContext(body={"n": "five"})).values


# --- values as SQLite has them -------------------------------------------------------------------

VALUES = st.one_of(
    st.none(),
    st.integers(-(2**53), 2**53),
    st.integers(-99, 99).map(lambda number: number / 8),
    st.text(max_size=6),
    st.from_regex(r"[ +-]?[0-9]{0,3}\.?[0-9]{0,2}(e[+-]?[0-9])?[ x]?", fullmatch=True),
)
JSON = st.recursive(
    st.one_of(
        st.sampled_from(["null", "true", "false", '"a"', '"5"', '""', '"\\u00e9"']),
        st.integers(-99, 99).map(str),
        st.sampled_from(["5.0", "1e3", "-0", "12345678901234567890", "0.5"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{','.join(items)}]"),
        st.dictionaries(st.sampled_from("ab"), inner).map(
            lambda items: "{" + ",".join(f'"{key}":{item}' for key, item in items.items()) + "}"
        ),
    ),
    max_leaves=6,
)


@given(VALUES)
def test_values_convert_as_sqlite_converts_them(value: str | int | float | None):
    """O2: affinities decide what equals what."""
    if isinstance(value, str) and "\0" in value:
        return

    SQLITE.execute("DELETE FROM cell")
    SQLITE.execute("INSERT INTO cell VALUES (?)", (value,))
    assert as_number(value) == one("SELECT value FROM cell")
    assert as_text(value) == one("SELECT CAST(? AS TEXT)", value)
    assert is_true(value) == bool(one("SELECT CASE WHEN ? THEN 1 ELSE 0 END", value))


@given(JSON, st.sampled_from([(), ("a",), ("b", "a"), (0,), ("a", 1), (1, 0, "a")]))
def test_json_parts_are_what_json_extract_gives(text: str, path: tuple[str | int, ...]):
    """X1 and X2."""
    SQLITE.execute("DELETE FROM cell")
    SQLITE.execute("INSERT INTO cell VALUES (?)", (text,))
    steps = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)

    found = one("SELECT json_extract(value, ?) FROM cell", "$" + steps)

    assert json_part(text, path) == found


def test_text_that_is_no_json_is_a_json_string():
    """Views may hold anything."""
    assert json_part("{oops", ()) == "{oops"
    assert json_part("{oops", ("a",)) is None
    assert json_part("oops", ()) == "oops"
    assert json_items("[oops") == ["[oops"]
    assert json_items('["a",5]') == ["a", 5]


@given(
    st.text(st.sampled_from("aAbé%_\\"), max_size=8),
    st.text(st.sampled_from("aAbé%_\\"), max_size=8),
)
def test_like_matches_as_sqlite_matches(text: str, pattern: str):
    """K1 to K3."""
    if pattern.endswith("\\"):
        return  # SQLite reads past the end of the pattern there.

    assert matches_like(text, pattern) == one("SELECT ? LIKE ? ESCAPE '\\'", text, pattern)


@given(*[st.floats(-400, 400).map(lambda angle: round(angle, 3))] * 4)
def test_distances_are_those_of_the_database(a: float, b: float, c: float, d: float):
    """Both use the same formula in the same order."""
    sql = (
        "SELECT 6371 * acos(max(-1.0, min(1.0, cos(radians(?2)) * cos(radians(?4))"
        " * cos(radians(?3) - radians(?1)) + sin(radians(?2)) * sin(radians(?4)))))"
    )

    assert distance(a, b, c, d) == one(sql, a, b, c, d)
    assert distance(a, b, c, "north") is None
    assert distance(a, None, c, d) is None


def test_the_wildest_json_is_read_without_failing():
    """X2: numbers too large for an integer become doubles."""
    assert json_part('{"a":99999999999999999999}', ("a",)) == 1e20
    assert json_part('["a"]', (5,)) is None
    assert json_part("nonsense]", ()) == "nonsense]"
    assert json_part("NaN", ()) == "NaN"


@pytest.mark.parametrize(
    "number",
    [0.0, -0.0, 0.1, 5.5, -1.25, 1e15, 1e16, 1e17, 1.5e300, 1e-4, 1e-5, 49.47, 99999999999999.98,
     0.3, 2 / 3, 1e21, 123456789.125, float("inf"), float("-inf"), 9.999999999999999e22, 7],
)  # fmt: skip
def test_numbers_are_written_as_sqlite_writes_them(number: float):
    """E1: LIKE looks at the text of numbers."""
    assert number_text(number) == one("SELECT CAST(? AS TEXT)", number)


@pytest.mark.parametrize(
    "text",
    [
        "sm = 'no' && sm:length ?> 2",
        "sm = '' && sm:length = 0",
        "g = 'no' && g.lon > 5",
        "j..0 = 5 || j..0 = 'a'",
        "j.k:x = j.kx",
        "@request.body.r1:each != ''",
        "@request.body.r1:each = r1",
        "@request.body.free:isset = true && (t = 'a' // why)",
        "t = \0'a' || n=\0 5",
        "r1.name != 'x' && t = 'no' && j..k = 1",
    ],
)
def test_compiler_and_evaluator_agree_on_oddities(text: str):
    """A constant beside JSON functions of its column, odd paths, a submitted single field."""
    answers = operators_world().answers(text)

    assert answers["scan"] == answers["look-up"] == answers["evaluator"]
