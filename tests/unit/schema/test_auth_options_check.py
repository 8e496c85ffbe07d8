"""What is wrong with the options of auth collections: codes, params and positions."""

import pytest

from tests.unit.schema.fakes import INVALID_RULE, codes

REQUIRED = "validation_required"


def below(threshold: int) -> tuple[str, dict[str, int]]:
    """Code and params of a value under its bound."""
    return "validation_min_greater_equal_than_required", {"threshold": threshold}


def above(threshold: int) -> tuple[str, dict[str, int]]:
    """Code and params of a value over its bound."""
    return "validation_max_less_equal_than_required", {"threshold": threshold}


NAMED = {"clientId": "a", "clientSecret": "b"}
AUTH_CASES: list[tuple[dict[str, object], object]] = [
    ({}, {}),
    (
        {"passwordAuth": {"identityFields": ["email", "zz"]}},
        {"passwordAuth": {"identityFields": ("validation_missing_field", {"fieldName": "zz"})}},
    ),
    (
        {"passwordAuth": {"identityFields": ["id"]}},
        {
            "passwordAuth": {
                "identityFields": ("validation_missing_unique_constraint", {"fieldName": "id"})
            }
        },
    ),
    ({"passwordAuth": {"identityFields": []}}, {"passwordAuth": {"identityFields": REQUIRED}}),
    ({"passwordAuth": {"enabled": False, "identityFields": ["zz"]}}, {}),
    (
        {"passwordAuth": {"identityFields": ["zz"]}, "mfa": {"enabled": True}},
        {"mfa": {"enabled": "validation_mfa_not_enough_auths"}},
    ),
    (
        {"authRule": INVALID_RULE, "mfa": {"enabled": True}},
        {"authRule": "validation_invalid_rule"},
    ),
    ({"mfa": {"enabled": True}}, {"mfa": {"enabled": "validation_mfa_not_enough_auths"}}),
    (
        {"mfa": {"enabled": True, "rule": INVALID_RULE}, "otp": {"enabled": True}},
        {"mfa": {"rule": "validation_invalid_rule"}},
    ),
    ({"mfa": {"enabled": True, "rule": "x"}, "otp": {"enabled": True}}, {}),
    ({"mfa": {"enabled": True}, "otp": {"enabled": True}}, {}),
    ({"mfa": {"duration": 0, "rule": INVALID_RULE}}, {}),
    ({"mfa": {"enabled": True, "duration": 5}}, {"mfa": {"duration": below(10)}}),
    ({"otp": {"duration": 9, "length": 0}}, {}),
    (
        {"otp": {"enabled": True, "duration": 86_401, "length": 3}},
        {"otp": {"duration": above(86_400), "length": below(4)}},
    ),
    (
        {"otp": {"enabled": True, "duration": 0, "length": 0, "emailTemplate": None}},
        {
            "otp": {
                "duration": REQUIRED,
                "length": REQUIRED,
                "emailTemplate": {"subject": REQUIRED, "body": REQUIRED},
            }
        },
    ),
    (
        {"authAlert": None},
        {"authAlert": {"emailTemplate": {"subject": REQUIRED, "body": REQUIRED}}},
    ),
    ({"verificationTemplate": {"body": ""}}, {"verificationTemplate": {"body": REQUIRED}}),
    (
        {
            "authToken": {"duration": 9},
            "fileToken": {"secret": "x"},
            "emailChangeToken": None,
            "passwordResetToken": {"duration": 94_670_857},
            "mfa": {"enabled": True},
        },
        {
            "authToken": {"duration": below(10)},
            "fileToken": {"secret": ("validation_length_out_of_range", {"min": 30, "max": 255})},
            "emailChangeToken": {"duration": REQUIRED, "secret": REQUIRED},
            "passwordResetToken": {"duration": above(94_670_856)},
        },
    ),
    ({"oauth2": {"enabled": True, "providers": [{"name": "google", **NAMED}]}}, {}),
    ({"oauth2": {"enabled": False, "providers": [{"name": "zz"}]}}, {}),
    (
        {
            "oauth2": {
                "enabled": True,
                "providers": [{"name": "zz"}, {"name": "oidc", **NAMED}, {"name": "oidc"}],
            }
        },
        {
            "oauth2": {
                "providers": {"2": {"name": ("validation_duplicated_provider", {"name": "oidc"})}}
            }
        },
    ),
    (
        {
            "oauth2": {
                "enabled": True,
                "providers": [
                    {"name": "zz"},
                    {**NAMED},
                    {"name": "oidc", **NAMED, "authURL": "x", "tokenURL": "http://a.b"},
                ],
            }
        },
        {
            "oauth2": {
                "providers": {
                    "0": {
                        "name": ("validation_missing_provider", {"name": "zz"}),
                        "clientId": REQUIRED,
                        "clientSecret": REQUIRED,
                    },
                    "1": {"name": REQUIRED},
                    "2": {"authURL": "validation_is_url"},
                }
            }
        },
    ),
]


@pytest.mark.parametrize(("wire", "expected"), AUTH_CASES)
def test_auth_options_are_checked_one_by_one_then_together(
    wire: dict[str, object], expected: object
) -> None:
    """AO1."""
    assert codes({"name": "u", "type": "auth", **wire}) == expected
