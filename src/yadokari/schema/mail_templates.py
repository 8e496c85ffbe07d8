"""First texts of the mails that an auth collection sends; people change them per collection.

Placeholders in braces are filled when a mail is sent (auth).
"""

from __future__ import annotations

from yadokari.schema.collection import MailTemplate

_CLOSING = "<p>\n  Best regards,<br/>\n  the {APP_NAME} team\n</p>"


def _template(subject: str, *paragraphs: str) -> MailTemplate:
    body = "\n".join(f"<p>{text}</p>" for text in ("Hello,", *paragraphs))
    return MailTemplate(subject=subject, body=f"{body}\n{_CLOSING}")


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
