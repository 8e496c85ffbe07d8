"""Faults of accounts: who gets in, what a mail gives away."""

from tests.faults.fault import Fault

_CODES = "api/test_one_time_passwords.py::"
_LINKS = "api/test_confirmations.py::"
_END = "api/test_completing.py::"
_TEXT = "unit/auth/test_mail_text.py::"
_MAILERS = "unit/mail/test_mailers.py::"

ACCOUNT_FAULTS = (
    Fault(
        id="a-code-is-good-for-ever",
        area="auth",
        file="auth/otps.py",
        right="                await tx.remove(otp)\n",
        wrong="                await tx.get(collection, ())\n",
        noticed_by=(
            _CODES + "test_a_code_signs_in_once",
            _CODES + "test_of_two_at_once_with_one_code_one_gets_in",
        ),
        why="Whoever read a mail once could sign in as often as they like.",
    ),
    Fault(
        id="a-missing-account-shows-in-its-ids",
        area="auth",
        file="auth/otps.py",
        right="            made_up = self._decoys.issue(",
        wrong="            self._decoys.issue(",
        noticed_by=(_CODES + "test_an_address_without_an_account_looks_like_one_with",),
        why="Anyone could ask for codes until the ids tell who has an account.",
    ),
    Fault(
        id="a-code-leaves-a-squatter-in",
        area="auth",
        file="auth/otps.py",
        right='                values["password"] = unknown\n',
        wrong='                values["verified"] = bool(unknown)\n',
        noticed_by=(_CODES + "test_a_code_proves_the_address_and_ends_what_others_knew",),
        why="Whoever made an account with somebody's address would keep a way into it.",
    ),
    Fault(
        id="one-method-counts-as-two",
        area="auth",
        file="auth/completing.py",
        right='        if begun.values["method"] == method:',
        wrong='        if not begun.values["method"]:',
        noticed_by=(_END + "test_the_same_method_twice_is_no_second_factor",),
        why="A stolen password alone would pass the second factor.",
    ),
    Fault(
        id="a-half-done-sign-in-serves-another",
        area="auth",
        file="auth/completing.py",
        right="            return _Outcome(refusal=MFA_INVALID)",
        wrong="            assert not _Outcome().refusal",
        noticed_by=(_END + "test_a_half_done_sign_in_is_for_its_own_record",),
        why="An attacker's own first method would count for somebody else's account.",
    ),
    Fault(
        id="a-link-opens-another-collection",
        area="auth",
        file="auth/confirming.py",
        right="        if caller.collection.id != collection.id:",
        wrong="        if not collection.id:",
        noticed_by=(_LINKS + "test_a_token_is_good_for_its_own_collection_only",),
        why="A customer's link would set the password of a member of staff with the same id.",
    ),
    Fault(
        id="a-name-is-markup",
        area="auth",
        file="auth/mail_text.py",
        right="lambda found: _escaped(values[found[1]]) if",
        wrong="lambda found: values[found[1]] if",
        noticed_by=(_TEXT + "test_a_value_is_no_template_and_no_markup",),
        why="Whoever signs up could put links of their own into our mails.",
    ),
    Fault(
        id="a-password-crosses-in-the-clear",
        area="auth",
        file="mail/smtp.py",
        right="    if not is_encrypted and settings.host not in _THIS_MACHINE:",
        wrong="    if not settings.host and not is_encrypted:",
        noticed_by=(_MAILERS + "test_a_password_never_crosses_the_network_in_the_clear",),
        why="Anyone on the way could send mail in our name.",
    ),
)
