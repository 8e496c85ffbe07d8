"""What is asked for when, with an authority of cardboard and time that a test moves."""

from __future__ import annotations

import asyncio
import datetime
import os
import ssl
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from typing_extensions import override

from yadokari.app.certificate_keeper import CertificateKeeper, OrderFailed, in_daemon_thread
from yadokari.app.certificate_shelf import Shelf
from yadokari.app.renewal import DAY_MS, RETRY_MAX_MS, RETRY_MIN_MS
from yadokari.base.log import Log, LogValue, SilentLog
from yadokari.testing.fake_clock import FakeClock
from yadokari.testing.fake_entropy import FakeEntropy

LIFE_MS = 90 * DAY_MS
DIRECTORY = "https://acme.example.org/directory"


class CardboardAuthority:
    """Gives self-made certificates, or fails as told."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.orders: list[str] = []
        self.failures: dict[str, Exception] = {}
        self._running = threading.Lock()

    def order(self, name: str) -> bytes:
        """See certificate_keeper.Order."""
        assert self._running.acquire(blocking=False), "two orders at once"
        try:
            self.orders.append(name)
            if name in self.failures:
                raise self.failures[name]
            return made(name, begins_ms=self._clock.unix_ms())
        finally:
            self._running.release()


class RememberingLog(SilentLog):
    """Keeps warnings."""

    def __init__(self) -> None:
        self.warnings: list[dict[str, LogValue]] = []

    @override
    def warning(self, event: str, **fields: LogValue) -> None:
        """See base.log.Log."""
        self.warnings.append({"event": event, **fields})


class Stage:
    """A keeper and what surrounds it."""

    def __init__(self, folder: Path, clock: FakeClock, log: Log | None = None) -> None:
        self.clock, self.authority = clock, CardboardAuthority(clock)
        self.shelf = Shelf(folder, directory=DIRECTORY)
        self.log = log or SilentLog()

    def keeper(self, *names: str, on_demand: tuple[str, ...] = ()) -> CertificateKeeper:
        """A new one, as after a start."""
        keeper = CertificateKeeper(
            names,
            on_demand=on_demand,
            shelf=self.shelf,
            order=self.authority.order,
            clock=self.clock,
            entropy=FakeEntropy(),
            log=self.log,
        )
        keeper.load()
        return keeper

    async def pass_days(self, keeper: CertificateKeeper, days: int) -> None:
        """Let days pass, an hour at a time."""
        for _ in range(days * 24):
            self.clock.advance(DAY_MS // 24)
            await keeper.look()


def made(name: str, *, begins_ms: int, life_ms: int = LIFE_MS) -> bytes:
    """Key and certificate for a name, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begins = datetime.datetime.fromtimestamp(begins_ms / 1_000, datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + datetime.timedelta(milliseconds=life_ms))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ) + certificate.public_bytes(serialization.Encoding.PEM)


def about(name: str) -> OrderFailed:
    """A failure that another name would not meet."""
    return OrderFailed(f"no way to {name}", advice="look at its records", is_about_name=True)


def about_all(*, wait_ms: int = 0) -> OrderFailed:
    """A failure of the authority."""
    return OrderFailed("closed", advice="wait", is_about_name=False, wait_ms=wait_ms)


@pytest.fixture
def clock() -> FakeClock:
    """Stands still until it is moved."""
    return FakeClock()


@pytest.fixture
def stage(tmp_path: Path, clock: FakeClock) -> Stage:
    """An empty shelf."""
    return Stage(tmp_path, clock)


async def test_each_name_is_asked_for_once(stage: Stage):
    """And never two at once: authorities count."""
    keeper = stage.keeper("a.example", "b.example")
    assert not keeper.is_held("a.example")

    await keeper.look()
    await keeper.look()

    assert stage.authority.orders == ["a.example", "b.example"]
    assert keeper.context_for("A.example") is not None
    assert keeper.context_for("c.example") is None
    assert keeper.context_for(None) is None


