"""Quirks of files: who may have a protected one, and what becomes of pictures (A.47, A.48)."""

import pytest

from tests.oracle.scene import END, MULTIPART, Scene, field_of, form_part, text

MEMBER = '@request.auth.name = "in" && @request.context = "protectedFile"'


def _stored(scene: Scene, collection: str, *, key: str = "f") -> str:
    """The path of a new record's only file."""
    body = form_part(key, b"content", file="a.txt") + END
    made = scene.ask("POST", f"…/{collection}/records", body=body, media=MULTIPART)
    assert made.status == 200, made.raw.text
    name = made[key][0] if isinstance(made[key], list) else made[key]
    return f"/api/files/{collection}/{made['id']}/{name}"


def _file_token(scene: Scene, by: str) -> str:
    return str(scene.ask("POST", "/api/files/token", by=by)["token"])


def test_a48_a_protected_file_is_there_for_those_who_may_view(scene: Scene):
    """Whoever may not gets 404; an Authorization header does not help."""
    scene.people("a48p", text("name"))
    scene.collection("a48", field_of("file", "f", protected=True), viewRule=MEMBER)
    inside = scene.sign_up("a48p", "in@example.com", name="in")
    outside = scene.sign_up("a48p", "out@example.com", name="out")
    path = _stored(scene, "a48")

    def status(query: str = "", by: str | None = None) -> int:
        return scene.ask("GET", path + query, by=by).status

    assert status() == 404
    assert status("?token=garbage") == 404
    assert status(by=inside) == 404
    assert status(by=scene.server.token) == 404
    assert status(f"?token={inside}") == 404  # of kind auth
    assert status(f"?token={scene.server.token}") == 404
    assert status(f"?token={_file_token(scene, inside)}") == 200
    assert status(f"?token={_file_token(scene, outside)}") == 404
    assert status(f"?token={_file_token(scene, scene.server.token)}") == 200
    assert status(f"?token={_file_token(scene, inside)}&download=1&thumb=100x100") == 200


@pytest.mark.parametrize(
    ("rule", "guest", "user"), [("", 200, 200), (None, 404, 404), ("id != ''", 200, 200)]
)
def test_a48_the_view_rule_alone_decides(scene: Scene, rule: str | None, guest: int, user: int):
    """An open collection needs no token, a closed one a superuser's."""
    which = {"": "open", None: "closed"}.get(rule, "ruled")
    scene.people(f"a48p_{which}")
    scene.collection(f"a48_{which}", field_of("file", "f", protected=True), viewRule=rule)
    token = _file_token(scene, scene.sign_up(f"a48p_{which}", "u@example.com"))
    path = _stored(scene, f"a48_{which}")

    assert scene.ask("GET", path).status == guest
    assert scene.ask("GET", f"{path}?token={token}").status == user
    root = _file_token(scene, scene.server.token)
    assert scene.ask("GET", f"{path}?token={root}").status == 200


def test_a48_the_rule_sees_the_request_for_the_file(scene: Scene):
    """Its context, method and query are those of the download; headers too."""
    rules = {
        "context": '@request.context = "protectedFile"',
        "default": '@request.context = "default"',
        "method": '@request.method = "GET"',
        "query": '@request.query.x = "1"',
        "header": '@request.headers.x_a = "1"',
        "token": "@request.query.token:isset = true",
        "body": "@request.body.a:isset = false",
    }
    seen: dict[str, int] = {}
    scene.collection("a48c", field_of("file", "f", protected=True))
    path = _stored(scene, "a48c")

    for which, rule in rules.items():
        scene.change("a48c", viewRule=rule)
        seen[which] = scene.ask("GET", f"{path}?x=1&token=t", headers={"X-A": "1"}).status

    assert seen == {**dict.fromkeys(rules, 200), "default": 404}


def test_a48_no_rule_is_asked_for_an_unprotected_file(scene: Scene):
    """A closed collection's plain files are there for whoever knows their names."""
    scene.collection("a48u", field_of("file", "f"), viewRule=None)
    path = _stored(scene, "a48u")

    assert scene.ask("GET", path).status == 200
    assert scene.ask("GET", path + "?token=garbage").status == 200


def test_a48_a_token_for_files_needs_a_caller_and_is_good_for_files_alone(scene: Scene):
    """It cannot sign anybody in."""
    scene.people("a48t")
    token = scene.sign_up("a48t", "u@example.com")

    given = scene.ask("POST", "/api/files/token", by=token)

    assert scene.ask("POST", "/api/files/token").status == 401
    assert scene.ask("POST", "/api/files/token", by="garbage").status == 401
    assert isinstance(given.body, dict)
    assert [*given.body] == ["token"]
    assert scene.ask("POST", "/api/files/token", by=_file_token(scene, token)).status == 401


def test_a48_a_file_token_ends_with_its_account(scene: Scene):
    """A new password, or no account any more, ends it at once."""
    scene.people("a48e")
    scene.collection(
        "a48ef", field_of("file", "f", protected=True), viewRule='@request.auth.id != ""'
    )
    path = _stored(scene, "a48ef")
    tokens = {}
    for email in ("a@example.com", "b@example.com"):
        tokens[email] = _file_token(scene, scene.sign_up("a48e", email))
        assert scene.ask("GET", f"{path}?token={tokens[email]}").status == 200
    ids = scene.root("GET", "…/a48e/records?sort=email").values("id")

    password = {"password": "another-12345", "passwordConfirm": "another-12345"}
    assert scene.root("PATCH", f"…/a48e/records/{ids[0]}", {**password}).status == 200
    assert scene.root("DELETE", f"…/a48e/records/{ids[1]}").status == 204

    for token in tokens.values():
        assert scene.ask("GET", f"{path}?token={token}").status == 404


def test_a48_one_protected_field_does_not_guard_another(scene: Scene):
    """Each file is judged by the field that holds it."""
    scene.collection(
        "a48m", field_of("file", "f", protected=True), field_of("file", "g"), viewRule=None
    )
    body = form_part("f", b"1", file="a.txt") + form_part("g", b"2", file="b.txt") + END
    made = scene.ask("POST", "…/a48m/records", body=body, media=MULTIPART)

    base = f"/api/files/a48m/{made['id']}"
    assert scene.ask("GET", f"{base}/{made['f']}").status == 404
    assert scene.ask("GET", f"{base}/{made['g']}").status == 200
