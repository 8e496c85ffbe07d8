"""The client against a small server on loopback: where it goes, and how much it takes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.oracle.identity_provider import IdentityProvider, Reply, identity_provider, reply
from yadokari.ports.web import AddressRefused, Unreachable, WebAnswer, WebRequest
from yadokari.web.client import WebClient, _redirected


@pytest.fixture
def there() -> Iterator[IdentityProvider]:
    """Somebody else's server."""
    with identity_provider() as provider:
        yield provider


@pytest.fixture
async def web() -> AsyncIterator[WebClient]:
    """The client."""
    client = WebClient()
    yield client
    await client.close()


async def fetched(web: WebClient, request: WebRequest, **limits: float) -> WebAnswer:
    """The answer to a request that a superuser configured."""
    return await web.fetch(
        request,
        reach="configured",
        timeout_s=limits.get("timeout_s", 5),
        body_bytes_max=int(limits.get("body_bytes_max", 1_000)),
    )


async def test_an_answer_comes_back_whole(web: WebClient, there: IdentityProvider):
    """Status, headers by lower-case name, body."""
    there.others["/x"] = reply({"a": 1}, status=201)

    answer = await fetched(web, WebRequest(url=f"{there.url}/x", method="POST", body=b"b=2"))

    assert (answer.status, answer.body) == (201, b'{"a": 1}')
    assert answer.content_type == "application/json"
    assert there.asked[0].form == {"b": "2"}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433"])
async def test_a_stranger_cannot_send_us_to_ourselves(
    web: WebClient, there: IdentityProvider, host: str
):
    """WP2: whatever the name, the resolved address is judged."""
    with pytest.raises(AddressRefused):
        await web.fetch(
            WebRequest(url=f"http://{host}:{there.port}/pixel.png"),
            reach="public",
            timeout_s=5,
            body_bytes_max=1_000,
        )

    assert there.asked == []


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]", "[::ffff:169.254.169.254]"])
async def test_not_even_a_superuser_sends_us_where_clouds_keep_credentials(
    web: WebClient, host: str
):
    """The address is judged before anything is connected to."""
    with pytest.raises(AddressRefused):
        await fetched(web, WebRequest(url=f"http://{host}/latest/meta-data/"))


def test_credentials_do_not_follow_a_redirect_to_another_host():
    """WP3: the host would be refused here before that, so the step is asked alone."""
    headers = {"Authorization": "Bearer x", "Accept": "y"}
    first = WebRequest(url="https://a.example/x", headers=headers)
    posted = WebRequest(url="https://a.example/x", method="POST", body=b"z")

    following = _redirected(first, "https://b.example/y", 302)

    assert (following.url, following.headers) == ("https://b.example/y", {"Accept": "y"})
    assert _redirected(first, "/z", 302).headers == headers
    with pytest.raises(AddressRefused):
        _redirected(posted, "https://b.example/y", 307)
    with pytest.raises(AddressRefused):
        _redirected(first, "http://a.example/y", 302)


async def test_a_redirect_leads_to_no_other_private_server(web: WebClient, there: IdentityProvider):
    """WP2: a configured provider may be at home; what it names may not."""
    with identity_provider() as inner:
        there.others["/x"] = Reply(status=302, location=f"{inner.url}/pixel.png")

        with pytest.raises(AddressRefused):
            await fetched(web, WebRequest(url=f"{there.url}/x"))

        assert inner.asked == []


async def test_a_redirect_on_the_same_host_is_followed_without_the_body(
    web: WebClient, there: IdentityProvider
):
    """As browsers do it: 302 makes a GET."""
    there.others["/x"] = Reply(status=302, location="/pixel.png")

    answer = await fetched(web, WebRequest(url=f"{there.url}/x", method="POST", body=b"a=1"))

    assert answer.content_type == "image/png"
    assert [(one.method, one.form) for one in there.asked] == [("POST", {"a": "1"}), ("GET", {})]


async def test_a_loop_of_redirects_ends(web: WebClient, there: IdentityProvider):
    """WP3."""
    there.others["/x"] = Reply(status=302, location="/x")

    with pytest.raises(Unreachable):
        await fetched(web, WebRequest(url=f"{there.url}/x"))

    assert len(there.asked) == 6


async def test_an_answer_that_is_too_large_is_dropped(web: WebClient, there: IdentityProvider):
    """WP1."""
    there.others["/x"] = Reply(body=b"x" * 1_001)

    with pytest.raises(Unreachable):
        await fetched(web, WebRequest(url=f"{there.url}/x"))

    there.others["/x"] = Reply(body=b"x" * 1_000)
    assert len((await fetched(web, WebRequest(url=f"{there.url}/x"))).body) == 1_000


async def test_an_answer_that_is_late_is_not_waited_for(web: WebClient, there: IdentityProvider):
    """WP1: the server here never answers within so little time."""
    with pytest.raises(Unreachable):
        await fetched(web, WebRequest(url=f"{there.url}/x"), timeout_s=0)


@pytest.mark.parametrize(
    "url", ["", "file:///etc/passwd", "ftp://h/x", "http://", "http://h/a b", "http://h:0/"]
)
async def test_what_is_no_web_address_is_refused(web: WebClient, url: str):
    """Only http and https lead anywhere."""
    with pytest.raises(AddressRefused):
        await fetched(web, WebRequest(url=url))


async def test_nobody_there_is_unreachable(web: WebClient):
    """A refused connection is no crash."""
    with pytest.raises(Unreachable):
        await fetched(web, WebRequest(url="http://127.0.0.1:1/"))
    with pytest.raises(Unreachable):
        await fetched(web, WebRequest(url="http://nobody.invalid/"))
