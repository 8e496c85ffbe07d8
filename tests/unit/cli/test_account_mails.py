"""Codes and mails at the terminal, where no mail server is set up."""

from __future__ import annotations

import json
from pathlib import Path

import httpx

from tests.unit.app.served import Served, run

ROOT = ("root@example.com", "correct-horse-1")
SUPERUSERS = "/api/collections/_superusers"


def test_a_code_from_the_terminal_is_a_superusers_second_method(tmp_path: Path):
    """Superusers with codes need both; the command works beside the running server."""
    server = Served(tmp_path / "data")
    folder = ("--dir", str(tmp_path / "data"))
    run("superuser", "create", *ROOT, *folder)
    with httpx.Client(base_url=server.url) as client:
        body = {"identity": ROOT[0], "password": ROOT[1]}
        token = client.post(f"{SUPERUSERS}/auth-with-password", json=body).json()["token"]
        on = {"otp": {"enabled": True, "duration": 300, "length": 8}}
        client.patch(SUPERUSERS, json=on, headers={"authorization": token}).raise_for_status()

        made = json.loads(run("superuser", "otp", ROOT[0], "--json", *folder).stdout)
        said = run("superuser", "otp", ROOT[0], *folder)
        unknown = run("superuser", "otp", "nobody@example.com", *folder)
        first = client.post(f"{SUPERUSERS}/auth-with-password", json=body)
        code = {"otpId": made["otpId"], "password": made["password"], **first.json()}
        entered = client.post(f"{SUPERUSERS}/auth-with-otp", json=code)
    server.stop()

    assert first.status_code == 401
    assert (entered.status_code, made["duration"], len(made["password"])) == (200, 300, 8)
    assert said.stdout.startswith('One-time password of superuser "root@example.com"')
    assert unknown.returncode == 1
    assert "nobody@example.com" in unknown.stderr


def test_without_a_mail_server_mails_are_printed_and_none_is_lost(tmp_path: Path):
    """Also when the server stops right after the answer; its log tells no link."""
    server = Served(tmp_path / "data")
    run("superuser", "create", *ROOT, "--dir", str(tmp_path / "data"))
    with httpx.Client(base_url=server.url) as client:
        path = f"{SUPERUSERS}/request-password-reset"
        assert client.post(path, json={"email": ROOT[0]}).status_code == 204
    code, out, log = server.stop()

    assert code == 0
    assert "To: root@example.com" in out
    assert "/auth/confirm-password-reset/" in out
    assert "confirm-password-reset/" not in log
