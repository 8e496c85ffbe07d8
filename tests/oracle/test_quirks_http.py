"""Quirks of routing, bodies, errors and reading as short scenarios (A.1 to A.8, A.43 to A.50)."""

from urllib.parse import quote

from tests.oracle.client import Json
from tests.oracle.scene import END, FORM, JSON, MULTIPART, Scene, field_of, form_part, text


def test_a1_wrong_method_is_not_found(scene: Scene):
    """Never 405, and an unknown path is the file server's business."""
    assert scene.ask("POST", "/api/health").has({"data": {}, "status": 404})
    assert scene.ask("GET", "/api/nope").has({"data": {}, "status": 404})
    assert scene.ask("DELETE", "/api/nope").status == 404
    assert scene.ask("GET", "/API/health").status == 404
    assert scene.ask("GET", "/api/health/").status == 404
    assert "allow" not in scene.ask("POST", "/api/health").raw.headers


def test_a1_every_answer_carries_the_security_headers(scene: Scene):
    """Clients and scanners look for them."""
    headers = scene.ask("GET", "/api/health", headers={"Origin": "http://a.co"}).raw.headers

    assert headers["x-xss-protection"] == "1; mode=block"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["access-control-allow-origin"] == "*"
    assert headers["content-type"] == "application/json"


def test_a1_preflight_is_answered_for_any_path(scene: Scene):
    """Browsers ask before they write."""
    asked = {
        "Origin": "http://a.co",
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization,x-a",
    }

    answer = scene.ask("OPTIONS", "/api/collections/x/records", headers=asked)

    assert answer.status == 204
    assert answer.raw.headers["access-control-allow-methods"] == "GET,HEAD,PUT,PATCH,POST,DELETE"
    assert answer.raw.headers["access-control-allow-headers"] == "authorization,x-a"


def test_a1_paths_are_cleaned_by_a_redirect(scene: Scene):
    """Double slashes and dots never reach a route."""
    assert scene.ask("GET", "/api//health").status == 307
    assert scene.ask("GET", "/api/x/../health").status == 307
    assert scene.ask("HEAD", "/api/health").status == 200


def test_a2_a_bad_token_is_a_guest(scene: Scene):
    """Only routes that need a caller answer 401."""
    scene.golden()

    assert scene.ask("GET", "…/person/records?fields=id", by="garbage").status == 200
    assert scene.ask("GET", "…", by="garbage").status == 401
    assert scene.ask("GET", "…/person/records", by="Bearer x.y.z").status == 200


def test_a2_the_scheme_word_is_optional_and_in_any_case(scene: Scene):
    """SDKs send the bare token, other clients `Bearer`."""
    token = scene.server.token

    for sent in (token, f"Bearer {token}", f"bearer {token}"):
        assert scene.ask("GET", "…?perPage=1", by=sent).status == 200


def test_a3_an_undecodable_query_pair_is_dropped(scene: Scene):
    """The filter silently disappears; of two, the first counts."""
    scene.golden()

    dropped = scene.ask("GET", "…/person/records?filter=%zz&perPage=1&fields=id")
    first = scene.ask("GET", "…/person/records?filter=id='x'&filter=id!=''&fields=id")

    assert len(dropped.values("id")) == 1
    assert first.values("id") == []


def test_a4_json_is_stricter_and_laxer_than_most_parsers(scene: Scene):
    """Duplicates, zeros and lone surrogates are refused, trailing words are not."""
    scene.collection("a4", text("name"), field_of("number", "age"))
    bodies = {
        b'{"name":"a","name":"b"}': 400,
        b'{"age":01}': 400,
        b'{"name":"\\ud800"}': 400,
        b'{"name":"a",}': 400,
        b'{"name":"\xff"}': 400,
        b"\xef\xbb\xbf{}": 400,
        b"[]": 400,
        b'"x"': 400,
        b"5": 400,
        b'{"age":NaN}': 400,
        b'{"name":"a"': 400,
        b"{} trailing words": 200,
        b"null": 200,
        b" {} ": 200,
        b'{"name":"a\\u0000b"}': 200,
    }

    seen = {
        body: scene.ask("POST", "…/a4/records", body=body, media=JSON).status for body in bodies
    }

    assert seen == bodies


def test_a4_the_content_type_decides_how_a_body_is_read(scene: Scene):
    """An empty body is an empty object whatever its type."""
    scene.collection("a4b", text("name"))

    def status(body: bytes, media: str | None) -> int:
        return scene.ask("POST", "…/a4b/records", body=body, media=media).status

    assert status(b"x", "text/plain") == 400
    assert status(b"{}", None) == 400
    assert status(b"", "text/plain") == 200
    assert status(b"", JSON) == 200
    assert status(b"{}", "application/json; charset=utf-8") == 200