async def test_a_restart_asks_for_nothing(stage: Stage):
    """Certificates are rationed by the week; starts are not."""
    await stage.keeper("a.example").look()

    again = stage.keeper("a.example")
    await again.look()

    assert again.is_held("a.example")
    assert stage.authority.orders == ["a.example"]


async def test_a_certificate_is_renewed_a_month_before_its_end(stage: Stage):
    """Q3: once, and new connections are served with the new one."""
    keeper = stage.keeper("a.example")
    await keeper.look()
    first = keeper.context_for("a.example")

    await stage.pass_days(keeper, 56)
    assert stage.authority.orders == ["a.example"]
    assert keeper.context_for("a.example") is first

    await stage.pass_days(keeper, 5)
    assert stage.authority.orders == ["a.example"] * 2
    assert keeper.context_for("a.example") is not first


async def test_a_failed_renewal_leaves_the_former_certificate(stage: Stage):
    """Q7: for a month of trying, and beyond its end."""
    keeper = stage.keeper("a.example")
    await keeper.look()
    first = keeper.context_for("a.example")
    stage.authority.failures["a.example"] = about("a.example")

    await stage.pass_days(keeper, 95)
    assert keeper.context_for("a.example") is first

    stage.authority.failures.clear()
    await stage.pass_days(keeper, 1)
    assert keeper.context_for("a.example") not in {None, first}


async def test_failures_are_waited_out_longer_and_longer(tmp_path: Path, clock: FakeClock):
    """Q4: and each is logged with what to do."""
    log = RememberingLog()
    stage = Stage(tmp_path, clock, log)
    stage.authority.failures["a.example"] = about("a.example")
    keeper = stage.keeper("a.example")
    waits_ms = []
    for _ in range(9):
        await keeper.look()
        tried, waited_ms = len(stage.authority.orders), 0
        while len(stage.authority.orders) == tried:
            clock.advance(RETRY_MIN_MS)
            waited_ms += RETRY_MIN_MS
            await keeper.look()
        waits_ms.append(waited_ms)

    assert waits_ms[:4] == [RETRY_MIN_MS << doublings for doublings in range(4)]
    assert waits_ms[-1] == RETRY_MAX_MS
    assert log.warnings[0]["advice"] == "look at its records"
    assert log.warnings[0]["retry_in_s"] == RETRY_MIN_MS // 1_000


async def test_a_name_in_trouble_does_not_hold_up_others(stage: Stage):
    """Q8: a typo in one domain must not keep the others dark."""
    stage.authority.failures["a.example"] = about("a.example")
    keeper = stage.keeper("a.example", "b.example")

    await keeper.look()

    assert stage.authority.orders == ["a.example", "b.example"]
    assert keeper.is_held("b.example")


async def test_an_authority_in_trouble_is_left_alone(stage: Stage):
    """Q8: it would say the same for every name."""
    stage.authority.failures["a.example"] = about_all()
    keeper = stage.keeper("a.example", "b.example")

    await keeper.look()
    stage.clock.advance(RETRY_MIN_MS - 1)
    await keeper.look()
    assert stage.authority.orders == ["a.example"]

    stage.authority.failures.clear()
    stage.clock.advance(1)
    await keeper.look()
    assert stage.authority.orders == ["a.example", "a.example", "b.example"]


async def test_a_limit_is_waited_out_as_long_as_it_holds(stage: Stage):
    """An authority that says enough means it."""
    stage.authority.failures["a.example"] = about_all(wait_ms=3_600_000)
    keeper = stage.keeper("a.example")

    await keeper.look()
    stage.clock.advance(3_599_999)
    await keeper.look()
    assert len(stage.authority.orders) == 1

    stage.clock.advance(1)
    await keeper.look()
    assert len(stage.authority.orders) == 2


async def test_a_name_on_demand_is_asked_for_when_somebody_came(stage: Stage):
    """Q9: most have no such record, and a failure counts."""
    keeper = stage.keeper("a.example", on_demand=("www.a.example",))
    await keeper.look()
    assert stage.authority.orders == ["a.example"]

    assert keeper.context_for("www.a.example") is None
    await keeper.look()

    assert stage.authority.orders == ["a.example", "www.a.example"]
    assert keeper.is_held("www.a.example")


