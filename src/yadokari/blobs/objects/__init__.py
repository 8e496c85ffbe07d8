"""Blobs as objects of a cloud's store: S3 and what speaks like it, Google Cloud Storage, Azure."""
