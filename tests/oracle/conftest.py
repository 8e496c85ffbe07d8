"""The servers that oracle tests compare, started once a session and only when asked for."""

from collections.abc import Iterator

import pytest

from tests.oracle.scene import Scene
from tests.oracle.server import Kind, Server, ServerFailed, ServerMissing, running


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