def test_a5_form_values_are_typed_only_when_canonical(scene: Scene):
    """`05` stays text, `5` becomes a number; `@jsonPayload` wins."""
    scene.collection("a5", field_of("number", "n"), field_of("json", "j"), text("t"))

    plain = scene.ask("POST", "…/a5/records", body=b"n=05&j=05&t=true", media=FORM)
    payload = scene.ask(
        "POST", "…/a5/records", body=b'n=5&j=5&t=5.0&@jsonPayload={"n":7}', media=FORM
    )
    twice = scene.ask("POST", "…/a5/records", body=b"j=1&j=true&j=x", media=FORM)

    assert plain.has({"j": "05", "n": 5, "t": "true"})
    assert payload.has({"j": 5, "n": 7, "t": "5.0"})
    assert twice.has({"j": [1, True, "x"]})
    for bad in (b"@jsonPayload=[1]", b"@jsonPayload={", b'j=x&@jsonPayload={"j":{"a":1}}'):
        assert scene.ask("POST", "…/a5/records", body=bad, media=FORM).status == 400, bad


def test_a6_health_uses_code(scene: Scene):
    """Not `status`, as errors do."""
    assert scene.ask("GET", "/api/health").raw.body == (
        b'{"message":"API is healthy.","code":200,"data":{}}'
    )
    assert scene.root("GET", "/api/health").has({"code": 200, "data": {"canBackup": True}})


def test_a7_paging_is_clamped_but_junk_is_refused(scene: Scene):
    """Numbers are bent into range, words are not numbers."""
    scene.golden()
    path = "…/person/records?fields=id&"

    assert scene.ask("GET", path + "page=-1&perPage=5000").has({"page": 1, "perPage": 1000})
    assert scene.ask("GET", path + "perPage=0").has({"perPage": 30})
    assert scene.ask("GET", path + "page=99").has({"items": [], "page": 99, "totalItems": 6})
    assert scene.ask("GET", path + "skipTotal=t").has({"totalItems": -1, "totalPages": -1})
    for bad in ("perPage=abc", "page=1.5", "skipTotal=maybe"):
        assert scene.ask("GET", path + bad).status == 400, bad


def test_a8_array_positions_in_error_data_are_text_keys(scene: Scene):
    """Position 1, because the id field is put in front."""
    answer = scene.root("POST", "…", {
        "name": "r1", "type": "base", "listRule": "nope=1", "fields": [text("expand")],
    })  # fmt: skip

    assert answer.status == 400
    assert answer.has({
        "data": {
            "fields": {"1": {"name": {"code": "validation_not_in_invalid"}}},
            "listRule": {"code": "validation_invalid_rule"},
        }
    })  # fmt: skip


def test_a43_excerpts_strip_markup_and_leave_other_values(scene: Scene):
    """The picker works on every answer with a record."""
    scene.collection("a43", text("t"), field_of("number", "n"))
    body: Json = {"t": "<p>Hello  <b>big</b>\n&amp; wide</p>", "n": 12345}
    made = scene.ask("POST", "…/a43/records", body)
    path = f"…/a43/records/{made['id']}?fields="

    assert scene.ask("GET", path + "t:excerpt(12,true)").body == {"t": "Hello big &..."}
    assert scene.ask("GET", path + "n:excerpt(2)").body == {"n": 12345}
    assert scene.ask("GET", path + "nope").body == {}
    for bad in ("t:excerpt(0)", "t:excerpt()", "t:excerpt(-1)", "t:nope"):
        assert scene.ask("GET", path + bad).status == 400, bad


def test_a44_expand_has_three_empties(scene: Scene):
    """Unknown, empty or hidden relations look different."""
    scene.collection("a44t", text("name"), viewRule="name = 'seen'")
    team = scene.root("POST", "…/a44t/records", {"name": "unseen"})
    relation = field_of("relation", "rel", collectionId=_id(scene, "a44t"), maxSelect=1)
    scene.collection("a44", relation)
    full = scene.ask("POST", "…/a44/records", {"rel": team["id"]})
    path = f"…/a44/records/{full['id']}?expand="

    unknown, forbidden = scene.ask("GET", path + "nope"), scene.ask("GET", path + "rel")
    scene.change("a44t", viewRule=None)
    closed = scene.ask("GET", path + "rel")

    assert isinstance(unknown.body, dict)
    assert "expand" not in unknown.body
    assert forbidden["expand"] == {}
    assert isinstance(closed.body, dict)
    assert "expand" not in closed.body


