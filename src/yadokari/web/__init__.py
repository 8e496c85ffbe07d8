"""The adapter of the port to other people's servers."""
