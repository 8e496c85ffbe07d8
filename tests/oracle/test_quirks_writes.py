"""Quirks of writes, batches and collections, each as a short scenario (A.25 to A.34)."""

from tests.oracle.client import Json
from tests.oracle.scene import Scene, field_of, text

SELECT: dict[str, Json] = {"values": ["a", "b", "c"]}


def test_a25_values_are_bent_into_their_type(scene: Scene):
    """Coercion never fails; only real rules do."""
    scene.golden()
    body: Json = {
        "name": 5, "age": "12.50", "active": "yes", "born": "2024/05/06", "tags": "z", "at": "junk",
    }  # fmt: skip

    made = scene.ask("POST", "…/person/records", body)

    assert made.status == 200
    assert made.has({
        "active": False, "age": 12.5, "at": {"lon": 0, "lat": 0}, "born": "", "name": "5",
        "tags": ["z"],
    })  # fmt: skip
    scene.root("DELETE", f"…/person/records/{made['id']}")


def test_a25_all_real_problems_are_told_at_once(scene: Scene):
    """A form shows every mistake after one try."""
    scene.golden()

    refused = scene.ask("POST", "…/person/records", {
        "tags": ["x", "q"], "team": "missing", "at": {"lat": 91},
    })  # fmt: skip

    assert refused.status == 400
    assert refused.codes == {
        "at": "validation_invalid_latitude",
        "tags": "validation_invalid_value",
        "team": "validation_missing_rel_records",
    }
    assert refused.has({"data": {"tags": {"params": {"value": "q"}}}})


def test_a26_a_single_select_keeps_the_last(scene: Scene):
    """Prepending to a single value changes nothing, appending replaces it."""
    scene.collection("a26", field_of("select", "s1", maxSelect=1, **SELECT))
    made = scene.ask("POST", "…/a26/records", {"s1": ["a", "b"]})
    path = f"…/a26/records/{made['id']}"

    assert made["s1"] == "b"
    assert scene.ask("PATCH", path, {"s1": "a"})["s1"] == "a"
    assert scene.ask("PATCH", path, {"+s1": "b"})["s1"] == "a"
    assert scene.ask("PATCH", path, {"s1+": "c"})["s1"] == "c"
    assert scene.ask("PATCH", path, {"s1-": "c"})["s1"] == ""


def test_a26_plain_keys_come_before_modified_ones(scene: Scene):
    """So one body can set and append."""
    scene.collection(
        "a26m", field_of("select", "t", maxSelect=3, **SELECT), field_of("number", "n")
    )

    made = scene.ask("POST", "…/a26m/records", {"t+": "b", "t": ["a"], "n+": 2, "n": 5, "n-": 1})

    assert made.has({"t": ["a", "b"], "n": 6})


def test_a27_json_texts_are_guessed(scene: Scene):
    """Forms can only send texts, so JSON inside a text is read."""
    scene.collection("a27", field_of("json", "j"))
    guessed: list[tuple[Json, bytes]] = [
        ("true", b"true"), ("12", b"12"), (" 12", b'" 12"'), ("-x", b'"-x"'), ("", b'""'),
        ('{"b":1,"a":2}', b'{"b":1,"a":2}'), ({"b": 1, "a": 2}, b'{"a":2,"b":1}'),
        ("null", b"null"), ("[1", b'"[1"'), ("abc", b'"abc"'), ('"q"', b'"q"'), ("-5", b"-5"),
    ]  # fmt: skip

    for sent, written in guessed:
        body: Json = {"j": sent}
        answer = scene.ask("POST", "…/a27/records", body)
        assert b'"j":' + written + b"}" in answer.raw.body, (sent, answer.raw.text)


def test_a28_an_empty_patch_is_a_write(scene: Scene):
    """Autodates move."""
    scene.collection("a28", field_of("autodate", "updated", onCreate=True, onUpdate=True))
    made = scene.ask("POST", "…/a28/records", {})

    seen = scene.ask("PATCH", f"…/a28/records/{made['id']}", {})
    while seen["updated"] == made["updated"]:  # The clock has milliseconds.
        seen = scene.ask("PATCH", f"…/a28/records/{made['id']}", {})

    assert seen.status == 200
    assert str(seen["updated"]) > str(made["updated"])


def test_a29_unique_errors_name_every_column(scene: Scene):
    """A client marks all fields that take part."""
    index = "CREATE UNIQUE INDEX `idx_a29` ON `a29` (`a`, `b`)"
    scene.collection("a29", text("a"), text("b"), indexes=[index])
    assert scene.ask("POST", "…/a29/records", {"a": "1", "b": "2"}).status == 200

    refused = scene.ask("POST", "…/a29/records", {"a": "1", "b": "2"})

    assert refused.codes == {"a": "validation_not_unique", "b": "validation_not_unique"}
    assert scene.ask("POST", "…/a29/records", {"a": "1", "b": "3"}).status == 200


