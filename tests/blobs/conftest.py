"""Servers of object stores."""

from tests.servers.fixtures import azure_url, gcs_url, s3_url

__all__ = ["azure_url", "gcs_url", "s3_url"]
