"""A server in a process of its own, and commands beside it."""

from __future__ import annotations

import os
import re
import signal
import ssl
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import IO

WAIT_S = 20  # CI machines are slow; a healthy start takes a third of a second.


def environment(**more: str) -> dict[str, str]:
    """Variables without any of ours."""
    ours = ("YADOKARI_", "SECRET_KEY", "DATABASE_URL", "PORT")
    return {k: v for k, v in os.environ.items() if not k.startswith(ours)} | more


def command(*arguments: str) -> list[str]:
    """The command line of one call."""
    return [sys.executable, "-m", "yadokari.cli.main", *arguments]


def run(*arguments: str, text: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """Call it and wait."""
    return subprocess.run(
        command(*arguments),
        input=text,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )


class Served:
    """A running server."""

    def __init__(
        self, folder: Path, *flags: str, errors: IO[str] | None = None, **variables: str
    ) -> None:
        """Start it. ``errors`` takes its log, if it is to be read meanwhile."""
        self.folder = folder
        self.process = subprocess.Popen(
            command("serve", "--dir", str(folder), "--http", "127.0.0.1:0", *flags),
            env=environment(**variables),
            stdout=subprocess.PIPE,
            stderr=errors or subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        first = self.process.stdout.readline()
        found = re.search(r"https?://\S+", first)
        if found is None:
            raise AssertionError(first + (self.process.communicate(timeout=WAIT_S)[1] or ""))
        self.url = found[0]

    def line(self) -> str:
        """The next line of its output."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def ask(
        self,
        path: str,
        *,
        form: dict[str, str] | None = None,
        context: ssl.SSLContext | None = None,
    ) -> int:
        """Status of an answer."""
        data = urllib.parse.urlencode(form).encode() if form else None
        try:
            with urllib.request.urlopen(
                self.url + path, data, timeout=WAIT_S, context=context
            ) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as exc:
            with exc:
                return exc.code

    def stop(self, *, by: signal.Signals = signal.SIGTERM) -> tuple[int, str, str]:
        """End it; exit code and what it wrote meanwhile."""
        self.process.send_signal(by)
        out, err = self.process.communicate(timeout=WAIT_S)
        return self.process.returncode, out, err
