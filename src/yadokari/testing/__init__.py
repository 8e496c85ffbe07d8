"""Conformance suites, fakes and faults, for whoever writes an adapter or tests against a port."""
