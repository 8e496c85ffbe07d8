"""The OAuth2 providers that a collection may configure: the one table of them.

OP1  The order is that of the providers endpoint; our own additions come after PocketBase's.
OP2  An empty address has no default: the collection configures it.

Not here: how a profile is read (auth/oauth2/profiles.py), which options are right
(schema/auth_options_check.py), drawings (collections/oauth2_listing.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec


class ProviderFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a provider before anybody configures it."""

    name: str
    display_name: str
    auth_url: str = ""
    token_url: str = ""
    user_info_url: str = ""
    scopes: tuple[str, ...] = ()
    pkce: bool = True
    jwks_url: str = ""
    """Where its keys for id_tokens are, when an id_token is what tells of the person."""
    issuers: tuple[str, ...] = ()
    """Who may have signed such a token; ``{tid}`` stands for the claim of that name."""
    api_hosts: tuple[str, ...] = ()
    """Further hosts of its API, beside those of the addresses above."""


_GOOGLE_SCOPES = "https://www.googleapis.com/auth/userinfo."
_LOGIN = "https://login.microsoftonline.com/"
_INSTAGRAM_FIELDS = (
    "id,username,account_type,user_id,name,profile_picture_url,"
    "followers_count,follows_count,media_count"
)
_OIDC_SCOPES = ("openid", "email", "profile")

