"""Every bucket keeps every promise of the port."""

from pathlib import Path

import pytest

from tests.blobs.places import azure_place, gcs_place, s3_place
from yadokari.blobs.local.bucket import LocalBucket
from yadokari.blobs.objects.open import open_objects
from yadokari.ports.bucket import Bucket
from yadokari.testing.bucket_suite import BucketSuite
from yadokari.testing.fake_bucket import FakeBucket
from yadokari.testing.fake_clock import FakeClock
from yadokari.testing.fake_entropy import FakeEntropy


class TestFakeBucket(BucketSuite):
    """The one in memory."""

    @pytest.fixture
    def bucket(self) -> Bucket:
        """An empty one."""
        return FakeBucket(clock=FakeClock())


class TestLocalBucket(BucketSuite):
    """Files below a folder."""

    @pytest.fixture
    def bucket(self, tmp_path: Path) -> Bucket:
        """An empty one."""
        return LocalBucket(tmp_path, entropy=FakeEntropy())


class TestS3Bucket(BucketSuite):
    """S3, on SeaweedFS."""

    @pytest.fixture
    def bucket(self, s3_url: str) -> Bucket:
        """An empty one."""
        return open_objects(s3_place(s3_url))


class TestAzureBucket(BucketSuite):
    """Azure Blob Storage, on Azurite."""

    @pytest.fixture
    def bucket(self, azure_url: str) -> Bucket:
        """An empty one."""
        return open_objects(azure_place(azure_url))


class TestGcsBucket(BucketSuite):
    """Google Cloud Storage, on a server of our own."""

    @pytest.fixture
    def bucket(self, gcs_url: str) -> Bucket:
        """An empty one."""
        return open_objects(gcs_place(gcs_url))
