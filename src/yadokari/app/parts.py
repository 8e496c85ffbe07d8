"""What a built program hands to whoever runs it.

Not here: building it (app/build.py), running it (app/run.py).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import msgspec

from yadokari.admin.install_link import InstallLink
from yadokari.api.request import Receive, Scope
from yadokari.api.response import Send
from yadokari.api.router import Route
from yadokari.app.commands import Commands
from yadokari.app.data_dir import DataDir
from yadokari.app.exchange import Serve
from yadokari.app.log_lines import Redactor
from yadokari.app.restart import Restart
from yadokari.app.settings import Settings
from yadokari.auth.secret_key import read_secret
from yadokari.auth.superusers import Superusers
from yadokari.base.log import Log
from yadokari.ports.clock import Clock
from yadokari.ports.entropy import Entropy
from yadokari.ports.mail import Mailer

if TYPE_CHECKING:
    from yadokari.ports.web import Web

T = TypeVar("T")


class AsgiApp(Protocol):
    """An application as servers call it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection scope."""
        ...


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What comes from outside: settings, time, randomness, the log."""

    settings: Settings
    clock: Clock
    entropy: Entropy
    log: Log
    redactor: Redactor
    mailer: Mailer | None = None
    """What carries mails; None = what the application's settings say."""
    open_web: Callable[[], Web] | None = None
    """Another way to other people's servers than the network."""

    @property
    def dir(self) -> DataDir:
        """The data folder; whoever builds owns it."""
        return self.settings.dir

    def secret(self, reference: str, *, setting: str) -> str:
        """The secret that a setting means; from now on no log line shows it.

        Raises:
            SecretKeyError: it is in a file that cannot be read.
        """
        text = read_secret(reference, setting=setting)
        self.redactor.hide(text)
        return text


class Late(Generic[T]):
    """Something that is made when it is first asked for."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self.made: T | None = None
        """None until then."""

    def __call__(self) -> T:
        """The thing."""
        if self.made is None:
            self.made = self._make()
        return self.made


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """Everything, built and open."""

    application: AsgiApp
    """Everything that is served."""
    routes: Sequence[Route]
    """Every endpoint of the API."""
    serve: Serve
    """The API alone, for a server that delivers answers in its own way."""
    superusers: Superusers
    link: InstallLink
    commands: Commands
    prepare: Callable[[], Awaitable[None]]
    """Brings the data up to date before the first request: pending migrations. Only a server does;
    commands beside it must not run migrations nobody asked them for."""
    tend: Callable[[], Awaitable[None]]
    """Regular upkeep; runs until cancelled."""
    restart: Restart
    """Asked for when the program shall begin anew, on other data."""
    end_streams: Callable[[], None]
    """Ends what would never end by itself, such as realtime connections."""
    close: Callable[[], Awaitable[None]]
    """Finishes running work and closes the store."""


class Build(Protocol):
    """Opens and connects everything; app/build.py has it."""

    async def __call__(self, surroundings: Surroundings) -> Program:
        """Build. Raises errors of ours with the reader's next step."""
        ...
