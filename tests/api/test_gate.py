"""The outer gate: addresses, credentials, and what they open."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.api.program import HOME_IP, House, Reply, basic, opened
from yadokari.api.gate import COOKIE_LIFE_S, WRONG_MAX, WRONG_WINDOW_MS

ELSEWHERE = "198.51.100.9"
PAIR = "dev:let-me-in"
HEALTH = "/api/health"
LIST = "/api/collections/notes/records"


def by(pair: str) -> dict[str, str]:
    """The header of these credentials."""
    return {"authorization": basic(pair)}


def cookie_of(reply: Reply) -> dict[str, str]:
    """The header that brings back what was set."""
    return {"cookie": "theme=dark; " + reply.headers["set-cookie"].partition(";")[0]}


def flags(tmp_path: Path, **given: str) -> dict[str, str]:
    """Settings of a site with an index page."""
    public = tmp_path / "public"
    public.mkdir(exist_ok=True)
    (public / "index.html").write_text("<p>site</p>")
    return {"public": str(public), **given}


async def sees(house: House, *, ip: str = HOME_IP, headers: dict[str, str] | None = None) -> int:
    """The status of the site's own page; the API and the admin pages have the same one."""
    page, api, admin = [
        (await house("GET", path, ip=ip, headers=headers)).status
        for path in ("/", "/api/collections/users/auth-methods", "/_/")
    ]
    assert page == api == admin
    return page


async def test_an_address_list_lets_nobody_else_in(tmp_path: Path) -> None:
    """Not to files, not to the API, not to the admin pages; the health check answers."""
    async with opened(tmp_path, flags=flags(tmp_path, allow_ips="203.0.113.0/24,::1")) as house:
        assert await sees(house) == 200
        assert await sees(house, ip=ELSEWHERE) == 403
        assert await sees(house, ip="") == 403
        assert (await house("GET", HEALTH, ip=ELSEWHERE)).status == 200


async def test_credentials_are_asked_for(tmp_path: Path) -> None:
    """A browser then shows its dialogue; a preflight has no credentials to show."""
    async with opened(tmp_path, flags=flags(tmp_path), gate=PAIR) as house:
        asked = await house("GET", "/")

        assert asked.status == 401
        assert asked.headers["www-authenticate"].startswith("Basic realm=")
        assert await sees(house, headers=by(PAIR)) == 200
        assert await sees(house, headers=by("dev:wrong")) == 401
        assert await sees(house, headers={"authorization": "Basic !"}) == 401
        assert (await house("OPTIONS", "/api/batch")).status == 204
        assert (await house("GET", HEALTH)).status == 200


async def test_a_cookie_keeps_open_what_credentials_opened(tmp_path: Path) -> None:
    """An SDK sends its own token in the header that carried them."""
    async with opened(tmp_path, flags=flags(tmp_path), gate=PAIR) as house:
        first = await house("GET", "/", headers=by(PAIR))
        cookie = cookie_of(first)
        again = await house("GET", LIST, token=house.root, headers=cookie)
        made = {"name": "notes", "type": "base", "listRule": ""}
        made_by = await house("POST", "/api/collections", made, token=house.root, headers=cookie)
        forged = {"cookie": cookie["cookie"][:-6] + "AAAAA="}

        assert {"HttpOnly", "SameSite=Lax"} <= {
            part.strip() for part in first.headers["set-cookie"].split(";")
        }
        assert again.status == 404
        assert "set-cookie" not in again.headers
        assert made_by.status == 200
        assert await sees(house, headers=forged) == 401
        house.clock.advance(COOKIE_LIFE_S * 1_000 + 1_000)
        assert await sees(house, headers=cookie) == 401


async def test_a_cookie_ends_with_its_credentials(tmp_path: Path) -> None:
    """Changing them shuts everybody out."""
    async with opened(tmp_path, flags=flags(tmp_path), gate=PAIR) as house:
        cookie = cookie_of(await house("GET", "/", headers=by(PAIR)))
    async with opened(tmp_path, flags=flags(tmp_path), gate="dev:another", seed=2) as house:
        assert await sees(house, headers=cookie) == 401
        assert await sees(house, headers=by("dev:another")) == 200


@pytest.mark.parametrize(
    ("need", "home", "home_signed", "away", "away_signed"),
    [("all", 401, 200, 403, 403), ("any", 200, 200, 401, 200)],
)
async def test_two_locks_are_both_or_either(
    tmp_path: Path, need: str, home: int, home_signed: int, away: int, away_signed: int
) -> None:
    """As the operator says."""
    given = flags(tmp_path, allow_ips="203.0.113.0/24", gate=need)
    async with opened(tmp_path, flags=given, gate=PAIR) as house:
        assert await sees(house) == home
        assert await sees(house, headers=by(PAIR)) == home_signed
        assert await sees(house, ip=ELSEWHERE) == away
        assert await sees(house, ip=ELSEWHERE, headers=by(PAIR)) == away_signed


async def test_guessing_is_slow(tmp_path: Path) -> None:
    """After some wrong tries even the right one waits, at that address only."""
    async with opened(tmp_path, flags=flags(tmp_path), gate=PAIR) as house:
        for _ in range(WRONG_MAX):
            await house("GET", "/", headers=by("dev:guess"))

        assert await sees(house, headers=by(PAIR)) == 429
        assert await sees(house, ip=ELSEWHERE, headers=by(PAIR)) == 200
        house.clock.advance(WRONG_WINDOW_MS)
        assert await sees(house, headers=by(PAIR)) == 200


async def test_a_header_names_the_address_only_behind_a_trusted_proxy(tmp_path: Path) -> None:
    """Else anyone could write a listed one."""
    claim = {"x-forwarded-for": "203.0.113.50"}
    given = flags(tmp_path, allow_ips="203.0.113.0/24")
    async with opened(tmp_path, flags=given) as house:
        assert await sees(house, ip=ELSEWHERE, headers=claim) == 403

        await house.settings(trustedProxy={"headers": ["X-Forwarded-For"], "useLeftmostIP": False})

        assert await sees(house, ip=ELSEWHERE, headers=claim) == 200
        assert await sees(house, headers={"x-forwarded-for": "203.0.113.50, 8.8.8.8"}) == 403


@pytest.mark.parametrize(
    ("proxies", "forwarded", "status"),
    [
        ("0", "203.0.113.50", 403),
        ("1", "203.0.113.50", 200),
        ("1", "203.0.113.50, 198.51.100.77", 403),
        ("2", "203.0.113.50, 10.0.0.1", 200),
        ("2", "203.0.113.50, 198.51.100.77, 10.0.0.1", 403),
        ("2", "203.0.113.50", 403),
        ("2", "203.0.113.50, nonsense", 200),
        ("1", "203.0.113.50, nonsense", 403),
        ("1", "", 403),
    ],
)
async def test_behind_proxies_nobody_makes_an_address_up(
    tmp_path: Path, proxies: str, forwarded: str, status: int
) -> None:
    """D4: only what the proxies themselves added counts; who went round them has no such list."""
    given = flags(tmp_path, allow_ips="203.0.113.0/25", proxies=proxies)
    async with opened(tmp_path, flags=given) as house:
        assert await sees(house, ip=ELSEWHERE, headers={"x-forwarded-for": forwarded}) == status
