"""Buckets: where blobs are kept."""
