"""Reads the settings, builds every object, runs and stops them.

The only place that names an adapter. ``yadokari.app:asgi`` is the whole program as an ASGI
application (docs/embedding.md); it is made when first asked for, so that the command line loads
nothing for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yadokari.app.embedded import EmbeddedApp

    asgi: EmbeddedApp


def __getattr__(name: str) -> object:
    if name != "asgi":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from yadokari.app.embedded import from_environment

    # Kept: servers and hosts that import it twice mean the same application.
    made = globals()["asgi"] = from_environment()
    return made
