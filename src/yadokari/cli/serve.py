"""`yadokari serve`."""

from __future__ import annotations

import gc

import click

from yadokari.app.setting_table import SETTINGS
from yadokari.cli.options import given, setting_options


@click.command()
@setting_options(SETTINGS)
def serve(**flags: str | None) -> None:
    """Start the server; every option is also a variable YADOKARI_…."""
    gc.disable()  # Until everything is built (app/run.py): nothing of it is garbage.
    from yadokari.app.build import build
    from yadokari.app.run import serve as run
    from yadokari.app.surroundings import settings_of, surroundings_of

    run(surroundings_of(settings_of(given(flags))), build)
