"""The first-superuser page: works without JavaScript, once, and gives nothing away."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest

from yadokari.admin.install_link import LINK_MS, InstallLink
from yadokari.admin.pages import FORM_BYTES_MAX, AdminPages, Message
from yadokari.app.system_clock import SystemEntropy
from yadokari.base.errors import Conflict, Invalid
from yadokari.base.problems import required

PASSWORD = "correct-horse"


class HandClock:
    """Time that a test moves."""

    now_ms = 0

    def unix_ms(self) -> int:
        """The hand's position."""
        return self.now_ms

    def monotonic_ms(self) -> int:
        """The same."""
        return self.now_ms


class ListedSuperusers:
    """Superusers in a list."""

    def __init__(self) -> None:
        self.made: list[tuple[str, str]] = []
        self.is_late = False

    async def exists(self) -> bool:
        """Whether there is any; a late one is not seen yet."""
        return bool(self.made) and not self.is_late

    async def create_first(self, email: str, password: str) -> None:
        """Keep it, if its address is one and it is the first."""
        if "@" not in email:
            raise Invalid("not saved", problems={"email": required()})
        if self.made:
            raise Conflict(collection="_superusers", fields=("email",))
        self.made.append((email, password))


class Site:
    """The pages, and what a browser does with them."""

    def __init__(self) -> None:
        self.clock, self.superusers = HandClock(), ListedSuperusers()
        self.link = InstallLink(clock=self.clock, entropy=SystemEntropy())
        self.pages = AdminPages(superusers=self.superusers, link=self.link)
        self.headers: dict[bytes, bytes] = {}

    async def ask(
        self, method: str, path: str, *, query: str = "", body: bytes = b""
    ) -> tuple[int, str]:
        """Status and text of an answer; its headers are kept."""
        parts = [body[i : i + 1_000] for i in range(0, len(body), 1_000)] or [b""]
        sent: list[Message] = []

        async def receive() -> Message:
            part = parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(parts)}

        async def send(message: Message) -> None:
            sent.append(message)

        scope: Message = {"method": method, "path": path, "query_string": query.encode()}
        await self.pages(scope, receive, send)
        status, headers, text = sent[0]["status"], sent[0]["headers"], sent[1]["body"]
        assert isinstance(status, int)
        assert isinstance(headers, list)
        assert isinstance(text, bytes)
        self.headers = dict(headers)
        return status, text.decode()

    async def submit(self, token: str, **changes: str) -> tuple[int, str]:
        """Send the form."""
        fields = {
            "token": token,
            "email": "root@example.com",
            "password": PASSWORD,
            "passwordConfirm": PASSWORD,
        }
        return await self.ask("POST", "/_/install", body=urlencode(fields | changes).encode())


@pytest.fixture
def site() -> Site:
    """Of one test."""
    return Site()


async def test_the_link_leads_to_a_form_that_makes_the_first_superuser_once(site: Site):
    """I1: the whole way of a newcomer."""
    token = site.link.issue()
    status, text = await site.ask("GET", "/_/install", query=f"token={token}")
    assert (status, f'value="{token}"' in text) == (200, True)

    status, text = await site.submit(token)

    assert (status, "root@example.com is a superuser" in text) == (200, True)
    assert site.superusers.made == [("root@example.com", PASSWORD)]
    assert (await site.submit(token, email="other@example.com"))[0] == 403
    assert (await site.ask("GET", "/_/install", query=f"token={token}"))[0] == 403
    assert len(site.superusers.made) == 1


@pytest.mark.parametrize("token", ["", "wrong", "é", "\0", "x" * 5_000])
async def test_other_tokens_open_nothing(site: Site, token: str):
    """I1, I2: guessed ones, long ones, strange ones."""
    site.link.issue()

    assert (await site.submit(token))[0] == 403
    assert site.superusers.made == []


async def test_without_a_link_nothing_opens(site: Site):
    """No link was ever issued: no token fits."""
    assert (await site.submit(""))[0] == 403


async def test_a_link_ends_after_half_an_hour_and_with_its_successor(site: Site):
    """I1."""
    first = site.link.issue()
    second = site.link.issue()
    assert not site.link.opens(first)

    site.clock.now_ms = LINK_MS - 1
    assert site.link.opens(second)
    site.clock.now_ms = LINK_MS

    assert (await site.submit(second))[0] == 403


async def test_a_superuser_made_another_way_ends_it(site: Site):
    """I1: the command line was faster, even between the look and the write."""
    token = site.link.issue()
    site.superusers.made.append(("cli@example.com", "x"))
    site.superusers.is_late = True

    assert (await site.submit(token))[0] == 403
    assert not site.link.opens(token)


async def test_a_mistake_shows_the_form_again_without_the_password(site: Site):
    """I4: the address comes back escaped, the password never."""
    token = site.link.issue()

    status, text = await site.submit(token, email='"><script>x</script>')
    assert (status, "Email: Cannot be blank." in text) == (400, True)
    assert "<script>" not in text
    assert PASSWORD not in text

    status, text = await site.submit(token, passwordConfirm="other")
    assert (status, "differ" in text) == (400, True)
    assert site.link.opens(token)


async def test_pages_load_and_allow_nothing(site: Site):
    """I3, I5: strict policy, no scripts, not stored, not passed on."""
    _, text = await site.ask("GET", "/_/")

    policy = site.headers[b"content-security-policy"].decode()
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert site.headers[b"cache-control"] == b"no-store"
    assert site.headers[b"referrer-policy"] == b"no-referrer"
    assert not re.search(r"<script|<link|<img| on\w+=| style=", text)


async def test_the_landing_page_tells_the_next_step(site: Site):
    """A newcomer without the terminal learns what to do."""
    assert "superuser create" in (await site.ask("GET", "/_/"))[1]
    site.superusers.made.append(("a@b.co", "x"))
    assert "/api/" in (await site.ask("GET", "/_/"))[1]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/_/nothing", 404),
        ("POST", "/_/", 404),
        ("PUT", "/_/install", 404),
        ("GET", "/", 307),
        ("GET", "/_", 307),
        ("HEAD", "/_/", 200),
    ],
)
async def test_other_paths(site: Site, method: str, path: str, status: int):
    """Roots lead to the landing page, the rest is not there; HEAD has no body."""
    answered, text = await site.ask(method, path)

    assert answered == status
    assert method != "HEAD" or text == ""


async def test_a_large_form_is_refused_before_it_is_read_whole(site: Site):
    """The form needs no token to be sent."""
    status, _ = await site.ask("POST", "/_/install", body=b"x" * (FORM_BYTES_MAX * 10))

    assert status == 413
