"""Settings as options of a command, made from their table.

Not here: the table (app/setting_table.py), what values mean (app/settings.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import click

from yadokari.app.setting_table import Setting

C = TypeVar("C", bound=Callable[..., object])


def setting_options(settings: Iterable[Setting]) -> Callable[[C], C]:
    """A decorator that adds an option for every setting that has a flag, in their order."""

    def decorate(command: C) -> C:
        for setting in reversed([row for row in settings if row.flags]):
            command = _option(setting)(command)
        return command

    return decorate


def given(values: dict[str, str | None]) -> dict[str, str]:
    """The options that were given, by key, as typed."""
    return {key: value for key, value in values.items() if value is not None}


def _option(setting: Setting) -> Callable[[C], C]:
    unit = f" In {setting.unit}, {setting.range_text}." if setting.unit else ""
    choices = f" One of {', '.join(setting.choices)}." if setting.choices else ""
    default = setting.default or "none"
    described = f"{setting.sentence}{unit}{choices}  [default: {default}]"
    if setting.kind == "switch":
        # `--dev` alone is on; `--dev=false` is understood too, as in Go programs.
        return click.option(
            *setting.flags,
            setting.key,
            is_flag=False,
            flag_value="true",
            help=described,
            metavar="[true|false]",
        )
    return click.option(*setting.flags, setting.key, metavar=setting.kind.upper(), help=described)
