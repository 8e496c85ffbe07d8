"""Templates are filled with values, and with nothing that a value says."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from yadokari.auth.mail_text import filled, record_values
from yadokari.ports.store import Row
from yadokari.schema import mail_templates
from yadokari.schema.collection import Collection, MailTemplate
from yadokari.schema.defaults import AUTH_FIELDS, ID_FIELD
from yadokari.schema.fields import BoolField, NumberField, SelectField, TextField

PEOPLE = Collection(
    id="people",
    name="people",
    type="auth",
    fields=(
        ID_FIELD,
        *AUTH_FIELDS,
        TextField(id="n", name="nick"),
        TextField(id="h", name="note", hidden=True),
        NumberField(id="a", name="age"),
        BoolField(id="b", name="member"),
        SelectField(id="s", name="tags", values=("x", "y"), max_select=2),
    ),
)


def body(html: str) -> str:
    """What stands between the body's tags."""
    return html.partition("<body>\n")[2].partition("\n</body>")[0]


def test_a_value_is_no_template_and_no_markup() -> None:
    """X1, X2: in the subject it is plain text, in HTML it is escaped."""
    template = MailTemplate(subject="{RECORD:nick} {OTP}", body='<a href="{URL}">{RECORD:nick}</a>')
    values = {"RECORD:nick": "<b>{OTP}", "OTP": "123456", "URL": 'x" onclick="y'}

    subject, html = filled(template, values)

    assert subject == "<b>{OTP} 123456"
    assert body(html) == '<a href="x&quot; onclick=&quot;y">&lt;b&gt;{OTP}</a>'


def test_what_is_unknown_stays() -> None:
    """X3: a style sheet in a template is full of braces."""
    template = MailTemplate(subject="{X}", body="p { margin: 0 } {NOTHING} {} {RECORD:gone}")

    subject, html = filled(template, {})

    assert subject == "{X}"
    assert body(html) == template.body


def test_hidden_fields_are_not_told() -> None:
    """X4: nor is what signs in."""
    row = Row("people", {
        **PEOPLE.zeros, "id": "r1", "email": "a@b.co", "nick": "Anna", "note": "secret",
        "age": 41.5, "member": True, "tags": ("x", "y"), "password": "hash", "tokenKey": "key",
    })  # fmt: skip

    values = record_values(PEOPLE, row)

    assert values == {
        "RECORD:id": "r1", "RECORD:email": "a@b.co", "RECORD:nick": "Anna", "RECORD:age": "41.5",
        "RECORD:member": "true", "RECORD:tags": "x, y", "RECORD:emailVisibility": "false",
        "RECORD:verified": "false",
    }  # fmt: skip


@given(st.text(), st.text())
def test_any_value_is_escaped(nick: str, code: str) -> None:
    """X2: no value ends the place it stands in."""
    template = MailTemplate(body='<i title="{RECORD:nick}">{OTP}</i>')

    _, html = filled(template, {"RECORD:nick": nick, "OTP": code})

    assert body(html).count("<") == 2
    assert body(html).count('"') == 2


def test_first_texts_are_sent_in_the_language_of_the_installation() -> None:
    """And others as they are."""
    for template in (
        mail_templates.AUTH_ALERT,
        mail_templates.OTP,
        mail_templates.VERIFICATION,
        mail_templates.RESET_PASSWORD,
        mail_templates.CONFIRM_EMAIL_CHANGE,
    ):
        japanese = mail_templates.in_language(template, "ja")
        names = {word for word in ("{TOKEN}", "{OTP}", "{ALERT_INFO}") if word in template.body}
        assert mail_templates.in_language(template, "en") is template
        assert japanese.subject.startswith("【{APP_NAME}】")
        assert all(name in japanese.body for name in names)
        assert names
    own = MailTemplate(subject="mine", body="mine")
    assert mail_templates.in_language(own, "ja") is own
