"""Signing in through other services, put together when somebody first does.

Not here: the adapter (app/build.py chooses it), the doors (app/web.py).
"""

from __future__ import annotations

from yadokari.auth.account_changes import AccountChanges
from yadokari.auth.account_rows import AccountRows
from yadokari.auth.oauth2.accounts import Accounts, Uploads
from yadokari.auth.oauth2.exchange import Exchange
from yadokari.auth.oauth2.first_names import FirstNames
from yadokari.auth.oauth2.id_tokens import IdTokens
from yadokari.auth.oauth2.people import People
from yadokari.auth.oauth2.pictures import Pictures
from yadokari.auth.oauth2.provider_tokens import ProviderTokens
from yadokari.auth.oauth2.sign_in import OAuth2SignIn
from yadokari.auth.passwords import Passwords
from yadokari.base.log import Log
from yadokari.collections.reserved import Box
from yadokari.ports.clock import Clock
from yadokari.ports.entropy import Entropy
from yadokari.ports.store import Store
from yadokari.ports.web import Web
from yadokari.records.service import Records


class OAuth2Parts:
    """What signing in through other services needs, each thing once."""

    def __init__(
        self,
        *,
        store: Store,
        records: Records,
        passwords: Passwords,
        uploads: Uploads,
        web: Web,
        box: Box,
        clock: Clock,
        entropy: Entropy,
        log: Log,
    ) -> None:
        rows = AccountRows(records=records, clock=clock, entropy=entropy)
        exchange = Exchange(web=web, clock=clock)
        self.web = web
        self.names = FirstNames(clock=clock)
        self.tokens = ProviderTokens(
            store=store, rows=rows, box=box, exchange=exchange, clock=clock
        )
        self.sign_in = OAuth2SignIn(
            exchange=exchange,
            people=People(web=web, id_tokens=IdTokens(web=web, clock=clock)),
            accounts=Accounts(
                store=store,
                records=records,
                rows=rows,
                changes=AccountChanges(records=records, passwords=passwords, entropy=entropy),
                uploads=uploads,
                pictures=Pictures(web=web, log=log),
                entropy=entropy,
            ),
            tokens=self.tokens,
            names=self.names,
            clock=clock,
            log=log,
        )
