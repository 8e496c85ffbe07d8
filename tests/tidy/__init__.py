"""Checks of this repository itself: lengths, names, documents, requirement files."""
