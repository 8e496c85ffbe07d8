"""A program's life: built, brought up to date, tended, and closed in order.

G9   Requests come only after pending migrations ran and the first superuser of the settings exists.
G10  However it ends, the control socket goes first, then upkeep, then the store.
G11  Restored data that cannot be opened gives way to the data before it.

Not here: building (app/build.py), who serves it (app/run.py, app/embedded.py).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from yadokari.app.control import listen
from yadokari.app.data_swap import DataSwap
from yadokari.app.parts import Build, Program, Surroundings
from yadokari.app.settings import SecretSettings
from yadokari.auth.secret_key import read_secret
from yadokari.base.errors import YadokariError
from yadokari.base.log import Log

CLOSE_TIMEOUT_S = 5  # Checkpoint and closing take milliseconds; a dying disk must not hold us.


@contextlib.asynccontextmanager
async def living(surroundings: Surroundings, build: Build) -> AsyncIterator[Program]:
    """A program that is ready to answer, for as long as the block lasts.

    The caller owns the data folder, and enters and leaves in the same task.

    Raises:
        YadokariError: it could not start; the text says why and what to do.
    """
    log = surroundings.log
    program = await _built(surroundings, build)
    try:
        await program.prepare()
        await _ensure_superuser(program, surroundings.settings.secrets, log=log)
        control = await listen(surroundings.dir.control_socket, program.commands.run, log=log)
        try:
            async with asyncio.TaskGroup() as tasks:
                tending = tasks.create_task(_tended(program, log=log))
                try:
                    yield program
                finally:
                    tending.cancel()
        finally:
            await control.close()
    finally:
        try:
            await asyncio.wait_for(program.close(), CLOSE_TIMEOUT_S)
        except TimeoutError:
            log.error("close_timed_out", after_s=CLOSE_TIMEOUT_S)


async def _built(surroundings: Surroundings, build: Build) -> Program:
    """The program, on the data before a restore when the restored one cannot be opened (G11)."""
    swap = DataSwap(surroundings.dir.root)
    try:
        program = await build(surroundings)
    except YadokariError as exc:
        if not await asyncio.to_thread(swap.undo):
            raise
        surroundings.log.error("restore_undone", error=exc)
        return await build(surroundings)
    if swap.is_placed:
        await asyncio.to_thread(swap.confirm)
        surroundings.log.info("restored")
    return program


async def _tended(program: Program, *, log: Log) -> None:
    try:
        await program.tend()
    except asyncio.CancelledError:
        return
    except Exception as exc:  # noqa: BLE001 - serving goes on without upkeep
        log.error("upkeep_failed", error=exc)


async def _ensure_superuser(program: Program, secrets: SecretSettings, *, log: Log) -> None:
    if not secrets.superuser_email:
        return
    password = read_secret(secrets.superuser_password, setting="YADOKARI_SUPERUSER_PASSWORD")
    if await program.superusers.ensure(secrets.superuser_email, password):
        log.info("superuser_made", email=secrets.superuser_email)
