"""First texts of the mails that an auth collection sends; people change them per collection.

A collection is stored with the English ones, so that schemas made apart agree. Where nobody changed
a text, the mail goes out in the language of the installation.

Placeholders in braces are filled when a mail is sent (auth).
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from yadokari.schema.collection import MailTemplate

Language: TypeAlias = Literal["en", "ja"]

_CLOSING = "<p>\n  Best regards,<br/>\n  the {APP_NAME} team\n</p>"
_CLOSING_JA = "<p>{APP_NAME}</p>"


def _template(
    subject: str, *paragraphs: str, greeting: str = "Hello,", closing: str = _CLOSING
) -> MailTemplate:
    body = "\n".join(f"<p>{text}</p>" for text in (greeting, *paragraphs))
    return MailTemplate(subject=subject, body=f"{body}\n{closing}")


def _japanese(subject: str, *paragraphs: str) -> MailTemplate:
    greeting = "{APP_NAME} をご利用いただきありがとうございます。"
    return _template(subject, *paragraphs, greeting=greeting, closing=_CLOSING_JA)


def _link(action: str, label: str) -> str:
    address = f"{{APP_URL}}/_/#/auth/{action}/{{TOKEN}}"
    return f'<a class="btn" href="{address}" target="_blank" rel="noopener">{label}</a>'


AUTH_ALERT = _template(
    "New sign-in to your {APP_NAME} account",
    "Somebody signed in to your {APP_NAME} account from a place we have not seen before:",
    "<em>{ALERT_INFO}</em>",
    "<strong>Was it not you? Then change your password now. That ends every session.</strong>",
    "If it was you, there is nothing to do.",
)
OTP = _template(
    "Your one-time password for {APP_NAME}",
    "Sign in with this one-time password: <strong>{OTP}</strong>",
    "<i>Did you not ask for it? Then you can ignore this mail.</i>",
)
VERIFICATION = _template(
    "Please confirm your e-mail address for {APP_NAME}",
    "Thank you for joining {APP_NAME}. One click confirms that this address is yours:",
    _link("confirm-verification", "Confirm address"),
    "<i>Did you not sign up? Then you can ignore this mail.</i>",
)
RESET_PASSWORD = _template(
    "Choose a new {APP_NAME} password",
    "With this button you can choose a new password:",
    _link("confirm-password-reset", "Choose password"),
    "<i>Did you not ask for it? Then you can ignore this mail; your password stays.</i>",
)
CONFIRM_EMAIL_CHANGE = _template(
    "Confirm the new e-mail address of your {APP_NAME} account",
    "With this button you make this address the one of your account:",
    _link("confirm-email-change", "Use this address"),
    "<i>Did you not ask for it? Then you can ignore this mail; nothing changes.</i>",
)

_JAPANESE: dict[MailTemplate, MailTemplate] = {
    AUTH_ALERT: _japanese(
        "【{APP_NAME}】新しい端末からのログイン",
        "お使いのアカウントに、これまでと異なる環境からログインがありました。",
        "<em>{ALERT_INFO}</em>",
        "<strong>お心当たりがない場合は、すぐにパスワードを変更してください。"
        "すべてのログインが無効になります。</strong>",
        "ご本人によるログインの場合、お手続きは不要です。",
    ),
    OTP: _japanese(
        "【{APP_NAME}】ワンタイムパスワード",
        "ワンタイムパスワード：<strong>{OTP}</strong>",
        "<i>お心当たりがない場合は、このメールを破棄してください。</i>",
    ),
    VERIFICATION: _japanese(
        "【{APP_NAME}】メールアドレスの確認",
        "下のボタンを押して、メールアドレスの確認を完了してください。",
        _link("confirm-verification", "メールアドレスを確認する"),
        "<i>お心当たりがない場合は、このメールを破棄してください。</i>",
    ),
    RESET_PASSWORD: _japanese(
        "【{APP_NAME}】パスワードの再設定",
        "下のボタンから、新しいパスワードを設定してください。",
        _link("confirm-password-reset", "パスワードを再設定する"),
        "<i>お心当たりがない場合は、このメールを破棄してください。パスワードは変わりません。</i>",
    ),
    CONFIRM_EMAIL_CHANGE: _japanese(
        "【{APP_NAME}】メールアドレス変更の確認",
        "下のボタンを押すと、このメールアドレスへの変更が完了します。",
        _link("confirm-email-change", "メールアドレスを変更する"),
        "<i>お心当たりがない場合は、このメールを破棄してください。何も変更されません。</i>",
    ),
}


def in_language(template: MailTemplate, language: Language) -> MailTemplate:
    """The text to send: a template that is still the first one in this language, else as it is."""
    return _JAPANESE.get(template, template) if language == "ja" else template