_PROVIDERS = (
    ProviderFacts(
        name="apple",
        display_name="Apple",
        auth_url="https://appleid.apple.com/auth/authorize",
        token_url="https://appleid.apple.com/auth/token",
        scopes=("name", "email"),
        jwks_url="https://appleid.apple.com/auth/keys",
        issuers=("https://appleid.apple.com",),
    ),
    ProviderFacts(
        name="google",
        display_name="Google",
        auth_url="https://accounts.google.com/o/oauth2/v2/auth",
        token_url="https://oauth2.googleapis.com/token",
        user_info_url="https://www.googleapis.com/oauth2/v3/userinfo",
        scopes=(f"{_GOOGLE_SCOPES}profile", f"{_GOOGLE_SCOPES}email"),
        api_hosts=(
            "calendar.googleapis.com",
            "drive.googleapis.com",
            "gmail.googleapis.com",
            "people.googleapis.com",
        ),
    ),
    ProviderFacts(
        name="microsoft",
        display_name="Microsoft",
        auth_url=f"{_LOGIN}common/oauth2/v2.0/authorize",
        token_url=f"{_LOGIN}common/oauth2/v2.0/token",
        user_info_url="https://graph.microsoft.com/v1.0/me",
        scopes=("User.Read",),
        jwks_url=f"{_LOGIN}common/discovery/v2.0/keys",
        issuers=(_LOGIN + "{tid}/v2.0",),
    ),
    ProviderFacts(
        name="yandex",
        display_name="Yandex",
        auth_url="https://oauth.yandex.com/authorize",
        token_url="https://oauth.yandex.com/token",
        user_info_url="https://login.yandex.ru/info",
        scopes=("login:email", "login:avatar", "login:info"),
    ),
    ProviderFacts(
        name="facebook",
        display_name="Facebook",
        auth_url="https://www.facebook.com/v3.2/dialog/oauth",
        token_url="https://graph.facebook.com/v3.2/oauth/access_token",
        user_info_url="https://graph.facebook.com/me?fields=name,email,picture.type(large)",
        scopes=("email",),
    ),
    ProviderFacts(
        name="instagram2",
        display_name="Instagram",
        auth_url="https://www.instagram.com/oauth/authorize",
        token_url="https://api.instagram.com/oauth/access_token",
        user_info_url=f"https://graph.instagram.com/me?fields={_INSTAGRAM_FIELDS}",
        scopes=("instagram_business_basic",),
    ),
    ProviderFacts(
        name="github",
        display_name="GitHub",
        auth_url="https://github.com/login/oauth/authorize",
        token_url="https://github.com/login/oauth/access_token",
        user_info_url="https://api.github.com/user",
        scopes=("read:user", "user:email"),
    ),
    ProviderFacts(
        name="gitlab",
        display_name="GitLab",
        auth_url="https://gitlab.com/oauth/authorize",
        token_url="https://gitlab.com/oauth/token",
        user_info_url="https://gitlab.com/api/v4/user",
        scopes=("read_user",),
    ),
    ProviderFacts(
        name="bitbucket",
        display_name="Bitbucket",
        auth_url="https://bitbucket.org/site/oauth2/authorize",
        token_url="https://bitbucket.org/site/oauth2/access_token",
        user_info_url="https://api.bitbucket.org/2.0/user",
        scopes=("account",),
        pkce=False,
    ),
    ProviderFacts(
        name="gitee",
        display_name="Gitee",
        auth_url="https://gitee.com/oauth/authorize",
        token_url="https://gitee.com/oauth/token",
        user_info_url="https://gitee.com/api/v5/user",
        scopes=("user_info", "emails"),
    ),
    ProviderFacts(
        name="gitea",
        display_name="Gitea/Forgejo",
        auth_url="https://gitea.com/login/oauth/authorize",
        token_url="https://gitea.com/login/oauth/access_token",
        user_info_url="https://gitea.com/api/v1/user",
        scopes=("read:user", "user:email"),
    ),
    ProviderFacts(
        name="discord",
        display_name="Discord",
        auth_url="https://discord.com/api/oauth2/authorize",
        token_url="https://discord.com/api/oauth2/token",
        user_info_url="https://discord.com/api/users/@me",
        scopes=("identify", "email"),
    ),
    ProviderFacts(
        name="twitter",
        display_name="X/Twitter",
        auth_url="https://x.com/i/oauth2/authorize",
        token_url="https://api.x.com/2/oauth2/token",
        user_info_url="https://api.x.com/2/users/me"
        "?user.fields=id,name,username,profile_image_url,confirmed_email",
        scopes=("users.read", "users.email", "tweet.read"),
    ),
    ProviderFacts(
        name="kakao",
        display_name="Kakao",
        auth_url="https://kauth.kakao.com/oauth/authorize",
        token_url="https://kauth.kakao.com/oauth/token",
        user_info_url="https://kapi.kakao.com/v2/user/me",
        scopes=("account_email", "profile_nickname", "profile_image"),
    ),
    ProviderFacts(
        name="vk",
        display_name="ВКонтакте",
        auth_url="https://oauth.vk.com/authorize",
        token_url="https://oauth.vk.com/access_token",
        user_info_url="https://api.vk.com/method/users.get?fields=photo_max,screen_name&v=5.131",
        scopes=("email",),
        pkce=False,
    ),
    ProviderFacts(
        name="linear",
        display_name="Linear",
        auth_url="https://linear.app/oauth/authorize",
        token_url="https://api.linear.app/oauth/token",
        user_info_url="https://api.linear.app/graphql",
        scopes=("read",),
        pkce=False,
    ),
    ProviderFacts(
        name="notion",
        display_name="Notion",
        auth_url="https://api.notion.com/v1/oauth/authorize",
        token_url="https://api.notion.com/v1/oauth/token",
        user_info_url="https://api.notion.com/v1/users/me",
    ),
    ProviderFacts(
        name="monday",
        display_name="monday.com",
        auth_url="https://auth.monday.com/oauth2/authorize",
        token_url="https://auth.monday.com/oauth2/token",
        user_info_url="https://api.monday.com/v2",
        scopes=("me:read",),
    ),
    ProviderFacts(
        name="lark",
        display_name="Lark",
        auth_url="https://accounts.feishu.cn/open-apis/authen/v1/authorize",
        token_url="https://open.feishu.cn/open-apis/authen/v2/oauth/token",
        user_info_url="https://open.feishu.cn/open-apis/authen/v1/user_info",
    ),
    ProviderFacts(
        name="box",
        display_name="Box",
        auth_url="https://account.box.com/api/oauth2/authorize",
        token_url="https://api.box.com/oauth2/token",
        user_info_url="https://api.box.com/2.0/users/me",
        scopes=("root_readonly",),
    ),
    ProviderFacts(
        name="spotify",
        display_name="Spotify",
        auth_url="https://accounts.spotify.com/authorize",
        token_url="https://accounts.spotify.com/api/token",
        user_info_url="https://api.spotify.com/v1/me",
        scopes=("user-read-private",),
    ),
    ProviderFacts(
        name="trakt",
        display_name="Trakt",
        auth_url="https://trakt.tv/oauth/authorize",
        token_url="https://api.trakt.tv/oauth/token",
        user_info_url="https://api.trakt.tv/users/settings",
    ),
    ProviderFacts(
        name="twitch",
        display_name="Twitch",
        auth_url="https://id.twitch.tv/oauth2/authorize",
        token_url="https://id.twitch.tv/oauth2/token",
        user_info_url="https://api.twitch.tv/helix/users",
        scopes=("user:read:email",),
    ),
    ProviderFacts(
        name="patreon",
        display_name="Patreon",
        auth_url="https://www.patreon.com/oauth2/authorize",
        token_url="https://www.patreon.com/api/oauth2/token",
        user_info_url="https://www.patreon.com/api/oauth2/v2/identity"
        "?fields%5Buser%5D=full_name,email,vanity,image_url,is_email_verified",
        scopes=("identity", "identity[email]"),
    ),
    ProviderFacts(
        name="strava",
        display_name="Strava",
        auth_url="https://www.strava.com/oauth/authorize",
        token_url="https://www.strava.com/api/v3/oauth/token",
        user_info_url="https://www.strava.com/api/v3/athlete",
        scopes=("profile:read_all",),
    ),
    ProviderFacts(
        name="wakatime",
        display_name="WakaTime",
        auth_url="https://wakatime.com/oauth/authorize",
        token_url="https://wakatime.com/oauth/token",
        user_info_url="https://wakatime.com/api/v1/users/current",
        scopes=("email",),
    ),
    ProviderFacts(
        name="livechat",
        display_name="LiveChat",
        auth_url="https://accounts.livechat.com/",
        token_url="https://accounts.livechat.com/token",
        user_info_url="https://accounts.livechat.com/v2/accounts/me",
    ),
    ProviderFacts(name="mailcow", display_name="mailcow", scopes=("profile",)),
    ProviderFacts(
        name="planningcenter",
        display_name="Planning Center",
        auth_url="https://api.planningcenteronline.com/oauth/authorize",
        token_url="https://api.planningcenteronline.com/oauth/token",
        user_info_url="https://api.planningcenteronline.com/people/v2/me",
        scopes=("people",),
    ),
    ProviderFacts(name="oidc", display_name="OIDC", scopes=_OIDC_SCOPES),
    ProviderFacts(name="oidc2", display_name="OIDC", scopes=_OIDC_SCOPES),
    ProviderFacts(name="oidc3", display_name="OIDC", scopes=_OIDC_SCOPES),
    # --- ours from here on -----------------------------------------------------------------------
    ProviderFacts(
        name="line",
        display_name="LINE",
        auth_url="https://access.line.me/oauth2/v2.1/authorize",
        token_url="https://api.line.me/oauth2/v2.1/token",
        user_info_url="https://api.line.me/v2/profile",
        scopes=("profile", "openid", "email"),
        jwks_url="https://api.line.me/oauth2/v2.1/certs",
        issuers=("https://access.line.me",),
    ),
    ProviderFacts(
        name="vroid",
        display_name="VRoid Hub",
        auth_url="https://hub.vroid.com/oauth/authorize",
        token_url="https://hub.vroid.com/oauth/token",
        user_info_url="https://hub.vroid.com/api/account",
        scopes=("default",),
    ),
)

OAUTH2_PROVIDERS: Final[Mapping[str, ProviderFacts]] = MappingProxyType(
    {facts.name: facts for facts in _PROVIDERS}
)
"""By name, in order (OP1)."""