def test_a45_text_sorts_by_bytes(scene: Scene):
    """Upper case before lower case, digits before both."""
    scene.golden()

    names = scene.ask("GET", "…/person/records?sort=name&fields=name").values("name")

    assert names == ["", "100%", "5", "Ann", "a_b'c\\d", "bob"]


def test_a49_svg_and_html_are_attachments(scene: Scene):
    """Uploaded markup must not run as script of our origin."""
    scene.collection("a49", field_of("file", "f"))
    body = form_part("f", b"<svg xmlns='http://www.w3.org/2000/svg'/>", file="logo.svg") + END
    made = scene.ask("POST", "…/a49/records", body=body, media=MULTIPART)
    name = str(made["f"])

    answer = scene.ask("GET", f"/api/files/a49/{made['id']}/{name}").raw

    assert answer.status == 200
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert "etag" not in answer.headers


def test_a50_a_plain_upload_replaces_and_a_plus_appends(scene: Scene):
    """A multi file field follows the same modifiers as others."""
    scene.collection("a50", field_of("file", "docs", maxSelect=5))

    def send(method: str, path: str, key: str) -> list[Json]:
        body = form_part(key, b"x", file="a.txt") + END
        docs = scene.ask(method, path, body=body, media=MULTIPART)["docs"]
        assert isinstance(docs, list)
        return docs

    first = scene.ask(
        "POST", "…/a50/records", body=form_part("docs", b"a", file="a.txt") + END, media=MULTIPART
    )
    path = f"…/a50/records/{first['id']}"
    appended = send("PATCH", path, "docs+")
    replaced = send("PATCH", path, "docs")

    assert len(appended) == 2
    assert appended[:1] == first["docs"]
    assert len(replaced) == 1
    assert replaced[0] not in appended


def test_collections_answer_to_id_and_name_in_any_case(scene: Scene):
    """Names are matched without case, ids exactly, and a path is decoded once."""
    scene.collection("Cased", text("t"), id="cased_id")

    for name in ("Cased", "cased", "CASED", "cased_id", "c%61sed"):
        assert scene.ask("GET", f"…/{name}/records").status == 200, name
    assert scene.ask("GET", "…/CASED_ID/records").status == 404


def test_numbers_are_written_as_browsers_write_them(scene: Scene):
    """`5`, never `5.0`; exponents as JavaScript has them."""
    scene.collection("num", field_of("number", "n"))
    written = {
        b"5.0": b"5", b"0.1": b"0.1", b"1e20": b"100000000000000000000", b"1e21": b"1e+21",
        b"0.000001": b"0.000001", b"1e-7": b"1e-7", b"-0.5": b"-0.5", b"1234567.5": b"1234567.5",
    }  # fmt: skip

    for sent, expected in written.items():
        answer = scene.ask("POST", "…/num/records", body=b'{"n":' + sent + b"}", media=JSON)
        assert b'"n":' + expected + b"}" in answer.raw.body, sent


def test_json_is_compact_sorted_and_unescaped(scene: Scene):
    """Bytes on the wire, not only values."""
    scene.collection("raw", text("b"), text("a"), text("Z"))

    made = scene.ask("POST", "…/raw/records", {"a": "<é>&\u2028\x01", "b": '\t"', "id": "r" * 15})

    expected = (
        '{"Z":"","a":"<é>&\u2028\\u0001","b":"\\t\\"","collectionId":"%s",'
        '"collectionName":"raw","id":"rrrrrrrrrrrrrrr"}'
    )
    assert made.raw.text == expected % _id(scene, "raw")


def test_bound_filter_values_travel_in_the_query(scene: Scene):
    """A percent sign, a quote and a plus survive the address."""
    scene.collection("q", text("t"))
    for one in ("100%", "a+b", "it's", "a&b"):
        assert scene.ask("POST", "…/q/records", {"t": one}).status == 200

    found = [
        scene.ask("GET", f"…/q/records?filter={quote(filter_text)}").values("t")
        for filter_text in ("t='100%'", "t='a+b'", "t='it\\'s'", "t='a&b'")
    ]

    assert found == [["100%"], ["a+b"], ["it's"], ["a&b"]]


def _id(scene: Scene, name: str) -> str:
    return str(scene.root("GET", f"…/{name}")["id"])
