"""Where providers send people back to, and Apple's client secret."""

import base64
import json

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.oracle.client import Client, Json
from tests.oracle.events import Events
from tests.oracle.scene import FORM, Scene

BACK = "/api/oauth2-redirect"
SUCCESS = "../_/#/auth/oauth2-redirect-success"
FAILURE = "../_/#/auth/oauth2-redirect-failure"
APPLE = "/api/settings/apple/generate-client-secret"


def sent(scene: Scene, method: str, query: str = "", *, form: str | None = None) -> tuple[int, str]:
    """Status and place of a redirect."""
    body = form.encode() if form is not None else None
    media = FORM if form is not None else None
    answer = scene.ask(method, BACK + query, body=body, media=media).raw
    return answer.status, answer.headers.get("location", "")


def test_without_a_waiting_client_everybody_is_sent_to_the_failure(scene: Scene):
    """307 for GET, which keeps it a GET, and 303 for the rest, which makes it one."""
    assert sent(scene, "GET") == (307, FAILURE)
    assert sent(scene, "POST") == (303, FAILURE)
    assert sent(scene, "HEAD") == (303, FAILURE)
    assert sent(scene, "GET", "?state=nobody&code=c") == (307, FAILURE)
    with Events(scene.server) as events:
        assert sent(scene, "GET", f"?state={events.client_id}&code=c") == (307, FAILURE)
        assert events.subscribe("@oauth2?options=%7B%7D") == 204
        assert sent(scene, "GET", f"?state={events.client_id}&code=c") == (307, FAILURE)


def test_the_waiting_client_hears_once(scene: Scene):
    """Its subscription ends with the message; others of its topics stay."""
    scene.collection("heard")
    with Events(scene.server) as events:
        state = events.client_id
        events.subscribe("@oauth2", "heard/*")

        first = sent(scene, "GET", f"?state={state}&code=one&user=x")
        second = sent(scene, "GET", f"?state={state}&code=two")
        scene.ask("POST", "…/heard/records", {})

        assert (first, second) == ((307, SUCCESS), (307, FAILURE))
        told = events.next()
        assert (told.name, told.data) == ("@oauth2", {"state": state, "code": "one"})
        assert events.next().name == "heard/*"


def test_errors_and_forms_are_handed_over_too(scene: Scene):
    """The client learns of a refusal; Apple posts a form."""
    with Events(scene.server) as events:
        state = events.client_id

        events.subscribe("@oauth2")
        assert sent(scene, "GET", f"?state={state}&code=c&error=denied") == (307, FAILURE)
        assert events.next().data == {"state": state, "code": "c", "error": "denied"}
        events.subscribe("@oauth2")
        assert sent(scene, "GET", f"?state={state}") == (307, FAILURE)
        assert events.next().data == {"state": state, "code": ""}
        events.subscribe("@oauth2")
        form = f"state={state}&code=c&user=%7B%22name%22%3A1%7D"
        assert sent(scene, "POST", form=form) == (303, SUCCESS)
        assert events.next().data == {"state": state, "code": "c"}


def test_from_another_address_nobody_is_told(scene: Scene):
    """A state that leaked is of no use elsewhere; the wait is over all the same."""
    with Events(scene.server) as events:
        events.subscribe("@oauth2", "@oauth2?options=%7B%7D")
        elsewhere = Client(port=scene.server.port, source="127.0.0.9")

        answer = elsewhere.send("GET", f"{BACK}?state={events.client_id}&code=stolen")
        elsewhere.close()

        assert (answer.status, answer.headers["location"]) == (307, FAILURE)
        assert sent(scene, "GET", f"?state={events.client_id}&code=late") == (307, FAILURE)
        events.subscribe("@oauth2")
        assert sent(scene, "GET", f"?state={events.client_id}&code=mine") == (307, SUCCESS)
        assert events.next().data == {"state": events.client_id, "code": "mine"}


def pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, *, old: bool = False) -> str:
    """A private key as text."""
    kind = serialization.PrivateFormat
    return key.private_bytes(
        serialization.Encoding.PEM,
        kind.TraditionalOpenSSL if old else kind.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def test_apples_secret_is_signed_with_apples_key(scene: Scene):
    """ES256 over P-256, as long as asked for."""
    key = ec.generate_private_key(ec.SECP256R1())
    good: dict[str, Json] = {
        "clientId": "com.example", "teamId": "TEAM567890", "keyId": "KEY4567890",
        "privateKey": f"\n {pem(key)}", "duration": 100,
    }  # fmt: skip

    secret = str(scene.root("POST", APPLE, good)["secret"])
    head, body = (json.loads(base64.urlsafe_b64decode(one + "==")) for one in secret.split(".")[:2])

    assert head == {"alg": "ES256", "kid": "KEY4567890", "typ": "JWT"}
    assert (body["iss"], body["sub"]) == ("TEAM567890", "com.example")
    assert body["aud"] == ["https://appleid.apple.com"]
    assert body["exp"] - body["iat"] == 100
    assert scene.ask("POST", APPLE, good).status == 401
    assert {*scene.root("POST", APPLE, {}).codes.values()} == {"validation_required"}
    wrong = scene.root("POST", APPLE, {
        **good, "teamId": "é" * 10, "keyId": "short", "duration": 15_777_001, "privateKey": "x",
    })  # fmt: skip
    assert wrong.codes == {
        "teamId": "validation_length_invalid", "keyId": "validation_length_invalid",
        "duration": "validation_max_less_equal_than_required",
        "privateKey": "validation_match_invalid",
    }  # fmt: skip
    assert scene.root("POST", APPLE, {**good, "duration": -1}).codes == {
        "duration": "validation_min_greater_equal_than_required"
    }
    assert scene.root("POST", APPLE, {**good, "privateKey": pem(key, old=True)}).codes
    for other in (
        pem(rsa.generate_private_key(public_exponent=65537, key_size=2048)),
        pem(ec.generate_private_key(ec.SECP384R1())),
        "-----BEGIN PRIVATE KEY-----\nabcd\n-----END PRIVATE KEY-----",
    ):
        refused = scene.root("POST", APPLE, {**good, "privateKey": other})
        assert (refused.status, refused.data) == (400, {})
