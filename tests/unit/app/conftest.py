"""Tests of the server run on the server's loop: another one forgives what it does not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import uvloop


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The loops that asynchronous tests run on."""
    return {"uvloop": uvloop.new_event_loop}
