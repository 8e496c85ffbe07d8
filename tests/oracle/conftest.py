"""The servers that oracle tests compare, started once a session and only when asked for."""

from collections.abc import Iterator

import pytest

from tests.oracle.client import Json
from tests.oracle.scene import Scene
from tests.oracle.server import Kind, Server, ServerFailed, ServerMissing, running
from tests.smtp_sink import Sink, sink


@pytest.fixture(scope="module")
def oracle() -> Iterator[Server]:
    """A fresh PocketBase for each module, so that fixtures do not meet."""
    yield from _started("oracle")


@pytest.fixture(scope="module")
def ours() -> Iterator[Server]:
    """A fresh Yadokari for each module."""
    yield from _started("ours")


def _started(kind: Kind) -> Iterator[Server]:
    try:
        with running(kind) as server:
            yield server
    except (ServerMissing, ServerFailed) as error:
        pytest.fail(f"{kind} cannot be asked: {error}", pytrace=False)


@pytest.fixture(
    scope="module", params=[pytest.param("oracle", marks=pytest.mark.proof), pytest.param("ours")]
)
def scene(request: pytest.FixtureRequest) -> Iterator[Scene]:
    """A server to play scenarios on: ours always, the oracle in the longer proof."""
    for server in _started("oracle" if request.param == "oracle" else "ours"):
        yield Scene(server=server)


@pytest.fixture(scope="module")
def far_post(scene: Scene) -> Iterator[Sink]:
    """The mail server that the scene's server sends to."""
    with sink() as far:
        smtp: Json = {"enabled": True, "host": "127.0.0.1", "port": far.port}
        answer = scene.root("PATCH", "/api/settings", {"smtp": smtp})
        assert answer.status == 200, answer.raw.text
        yield far


@pytest.fixture
def post(far_post: Sink) -> Sink:
    """The same, empty: each test counts its own mails."""
    far_post.mails.clear()
    far_post.refuses = False
    return far_post
