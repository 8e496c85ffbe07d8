"""Application settings: defaults, merging, checks and secrets, as measured on the oracle."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yadokari.base.errors import BadRequest, Invalid
from yadokari.base.json_text import JsonValue, decode_object
from yadokari.base.problems import Problem, Problems
from yadokari.upkeep.app_settings import AppSettings, from_stored
from yadokari.upkeep.app_settings_check import checked, problems_of
from yadokari.upkeep.cron_expression import is_cron

DEFAULTS = (
    '{"superuserIPs":[],"smtp":{"enabled":false,"port":587,"host":"smtp.example.com",'
    '"username":"","authMethod":"","tls":false,"localName":""},"backups":{"cron":"",'
    '"cronMaxKeep":3,"s3":{"enabled":false,"bucket":"","region":"","endpoint":"","accessKey":"",'
    '"forcePathStyle":false}},"s3":{"enabled":false,"bucket":"","region":"","endpoint":"",'
    '"accessKey":"","forcePathStyle":false},"meta":{"accentColor":"#1055c9","appName":"Acme",'
    '"appURL":"http://localhost:8090","senderName":"Support",'
    '"senderAddress":"support@example.com","hideControls":false},"rateLimits":{"rules":['
    '{"label":"*:auth","audience":"","duration":3,"maxRequests":2},{"label":"*:create",'
    '"audience":"","duration":5,"maxRequests":20},{"label":"/api/batch","audience":"",'
    '"duration":1,"maxRequests":3},{"label":"/api/","audience":"","duration":10,'
    '"maxRequests":300}],"excludedIPs":[],"enabled":false},"trustedProxy":{"headers":[],'
    '"useLeftmostIP":false},"batch":{"enabled":false,"maxRequests":50,"timeout":3,'
    '"maxBodySize":0},"logs":{"maxDataSize":0,"maxDays":5,"minLevel":0,"logIP":true,'
    '"logAuthId":false}}'
)


class OpenBox:
    """Seals by writing the context in front."""

    def seal(self, text: str, *, context: str) -> str:
        """Reversed, so that the text itself is not there."""
        return f"{context}|{text[::-1]}"

    def open(self, sealed: str, *, context: str) -> str:
        """The text, if it was sealed for this place."""
        place, _, text = sealed.partition("|")
        assert place == context
        return text[::-1]


def codes(problems: Problems) -> dict[str, object]:
    """Codes alone, nested as they are."""
    return {
        key: found.code if isinstance(found, Problem) else codes(found)
        for key, found in problems.items()
    }


def merged(change: str) -> AppSettings:
    """The defaults after a change."""
    return AppSettings().merge(decode_object(change.encode()))


def test_a_new_installation_shows_the_defaults():
    """Byte by byte as the contract has them."""
    assert AppSettings().to_json().decode() == DEFAULTS


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("{}", {}),
        ('{"unknown":1}', {}),
        ('{"SMTP":{"HOST":"up.example.com"}}', {}),
        ('{"trustedProxy":{"headers":[""]}}', {}),
        ('{"smtp":{"enabled":true,"port":70000,"host":"h"}}', {}),
        ('{"meta":{"accentColor":""}}', {}),
        ('{"meta":{"accentColor":"#ABCDEF","appURL":"localhost:80"}}', {}),
        ('{"backups":{"cron":"0 0 1-31/5 * 1,2"}}', {}),
        ('{"rateLimits":{"rules":[]}}', {}),
        (
            '{"meta":null}',
            {
                "meta": dict.fromkeys(
                    ("appName", "appURL", "senderName", "senderAddress"), "validation_required"
                )
            },
        ),
        (
            '{"meta":{"accentColor":"#fff","appURL":"nope","senderAddress":"a@b"}}',
            {
                "meta": {
                    "accentColor": "validation_length_invalid",
                    "appURL": "validation_is_url",
                    "senderAddress": "validation_is_email",
                }
            },
        ),
        (
            '{"meta":{"accentColor":"#gggggg"}}',
            {"meta": {"accentColor": "validation_is_hex_color"}},
        ),
        (
            '{"smtp":{"enabled":true,"host":"","port":0,"authMethod":"X","localName":"!!"}}',
            {
                "smtp": {
                    "authMethod": "validation_in_invalid",
                    "host": "validation_required",
                    "localName": "validation_is_host",
                    "port": "validation_required",
                }
            },
        ),
        (
            '{"smtp":{"port":-1,"host":"bad host"}}',
            {
                "smtp": {
                    "host": "validation_is_host",
                    "port": "validation_min_greater_equal_than_required",
                }
            },
        ),
        (
            '{"s3":{"enabled":true,"endpoint":"notaurl"}}',
            {
                "s3": {
                    "accessKey": "validation_required",
                    "bucket": "validation_required",
                    "endpoint": "validation_is_url",
                    "region": "validation_required",
                    "secret": "validation_required",
                }
            },
        ),
        (
            '{"backups":{"cron":"bad","cronMaxKeep":0}}',
            {"backups": {"cron": "validation_invalid_cron", "cronMaxKeep": "validation_required"}},
        ),
        (
            '{"backups":{"cronMaxKeep":-1}}',
            {"backups": {"cronMaxKeep": "validation_min_greater_equal_than_required"}},
        ),
        (
            '{"batch":{"enabled":true,"maxRequests":0,"timeout":0,"maxBodySize":-1}}',
            {
                "batch": {
                    "maxBodySize": "validation_min_greater_equal_than_required",
                    "maxRequests": "validation_required",
                    "timeout": "validation_required",
                }
            },
        ),
        (
            '{"logs":{"maxDays":-1,"minLevel":-100}}',
            {"logs": {"maxDays": "validation_min_greater_equal_than_required"}},
        ),
        (
            '{"superuserIPs":["1.2.3","1.1.1.1","::1","10.0.0.0/33","","127.0.0.1/8","01.2.3.4"]}',
            {
                "superuserIPs": {
                    "0": "validation_invlaid_ip_or_subnet",
                    "3": "validation_invlaid_ip_or_subnet",
                    "4": "validation_required",
                    "6": "validation_invlaid_ip_or_subnet",
                }
            },
        ),
        (
            '{"rateLimits":{"enabled":true,"rules":null}}',
            {"rateLimits": {"rules": "validation_required"}},
        ),
        (
            (
                '{"rateLimits":{"rules":[{"label":"bad label !","audience":"x"},'
                '{"label":"","duration":-1,"maxRequests":-1}]}}'
            ),
            {
                "rateLimits": {
                    "rules": {
                        "0": {
                            "audience": "validation_in_invalid",
                            "duration": "validation_required",
                            "label": "validation_match_invalid",
                            "maxRequests": "validation_required",
                        },
                        "1": {
                            "duration": "validation_min_greater_equal_than_required",
                            "label": "validation_required",
                            "maxRequests": "validation_min_greater_equal_than_required",
                        },
                    }
                }
            },
        ),
    ],
)
def test_changes_are_checked_as_the_oracle_checks_them(change: str, expected: object):
    """U3: codes nest like the settings."""
    assert codes(problems_of(merged(change))) == expected


LABELS_GOOD = ("/", "/a", "/a/", "GET /", "FOO /a", "word", "*:x", "a:b", "_x:y", "/a//b")
LABELS_BAD = (
    *("GET  /a", "a b", "a:b:c", "*:", "x:", "/a.b", "/日", "日本:x", "a-b:c", "/a?x", "a:*"),
    *("*", "GET/a", "/a/{id}", "foo:bar baz"),
)


@pytest.mark.parametrize(
    ("label", "good"), [(x, True) for x in LABELS_GOOD] + [(x, False) for x in LABELS_BAD]
)
def test_labels_of_rate_limits_have_five_shapes(label: str, good: bool):
    """Each measured on the oracle."""
    rule: JsonValue = {"label": label, "duration": 1, "maxRequests": 1}

    settings = AppSettings().merge({"rateLimits": {"rules": [rule]}})

    assert (problems_of(settings) == {}) is good


@pytest.mark.parametrize("first", ["", "@guest", "@auth"])
@pytest.mark.parametrize("second", ["", "@guest", "@auth"])
def test_rules_with_one_label_must_not_meet_the_same_caller(first: str, second: str):
    """Only a rule for guests beside one for users is no conflict."""
    rules: list[JsonValue] = [
        {"label": "a:b", "duration": 1, "maxRequests": 1, "audience": audience}
        for audience in (first, second)
    ]

    problems = problems_of(AppSettings().merge({"rateLimits": {"rules": rules}}))

    if {first, second} == {"@guest", "@auth"}:
        assert problems == {}
    else:
        code = "validation_conflicting_rate_limit_rule"
        assert codes(problems) == {"rateLimits": {"rules": {"1": {"label": code}}}}


@pytest.mark.parametrize(
    "change",
    [
        '{"superuserIPs":"x"}',
        '{"smtp":5}',
        '{"smtp":{"username":5}}',
        '{"batch":{"enabled":"true"}}',
        '{"batch":{"maxRequests":1.5}}',
        '{"logs":{"maxDays":"3"}}',
        '{"logs":{"maxDays":99999999999999999999}}',
        '{"trustedProxy":{"useLeftmostIP":1}}',
        '{"smtp":{"port":true}}',
        '{"smtp":{"host":"x","Host":"y"}}',
        '{"rateLimits":{"rules":[5]}}',
        '{"superuserIPs":[5]}',
    ],
)
def test_a_wrong_json_type_makes_the_body_unreadable(change: str):
    """Nothing is guessed; two keys for one member are as bad."""
    with pytest.raises(BadRequest, match="loading the submitted data"):
        merged(change)


def test_null_is_the_zero_value_and_lists_are_replaced():
    """U1, measured: null does not mean the default."""
    settings = merged('{"smtp":null,"rateLimits":{"rules":[{"label":"*:list","extra":1}]}}')

    assert (settings.smtp.port, settings.smtp.host) == (0, "")
    assert [rule.label for rule in settings.rate_limits.rules] == ["*:list"]
    assert settings.rate_limits.rules[0].duration == 0


def test_secrets_go_in_and_never_come_out():
    """U2: kept when left out, sealed where stored, absent from answers."""
    settings = merged('{"smtp":{"password":"s3cr3t"},"backups":{"s3":{"secret":"t0p"}}}')

    kept = settings.merge({"smtp": {"host": "h.co"}})

    assert kept.smtp.password == "s3cr3t"
    assert b"s3cr3t" not in kept.to_json() + kept.to_stored(OpenBox())
    assert b"password" not in kept.to_json()
    assert from_stored(kept.to_stored(OpenBox()), OpenBox()) == kept
    assert kept.merge({"smtp": {"password": ""}}).smtp.password == ""


def test_settings_stored_by_an_older_program_get_new_defaults():
    """A member that was not there yet has its default."""
    assert from_stored(b'{"meta":{"appName":"Old"}}', OpenBox()).meta.app_name == "Old"
    assert from_stored(b"{}", OpenBox()) == AppSettings()


def test_only_checked_settings_pass():
    """U3."""
    assert checked(AppSettings()) == AppSettings()
    with pytest.raises(Invalid, match="saving the new settings"):
        checked(merged('{"meta":{"appName":""}}'))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
)
keys = st.sampled_from([*json.loads(DEFAULTS), "SMTP", "super_user-ips", "x"])


@given(st.dictionaries(keys, json_values | st.dictionaries(st.text(max_size=4), json_values)))
def test_no_change_crashes_it(change: dict[str, JsonValue]):
    """Hostile input is a problem, never a traceback."""
    try:
        settings = AppSettings().merge(change)
    except BadRequest:
        return
    problems_of(settings)
    assert from_stored(settings.to_stored(OpenBox()), OpenBox()) == settings


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("@hourly", True),
        ("*/5 * * * *", True),
        ("1,2-4,*/7 * * * *", True),
        ("1-5 * * * *", True),
        ("0 0 * * 7", False),
        ("60 * * * *", False),
        ("* * * * MON", False),
        ("  * * * * *", False),
        ("*  * * * *", False),
        ("@reboot", False),
        ("5-1 * * * *", False),
        ("1/5 * * * *", False),
        ("*/0 * * * *", False),
        ("* * 0 * *", False),
        ("* * * 13 *", False),
        ("a * * * *", False),
        ("*/61 * * * *", False),
        ("1-5/2/3 * * * *", False),
        ("९ * * * *", False),
        ("," * 5_000, False),
    ],
)
def test_cron_expressions_are_those_of_the_oracle(text: str, good: bool):
    """Each measured on the oracle."""
    assert is_cron(text) is good
