"""Servers of object stores, started once a session and only when asked for."""

from collections.abc import Iterator

import pytest

from tests.servers.azurite import azurite
from tests.servers.gcs import cloud_storage
from tests.servers.seaweed import seaweed


@pytest.fixture(scope="session")
def s3_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """SeaweedFS."""
    with seaweed(tmp_path_factory.mktemp("weed")) as url:
        yield url


@pytest.fixture(scope="session")
def azure_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Azurite."""
    with azurite(tmp_path_factory.mktemp("azurite")) as url:
        yield url


@pytest.fixture(scope="session")
def gcs_url() -> Iterator[str]:
    """Our own small one."""
    with cloud_storage() as url:
        yield url
