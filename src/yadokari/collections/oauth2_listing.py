"""The OAuth2 providers a dashboard may offer: their list, with small drawings of our own.

Not here: names and addresses (schema/oauth2_providers.py), how one signs in (auth/oauth2).
"""

from __future__ import annotations

from yadokari.schema.oauth2_providers import OAUTH2_PROVIDERS

_HUE_STEP = 137  # The golden angle: neighbours in the list get colours far apart.


def provider_list() -> list[dict[str, str]]:
    """All providers in the order of the contract: name, displayName, logo as SVG text."""
    return [
        {"name": name, "displayName": facts.display_name, "logo": provider_logo(name)}
        for name, facts in OAUTH2_PROVIDERS.items()
    ]


def provider_logo(name: str) -> str:
    """A small drawing for a provider; the real marks belong to their owners."""
    hue = list(OAUTH2_PROVIDERS).index(name) * _HUE_STEP % 360
    letter = OAUTH2_PROVIDERS[name].display_name[0].upper()  # A letter of ours: nothing to escape.
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" width="32" height="32">'
        f'<rect width="32" height="32" rx="7" fill="hsl({hue} 55% 42%)"/>'
        '<text x="16" y="22" font-family="sans-serif" font-size="17" font-weight="700"'
        f' text-anchor="middle" fill="#fff">{letter}</text></svg>'
    )
