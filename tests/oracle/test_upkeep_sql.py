"""Free SQL over HTTP."""

import pytest

from tests.oracle.client import Json
from tests.oracle.scene import Scene, Seen


def run(scene: Scene, query: Json) -> Seen:
    """A query by the superuser."""
    return scene.root("POST", "/api/sql", {"query": query})


def columns(*names: str, type: str = "") -> list[Json]:
    """Columns as an answer has them."""
    return [{"name": name, "type": type, "nullable": True} for name in names]


@pytest.mark.parametrize(
    ("query", "names", "rows"),
    [
        ("SELECT 1", ["1"], [["1"]]),
        ("  select 1  ;  ", ["1"], [["1"]]),
        ("-- why\nSELECT 5 AS five", ["five"], [["5"]]),
        ("SELECT 1; SELECT 2", ["2"], [["2"]]),
        ("VALUES (1, 2), (3, NULL)", ["column1", "column2"], [["1", "2"], ["3", None]]),
        ("WITH x AS (SELECT 1 AS a) SELECT * FROM x", ["a"], [["1"]]),
        (
            ("SELECT 1.5 AS a, NULL AS b, x'4142' AS c, 10000000000 AS d, 1000000.0 AS e,"
             " 5.0 AS f, 1e-7 AS g, 1e21 AS h, 0.1 AS i, 123456789012345678.0 AS j"),
            ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"],
            [["1.5", None, "AB", "10000000000", "1e+06", "5", "1e-07", "1e+21", "0.1",
              "1.2345678901234568e+17"]],
        ),
        ("SELECT 1 AS a WHERE 0", ["a"], []),
    ],
)  # fmt: skip
def test_a_read_answers_texts(scene: Scene, query: str, names: list[str], rows: Json):
    """Cells are strings or null, whatever they are in the database."""
    answer = run(scene, query)

    assert answer.status == 200, answer.raw.text
    assert isinstance(answer["execTime"], int)
    assert (answer["affectedRows"], answer["columns"], answer["rows"]) == (0, columns(*names), rows)


def test_columns_of_records_have_their_types(scene: Scene):
    """As the table was made."""
    answer = run(scene, "SELECT id, verified, email, created FROM _superusers")

    assert answer["columns"] == [
        *columns("id", type="TEXT"), *columns("verified", type="BOOLEAN"),
        *columns("email", "created", type="TEXT"),
    ]  # fmt: skip


def test_at_most_a_thousand_rows_come_back(scene: Scene):
    """More would be an export."""
    answer = run(
        scene,
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c WHERE x<2000)"
        " SELECT x FROM c",
    )

    assert isinstance(answer["rows"], list)
    assert len(answer["rows"]) == 1_000


def test_a_write_says_how_many_rows_it_changed(scene: Scene):
    """And shows none, RETURNING or not; the records are changed for everybody."""
    scene.collection(
        "sqlnotes",
        {"name": "title", "type": "text"},
        {"name": "tags", "type": "select", "maxSelect": 2, "values": ["a", "b"]},
    )
    made = run(scene, """INSERT INTO sqlnotes (title, tags) VALUES ('x', '["a"]'), ('y', '[]')""")
    two = run(scene, "UPDATE sqlnotes SET title = title; DELETE FROM sqlnotes WHERE title = 'y'")
    changed = run(scene, """UPDATE sqlnotes SET tags = '["b","a"]' RETURNING id""")

    for answer, affected in ((made, 2), (two, 1), (changed, 1)):
        assert answer.status == 200, answer.raw.text
        assert (answer["affectedRows"], answer["columns"], answer["rows"]) == (affected, [], [])
    found = scene.root("GET", "…/sqlnotes/records?filter=tags:each?%3D'b'")
    assert found.values("title") == ["x"]
    assert found.values("tags") == [["b", "a"]]


@pytest.mark.parametrize(
    "query",
    ["nope", "SELECT * FROM nope", "DROP TABLE nope", "UPDATE _superusers SET nope = 1",
     "UPDATE _superusers SET email = NULL"],
)  # fmt: skip
def test_what_the_database_refuses_is_400_with_its_reason(scene: Scene, query: str):
    """Whoever writes SQL wants to read what is wrong with it."""
    answer = run(scene, query)

    assert (answer.status, answer.data) == (400, {})
    assert str(answer["message"]).startswith("Failed to execute query. Raw error:\n")


def test_a_query_has_1_to_5000_characters(scene: Scene):
    """The limits of the form."""
    assert run(scene, "").codes == {"query": "validation_required"}
    assert scene.root("POST", "/api/sql", {}).codes == {"query": "validation_required"}
    long = run(scene, "SELECT 1 -- " + "x" * 5_000)
    assert long.codes == {"query": "validation_length_too_long"}
    assert run(scene, 1)["message"] == "An error occurred while loading the submitted data."


def test_only_superusers_write_sql(scene: Scene):
    """It knows no rules."""
    scene.people("sqlpeople")
    token = scene.sign_up("sqlpeople", "sql@example.com")

    assert scene.ask("POST", "/api/sql", {"query": "SELECT 1"}).status == 401
    assert scene.ask("POST", "/api/sql", {"query": "SELECT 1"}, by=token).status == 403
