"""The outer gate in front of a real server, whose requests come whole or in pieces."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.app.served import Served

API = "/api/collections/users/auth-methods"


@pytest.mark.parametrize(("networks", "status"), [("127.0.0.0/8", 200), ("203.0.113.0/24", 403)])
def test_the_gate_stands_before_every_way_in(tmp_path: Path, networks: str, status: int):
    """The API's own quick way, the admin pages and files; only the health check is open."""
    public = tmp_path / "public"
    public.mkdir()
    (public / "index.html").write_text("<p>site</p>")
    served = Served(tmp_path / "data", "--allow-ips", networks, "--public", str(public))
    try:
        assert [served.ask(path) for path in (API, "/_/", "/")] == [status] * 3
        assert served.ask("/api/health") == 200
        assert served.ask("/api%2Fhealth") == status
    finally:
        code, _, _ = served.stop()
    assert code == 0
