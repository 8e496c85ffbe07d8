"""Templates filled: subject and HTML of a mail.

X1  Placeholders are filled in one pass: a value that looks like one stays as it is.
X2  In HTML every value is escaped: whoever chooses a name chooses no markup.
X3  A name that nothing is known of stays as it stands.
X4  Hidden fields of a record are never told.

Not here: which placeholders a mail has (auth/account_mails.py), first texts (schema).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from yadokari.base.json_text import number_text
from yadokari.ports.store import Row
from yadokari.schema.collection import Collection, MailTemplate
from yadokari.schema.fields import FileField, PasswordField, Value

_PLACEHOLDER = re.compile(r"\{([A-Z_]+(?::\w+)?)\}")
_LAYOUT = """<!doctype html>
<html>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body { margin: 0; padding: 24px; color: #1d1d21; background: #fff;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Hiragino Sans", "Noto Sans JP", sans-serif }
p { margin: 0 0 12px }
a { color: inherit }
a.btn { display: inline-block; padding: 10px 24px; border-radius: 6px; font-weight: 600;
  color: #fff !important; background: #1d1d21; text-decoration: none }
</style>
</head>
<body>
%s
</body>
</html>
"""


def filled(template: MailTemplate, values: Mapping[str, str]) -> tuple[str, str]:
    """Subject and HTML document.

    Args:
        values: By placeholder without braces: ``APP_NAME``, ``RECORD:name``; plain text.
    """
    subject = _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), template.subject)
    body = _PLACEHOLDER.sub(
        lambda found: _escaped(values[found[1]]) if found[1] in values else found[0],
        template.body,
    )
    return subject, _LAYOUT % body


def record_values(collection: Collection, row: Row) -> dict[str, str]:
    """What a template may tell of a record: its fields that are not hidden (X4)."""
    return {
        f"RECORD:{field.name}": _words(row.values[field.name])
        for field in collection.fields
        if not field.hidden and not isinstance(field, PasswordField | FileField)
    }


def _words(value: Value) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return number_text(value)
        case tuple():
            return ", ".join(value)
        case _:
            return str(value)


def _escaped(text: str) -> str:
    from html import escape  # A table of two thousand entities comes with it.

    return escape(text)
