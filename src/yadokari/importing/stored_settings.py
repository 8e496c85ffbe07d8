"""PocketBase's settings as it stores them: JSON, plain or encrypted.

ST1  Encrypted settings are base64 of nonce, ciphertext and tag: AES-256-GCM under the 32 bytes of
     the key itself.
ST2  A part of the settings that cannot be in force here is left out and told; the others count.

Not here: what settings there are and how they are sealed (upkeep).
"""

from __future__ import annotations

import binascii
from collections.abc import Awaitable, Mapping
from typing import Protocol

from yadokari.base.errors import BadRequest
from yadokari.base.json_text import JsonValue, MalformedJson, decode_object
from yadokari.base.problems import Problem, Problems
from yadokari.importing.definitions import PARAMS_TABLE
from yadokari.importing.errors import ImportRefused
from yadokari.importing.findings import Findings
from yadokari.importing.source import Source, batches

KEY_BYTES = 32
_NONCE_BYTES = 12
_SETTINGS_ROW = "settings"


class SettingsTaker(Protocol):
    """Keeps application settings; upkeep/settings_keeper.py does."""

    def change(self, changes: Mapping[str, JsonValue], /) -> Awaitable[object]:
        """Merge, check and keep. Raises BadRequest or Invalid."""
        ...


def settings_of(
    source: Source, findings: Findings, *, key: str | None
) -> Mapping[str, JsonValue] | None:
    """The settings, or None when none are stored.

    Args:
        source: The database.
        findings: Told of parameters that are no settings.
        key: What PocketBase's ``--encryptionEnv`` variable holds; None when it was not given.

    Raises:
        ImportRefused: they are encrypted and the key is missing or wrong, or they are damaged.
    """
    found: object = None
    for rows in batches(source, PARAMS_TABLE, ("id", "value")):
        for id, value in rows:
            if id == _SETTINGS_ROW:
                found = value
            else:
                findings.left_out("Parameters that this program does not know.", str(id))
    if found is None:
        return None
    text = found if isinstance(found, bytes) else str(found).encode()
    try:
        return decode_object(text)
    except MalformedJson:
        pass
    try:
        return decode_object(_opened(text, key))
    except MalformedJson as exc:
        raise ImportRefused("The settings cannot be read: they are damaged.") from exc


async def take_settings(
    taker: SettingsTaker, settings: Mapping[str, JsonValue], findings: Findings
) -> None:
    """Keep them: all at once, else part by part (ST2)."""
    try:
        await taker.change(settings)
    except BadRequest:
        for name, part in settings.items():
            try:
                await taker.change({name: part})
            except BadRequest as exc:
                reason = "; ".join(_places(exc.problems)) or exc.message
                findings.left_out("Settings that cannot be in force here.", f"{name} ({reason})")


def _opened(text: bytes, key: str | None) -> bytes:
    from cryptography.exceptions import InvalidTag  # Only for encrypted settings.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if key is None:
        raise ImportRefused(
            "The settings are encrypted. Give --encryptionEnv NAME, as PocketBase was started with."
        )
    if len(key.encode()) != KEY_BYTES:
        raise ImportRefused(f"The key of the settings has to have {KEY_BYTES} characters.")
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
        return AESGCM(key.encode()).decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], None)
    except (ValueError, InvalidTag) as exc:
        raise ImportRefused("The settings do not open with this key: is it another one?") from exc


def _places(problems: Problems, path: str = "") -> list[str]:
    found: list[str] = []
    for name, problem in problems.items():
        if isinstance(problem, Problem):
            found.append(f"{path}{name}: {problem.message}")
        else:
            found += _places(problem, f"{path}{name}.")
    return found
