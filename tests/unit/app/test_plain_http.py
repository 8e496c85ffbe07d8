"""Plain HTTP beside automatic HTTPS."""

from __future__ import annotations

import pytest

from yadokari.api.response import Message
from yadokari.app.plain_http import CHALLENGES_PATH, Challenges, PlainHttp

TOKEN = "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA"


async def asked(
    challenges: Challenges,
    path: bytes,
    *,
    method: str = "GET",
    host: bytes | None = b"example.com",
    held: frozenset[str] = frozenset(("example.com",)),
) -> tuple[object, dict[bytes, bytes], object]:
    """Status, headers and body of an answer."""
    application = PlainHttp(
        ("example.com", "example.net"),
        aliases={"www.example.com": "example.com"},
        challenges=challenges,
        is_held=held.__contains__,
    )
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        raise AssertionError("no body is read")

    await application(
        {
            "type": "http",
            "method": method,
            "raw_path": path,
            "query_string": b"q=1",
            "headers": [] if host is None else [(b"host", host)],
        },
        receive,
        send,
    )
    headers = sent[0]["headers"]
    assert isinstance(headers, list)
    return sent[0]["status"], dict(headers), sent[1]["body"]


@pytest.fixture
def challenges() -> Challenges:
    """One token waits for its proof."""
    found = Challenges()
    found.put(TOKEN, f"{TOKEN}.thumbprint")
    return found


async def test_a_token_is_answered_while_its_order_runs(challenges: Challenges):
    """Q12: also before there is any certificate."""
    path = CHALLENGES_PATH + TOKEN.encode()

    assert await asked(challenges, path, held=frozenset()) == (
        200,
        {
            b"content-length": b"%d" % len(f"{TOKEN}.thumbprint"),
            b"content-type": b"application/octet-stream",
            b"cache-control": b"no-store",
            b"x-content-type-options": b"nosniff",
        },
        f"{TOKEN}.thumbprint".encode(),
    )
    challenges.remove(TOKEN)
    assert (await asked(challenges, path))[0] == 404


@pytest.mark.parametrize(
    "tail", [b"", b"x", TOKEN[:-1].encode(), TOKEN.encode() + b"/", b"../" + TOKEN.encode()]
)
async def test_nothing_near_a_token_is_answered(challenges: Challenges, tail: bytes):
    """Q12: the token exactly, and it is not written into."""
    assert (await asked(challenges, CHALLENGES_PATH + tail))[0] == 404
    path = CHALLENGES_PATH + TOKEN.encode()
    assert (await asked(challenges, path, method="POST"))[0] == 404


@pytest.mark.parametrize(
    ("host", "name"),
    [
        (b"example.com", b"example.com"),
        (b"Example.NET:8080", b"example.net"),
        (b"example.net.", b"example.net"),
        (b"www.example.com", b"example.com"),
        (b"evil.test", b"example.com"),
        (b"[::1]:80", b"example.com"),
        (b"\xff", b"example.com"),
        (None, b"example.com"),
    ],
)
async def test_reading_is_sent_to_a_name_of_ours(
    challenges: Challenges, host: bytes | None, name: bytes
):
    """Q14: a request names its host itself, so nobody may be sent there unseen."""
    held = frozenset(("example.com", "example.net"))

    status, headers, _ = await asked(challenges, b"//evil.test/a%20b", host=host, held=held)

    assert (status, headers.get(b"location")) == (
        302,
        b"https://" + name + b"//evil.test/a%20b?q=1",
    )


async def test_writing_is_not_redirected(challenges: Challenges):
    """Q13: a password sent in the clear must not work as if nothing had happened."""
    for method in ("POST", "PATCH", "DELETE", "OPTIONS"):
        status, headers, _ = await asked(challenges, b"/api/x", method=method)
        assert status == 400
        assert b"location" not in headers


async def test_visitors_wait_for_the_first_certificate(challenges: Challenges):
    """Sent to HTTPS they would meet a broken connection."""
    status, headers, body = await asked(challenges, b"/", held=frozenset())

    assert status == 503
    assert headers[b"retry-after"] == b"10"
    assert b"example.com is being fetched" in bytes(str(body), "ascii")
