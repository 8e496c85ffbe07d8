"""What an operator is told when an authority gives nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests
from acme import errors, messages

from tests.oracle.server import free_port
from yadokari.app.acme_authority import LIMITED_WAIT_MS, fetch, translated
from yadokari.app.certificate_keeper import OrderFailed
from yadokari.app.plain_http import Challenges
from yadokari.app.settings import Address, Automatic

NAME = "shop.example.com"
DIRECTORY = "https://ca.example.org/directory"


def failure_of(error: Exception) -> OrderFailed:
    """What becomes of a library's error."""
    with pytest.raises(OrderFailed) as caught, translated(NAME, DIRECTORY):
        raise error
    return caught.value


@pytest.mark.parametrize("code", ["dns", "connection", "unauthorized", "caa", "rejectedIdentifier"])
def test_what_is_about_a_name_says_which(code: str):
    """The next step is at that name's records, and other names can go on."""
    failure = failure_of(messages.Error.with_code(code, detail="said by the authority"))

    assert failure.is_about_name
    assert NAME in failure.advice
    assert str(failure) == f"{code}: said by the authority"


def test_a_limit_is_waited_out_for_all_names():
    """Each further order would count against it."""
    failure = failure_of(messages.Error.with_code("rateLimited", detail="too many"))

    assert not failure.is_about_name
    assert failure.wait_ms == LIMITED_WAIT_MS


@pytest.mark.parametrize("code", ["externalAccountRequired", "invalidContact", "serverInternal"])
def test_what_is_about_the_account_holds_for_all_names(code: str):
    """The next name would hear the same."""
    assert not failure_of(messages.Error.with_code(code, detail="no")).is_about_name


@pytest.mark.parametrize(
    "error", [requests.ConnectionError("refused"), errors.NonceError(), errors.ClientError("odd")]
)
def test_an_authority_out_of_reach_is_named(error: Exception):
    """A firewall for what goes out is the usual cause."""
    failure = failure_of(error)

    assert not failure.is_about_name
    assert DIRECTORY in failure.advice


@pytest.mark.parametrize("error", [errors.TimeoutError(), errors.Error("odd")])
def test_whatever_else_fails_is_tried_again(error: Exception):
    """Nobody knows more."""
    assert failure_of(error).is_about_name


def test_a_reason_is_given_where_the_authority_gave_one():
    """Also for an order that failed after its proof."""
    error = messages.Error.with_code("caa", detail="forbidden by CAA")

    assert str(failure_of(errors.IssuanceError(error))) == "caa: forbidden by CAA"
    assert "no reason given" in str(failure_of(errors.ValidationError([])))


def automatic(directory: str) -> Automatic:
    """Settings of one name."""
    address = Address(host="127.0.0.1", port=0)
    return Automatic(domains=(NAME,), https=address, directory=directory, email="", ca=None)


def test_a_spoiled_account_key_is_named(tmp_path: Path):
    """It is not replaced by itself: an account may be worth more than a file."""
    key = tmp_path / "account.key"
    key.write_text("-----BEGIN")

    with pytest.raises(OrderFailed) as caught:
        fetch(NAME, automatic=automatic(DIRECTORY), account_key=key, challenges_of=Challenges())

    assert str(key) in caught.value.advice
    assert key.read_text() == "-----BEGIN"


def test_an_account_key_is_made_once(tmp_path: Path):
    """The authority knows us by it, and counts by it."""
    key = tmp_path / "account.key"
    nobody = automatic(f"https://127.0.0.1:{free_port()}/dir")
    kept = []
    for _ in range(2):
        with pytest.raises(OrderFailed, match="cannot be asked"):
            fetch(NAME, automatic=nobody, account_key=key, challenges_of=Challenges())
        kept.append(key.read_bytes())

    assert kept[0] == kept[1]
    assert key.stat().st_mode & 0o077 == 0
