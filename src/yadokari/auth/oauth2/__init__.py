"""Signing in through other services."""
