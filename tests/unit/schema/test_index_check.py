"""What is wrong with indexes, by their place in the list."""

import pytest

from tests.unit.schema.fakes import codes, made
from yadokari.schema.index_check import invalid_index


@pytest.mark.parametrize(
    ("indexes", "expected"),
    [
        (["create index i on c (id)"], None),
        (["junk", "junk"], {"0": "validation_invalid_index_expression"}),
        (
            ["create index i on c (id)", "create index I on c (id desc)"],
            {"1": "validation_duplicated_index_name"},
        ),
        (
            ["create index i on c (nope)", "create index j on c (nope)"],
            {"1": "validation_duplicated_index_definition"},
        ),
        (
            ["create index i on c (id)", "create index j on x (`id`)"],
            {"1": "validation_duplicated_index_definition"},
        ),
        (["create index i on c (id)", "create unique index j on c (id)"], None),
        (
            ["create index IDX_otps_collectionRef_recordRef on c (id)"],
            {"0": ("validation_existing_index_name", {"usedTableName": "_otps"})},
        ),
    ],
)
def test_indexes_are_judged_by_their_texts(indexes: list[str], expected: object) -> None:
    """IX1."""
    found = codes({"name": "c", "indexes": indexes})

    assert found == ({"indexes": expected} if expected else {})
    assert invalid_index("why").message == "why"


@pytest.mark.parametrize(
    ("indexes", "field_name"),
    [
        ([], None),
        (["create unique index em on u (email collate nocase)"], None),
        (["create unique index em on u (email, tokenKey)"], None),
        (["create index em on u (email)"], "email"),
        (["create unique index em on u (EMAIL)"], "email"),
        (["create unique index em on u (lower(email))"], "email"),
        (["create index other on u (tokenKey)"], None),
    ],
)
def test_unique_indexes_over_system_fields_stay_unique(
    indexes: list[str], field_name: str | None
) -> None:
    """IX2: sign-in by e-mail depends on it."""
    old = made(
        {
            "name": "u",
            "type": "auth",
            "indexes": ["create unique index em on u (email)", "create index pl on u (verified)"],
        }
    )
    expected = ("validation_invalid_unique_system_field_index", {"fieldName": field_name})

    assert codes({"indexes": indexes}, old) == ({"indexes": expected} if field_name else {})
