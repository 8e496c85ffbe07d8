"""Everything about accounts: signing in, one-time passwords, confirmations, their mails.

What only some requests need is made, and its modules loaded, when the first of them comes.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from yadokari.app.mailing import naming_of
from yadokari.auth.account_mails import AccountMails
from yadokari.auth.account_rows import AccountRows
from yadokari.auth.callers import Callers
from yadokari.auth.completing import Completing
from yadokari.auth.mail_queue import MailQueue
from yadokari.auth.passwords import Passwords
from yadokari.auth.sign_in import SignIn
from yadokari.base.log import Log
from yadokari.ports.clock import Clock
from yadokari.ports.entropy import Entropy
from yadokari.ports.mail import Mailer
from yadokari.ports.store import Store
from yadokari.records.service import Records
from yadokari.schema.mail_templates import Language
from yadokari.upkeep.settings_keeper import SettingsKeeper

if TYPE_CHECKING:
    from yadokari.auth.account_changes import AccountChanges
    from yadokari.auth.confirming import Confirming
    from yadokari.auth.otps import Otps
    from yadokari.auth.pruning import AccountPruning
    from yadokari.auth.superuser_otps import SuperuserOtps


class Accounts:
    """What doors and commands need of accounts; mails go out while ``queue.run`` runs."""

    def __init__(
        self,
        *,
        store: Store,
        records: Records,
        callers: Callers,
        passwords: Passwords,
        keeper: SettingsKeeper,
        mailer: Mailer,
        language: Language,
        clock: Clock,
        entropy: Entropy,
        log: Log,
    ) -> None:
        self._store, self._records, self._passwords = store, records, passwords
        self._clock, self._entropy, self._log = clock, entropy, log
        self._rows = AccountRows(records=records, clock=clock, entropy=entropy)
        self.callers = callers
        self.queue = MailQueue(mailer=mailer, log=log)
        self.mails = AccountMails(
            mailer=mailer,
            queue=self.queue,
            callers=callers,
            clock=clock,
            naming=lambda: naming_of(keeper.current, language=language),
        )
        self.sign_in = SignIn(store=store, passwords=passwords)
        self.completing = Completing(
            store=store, plans=records.plans, rows=self._rows, clock=clock, mails=self.mails
        )

    @cached_property
    def otps(self) -> Otps:
        """One-time passwords."""
        from yadokari.auth.otps import Otps

        return Otps(
            store=self._store,
            rows=self._rows,
            changes=self._changes,
            passwords=self._passwords,
            mails=self.mails,
            clock=self._clock,
            entropy=self._entropy,
        )

    @cached_property
    def superuser_otps(self) -> SuperuserOtps:
        """One-time passwords that operators make."""
        from yadokari.auth.superuser_otps import SuperuserOtps

        return SuperuserOtps(store=self._store, otps=self.otps)

    @cached_property
    def confirming(self) -> Confirming:
        """Confirmations by mail."""
        from yadokari.auth.confirming import Confirming

        return Confirming(
            store=self._store,
            callers=self.callers,
            changes=self._changes,
            passwords=self._passwords,
            mails=self.mails,
            clock=self._clock,
            log=self._log,
        )

    @cached_property
    def pruning(self) -> AccountPruning:
        """What removes rows of accounts that are over."""
        from yadokari.auth.pruning import AccountPruning

        return AccountPruning(store=self._store, plans=self._records.plans, clock=self._clock)

    @cached_property
    def _changes(self) -> AccountChanges:
        from yadokari.auth.account_changes import AccountChanges

        return AccountChanges(
            records=self._records, passwords=self._passwords, entropy=self._entropy
        )
