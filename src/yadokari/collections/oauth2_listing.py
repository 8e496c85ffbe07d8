"""The OAuth2 providers a dashboard may offer: names to show, and small drawings of our own.

Not here: where the providers are and how one signs in (auth).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from yadokari.schema.oauth2_providers import OAUTH2_PROVIDER_NAMES

DISPLAY_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "apple": "Apple",
        "google": "Google",
        "microsoft": "Microsoft",
        "yandex": "Yandex",
        "facebook": "Facebook",
        "instagram2": "Instagram",
        "github": "GitHub",
        "gitlab": "GitLab",
        "bitbucket": "Bitbucket",
        "gitee": "Gitee",
        "gitea": "Gitea/Forgejo",
        "discord": "Discord",
        "twitter": "X/Twitter",
        "kakao": "Kakao",
        "vk": "ВКонтакте",
        "linear": "Linear",
        "notion": "Notion",
        "monday": "monday.com",
        "lark": "Lark",
        "box": "Box",
        "spotify": "Spotify",
        "trakt": "Trakt",
        "twitch": "Twitch",
        "patreon": "Patreon",
        "strava": "Strava",
        "wakatime": "WakaTime",
        "livechat": "LiveChat",
        "mailcow": "mailcow",
        "planningcenter": "Planning Center",
        "oidc": "OIDC",
        "oidc2": "OIDC",
        "oidc3": "OIDC",
    }
)
"""By name; their marks belong to their owners, so the drawings are plain letters."""

_HUE_STEP = 137  # The golden angle: neighbours in the list get colours far apart.


def provider_list() -> list[dict[str, str]]:
    """All providers in the order of the contract: name, displayName, logo as SVG text."""
    return [
        {"name": name, "displayName": DISPLAY_NAMES[name], "logo": _logo(place, name)}
        for place, name in enumerate(OAUTH2_PROVIDER_NAMES)
    ]


def _logo(place: int, name: str) -> str:
    hue = place * _HUE_STEP % 360
    letter = DISPLAY_NAMES[name][0].upper()  # A letter of ours: nothing to escape.
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" width="32" height="32">'
        f'<rect width="32" height="32" rx="7" fill="hsl({hue} 55% 42%)"/>'
        '<text x="16" y="22" font-family="sans-serif" font-size="17" font-weight="700"'
        f' text-anchor="middle" fill="#fff">{letter}</text></svg>'
    )
