"""Why an import cannot be done."""

from __future__ import annotations

from yadokari.base.errors import YadokariError


class ImportRefused(YadokariError):
    """The source cannot be taken over as it is; the text says what to do about it."""


class ImportDiffers(YadokariError):
    """What was written is not what was read. Keep the source, and report this as a bug."""
