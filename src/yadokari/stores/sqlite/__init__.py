"""The SQLite store: one file, one writer, several readers. Begin at store.py."""
