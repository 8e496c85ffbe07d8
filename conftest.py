"""Pytest's first stop: the plugins every run uses, wherever it is started."""

pytest_plugins = ["tests.report_missing", "tests.asked"]
