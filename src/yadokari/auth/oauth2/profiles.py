"""What each provider's answer about a person means to us: one small function a provider.

PR1  An e-mail counts only under the condition on which its provider calls it verified.
PR2  A value of another type than documented makes the whole answer unreadable: guessing at an id
     could sign in somebody else.
PR3  An account that its provider calls inactive signs nobody in.

Not here: fetching the answers (auth/oauth2/people.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, TypeAlias

import msgspec

from yadokari.base.errors import YadokariError
from yadokari.schema.field_address import is_email

Raw: TypeAlias = Mapping[str, object]

_EMPTY: Raw = MappingProxyType({})
_TRUE_TEXTS = frozenset(("1", "t", "T", "true", "TRUE", "True"))


class UnreadableProfile(YadokariError):
    """The provider told of nobody we may sign in."""


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """A person, as a provider tells."""

    id: str
    name: str = ""
    username: str = ""
    avatar_url: str = ""
    email: str = ""
    """Only when it is verified (PR1)."""


Read: TypeAlias = Callable[[Raw], Profile]


# --- values --------------------------------------------------------------------------------------


def part(raw: Raw, *names: str) -> Raw:
    """The object at this path; an empty one where there is none."""
    for name in names:
        value = raw.get(name)
        if value is None:
            return _EMPTY
        if not isinstance(value, Mapping):
            raise UnreadableProfile(f"{name} is no object")
        raw = value
    return raw


def first(raw: Raw, name: str) -> Raw:
    """The first object of a list; an empty one where there is none."""
    for item in items(raw, name):
        return item
    return _EMPTY


def items(raw: Raw, name: str) -> Sequence[Raw]:
    """The objects of a list."""
    value = raw.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        raise UnreadableProfile(f"{name} is no list of objects")
    return value


def text(raw: Raw, name: str) -> str:
    """A text; "" where there is none."""
    value = raw.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise UnreadableProfile(f"{name} is no text")
    return value


def number(raw: Raw, name: str) -> str:
    """A whole number as text; "" where there is none or it is 0."""
    value = raw.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int):
        raise UnreadableProfile(f"{name} is no whole number")
    return str(value) if value else ""


def flag(raw: Raw, name: str) -> bool:
    """A bool; false where there is none."""
    value = raw.get(name)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise UnreadableProfile(f"{name} is no bool")
    return value


def loose_flag(raw: Raw, name: str) -> bool:
    """A bool that some providers write as text or number."""
    value = raw.get(name)
    if isinstance(value, str):
        return value in _TRUE_TEXTS
    return bool(value) if isinstance(value, bool | int | float) else False


# --- providers -----------------------------------------------------------------------------------


def _openid(raw: Raw) -> Profile:
    return Profile(
        id=text(raw, "sub"),
        name=text(raw, "name"),
        username=text(raw, "preferred_username"),
        avatar_url=text(raw, "picture"),
        email=text(raw, "email") if loose_flag(raw, "email_verified") else "",
    )


def _apple(raw: Raw) -> Profile:
    email = text(raw, "email") if loose_flag(raw, "email_verified") else ""
    return Profile(id=text(raw, "sub"), email=email)


def _google(raw: Raw) -> Profile:
    return Profile(
        id=text(raw, "sub"),
        name=text(raw, "name"),
        avatar_url=text(raw, "picture"),
        email=text(raw, "email") if flag(raw, "email_verified") else "",
    )


def _microsoft(raw: Raw) -> Profile:
    return Profile(id=text(raw, "id"), name=text(raw, "displayName"), email=text(raw, "mail"))


def _yandex(raw: Raw) -> Profile:
    avatar = text(raw, "default_avatar_id")
    url = f"https://avatars.yandex.net/get-yapic/{avatar}/islands-200"
    return Profile(
        id=text(raw, "id"),
        name=text(raw, "real_name"),
        username=text(raw, "login"),
        avatar_url="" if flag(raw, "is_avatar_empty") else url,
        email=text(raw, "default_email"),
    )


def _facebook(raw: Raw) -> Profile:
    return Profile(
        id=text(raw, "id"),
        name=text(raw, "name"),
        avatar_url=text(part(raw, "picture", "data"), "url"),
        email=text(raw, "email"),
    )


def _instagram(raw: Raw) -> Profile:
    return Profile(
        id=text(raw, "user_id"),
        name=text(raw, "name"),
        username=text(raw, "username"),
        avatar_url=text(raw, "profile_picture_url"),
    )


def _github(raw: Raw) -> Profile:
    return Profile(
        id=number(raw, "id"),
        name=text(raw, "name"),
        username=text(raw, "login"),
        avatar_url=text(raw, "avatar_url"),
    )


def _gitlab(raw: Raw) -> Profile:
    return Profile(
        id=number(raw, "id"),
        name=text(raw, "name"),
        username=text(raw, "username"),
        avatar_url=text(raw, "avatar_url"),
        email=text(raw, "email") if text(raw, "confirmed_at") else "",
    )


def _bitbucket(raw: Raw) -> Profile:
    _demand(text(raw, "account_status") == "active")
    return Profile(
        id=text(raw, "uuid"),
        name=text(raw, "display_name"),
        username=text(raw, "username"),
        avatar_url=text(part(raw, "links", "avatar"), "href"),
    )


def _gitee(raw: Raw) -> Profile:
    email = text(raw, "email")
    return Profile(
        id=number(raw, "id"),
        name=text(raw, "name"),
        username=text(raw, "login"),
        avatar_url=text(raw, "avatar_url"),
        email=email if is_email(email) else "",
    )


def _gitea(raw: Raw) -> Profile:
    _demand(flag(raw, "active"))
    return Profile(
        id=number(raw, "id"),
        name=text(raw, "full_name"),
        username=text(raw, "login"),
        avatar_url=text(raw, "avatar_url"),
    )


def _discord(raw: Raw) -> Profile:
    username, digits = text(raw, "username"), text(raw, "discriminator")
    old = f"{username}#{digits}" if digits not in ("", "0") else username
    id, avatar = text(raw, "id"), text(raw, "avatar")
    return Profile(
        id=id,
        name=text(raw, "global_name") or old,
        username=username,
        avatar_url=f"https://cdn.discordapp.com/avatars/{id}/{avatar}.png",
        email=text(raw, "email") if flag(raw, "verified") else "",
    )


def _twitter(raw: Raw) -> Profile:
    data = part(raw, "data")
    return Profile(
        id=text(data, "id"),
        name=text(data, "name"),
        username=text(data, "username"),
        avatar_url=text(data, "profile_image_url"),
        email=text(data, "confirmed_email"),
    )


def _kakao(raw: Raw) -> Profile:
    shown, account = part(raw, "properties"), part(raw, "kakao_account")
    proved = flag(account, "is_email_valid") and flag(account, "is_email_verified")
    return Profile(
        id=number(raw, "id"),
        username=text(shown, "nickname"),
        avatar_url=text(shown, "profile_image"),
        email=text(account, "email") if proved else "",
    )


def _vk(raw: Raw) -> Profile:
    person = first(raw, "response")
    _demand(bool(person))
    return Profile(
        id=number(person, "id"),
        name=_joined(text(person, "first_name"), text(person, "last_name")),
        username=text(person, "screen_name"),
        avatar_url=text(person, "photo_max"),
    )


def _linear(raw: Raw) -> Profile:
    viewer = part(raw, "data", "viewer")
    _demand(flag(viewer, "active"))
    return Profile(
        id=text(viewer, "id"),
        name=text(viewer, "name"),
        username=text(viewer, "displayName"),
        avatar_url=text(viewer, "avatarUrl"),
        email=text(viewer, "email"),
    )


def _notion(raw: Raw) -> Profile:
    user = part(raw, "bot", "owner", "user")
    return Profile(
        id=text(user, "id"),
        name=text(user, "name"),
        avatar_url=text(user, "avatar_url"),
        email=text(part(user, "person"), "email"),
    )


def _monday(raw: Raw) -> Profile:
    me = part(raw, "data", "me")
    _demand(flag(me, "enabled"))
    return Profile(
        id=text(me, "id"),
        name=text(me, "name"),
        avatar_url=text(me, "photo_small"),
        email=text(me, "email") if flag(me, "is_verified") else "",
    )


def _lark(raw: Raw) -> Profile:
    data = part(raw, "data")
    return Profile(
        id=text(data, "union_id"), name=text(data, "name"), avatar_url=text(data, "avatar_url")
    )


def _box(raw: Raw) -> Profile:
    _demand(text(raw, "status") == "active")
    return Profile(
        id=text(raw, "id"),
        name=text(raw, "name"),
        avatar_url=text(raw, "avatar_url"),
        email=text(raw, "login"),
    )


def _spotify(raw: Raw) -> Profile:
    return Profile(
        id=text(raw, "id"),
        name=text(raw, "display_name"),
        avatar_url=text(first(raw, "images"), "url"),
    )


def _trakt(raw: Raw) -> Profile:
    user = part(raw, "user")
    return Profile(
        id=text(part(user, "ids"), "uuid"),
        name=text(user, "name"),
        username=text(user, "username"),
        avatar_url=text(part(user, "images", "avatar"), "full"),
    )


def _twitch(raw: Raw) -> Profile:
    person = first(raw, "data")
    _demand(bool(person))
    return Profile(
        id=text(person, "id"),
        name=text(person, "display_name"),
        username=text(person, "login"),
        avatar_url=text(person, "profile_image_url"),
        email=text(person, "email"),
    )


def _patreon(raw: Raw) -> Profile:
    data = part(raw, "data")
    shown = part(data, "attributes")
    return Profile(
        id=text(data, "id"),
        name=text(shown, "full_name"),
        username=text(shown, "vanity"),
        avatar_url=text(shown, "image_url"),
        email=text(shown, "email") if flag(shown, "is_email_verified") else "",
    )


def _strava(raw: Raw) -> Profile:
    return Profile(
        id=number(raw, "id"),
        name=_joined(text(raw, "firstname"), text(raw, "lastname")),
        username=text(raw, "username"),
        avatar_url=text(raw, "profile"),
    )


def _wakatime(raw: Raw) -> Profile:
    data = part(raw, "data")
    return Profile(
        id=text(data, "id"),
        name=text(data, "display_name"),
        username=text(data, "username"),
        avatar_url=text(data, "photo") if flag(data, "photo_public") else "",
        email=text(data, "email") if flag(data, "is_email_confirmed") else "",
    )


def _livechat(raw: Raw) -> Profile:
    return Profile(
        id=text(raw, "account_id"),
        name=text(raw, "name"),
        avatar_url=text(raw, "avatar_url"),
        email=text(raw, "email") if flag(raw, "email_verified") else "",
    )


def _mailcow(raw: Raw) -> Profile:
    _demand(raw.get("active") == 1)
    return Profile(
        id=text(raw, "id"),
        name=text(raw, "full_name"),
        username=text(raw, "username").partition("@")[0],
        email=text(raw, "email"),
    )


def _planning_center(raw: Raw) -> Profile:
    data = part(raw, "data")
    shown = part(data, "attributes")
    _demand(text(shown, "status") == "active")
    return Profile(id=text(data, "id"), name=text(shown, "name"), avatar_url=text(shown, "avatar"))


def _line(raw: Raw) -> Profile:
    return Profile(
        id=text(raw, "userId"), name=text(raw, "displayName"), avatar_url=text(raw, "pictureUrl")
    )


def _vroid(raw: Raw) -> Profile:
    user = part(raw, "data", "user_detail", "user")
    return Profile(
        id=text(user, "id"),
        name=text(user, "name"),
        avatar_url=text(part(user, "icon", "sq170"), "url"),
    )


def _joined(*names: str) -> str:
    return " ".join(names).strip()


def _demand(holds: bool) -> None:
    """PR3."""
    if not holds:
        raise UnreadableProfile("the account is not active")


PROFILES: Final[Mapping[str, Read]] = MappingProxyType(
    {
        "apple": _apple,
        "google": _google,
        "microsoft": _microsoft,
        "yandex": _yandex,
        "facebook": _facebook,
        "instagram2": _instagram,
        "github": _github,
        "gitlab": _gitlab,
        "bitbucket": _bitbucket,
        "gitee": _gitee,
        "gitea": _gitea,
        "discord": _discord,
        "twitter": _twitter,
        "kakao": _kakao,
        "vk": _vk,
        "linear": _linear,
        "notion": _notion,
        "monday": _monday,
        "lark": _lark,
        "box": _box,
        "spotify": _spotify,
        "trakt": _trakt,
        "twitch": _twitch,
        "patreon": _patreon,
        "strava": _strava,
        "wakatime": _wakatime,
        "livechat": _livechat,
        "mailcow": _mailcow,
        "planningcenter": _planning_center,
        "oidc": _openid,
        "oidc2": _openid,
        "oidc3": _openid,
        "line": _line,
        "vroid": _vroid,
    }
)
"""By the table's names."""
