"""Has a command done: by the server that owns the data folder, else by ourselves.

Not here: the commands (app/commands.py), the way to the server (app/control.py).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

import msgspec

from yadokari.app.control import NobodyThere, ask
from yadokari.app.data_dir import DataDirInUse, own
from yadokari.app.settings import Settings
from yadokari.app.told import told
from yadokari.base.errors import BadRequest, Conflict, YadokariError

ANSWER_TIMEOUT_S = 600  # A migration may rewrite a large table.
STARTING_S = 10  # A server that holds the folder opens its socket within this time.
RETRY_S = 0.1


class CommandFailed(YadokariError):
    """The command was not carried out; the text says why."""


def carry_out(settings: Settings, command: str, arguments: Mapping[str, object]) -> msgspec.Raw:
    """Run a command wherever the data folder's owner is; returns its result as JSON.

    Raises:
        YadokariError: it was refused or failed; the text says why.
    """
    tries = int(STARTING_S / RETRY_S)
    for left in reversed(range(tries)):
        try:
            return ask(settings.dir.control_socket, command, arguments, timeout_s=ANSWER_TIMEOUT_S)
        except NobodyThere:
            pass
        try:
            return _by_ourselves(settings, command, arguments)
        except DataDirInUse:
            if not left:
                raise
            time.sleep(RETRY_S)  # noqa: TID251 - a server is starting or stopping right now
    raise AssertionError("unreachable: the last try returns or raises")


def _by_ourselves(settings: Settings, command: str, arguments: Mapping[str, object]) -> msgspec.Raw:
    ownership = own(settings.dir)
    try:
        raw = msgspec.Raw(msgspec.json.encode(arguments))
        result, shall_restart = asyncio.run(_run(settings, command, raw))
    finally:
        ownership.release()
    if shall_restart:  # Whoever takes the folder next puts restored data in place: we do.
        own(settings.dir).release()
    return result


async def _run(
    settings: Settings, command: str, arguments: msgspec.Raw
) -> tuple[msgspec.Raw, bool]:
    """The result, and whether the program wants to begin anew."""
    from yadokari.app.build import build
    from yadokari.app.surroundings import surroundings_of

    program = await build(surroundings_of(settings, quiet=True))
    try:
        result = await program.commands.run(command, arguments)
    except (BadRequest, Conflict) as exc:
        raise CommandFailed(told(exc)) from exc
    finally:
        await program.close()
    return msgspec.Raw(msgspec.json.encode(result)), program.restart.is_asked
