"""What is wrong with the options of an auth collection.

AO1  Options are judged one by one first; only when all are right, authRule and manageRule too, how
     they fit each other and the fields.

Not here: authRule and manageRule, which are rules (schema/collection_check.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from yadokari.base.problems import Problem, Problems, required
from yadokari.schema.collection import (
    AuthOptions,
    Collection,
    MailTemplate,
    OAuth2,
    OAuth2Provider,
    TokenOptions,
)
from yadokari.schema.field_address import is_url
from yadokari.schema.index import single_unique_columns
from yadokari.schema.oauth2_providers import OAUTH2_PROVIDERS
from yadokari.schema.option_problems import length_problem, whole_problem

TOKEN_DURATION_S_MIN = 10
TOKEN_DURATION_S_MAX = 94_670_856
"""Three years."""
CODE_DURATION_S_MAX = 86_400
"""A one-time password or a first factor lives a day at most."""
OTP_CHARS_MIN = 4
SECRET_CHARS_MIN = 30
SECRET_CHARS_MAX = 255

RuleProblem: TypeAlias = Callable[[Collection, str], bool]
"""Whether a rule's text does not compile against a collection."""


def auth_option_problems(auth: AuthOptions) -> Problems:
    """What is wrong with single auth options, by their keys in the collection's JSON."""
    templates = {
        "verificationTemplate": auth.verification_template,
        "resetPasswordTemplate": auth.reset_password_template,
        "confirmEmailChangeTemplate": auth.confirm_email_change_template,
    }
    tokens = {
        "authToken": auth.auth_token,
        "passwordResetToken": auth.password_reset_token,
        "emailChangeToken": auth.email_change_token,
        "verificationToken": auth.verification_token,
        "fileToken": auth.file_token,
    }
    found: dict[str, Problems] = {
        "authAlert": _nested("emailTemplate", _template(auth.auth_alert.email_template)),
        "passwordAuth": _password_auth(auth),
        "mfa": _mfa(auth),
        "otp": {**_otp(auth), **_nested("emailTemplate", _template(auth.otp.email_template))},
        "oauth2": _nested("providers", _providers(auth.oauth2)),
        **{key: _template(template) for key, template in templates.items()},
        **{key: _token(token) for key, token in tokens.items()},
    }
    return {key: problems for key, problems in found.items() if problems}


def joint_auth_problems(
    new: Collection, auth: AuthOptions, *, rule_problem: RuleProblem
) -> Problems:
    """How the options do not fit each other or the fields; asked when each one is right."""
    if auth.mfa.enabled:
        methods = (auth.password_auth.enabled, auth.otp.enabled, auth.oauth2.enabled)
        if sum(methods) < 2:
            few = Problem("validation_mfa_not_enough_auths", "Two other methods have to be on.")
            return {"mfa": {"enabled": few}}
        if auth.mfa.rule and rule_problem(new, auth.mfa.rule):
            return {"mfa": {"rule": invalid_rule()}}
    if not auth.password_auth.enabled:
        return {}
    identity = _identity_problem(new, auth)
    return {"passwordAuth": {"identityFields": identity}} if identity is not None else {}


def invalid_rule() -> Problem:
    """The problem of a rule that does not compile."""
    return Problem("validation_invalid_rule", "The rule is not valid for this collection.")


def _identity_problem(new: Collection, auth: AuthOptions) -> Problem | None:
    unique = single_unique_columns(new)
    for name in auth.password_auth.identity_fields:
        if name not in new.by_name:
            return Problem(
                "validation_missing_field", f"There is no field {name}.", {"fieldName": name}
            )
        if name not in unique:
            return Problem(
                "validation_missing_unique_constraint",
                f"The field {name} needs a unique index of its own.",
                {"fieldName": name},
            )
    return None


def _password_auth(auth: AuthOptions) -> Problems:
    options = auth.password_auth
    if options.enabled and not options.identity_fields:
        return {"identityFields": required()}
    return {}


def _mfa(auth: AuthOptions) -> Problems:
    return _bounded("duration", auth.mfa.duration) if auth.mfa.enabled else {}


def _otp(auth: AuthOptions) -> Problems:
    if not auth.otp.enabled:
        return {}
    problems = _bounded("duration", auth.otp.duration)
    length = required() if not auth.otp.length else None
    length = length or whole_problem(auth.otp.length, least=OTP_CHARS_MIN)
    if length is not None:
        problems["length"] = length
    return problems


def _bounded(key: str, seconds: int, *, most: int = CODE_DURATION_S_MAX) -> Problems:
    if not seconds:
        return {key: required()}
    problem = whole_problem(seconds, least=TOKEN_DURATION_S_MIN, most=most)
    return {key: problem} if problem is not None else {}


def _token(options: TokenOptions) -> Problems:
    problems = _bounded("duration", options.duration, most=TOKEN_DURATION_S_MAX)
    secret = required() if not options.secret else None
    secret = secret or length_problem(options.secret, least=SECRET_CHARS_MIN, most=SECRET_CHARS_MAX)
    if secret is not None:
        problems["secret"] = secret
    return problems


def _template(template: MailTemplate) -> Problems:
    problems: Problems = {}
    if not template.subject:
        problems["subject"] = required()
    if not template.body:
        problems["body"] = required()
    return problems


def _nested(key: str, problems: Problems) -> Problems:
    return {key: problems} if problems else {}


def _providers(oauth2: OAuth2) -> Problems:
    if not oauth2.enabled:
        return {}
    names: set[str] = set()
    for at, provider in enumerate(oauth2.providers):
        if provider.name and provider.name in names:
            problem = Problem(
                "validation_duplicated_provider",
                f"{provider.name} is there twice.",
                {"name": provider.name},
            )
            return {str(at): {"name": problem}}
        names.add(provider.name)
    problems: Problems = {}
    for at, provider in enumerate(oauth2.providers):
        wrong = _provider(provider)
        if wrong:
            problems[str(at)] = wrong
    return problems


def _provider(provider: OAuth2Provider) -> Problems:
    problems: Problems = {}
    if not provider.name:
        problems["name"] = required()
    elif provider.name not in OAUTH2_PROVIDERS:
        problems["name"] = Problem(
            "validation_missing_provider",
            f"There is no provider {provider.name}.",
            {"name": provider.name},
        )
    if not provider.client_id:
        problems["clientId"] = required()
    if not provider.client_secret:
        problems["clientSecret"] = required()
    urls = {
        "authURL": provider.auth_url,
        "tokenURL": provider.token_url,
        "userInfoURL": provider.user_info_url,
    }
    for key, url in urls.items():
        if url and not is_url(url):
            problems[key] = Problem("validation_is_url", "Must be a URL.")
    return problems
