"""What a program or a command needs before it can begin: settings, clock, randomness, log.

Not here: reading settings (app/settings.py).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from yadokari.app.log_lines import LineLog, Redactor, open_log
from yadokari.app.parts import Surroundings
from yadokari.app.settings import Settings, read_settings
from yadokari.app.system_clock import SystemClock, SystemEntropy


def settings_of(flags: Mapping[str, str]) -> Settings:
    """Settings of this run. Raises SettingError."""
    return read_settings(flags, os.environ, on_terminal=sys.stderr.isatty())


def surroundings_of(
    settings: Settings, *, quiet: bool = False, is_guest: bool = False
) -> Surroundings:
    """The machine's clock and randomness, and a log on standard error.

    Args:
        settings: Of this run.
        quiet: Only warnings and worse are written, as short commands want it.
        is_guest: The process is another program's, and so is its logging: nothing of it changes.
    """
    clock, redactor = SystemClock(), Redactor()
    secrets = settings.secrets
    for secret in (secrets.secret_key, secrets.superuser_password, *secrets.secret_key_previous):
        redactor.hide(secret)
    level = "warning" if quiet and settings.log_level == "info" else settings.log_level
    form = settings.log_format
    if is_guest:
        log = LineLog(sys.stderr, clock=clock, form=form, level=level, redactor=redactor)
    else:
        log = open_log(clock=clock, form=form, level=level, redactor=redactor)
    return Surroundings(
        settings=settings, clock=clock, entropy=SystemEntropy(), log=log, redactor=redactor
    )
