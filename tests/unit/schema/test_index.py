"""Reading and rebuilding index statements."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yadokari.schema.collection import Collection
from yadokari.schema.fields import TextField
from yadokari.schema.index import Index, IndexColumn, parse_index, single_unique_columns

LONG_INDEX = """CREATE INDEX IF NOT EXISTS `i` ON `t` (
  `a` DESC,
  `b` COLLATE nocase,
  lower(a, 1)
)"""


@pytest.mark.parametrize(
    ("text", "rebuilt"),
    [
        (
            'create unique index ie_q on other(a desc) where a!=""',
            'CREATE UNIQUE INDEX `ie_q` ON `t` (`a` DESC) WHERE a!=""',
        ),
        (
            "create   index IF not exists i on x(a desc, b collate nocase, lower(a, 1)) ",
            LONG_INDEX,
        ),
        ('create index [i] on "zz" ([a])', "CREATE INDEX `i` ON `t` (`a`)"),
        ("create index main.i on x (a)", "CREATE INDEX `main`.`i` ON `t` (`a`)"),
        ("create index i on x (a || b)", "CREATE INDEX `i` ON `t` (a || b)"),
        ("create index i on x ((a || b) desc)", "CREATE INDEX `i` ON `t` ((a || b) DESC)"),
        (
            "create index i on x (a) where b = ';)'",
            "CREATE INDEX `i` ON `t` (`a`) WHERE b = ';)'",
        ),
        ("create index i on x (a, )", "CREATE INDEX `i` ON `t` (`a`)"),
    ],
)
def test_an_index_for_another_table_is_rebuilt(text: str, rebuilt: str) -> None:
    """X1: in one fixed layout, as clients saw it so far."""
    index = parse_index(text)

    assert index is not None
    moved = index.on_table("t")
    assert moved.text == rebuilt
    again = parse_index(rebuilt)
    assert again is not None
    assert again.on_table("t").text == rebuilt


def test_an_index_for_its_own_table_is_kept_verbatim() -> None:
    """X1: what somebody wrote by hand stays as it is."""
    text = "create index i on t ( a )"
    index = parse_index(text)

    assert index is not None
    assert index.on_table("t").text == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "junk",
        "create index on x (a)",
        "create index i on x ()",
        'create index i on x ("")',
        "create index i on x (a",
        "create index i on x ('a)",
        "create index i on x (a) junk",
        "create index i on x (a);",
        "create index i on x (a) where b; drop table t",
        'create index "i j" on x (a)',
        "create index i on x (a)" + " " * 10_000,
    ],
)
def test_other_text_is_no_index(text: str) -> None:
    """X2, and nothing hides behind a semicolon."""
    assert parse_index(text) is None


@given(st.text(alphabet="create index unqo()[]`'\",;wh a.", max_size=80))
def test_reading_never_raises(text: str) -> None:
    """X2: index texts come from clients."""
    index = parse_index(f"create index {text}")

    assert index is None or index.name


def test_unique_columns_of_their_own_are_found_with_their_case() -> None:
    """Identity fields and single back-relations depend on it."""
    collection = Collection(
        id="c",
        name="t",
        fields=(TextField(id="1", name="Mail"), TextField(id="2", name="b")),
        indexes=(
            "create unique index i on t (mail collate NoCase)",
            "create unique index i5 on t (Mail)",
            "create unique index i2 on t (b, Mail)",
            "create index i3 on t (b)",
            "create unique index i4 on t (lower(b))",
        ),
    )

    assert single_unique_columns(collection) == {"Mail": True}


def test_an_index_made_in_code_can_be_written() -> None:
    """For stores that make indexes of their own."""
    index = Index(name="i", table="t", columns=(IndexColumn(name="a"),), unique=True)

    assert index.build() == "CREATE UNIQUE INDEX `i` ON `t` (`a`)"
