"""docs/settings.md, written from the table of settings.

``python -m tests.tidy.settings_page`` writes the page anew.
"""

from tests.tidy.repository import ROOT
from yadokari.app.setting_table import SETTINGS, Setting

PAGE = ROOT / "docs" / "settings.md"
OPENING = """\
# Settings of `yadokari serve`

Every setting is a flag and a variable; the flag wins over the variable, the variable over the
default. Secrets have no flag, because a command line can be read by every user of a machine.
Settings are read once and checked at the start: a wrong value stops it with the name, what was
given and what may be given. Switches take `true` or `false`.

This page is written from the table in `src/yadokari/app/setting_table.py`
(`python -m tests.tidy.settings_page`); a test compares the two.
"""


def page() -> str:
    """The whole page."""
    return OPENING + "".join(f"\n{_section(row)}" for row in SETTINGS)


def _section(row: Setting) -> str:
    facts = [f"Default: `{row.default}`" if row.default else "Default: empty"]
    if row.range_text:
        facts.append(f"Range: {row.range_text}{f' {row.unit}' if row.unit else ''}")
    flags = ", ".join(f"`{flag}`" for flag in row.flags)
    variables = ", ".join(f"`{name}`" for name in (row.variable, row.also) if name)
    facts.append(f"Flag: {flags}" if flags else "No flag: it is a secret")
    facts.append(f"Variable: {variables}")
    lines = "".join(f"- {fact}\n" for fact in facts)
    return f"## {row.name}\n\n{row.sentence}\n\n{lines}"


if __name__ == "__main__":
    PAGE.write_text(page())
