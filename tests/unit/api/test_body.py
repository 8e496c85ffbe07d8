"""Bodies: content types, limits, uploads, fixed shapes."""

from __future__ import annotations

import contextlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.api.door import ROUTES, KeptLog, call
from yadokari.api.asgi import Application
from yadokari.api.request import Request
from yadokari.api.response import Response, json_response
from yadokari.api.router import Route
from yadokari.base.errors import BadRequest

JSON = (b"content-type", b"application/json")
FORM = (b"content-type", b"application/x-www-form-urlencoded")
MULTIPART = (b"content-type", b"multipart/form-data; boundary=XX")
GENERIC = "Something went wrong while processing your request."
UNREADABLE = "An error occurred while loading the submitted data."


class SignIn(msgspec.Struct, rename="camel"):
    """A fixed shape."""

    identity: str = ""
    password: str = ""
    identity_field: str = ""
    remember: bool = False
    scopes: list[str] = []


async def sign_in(request: Request) -> Response:
    """The bound body again."""
    return json_response(request, msgspec.to_builtins(await request.bind(SignIn)))


@pytest.fixture
def app() -> Application:
    """The door under test, with a fixed shape."""
    return Application([*ROUTES, Route("POST", "/sign-in", sign_in)], log=KeptLog())


def part(head: str, content: bytes) -> bytes:
    """One part of a multipart body."""
    return b"--XX\r\nContent-Disposition: " + head.encode() + b"\r\n\r\n" + content + b"\r\n"


END = b"--XX--\r\n"


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        (b"application/json", 200),
        (b"application/json; charset=latin1", 200),
        (b"application/jsonx", 200),
        (b"APPLICATION/JSON", 400),
        (b"text/plain", 400),
        (b"", 400),
        (b"application/xml", 400),
        (b"multipart/form-data", 400),
    ],
)
async def test_content_types_are_matched_by_prefix(
    app: Application, content_type: bytes, status: int
) -> None:
    """B3, observed on the reference."""
    answer = await call(
        app, "POST", b"/echo", body=[b'{"t":"x"}'], headers=[(b"content-type", content_type)]
    )

    assert answer.status == status


@pytest.mark.parametrize("content_type", [b"application/json", b"text/plain", b""])
async def test_empty_bodies_are_empty_objects(app: Application, content_type: bytes) -> None:
    """B2: the JS SDK sends a JSON content type with GET and DELETE."""
    headers = [(b"content-type", content_type), (b"content-length", b"0")]

    answer = await call(app, "POST", b"/echo", headers=headers)

    assert answer.json() == {"fields": {}, "files": {}}


async def test_a_chunked_body_without_bytes_is_no_json(app: Application) -> None:
    """Its emptiness is not declared."""
    headers = [JSON, (b"transfer-encoding", b"chunked")]

    assert (await call(app, "POST", b"/echo", headers=headers)).status == 400


async def test_declared_and_streamed_bodies_have_the_same_limit(app: Application) -> None:
    """B1."""
    declared = await call(
        app, "POST", b"/small", headers=[JSON, (b"content-length", b"11")], body=[b"{"]
    )
    streamed = await call(
        app,
        "POST",
        b"/small",
        headers=[JSON, (b"transfer-encoding", b"chunked")],
        body=[b'{"a":', b'"bcdefg"}'],
    )
    fits = await call(app, "POST", b"/small", headers=[JSON], body=[b'{"a":', b'"bc"}'])

    assert (declared.status, streamed.status, fits.status) == (413, 413, 200)
    assert declared.json()["message"] == "Request entity too large."


async def test_a_client_that_leaves_gets_nothing(app: Application) -> None:
    """B4: nothing half-read is ever used."""
    answer = await call(app, "POST", b"/echo", headers=[JSON], body=[b'{"a":1}'], leaves=True)

    assert answer.status == 0


async def test_forms_are_typed_and_the_query_joins_them(app: Application) -> None:
    """A quirk of the reference: query pairs are form pairs, after the body's."""
    answer = await call(app, "POST", b"/echo?n=9&t=q", headers=[FORM], body=[b"n=1&b=true"])

    assert answer.json()["fields"] == {"n": [1, 9], "b": True, "t": "q"}


