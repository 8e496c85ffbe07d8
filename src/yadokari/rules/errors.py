"""What can be wrong with a rule or a filter."""

from __future__ import annotations

from yadokari.base.errors import YadokariError


class RuleError(YadokariError):
    """The text is no valid rule or filter. Correct it at ``position`` (characters, or -1)."""

    def __init__(self, reason: str, *, position: int = -1) -> None:
        super().__init__(reason)
        self.reason, self.position = reason, position


class RuleForbidden(YadokariError):
    """The text uses names that only superusers may use. Leave them out."""
