"""Settings as PocketBase stores them."""

import base64
from collections.abc import Mapping

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.unit.importing.fake_source import FakeSource
from yadokari.base.errors import BadRequest
from yadokari.base.json_text import JsonValue
from yadokari.importing.errors import ImportRefused
from yadokari.importing.findings import Findings
from yadokari.importing.source import Stored
from yadokari.importing.stored_settings import settings_of, take_settings

KEY = "0123456789abcdef" * 2
PLAIN = b'{"meta":{"appName":"Harbour"}}'


def stored(value: Stored) -> FakeSource:
    """A database with these settings."""
    return FakeSource({"_params": (("id", "value"), [("settings", value), ("more", "1")])})


def sealed(key: str = KEY) -> str:
    """The settings as PocketBase encrypts them."""
    nonce = b"n" * 12
    return base64.b64encode(nonce + AESGCM(key.encode()).encrypt(nonce, PLAIN, None)).decode()


@pytest.mark.parametrize("value", [PLAIN, PLAIN.decode(), sealed(), sealed().encode()])
def test_settings_are_read_plain_or_encrypted(value: Stored):
    """As bytes or text, whichever way a version wrote them."""
    findings = Findings()

    assert settings_of(stored(value), findings, key=KEY) == {"meta": {"appName": "Harbour"}}
    assert [finding.names for finding in findings.all()] == [("more",)]


@pytest.mark.parametrize(
    ("value", "key", "told"),
    [
        (sealed(), None, "--encryptionEnv"),
        (sealed(), "short", "32 characters"),
        (sealed(), "x" * 32, "another one"),
        ("no base64!", KEY, "another one"),
    ],
)
def test_settings_that_do_not_open_stop_the_import(value: Stored, key: str | None, told: str):
    """ST1: with the reader's next step."""
    with pytest.raises(ImportRefused, match=told):
        settings_of(stored(value), Findings(), key=key)


def test_no_settings_are_none():
    """Those of a new installation count then."""
    assert settings_of(FakeSource({"_params": (("id", "value"), [])}), Findings(), key=None) is None


class PickyTaker:
    """Keeps settings but for one part."""

    def __init__(self) -> None:
        self.kept: dict[str, JsonValue] = {}

    async def change(self, changes: Mapping[str, JsonValue], /) -> None:
        """Take them."""
        if "smtp" in changes:
            raise BadRequest("nonsense")
        self.kept.update(changes)


async def test_a_part_that_cannot_be_in_force_is_left_out_alone():
    """ST2: one wrong address does not cost everything else."""
    taker, findings = PickyTaker(), Findings()

    await take_settings(taker, {"meta": 1, "smtp": 2, "logs": 3}, findings)

    assert taker.kept == {"meta": 1, "logs": 3}
    assert [finding.names for finding in findings.all()] == [("smtp (nonsense)",)]
