"""One folder a database, each behind ports/store.py; ``sql`` holds what SQL databases share."""
