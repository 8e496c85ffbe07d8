"""Checks of auth records that come before the field checks: passwords, e-mail, verified.

B1  A manager is a superuser, or a signed-in caller for whom a non-null manage rule holds.
B2  Without being one, nobody changes an e-mail or ``verified``, or a password without the old one.
B3  While one of these fails, no field is checked.

Source: the wire contract on auth records.
"""

from __future__ import annotations

from collections.abc import Mapping

from yadokari.base.problems import Problem, Problems, required
from yadokari.ports.store import Row
from yadokari.records.submission import Submission
from yadokari.schema.collection import SUPERUSERS_ID, Collection
from yadokari.schema.field_text import text_of
from yadokari.schema.fields import Value

_MISMATCH = "validation_values_mismatch"


def form_problems(
    collection: Collection,
    submission: Submission,
    resolved: Mapping[str, Value],
    stored: Row | None,
    *,
    manager: bool,
) -> Problems:
    """What is wrong with the form of an auth record (B3).

    Args:
        resolved: New values of the submitted fields; passwords in plain.
        stored: The record before the change; None on create.
        manager: B1.
    """
    problems = _guarded(collection, resolved, stored, manager=manager)
    problems.update(_password(submission, resolved, stored, manager=manager))
    return problems


def _guarded(
    collection: Collection, resolved: Mapping[str, Value], stored: Row | None, *, manager: bool
) -> Problems:
    if manager:
        return {}
    problems: Problems = {}
    if stored is None:
        if resolved.get("verified") is True and collection.id != SUPERUSERS_ID:
            problems["verified"] = _mismatch("Only a manager can set this.")
        return problems
    for name in ("email", "verified"):
        if name in resolved and resolved[name] != stored.values[name]:
            problems[name] = _mismatch("Only a manager can change this.")
    return problems


def _password(
    submission: Submission,
    resolved: Mapping[str, Value],
    stored: Row | None,
    *,
    manager: bool,
) -> Problems:
    password = str(resolved.get("password", ""))
    confirm = text_of(submission.fields.get("passwordConfirm"))
    problems: Problems = {}
    touched = password or confirm or text_of(submission.fields.get("oldPassword"))
    if stored is not None and not touched:
        return problems
    if not password:
        problems["password"] = required()
    if not confirm:
        problems["passwordConfirm"] = required()
    elif confirm != password:
        problems["passwordConfirm"] = _mismatch("Must be the same as the password.")
    if stored is not None and not manager:
        problems.update(_old_password(submission, stored))
    return problems


def _old_password(submission: Submission, stored: Row) -> Problems:
    if not text_of(submission.fields.get("oldPassword")):
        return {"oldPassword": required()}
    if submission.old_password_of != stored.values["password"]:
        return {"oldPassword": Problem("validation_invalid_old_password", "Is not the password.")}
    return {}


def _mismatch(message: str) -> Problem:
    return Problem(_MISMATCH, message)
