"""A person at each provider, in the shape its documentation shows, and what becomes of it.

Not here: asking servers (test_oauth2_providers.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.oracle.client import Json

PICTURE = "https://pictures.example/a.png"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A profile of one provider."""

    name: str
    raw: dict[str, Json]
    meta: Mapping[str, str]
    """id, name, username, avatarURL, email; what is left out is ""."""
    refused: bool = False
    """The profile signs nobody in."""
    token: dict[str, Json] = field(default_factory=dict)
    """More of the token endpoint's answer."""
    emails: Json = None
    """Answer of the list of e-mails, where there is one."""
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    """What the provider has to be sent."""
    ours_only: bool = False


def _meta(*values: str) -> Mapping[str, str]:
    return dict(zip(("id", "name", "username", "avatarURL", "email"), values, strict=False))


_A = "a@example.com"

SAMPLES = (
    Sample(
        name="google",
        raw={
            "sub": "g1", "name": "Ann Bee", "given_name": "Ann", "family_name": "Bee",
            "picture": PICTURE, "email": _A, "email_verified": True,
        },
        meta=_meta("g1", "Ann Bee", "", PICTURE, _A),
    ),
    Sample(
        name="google",
        raw={"sub": "g2", "email": _A, "email_verified": False},
        meta=_meta("g2"),
    ),
    Sample(
        name="microsoft",
        raw={"id": "m1", "displayName": "Ann", "mail": _A, "userPrincipalName": "ann@corp"},
        meta=_meta("m1", "Ann", "", "", _A),
    ),
    Sample(
        name="yandex",
        raw={
            "id": "1000", "login": "ann", "real_name": "Ann Bee", "default_email": _A,
            "default_avatar_id": "131/x", "is_avatar_empty": False,
        },
        meta=_meta(
            "1000", "Ann Bee", "ann",
            "https://avatars.yandex.net/get-yapic/131/x/islands-200", _A,
        ),
    ),
    Sample(
        name="yandex",
        raw={"id": "1001", "login": "x", "default_avatar_id": "0/0-0", "is_avatar_empty": True},
        meta=_meta("1001", "", "x"),
    ),
    Sample(
        name="facebook",
        raw={
            "id": "f1", "name": "Ann", "email": _A,
            "picture": {"data": {"height": 200, "is_silhouette": False, "url": PICTURE}},
        },
        meta=_meta("f1", "Ann", "", PICTURE, _A),
    ),
    Sample(
        name="instagram2",
        raw={
            "id": "9", "user_id": "i1", "username": "ann", "name": "Ann",
            "profile_picture_url": PICTURE, "account_type": "BUSINESS",
        },
        meta=_meta("i1", "Ann", "ann", PICTURE),
    ),
    Sample(
        name="github",
        raw={"id": 7, "login": "ann", "name": "Ann", "avatar_url": PICTURE, "email": None},
        emails=[
            {"email": "old@example.com", "primary": False, "verified": True},
            {"email": _A, "primary": True, "verified": True, "visibility": "private"},
        ],
        meta=_meta("7", "Ann", "ann", PICTURE, _A),
    ),
    Sample(
        name="github",
        raw={"id": 8, "login": "eve"},
        emails=[{"email": _A, "primary": True, "verified": False}],
        meta=_meta("8", "", "eve"),
    ),
    Sample(name="github", raw={"id": "8", "login": "eve"}, meta={}, refused=True),
    Sample(
        name="gitlab",
        raw={
            "id": 5, "username": "ann", "name": "Ann", "avatar_url": PICTURE, "email": _A,
            "confirmed_at": "2020-01-01T00:00:00.000Z", "state": "active",
        },
        meta=_meta("5", "Ann", "ann", PICTURE, _A),
    ),
    Sample(
        name="gitlab",
        raw={"id": 6, "username": "eve", "email": _A, "confirmed_at": None},
        meta=_meta("6", "", "eve"),
    ),
    Sample(
        name="bitbucket",
        raw={
            "uuid": "{u1}", "username": "ann", "display_name": "Ann", "account_status": "active",
            "links": {"avatar": {"href": PICTURE}},
        },
        emails={"values": [{"email": _A, "is_primary": True, "is_confirmed": True}]},
        meta=_meta("{u1}", "Ann", "ann", PICTURE, _A),
    ),
    Sample(name="bitbucket", raw={"uuid": "{u2}"}, meta={}, refused=True),
    Sample(
        name="gitee",
        raw={"id": 3, "login": "ann", "name": "Ann", "avatar_url": PICTURE, "email": _A},
        meta=_meta("3", "Ann", "ann", PICTURE, _A),
    ),
    Sample(
        name="gitea",
        raw={
            "id": 4, "login": "ann", "full_name": "Ann", "avatar_url": PICTURE, "active": True,
            "email": "public@example.com",
        },
        emails=[{"email": _A, "primary": True, "verified": True}],
        meta=_meta("4", "Ann", "ann", PICTURE, _A),
    ),
    Sample(name="gitea", raw={"id": 4, "login": "x", "active": False}, meta={}, refused=True),
    Sample(
        name="discord",
        raw={
            "id": "d1", "username": "ann", "discriminator": "0", "global_name": "Ann",
            "avatar": "h4sh", "email": _A, "verified": True,
        },
        meta=_meta("d1", "Ann", "ann", "https://cdn.discordapp.com/avatars/d1/h4sh.png", _A),
    ),
    Sample(
        name="discord",
        raw={"id": "d2", "username": "bob", "discriminator": "1234", "email": _A, "avatar": "x"},
        meta=_meta("d2", "bob#1234", "bob", "https://cdn.discordapp.com/avatars/d2/x.png"),
    ),
    Sample(
        name="twitter",
        raw={
            "data": {
                "id": "t1", "name": "Ann", "username": "ann", "profile_image_url": PICTURE,
                "confirmed_email": _A,
            }
        },
        meta=_meta("t1", "Ann", "ann", PICTURE, _A),
    ),
    Sample(
        name="kakao",
        raw={
            "id": 123456789,
            "properties": {"nickname": "ann", "profile_image": PICTURE},
            "kakao_account": {"email": _A, "is_email_valid": True, "is_email_verified": True},
        },
        meta=_meta("123456789", "", "ann", PICTURE, _A),
    ),
    Sample(
        name="kakao",
        raw={"id": 1, "kakao_account": {"email": _A, "is_email_verified": True}},
        meta=_meta("1"),
    ),
    Sample(
        name="vk",
        raw={
            "response": [
                {
                    "id": 11, "first_name": "Ann", "last_name": "Bee", "screen_name": "ann",
                    "photo_max": PICTURE,
                }
            ]
        },
        token={"email": _A, "user_id": 11},
        meta=_meta("11", "Ann Bee", "ann", PICTURE, _A),
    ),
    Sample(name="vk", raw={"response": []}, meta={}, refused=True),
    Sample(
        name="linear",
        raw={
            "data": {
                "viewer": {
                    "id": "l1", "name": "Ann", "displayName": "ann", "avatarUrl": PICTURE,
                    "email": _A, "active": True,
                }
            }
        },
        method="POST",
        meta=_meta("l1", "Ann", "ann", PICTURE, _A),
    ),
    Sample(
        name="linear", raw={"data": {"viewer": {"id": "l2"}}}, method="POST", meta={}, refused=True
    ),
    Sample(
        name="notion",
        raw={
            "object": "user", "type": "bot",
            "bot": {
                "owner": {
                    "type": "user",
                    "user": {
                        "id": "n1", "name": "Ann", "avatar_url": PICTURE, "type": "person",
                        "person": {"email": _A},
                    },
                }
            },
        },
        headers={"notion-version": "2022-06-28"},
        meta=_meta("n1", "Ann", "", PICTURE, _A),
    ),
    Sample(
        name="monday",
        raw={
            "data": {
                "me": {
                    "id": "o1", "name": "Ann", "email": _A, "enabled": True, "is_verified": True,
                    "photo_small": PICTURE,
                }
            }
        },
        method="POST",
        meta=_meta("o1", "Ann", "", PICTURE, _A),
    ),
    Sample(
        name="monday",
        raw={"data": {"me": {"id": "o2", "email": _A, "enabled": True, "is_verified": False}}},
        method="POST",
        meta=_meta("o2"),
    ),
    Sample(
        name="lark",
        raw={"code": 0, "data": {"union_id": "k1", "name": "Ann", "avatar_url": PICTURE}},
        meta=_meta("k1", "Ann", "", PICTURE),
    ),
    Sample(
        name="box",
        raw={"id": "b1", "name": "Ann", "login": _A, "avatar_url": PICTURE, "status": "active"},
        meta=_meta("b1", "Ann", "", PICTURE, _A),
    ),
    Sample(name="box", raw={"id": "b2", "status": "inactive"}, meta={}, refused=True),
    Sample(
        name="spotify",
        raw={
            "id": "s1", "display_name": "Ann", "email": _A,
            "images": [{"url": PICTURE, "height": 300, "width": 300}],
        },
        meta=_meta("s1", "Ann", "", PICTURE),
    ),
    Sample(
        name="trakt",
        raw={
            "user": {
                "username": "ann", "name": "Ann", "ids": {"slug": "ann", "uuid": "r1"},
                "images": {"avatar": {"full": PICTURE}},
            }
        },
        headers={"trakt-api-key": "client", "trakt-api-version": "2"},
        meta=_meta("r1", "Ann", "ann", PICTURE),
    ),
    Sample(
        name="twitch",
        raw={
            "data": [
                {
                    "id": "w1", "login": "ann", "display_name": "Ann",
                    "profile_image_url": PICTURE, "email": _A,
                }
            ]
        },
        headers={"client-id": "client"},
        meta=_meta("w1", "Ann", "ann", PICTURE, _A),
    ),
    Sample(
        name="patreon",
        raw={
            "data": {
                "id": "p1", "type": "user",
                "attributes": {
                    "full_name": "Ann", "vanity": "ann", "image_url": PICTURE, "email": _A,
                    "is_email_verified": True,
                },
            }
        },
        meta=_meta("p1", "Ann", "ann", PICTURE, _A),
    ),
    Sample(
        name="strava",
        raw={
            "id": 21, "username": "ann", "firstname": "Ann", "lastname": "Bee", "profile": PICTURE
        },
        meta=_meta("21", "Ann Bee", "ann", PICTURE),
    ),
    Sample(
        name="wakatime",
        raw={
            "data": {
                "id": "x1", "display_name": "Ann", "username": "ann", "photo": PICTURE,
                "photo_public": True, "email": _A, "is_email_confirmed": True,
            }
        },
        meta=_meta("x1", "Ann", "ann", PICTURE, _A),
    ),
    Sample(
        name="wakatime",
        raw={
            "data": {
                "id": "x2", "photo": PICTURE, "photo_public": False, "email": _A,
                "is_email_confirmed": False,
            }
        },
        meta=_meta("x2"),
    ),
    Sample(
        name="livechat",
        raw={
            "account_id": "c1", "name": "Ann", "email": _A, "email_verified": True,
            "avatar_url": PICTURE,
        },
        meta=_meta("c1", "Ann", "", PICTURE, _A),
    ),
    Sample(
        name="mailcow",
        raw={"id": "y1", "username": "ann@corp", "full_name": "Ann", "email": _A, "active": 1},
        meta=_meta("y1", "Ann", "ann", "", _A),
    ),
    Sample(name="mailcow", raw={"id": "y2", "active": 0}, meta={}, refused=True),
    Sample(
        name="planningcenter",
        raw={
            "data": {
                "id": "z1", "attributes": {"name": "Ann", "avatar": PICTURE, "status": "active"}
            }
        },
        meta=_meta("z1", "Ann", "", PICTURE),
        ours_only=True,  # PocketBase 0.40.6 looks for a key "Attributes", which nobody sends.
    ),
    Sample(
        name="planningcenter",
        raw={"data": {"id": "z2", "attributes": {"status": "inactive"}}},
        meta={},
        refused=True,
    ),
    *(
        Sample(
            name=name,
            raw={
                "sub": "q1", "name": "Ann", "preferred_username": "ann", "picture": PICTURE,
                "email": _A, "email_verified": "true",
            },
            meta=_meta("q1", "Ann", "ann", PICTURE, _A),
        )
        for name in ("oidc", "oidc2", "oidc3")
    ),
    Sample(
        name="line",
        raw={"userId": "U1", "displayName": "Ann", "pictureUrl": PICTURE, "statusMessage": "hi"},
        meta=_meta("U1", "Ann", "", PICTURE),
        ours_only=True,
    ),
    Sample(
        name="vroid",
        raw={
            "data": {
                "user_detail": {
                    "user": {
                        "id": "v1", "pixiv_user_id": "99", "name": "Ann",
                        "icon": {"is_default_image": False, "sq170": {"url": PICTURE}},
                    }
                }
            }
        },
        headers={"x-api-version": "11"},
        meta=_meta("v1", "Ann", "", PICTURE),
        ours_only=True,
    ),
)  # fmt: skip
