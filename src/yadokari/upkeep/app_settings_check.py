"""Checks of application settings as a whole; codes nest like the settings.

Not here: the settings themselves (upkeep/app_settings.py).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

from yadokari.base.errors import Invalid
from yadokari.base.problems import Problem, Problems, required
from yadokari.contract import messages
from yadokari.contract.codes import sentence_of
from yadokari.schema.field_address import is_email, is_url
from yadokari.upkeep.app_settings import (
    S3,
    AppSettings,
    Backups,
    Batch,
    Logs,
    Meta,
    RateLimitRule,
    RateLimits,
    Smtp,
)
from yadokari.upkeep.cron_expression import is_cron

NAME_BYTES_MAX = 255
COLOR_CHARS = 7
AUTH_METHODS = ("", "PLAIN", "LOGIN")
AUDIENCES = ("", "@guest", "@auth")

_COLOR = re.compile(r"#?(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
_LABEL = re.compile(
    r"[a-zA-Z0-9_]+ /[a-zA-Z0-9_/-]*|/[a-zA-Z0-9_/-]*"
    r"|(?:[a-zA-Z0-9_]+|\*):[a-zA-Z0-9_]+|[a-zA-Z0-9_]+"
)
_HOST = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9_-]{0,62}(?:\.[a-zA-Z0-9_][a-zA-Z0-9_-]{0,62})*[._]?")
_HOST_CHARS_MAX = 255


def checked(settings: AppSettings) -> AppSettings:
    """The same settings, when they can be in force.

    Raises:
        Invalid: they cannot; ``problems`` says why, by key.
    """
    problems = problems_of(settings)
    if problems:
        raise Invalid(messages.SETTINGS_NOT_SAVED, problems=problems)
    return settings


def problems_of(settings: AppSettings) -> Problems:
    """What is wrong with them, by key; empty when nothing is."""
    return _present(
        superuserIPs=_addresses(settings.superuser_ips),
        smtp=_smtp(settings.smtp),
        backups=_backups(settings.backups),
        s3=_s3(settings.s3),
        meta=_meta(settings.meta),
        rateLimits=_rate_limits(settings.rate_limits),
        batch=_batch(settings.batch),
        logs=_logs(settings.logs),
    )


def _smtp(smtp: Smtp) -> Problems:
    return _present(
        host=_required(smtp.host, when=smtp.enabled) or _host(smtp.host),
        port=_required(smtp.port, when=smtp.enabled) or _at_least(0, smtp.port),
        authMethod=None if smtp.auth_method in AUTH_METHODS else _problem("validation_in_invalid"),
        localName=_host(smtp.local_name),
    )


def _s3(s3: S3) -> Problems:
    return _present(
        bucket=_required(s3.bucket, when=s3.enabled),
        region=_required(s3.region, when=s3.enabled),
        endpoint=_required(s3.endpoint, when=s3.enabled) or _url(s3.endpoint),
        accessKey=_required(s3.access_key, when=s3.enabled),
        secret=_required(s3.secret, when=s3.enabled),
    )


def _backups(backups: Backups) -> Problems:
    cron = None
    if backups.cron and not is_cron(backups.cron):
        cron = _problem("validation_invalid_cron")
    keep = backups.cron_max_keep
    return _present(
        cron=cron,
        cronMaxKeep=_required(keep, when=bool(backups.cron))
        or (_at_least(1, keep) if keep else None),
        s3=_s3(backups.s3),
    )


def _meta(meta: Meta) -> Problems:
    return _present(
        accentColor=_color(meta.accent_color),
        appName=_name(meta.app_name),
        appURL=_required(meta.app_url) or _url(meta.app_url),
        senderName=_name(meta.sender_name),
        senderAddress=_required(meta.sender_address)
        or (None if is_email(meta.sender_address) else _problem("validation_is_email")),
    )


def _rate_limits(limits: RateLimits) -> Problems:
    rules: Problem | Problems | None = _required(len(limits.rules), when=limits.enabled)
    if rules is None:
        rules = _numbered(_rule(rule) for rule in limits.rules) or _conflict(limits.rules)
    return _present(rules=rules, excludedIPs=_addresses(limits.excluded_ips))


def _rule(rule: RateLimitRule) -> Problems:
    label = _required(rule.label)
    if label is None and not _LABEL.fullmatch(rule.label):
        label = _problem("validation_match_invalid")
    known = rule.audience in AUDIENCES
    return _present(
        label=label,
        audience=None if known else _problem("validation_in_invalid"),
        duration=_required(rule.duration) or _at_least(1, rule.duration),
        maxRequests=_required(rule.max_requests) or _at_least(1, rule.max_requests),
    )


def _conflict(rules: tuple[RateLimitRule, ...]) -> Problems:
    """The first rule that meets a caller whom an earlier one with its label meets already."""
    seen: dict[str, set[str]] = {}
    for index, rule in enumerate(rules):
        audiences = seen.setdefault(rule.label, set())
        if audiences and ("" in (*audiences, rule.audience) or rule.audience in audiences):
            code = "validation_conflicting_rate_limit_rule"
            params = {"label": rule.label}
            problem = Problem(code, sentence_of(code, params), params)
            return {str(index): {"label": problem}}
        audiences.add(rule.audience)
    return {}


def _batch(batch: Batch) -> Problems:
    return _present(
        maxRequests=_required(batch.max_requests, when=batch.enabled)
        or _at_least(0, batch.max_requests),
        timeout=_required(batch.timeout, when=batch.enabled) or _at_least(0, batch.timeout),
        maxBodySize=_at_least(0, batch.max_body_size),
    )


def _logs(logs: Logs) -> Problems:
    return _present(
        maxDataSize=_at_least(0, logs.max_data_size), maxDays=_at_least(0, logs.max_days)
    )


def _addresses(texts: tuple[str, ...]) -> Problems:
    return _numbered(_address(text) for text in texts)


def _address(text: str) -> Problem | None:
    address, slash, bits = text.partition("/")
    try:
        if slash:
            if not (bits.isascii() and bits.isdigit()):
                raise ValueError(bits)
            ipaddress.ip_network(text, strict=False)
        else:
            ipaddress.ip_address(address)
    except ValueError:
        return _required(text) or _problem("validation_invlaid_ip_or_subnet")
    return None


def _name(text: str) -> Problem | None:
    if not text:
        return required()
    if len(text.encode("utf-8", "replace")) > NAME_BYTES_MAX:
        code, params = "validation_length_out_of_range", {"min": 1, "max": NAME_BYTES_MAX}
        return Problem(code, sentence_of(code, params), params)
    return None


def _color(text: str) -> Problem | None:
    if not text:
        return None
    if len(text.encode("utf-8", "replace")) != COLOR_CHARS:
        code, params = "validation_length_invalid", {"min": COLOR_CHARS, "max": COLOR_CHARS}
        return Problem(code, sentence_of(code, params), params)
    return None if _COLOR.fullmatch(text) else _problem("validation_is_hex_color")


def _url(text: str) -> Problem | None:
    return None if not text or is_url(text) else _problem("validation_is_url")


def _host(text: str) -> Problem | None:
    if not text or (len(text) <= _HOST_CHARS_MAX and _HOST.fullmatch(text)):
        return None
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return _problem("validation_is_host")
    return None


def _required(value: object, *, when: bool = True) -> Problem | None:
    return required() if when and not value else None


def _at_least(threshold: int, value: int) -> Problem | None:
    if value >= threshold:
        return None
    code, params = "validation_min_greater_equal_than_required", {"threshold": threshold}
    return Problem(code, sentence_of(code, params), params)


def _problem(code: str) -> Problem:
    return Problem(code, sentence_of(code))


def _present(**problems: Problem | Problems | None) -> Problems:
    return {key: problem for key, problem in problems.items() if problem}


def _numbered(problems: Iterable[Problem | Problems | None]) -> Problems:
    return {str(index): problem for index, problem in enumerate(problems) if problem}