def test_a30_a_view_keeps_the_names_it_was_saved_with(scene: Scene):
    """A renamed column is empty in the view until it is saved again; a dropped one is refused."""
    scene.collection("a30", text("a", id="text_a30"))
    scene.root("POST", "…/a30/records", {"a": "x"})
    scene.root("POST", "…", {
        "name": "a30v", "type": "view", "viewQuery": "select id, a from a30", "listRule": "",
    })  # fmt: skip

    dropped = scene.root("PATCH", "…/a30", {"fields": []})
    renamed = scene.root("PATCH", "…/a30", {"fields": [text("a3", id="text_a30")]})

    assert dropped.status == 400
    assert renamed.status == 200
    assert scene.ask("GET", "…/a30/records").values("a3") == ["x"]


def test_a31_custom_id_patterns_bring_their_own_refusals(scene: Scene):
    """Ids become file names in other stores, so letters' case and devices matter."""
    scene.collection("a31", text("id", pattern="^[A-Za-z.]+$", primaryKey=True, required=True))

    def codes(new: str) -> dict[str, Json]:
        return scene.ask("POST", "…/a31/records", {"id": new}).codes

    assert scene.ask("POST", "…/a31/records", {"id": "Abc"}).status == 200
    assert codes("abc") == {"id": "validation_pk_invalid"}
    assert codes("a.b") == {"id": "validation_forbidden_pk_character"}
    assert codes("CON") == {"id": "validation_reserved_pk"}
    assert codes("5") == {"id": "validation_invalid_format"}
    assert codes("") == {"id": "validation_required"}


def test_a31_default_ids_are_checked_too(scene: Scene):
    """Fifteen of a to z and digits, drawn when none is given, never changed."""
    scene.collection("a31d", text("t"))
    path = "…/a31d/records"
    made = scene.ask("POST", path, {"id": "abcdefghijklmno"})

    assert made.status == 200
    assert scene.ask("POST", path, {"id": "abcdefghijklmno"}).codes == {
        "id": "validation_not_unique"
    }
    assert scene.ask("POST", path, {"id": "short"}).codes == {
        "id": "validation_min_text_constraint"
    }
    assert len(str(scene.ask("POST", path, {"id": ""})["id"])) == 15
    assert len(str(scene.ask("POST", path, {"id": None})["id"])) == 15
    changed = scene.ask("PATCH", f"{path}/abcdefghijklmno", {"id": "abcdefghijklmn1"})
    assert changed.codes == {"id": "validation_pk_change"}


def test_a32_generator_ranges_are_half_open(scene: Scene):
    """`{1,3}` draws one or two, `?` never draws."""
    scene.collection(
        "a32",
        text("range", autogeneratePattern="a{1,3}"),
        text("maybe", autogeneratePattern="a?b"),
        text("exact", autogeneratePattern="[0-9]{4}-x"),
    )

    rows = [scene.ask("POST", "…/a32/records", {}) for _ in range(20)]

    assert {str(row["range"]) for row in rows} <= {"a", "aa"}
    assert {row["maybe"] for row in rows} == {"b"}
    assert all(str(row["exact"])[4:] == "-x" for row in rows)
    assert len({row["exact"] for row in rows}) > 10
    given = scene.ask("POST", "…/a32/records", {"maybe": "own", "exact:autogenerate": "p-"})
    assert given["maybe"] == "own"
    assert str(given["exact"]).startswith("p-")


def test_a33_batches_name_the_item_that_failed(scene: Scene):
    """All or nothing, and the client learns where."""
    scene.golden()
    path = "/api/collections/team/records"

    def send(*items: Json) -> tuple[int, Json]:
        answer = scene.ask("POST", "/api/batch", {"requests": [*items]})
        return answer.status, answer.body

    new: Json = {"id": "teamzzzzzzzzzz1", "name": "New"}
    good: Json = {"method": "POST", "url": path, "body": new}
    drop: Json = {"method": "DELETE", "url": f"{path}/teamzzzzzzzzzz1"}
    lower: Json = {"method": "post", "url": path}
    get: Json = {"method": "GET", "url": path}

    assert scene.ask("POST", "/api/batch", {}).codes == {"requests": "validation_required"}
    assert scene.ask("POST", "/api/batch", {"requests": [lower]}).has({
        "data": {"requests": {"0": {"method": {"code": "validation_in_invalid"}}}}
    })  # fmt: skip
    # What is no write is an inner 400 when it comes first, an inner 500 after a good one.
    for items, index, inner in (([get, good], "0", 400), ([good, get], "1", 500)):
        assert scene.ask("POST", "/api/batch", {"requests": [*items]}).has({
            "data": {"requests": {index: {
                "code": "batch_request_failed", "response": {"data": {}, "status": inner},
            }}}
        })  # fmt: skip
    assert scene.ask("GET", f"{path}/teamzzzzzzzzzz1").status == 404
    status, body = send(good, drop)
    assert status == 200
    assert isinstance(body, list)
    assert body[1] == {"body": None, "status": 204}
    assert send(*[get] * 51)[0] == 400


