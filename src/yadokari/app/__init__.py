"""Reads the settings, builds every object, runs and stops them.

The only place that names an adapter.
"""