@pytest.mark.parametrize(
    ("target", "body"), [(b"/echo", b"t=%zz"), (b"/echo?t=%zz", b"n=1"), (b"/echo", b"a;b=1")]
)
async def test_broken_forms_are_400(app: Application, target: bytes, body: bytes) -> None:
    """Q2, for body and query alike."""
    answer = await call(app, "POST", target, headers=[FORM], body=[body])

    assert (answer.status, answer.json()["message"]) == (400, GENERIC)


async def test_multipart_gives_fields_and_files(app: Application) -> None:
    """Uploads come beside typed fields and payloads."""
    body = (
        part('form-data; name="n"', b"5")
        + part('form-data; name="@jsonPayload"', b'{"j":{"a":1}}')
        + part('form-data; name="docs"; filename="a b.txt"', b"hello")
        + part('form-data; name="docs"; filename="../../etc/c.txt"', b"")
        + part("form-data; name=t", b"x\r\n--XXy")
        + END
    )

    answer = await call(app, "POST", b"/echo", headers=[MULTIPART], body=[body[:40], body[40:]])

    assert answer.json() == {
        "fields": {"n": 5, "j": {"a": 1}, "t": "x\r\n--XXy"},
        "files": {"docs": [["a b.txt", 5, "hello"], ["c.txt", 0, ""]]},
    }


@pytest.mark.parametrize(
    ("head", "name"),
    [
        ('form-data; name="f"; filename="C:\\dir\\foo.txt"', "C:\\dir\\foo.txt"),
        ('form-data; name="f"; filename="a\\"b.txt"', 'a"b.txt'),
        ('form-data; name="f"; filename="a%22b.txt"', "a%22b.txt"),
        ('form-data; name="f"; filename="日本語.txt"', "日本語.txt"),
        ("form-data; name=\"f\"; filename*=UTF-8''na%C3%AFve.txt", "naïve.txt"),
        ('form-data; name="f"; filename="p.txt"; filename*=UTF-8\'\'s.txt', "s.txt"),
        ("FORM-DATA; NAME=f; FILENAME=x", "x"),
    ],
)
async def test_names_of_uploads_lose_their_folders_only(
    app: Application, head: str, name: str
) -> None:
    """U2, observed on the reference."""
    answer = await call(app, "POST", b"/echo", headers=[MULTIPART], body=[part(head, b"1") + END])

    assert answer.json()["files"] == {"f": [[name, 1, "1"]]}


@pytest.mark.parametrize(
    ("head", "fields"),
    [
        ('form-data; name="f"; filename=""', {"f": "1"}),
        ("form-data", {}),
        ('attachment; name="f"', {}),
        ('form-data; name="f"\r\nContent-Transfer-Encoding: base64', {"f": 1}),
    ],
)
async def test_parts_without_a_file_name_are_fields(
    app: Application, head: str, fields: dict[str, object]
) -> None:
    """U3."""
    answer = await call(app, "POST", b"/echo", headers=[MULTIPART], body=[part(head, b"1") + END])

    assert answer.json()["files"] == {}
    shown = answer.json()["fields"]
    assert isinstance(shown, dict)
    assert list(shown) == list(fields)


@pytest.mark.parametrize(
    "body",
    [
        part('form-data; name="t"', b"x"),
        b"\r\n",
        b"--YY--",
        b"".join(part(f'form-data; name="k{i}"', b"1") for i in range(1001)) + END,
        part('form-data; name="t"\r\nX-A: ' + "a" * 20_000, b"1") + END,
    ],
)
async def test_malformed_multipart_is_400(app: Application, body: bytes) -> None:
    """No end, no boundary, too many parts, headers without end."""
    answer = await call(app, "POST", b"/echo", headers=[MULTIPART], body=[body])

    assert answer.status == 400


async def test_large_uploads_go_to_disk(app: Application) -> None:
    """U1: what was sent comes back whole, across pieces and threads."""
    content = bytes(range(256)) * 20_000
    body = part('form-data; name="f"; filename="x"', content) + END
    pieces = [body[i : i + 100_000] for i in range(0, len(body), 100_000)]

    answer = await call(app, "POST", b"/echo", headers=[MULTIPART], body=pieces)

    files = answer.json()["files"]
    assert files == {"f": [["x", len(content), content[:20].decode("latin-1")]]}