def test_a33_a_batch_item_runs_as_the_batchs_caller(scene: Scene):
    """Headers of an item are seen by rules, but for its Authorization."""
    rule = "@request.headers.x_note = 'n' && @request.auth.id = '' && @request.context = 'batch'"
    scene.collection("a33", text("t"), createRule=rule)
    item: Json = {
        "method": "PUT", "url": "/api/collections/a33/records?fields=t", "body": {"t": "a"},
        "headers": {"x-note": "n", "Authorization": scene.server.token},
    }  # fmt: skip

    answer = scene.ask("POST", "/api/batch", {"requests": [item]})

    assert answer.body == [{"status": 200, "body": {"t": "a"}}]
    assert scene.ask("POST", "…/a33/records", {"t": "a"}, headers={"x-note": "n"}).status == 400


def test_a34_a_fields_list_drops_what_it_does_not_name(scene: Scene):
    """Without the key nothing is dropped."""
    scene.collection("a34", text("x"), text("y"))
    scene.ask("POST", "…/a34/records", {"x": "kept", "y": "lost"})

    scene.change("a34", name="a34b")
    kept = scene.ask("GET", "…/a34b/records").values("y")
    scene.change("a34b", fields=[text("x")])

    assert kept == ["lost"]
    row = scene.ask("GET", "…/a34b/records?fields=*,collectionName")
    assert row.values("x") == ["kept"]
    assert row.values("y") == [None]


def test_deletes_cascade_shorten_or_are_refused(scene: Scene):
    """Three things can happen to who points at a deleted record."""
    scene.collection("deltarget", text("t"))
    target = scene.root("GET", "…/deltarget")["id"]

    def relation(**options: Json) -> dict[str, Json]:
        return field_of("relation", "to", collectionId=target, **options)

    scene.collection("delcascade", relation(cascadeDelete=True, maxSelect=1))
    scene.collection("delshorten", relation(maxSelect=5))
    scene.collection("delrequired", relation(required=True, maxSelect=1))
    for suffix in "123":
        scene.ask("POST", "…/deltarget/records", {"id": "target00000000" + suffix})
    scene.ask("POST", "…/delcascade/records", {"to": "target000000001"})
    scene.ask("POST", "…/delshorten/records", {"to": ["target000000001", "target000000002"]})
    scene.ask("POST", "…/delrequired/records", {"to": "target000000003"})

    assert scene.ask("DELETE", "…/deltarget/records/target000000001").status == 204
    assert scene.ask("GET", "…/delcascade/records").values("to") == []
    assert scene.ask("GET", "…/delshorten/records").values("to") == [["target000000002"]]
    refused = scene.ask("DELETE", "…/deltarget/records/target000000003")
    assert (refused.status, refused.data) == (400, {})
    assert scene.root("DELETE", "…/deltarget").status == 400


def test_imports_are_all_or_nothing(scene: Scene):
    """Items may refer to each other; one wrong item undoes all."""
    first: Json = {"id": "imp1_id", "name": "imp1", "type": "base", "fields": [text("t")]}
    second: Json = {
        "id": "imp2_id", "name": "imp2", "type": "base", "listRule": "to.t = 'a'",
        "fields": [field_of("relation", "to", collectionId="imp1_id", maxSelect=1)],
    }  # fmt: skip
    wrong: Json = {"id": "imp3_id", "name": "imp3", "type": "base", "listRule": "nope = 1"}

    refused = scene.root("PUT", "…/import", {"collections": [first, wrong]})
    missing = scene.root("GET", "…/imp1").status
    taken = scene.root("PUT", "…/import", {"collections": [second, first]})

    assert refused.codes == {"collections": "validation_collections_import_failure"}
    assert missing == 404
    assert taken.status == 204
    assert scene.root("GET", "…/imp2")["listRule"] == "to.t = 'a'"
    assert scene.root("PUT", "…/import", {"collections": []}).codes == {
        "collections": "validation_required"
    }