async def test_a_name_on_demand_that_leads_nowhere_is_given_up(stage: Stage):
    """Q9: until somebody comes again, and not before its wait is over."""
    stage.authority.failures["www.a.example"] = about("www.a.example")
    keeper = stage.keeper("a.example", on_demand=("www.a.example",))
    keeper.context_for("www.a.example")
    await stage.pass_days(keeper, 2)
    assert stage.authority.orders == ["a.example", "www.a.example"]

    for _ in range(3):
        keeper.context_for("www.a.example")
        await keeper.look()

    assert stage.authority.orders == ["a.example", "www.a.example", "www.a.example"]


async def test_nothing_is_asked_for_that_cannot_be_kept(stage: Stage):
    """A full disk must not use up the week's certificates."""
    stage.shelf.folder.parent.mkdir(parents=True, exist_ok=True)
    stage.shelf.folder.write_text("no folder")
    keeper = stage.keeper("a.example")

    await keeper.look()

    assert stage.authority.orders == []


async def test_a_broken_library_does_not_end_the_keeping(stage: Stage):
    """Whatever is thrown, it is tried again."""
    stage.authority.failures["a.example"] = RuntimeError("a fault of ours")
    keeper = stage.keeper("a.example")
    await keeper.look()

    stage.authority.failures.clear()
    stage.clock.advance(RETRY_MIN_MS)
    await keeper.look()

    assert keeper.is_held("a.example")


async def test_a_spoiled_file_counts_as_missing(stage: Stage):
    """A disk's doing must not keep the server from starting."""
    await stage.keeper("a.example").look()
    stage.shelf.path("a.example").write_text("-----BEGIN")
    keeper = stage.keeper("a.example")
    assert not keeper.is_held("a.example")

    await keeper.look()

    assert keeper.is_held("a.example")


async def test_tending_goes_on_until_cancelled(stage: Stage):
    """And it takes up at once what somebody came by."""
    keeper = stage.keeper("a.example", on_demand=("www.a.example",))
    tending = asyncio.create_task(keeper.tend())
    await until(lambda: keeper.is_held("a.example"))

    keeper.context_for("www.a.example")
    await until(lambda: keeper.is_held("www.a.example"))

    tending.cancel()
    await asyncio.gather(tending, return_exceptions=True)
    assert tending.cancelled()


async def until(holds: Callable[[], bool]) -> None:
    """Wait for a state."""
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 - states of an object that has no event
            await asyncio.sleep(0.01)


async def test_a_stop_does_not_wait_for_an_order():
    """Q8: an authority may take minutes; a platform kills after ten seconds."""
    free, begun = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        free.wait(20)

    waiting = asyncio.create_task(in_daemon_thread(work))
    await until(begun.is_set)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)

    assert waiting.cancelled()
    assert [t.daemon for t in threading.enumerate() if t.name == "certificates"] == [True]
    free.set()


def test_files_are_for_their_owner_only(tmp_path: Path):
    """Q5: whatever the umask, and nothing half written stays."""
    shelf = Shelf(tmp_path, directory=DIRECTORY)
    shelf.probe()
    former = os.umask(0)

    try:
        for _ in range(2):
            held = shelf.keep("a.example", made("a.example", begins_ms=1_000_000))
    finally:
        os.umask(former)

    assert held.begins_ms == 1_000_000
    assert held.ends_ms == 1_000_000 + LIFE_MS
    [path] = list(shelf.folder.iterdir())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert isinstance(held.context, ssl.SSLContext)


def test_each_authority_has_a_folder_of_its_own(tmp_path: Path):
    """Q6: a test certificate must not be served once the real authority is asked."""
    folders = {
        Shelf(tmp_path, directory=directory).folder
        for directory in (
            "https://acme-v02.api.letsencrypt.org/directory",
            "https://acme-staging-v02.api.letsencrypt.org/directory",
            "https://127.0.0.1:14000/dir",
            "https://127.0.0.1:14001/dir",
            "https://../../dir",
        )
    }

    assert len(folders) == 5
    assert {folder.parent for folder in folders} == {tmp_path}