@given(st.binary(max_size=120))
async def test_random_multipart_is_answered(body: bytes) -> None:
    """Hostile input."""
    app = Application(ROUTES, log=KeptLog())

    answer = await call(
        app, "POST", b"/echo", headers=[MULTIPART], body=[b"--XX\r\n" + body, b"\r\n--XX--"]
    )

    assert answer.status in (200, 400)


@pytest.mark.parametrize(
    ("body", "identity"),
    [
        (b'{"Identity":"a","PASSWORD":"b"}', "a"),
        (b'{"iden_tity":"a"}', "a"),
        (b'{"identity":null}', ""),
        (b'{"identity":"a"} rest', "a"),
        (b"null", ""),
        (b'{"unknown":{"a":1},"identity":"a"}', "a"),
    ],
)
async def test_fixed_shapes_match_keys_loosely(
    app: Application, body: bytes, identity: str
) -> None:
    """V1, observed on the reference."""
    answer = await call(app, "POST", b"/sign-in", headers=[JSON], body=[body])

    assert answer.json()["identity"] == identity


@pytest.mark.parametrize(
    "body",
    [
        b'{"identity":1}',
        b'{"identity":["x"]}',
        b'{"identityField":5}',
        b'{"identity":"a","Identity":"b"}',
        b'{"identity":"a","identity":"a"}',
        b'{"remember":"true"}',
        b"[]",
        b"{",
    ],
)
async def test_fixed_shapes_refuse_wrong_types(app: Application, body: bytes) -> None:
    """V1."""
    answer = await call(app, "POST", b"/sign-in", headers=[JSON], body=[body])

    assert answer.json() == {"data": {}, "message": UNREADABLE, "status": 400}


async def test_fixed_shapes_bind_forms_exactly(app: Application) -> None:
    """V2: exact keys, first value, text stays text."""
    answer = await call(
        app,
        "POST",
        b"/sign-in",
        headers=[FORM],
        body=[b"identity=5&identity=6&PASSWORD=x&remember=1&scopes=a&scopes=b"],
    )

    assert answer.json() == {
        "identity": "5",
        "password": "",
        "identityField": "",
        "remember": True,
        "scopes": ["a", "b"],
    }


async def test_payloads_fill_fixed_shapes(app: Application) -> None:
    """The SDKs put objects of multipart bodies there."""
    answer = await call(
        app,
        "POST",
        b"/sign-in",
        headers=[FORM],
        body=[b'password=p&@jsonPayload={"identity":"a"}'],
    )

    assert (answer.json()["identity"], answer.json()["password"]) == ("a", "p")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"<x><Identity>a</Identity></x>", 200),
        (b"<x>", 400),
        (b"junk", 400),
        (b"<!DOCTYPE x [<!ENTITY a 'b'>]><x><Identity>&a;</Identity></x>", 400),
        (b"<a>" * 5_000, 400),
    ],
)
async def test_fixed_shapes_can_be_xml(app: Application, body: bytes, status: int) -> None:
    """V3; entities are refused: they can grow without bound."""
    headers = [(b"content-type", b"application/xml")]

    answer = await call(app, "POST", b"/sign-in", headers=headers, body=[body])

    assert answer.status == status


async def test_a_body_is_read_once_however_often_it_is_asked_for() -> None:
    """Rules see the body that a fixed shape was bound from; a second read would wait for ever."""

    async def twice(request: Request) -> Response:
        bound = await request.bind(SignIn)
        body = await request.body()
        return json_response(request, [bound.identity, body.fields["Identity"]])

    async def twice_broken(request: Request) -> Response:
        with contextlib.suppress(BadRequest):
            await request.bind(SignIn)
        await request.body()
        return json_response(request, None)

    app = Application(
        [Route("POST", "/twice", twice), Route("POST", "/broken", twice_broken)], log=KeptLog()
    )

    good = await call(app, "POST", b"/twice", headers=[JSON], body=[b'{"Identity":"a"}'])
    broken = await call(app, "POST", b"/broken", headers=[JSON], body=[b"{"])

    assert (good.body, broken.status) == (b'["a","a"]', 400)


async def test_multipart_without_a_byte_is_no_record(app: Application) -> None:
    """B2: its last boundary is missing; fixed shapes do not mind."""
    headers = [MULTIPART, (b"content-length", b"0")]

    record = await call(app, "POST", b"/echo", headers=headers)
    fixed = await call(app, "POST", b"/sign-in", headers=headers)

    assert (record.status, fixed.status) == (400, 200)
