"""Endpoints that operators and programs ask now and then: their modules are loaded on demand.

Not here: everything that applications ask (app/web.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from yadokari.api.door import Door
from yadokari.api.on_demand import on_demand
from yadokari.api.router import Route
from yadokari.api.signing_in import SigningIn
from yadokari.api.superuser_check import SuperuserCheck
from yadokari.app.accounts import Accounts
from yadokari.app.credentials import Credentials
from yadokari.app.parts import Late
from yadokari.auth.api_keys import ApiKeys
from yadokari.auth.sign_in import SignIn
from yadokari.auth.signing_keys import SigningKeys
from yadokari.ports.entropy import Entropy
from yadokari.ports.store import Reads
from yadokari.realtime.hub import Hub
from yadokari.upkeep.maintenance import Maintenance
from yadokari.upkeep.settings_keeper import SettingsKeeper

if TYPE_CHECKING:
    from yadokari.app.oauth2 import OAuth2Parts
    from yadokari.collections.service import Collections


def collection_routes(door: SuperuserCheck, collections: Callable[[], Collections]) -> list[Route]:
    """Collections, without their records."""

    def make() -> object:
        from yadokari.api.collections import CollectionRoutes

        return CollectionRoutes(door=door, collections=collections())

    every, one = "/api/collections", "/api/collections/{c}"
    return on_demand(
        make,
        (
            ("GET", every, "list"),
            ("POST", every, "create"),
            ("GET", one, "view"),
            ("PATCH", one, "update"),
            ("DELETE", one, "delete"),
            ("DELETE", one + "/truncate", "truncate"),
            ("PUT", every + "/import", "import_all"),
            ("GET", every + "/meta/scaffolds", "scaffolds"),
            ("GET", every + "/meta/oauth2-providers", "oauth2_providers"),
            ("POST", every + "/meta/dry-run-view", "try_view"),
        ),
    )


def settings_routes(door: SuperuserCheck, keeper: SettingsKeeper, entropy: Entropy) -> list[Route]:
    """The application's settings."""

    def make() -> object:
        from yadokari.api.settings import SettingsRoutes
        from yadokari.app.storage import open_s3
        from yadokari.upkeep.s3_check import S3Check

        s3_check = S3Check(keeper=keeper, opening=open_s3, entropy=entropy)
        return SettingsRoutes(door=door, keeper=keeper, s3_check=s3_check)

    path = "/api/settings"
    tried = ("POST", f"{path}/test/s3", "test_s3")
    return on_demand(make, (("GET", path, "view"), ("PATCH", path, "update"), tried))


def maintenance_routes(door: Door, maintenance: Maintenance) -> list[Route]:
    """Seeing and changing the mode."""

    def make() -> object:
        from yadokari.api.maintenance import MaintenanceRoutes

        return MaintenanceRoutes(door=door, maintenance=maintenance)

    path = "/api/maintenance"
    return on_demand(make, (("GET", path, "view"), ("PUT", path, "change")))


def key_routes(door: Door, keys: ApiKeys) -> list[Route]:
    """API keys."""

    def make() -> object:
        from yadokari.api.keys import KeyRoutes

        return KeyRoutes(door=door, keys=keys)

    path = "/api/keys"
    return on_demand(
        make,
        (("GET", path, "list"), ("POST", path, "create"), ("DELETE", path + "/{id}", "revoke")),
    )


def bearer_routes(signing_in: SigningIn, sign_in: SignIn, credentials: Credentials) -> list[Route]:
    """OAuth2's password grant."""

    def make() -> object:
        from yadokari.api.bearer import BearerRoutes

        return BearerRoutes(
            signing_in=signing_in,
            sign_in=sign_in,
            tokens=credentials.bearer,
            collection=credentials.bearer_collection,
            life_s=credentials.bearer_life_s,
        )

    path = "/api/v1/auth/"
    return on_demand(make, (("POST", path + "login", "login"), ("GET", path + "me", "me")))


def signed_token_routes(door: Door, keys: SigningKeys, issuer: Callable[[], str]) -> list[Route]:
    """Tokens that others can verify, and the public keys."""

    def make() -> object:
        from yadokari.api.signed_tokens import SignedTokenRoutes

        return SignedTokenRoutes(door=door, keys=keys, issuer=issuer)

    path = "/api/v1/auth/"
    return on_demand(
        make,
        (
            ("POST", path + "token", "issue"),
            ("POST", path + "rotate-keys", "rotate"),
            ("GET", "/.well-known/jwks.json", "public_keys"),
        ),
    )


def account_routes(signing_in: SigningIn, accounts: Accounts) -> list[Route]:
    """One-time passwords, and what is confirmed by mail."""

    def make_otps() -> object:
        from yadokari.api.auth_with_otp import OtpRoutes

        return OtpRoutes(signing_in=signing_in, otps=accounts.otps)

    def make_confirmations() -> object:
        from yadokari.api.confirmations import ConfirmationRoutes

        return ConfirmationRoutes(door=signing_in.door, confirming=accounts.confirming)

    path = "/api/collections/{c}/"
    otps = (
        ("POST", path + "request-otp", "request", "requestOTP"),
        ("POST", path + "auth-with-otp", "sign_in", "authWithOTP"),
    )
    confirmations = (
        ("POST", path + "request-verification", "request_verification", "requestVerification"),
        ("POST", path + "confirm-verification", "confirm_verification", "confirmVerification"),
        ("POST", path + "request-password-reset", "request_password_reset", "requestPasswordReset"),
        ("POST", path + "confirm-password-reset", "confirm_password_reset", "confirmPasswordReset"),
        ("POST", path + "request-email-change", "request_email_change", "requestEmailChange"),
        ("POST", path + "confirm-email-change", "confirm_email_change", "confirmEmailChange"),
    )
    return [*on_demand(make_otps, otps), *on_demand(make_confirmations, confirmations)]


def mail_test_routes(door: Door, accounts: Accounts) -> list[Route]:
    """A mail to try the settings with."""

    def make() -> object:
        from yadokari.api.mail_test import MailTestRoutes

        return MailTestRoutes(door=door, mails=accounts.mails)

    return on_demand(make, (("POST", "/api/settings/test/email", "send"),))


def oauth2_routes(signing_in: SigningIn, hub: Hub, parts: Late[OAuth2Parts]) -> list[Route]:
    """Signing in through other services."""

    def make() -> object:
        from yadokari.api.oauth2 import OAuth2Routes

        return OAuth2Routes(
            signing_in=signing_in,
            hub=hub,
            sign_in=parts().sign_in,
            names=parts().names,
        )

    back = "/api/oauth2-redirect"
    return on_demand(
        make,
        (
            ("POST", "/api/collections/{c}/auth-with-oauth2", "by_code", "authWithOAuth2"),
            ("GET", back, "redirect_get"),
            ("POST", back, "redirect_post"),
            ("POST", "/api/settings/apple/generate-client-secret", "apple_secret"),
        ),
    )


def provider_call_routes(door: Door, reads: Reads, parts: Late[OAuth2Parts]) -> list[Route]:
    """Calls of a provider's API in a person's name."""

    def make() -> object:
        from yadokari.api.provider_calls import ProviderCallRoutes

        return ProviderCallRoutes(door=door, reads=reads, tokens=parts().tokens, web=parts().web)

    path = "/api/collections/{c}/records/{id}/provider-calls/{provider}"
    return on_demand(make, (("POST", path, "call"),))
