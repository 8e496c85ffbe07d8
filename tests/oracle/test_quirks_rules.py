"""Quirks of rules and filters, each as a short scenario (A.9 to A.24)."""

import time

import pytest

from tests.oracle.client import Json, query
from tests.oracle.scene import END, MULTIPART, OPEN, Scene, field_of, form_part, text

P1, P2 = "personaaaaaaaa1", "personaaaaaaaa2"
EMPTY_LIST_SECONDS_MAX = 0.05
"""An empty list that is not throttled; the throttle waits up to half a second."""


def found(scene: Scene, filter_text: str, name: str = "person") -> list[Json] | int:
    """Last characters of the matching golden ids, or the refusal's status."""
    tail = query(fields="id", sort="id", filter=filter_text)
    answer = scene.root("GET", f"…/{name}/records{tail}")
    if answer.status != 200:
        return answer.status
    return [int(str(one)[-1]) for one in answer.values("id")]


def people_with_rules(scene: Scene, name: str, rule: Json) -> None:
    """A collection with Ann and Bob whose five rules are all the same."""
    scene.collection(name, text("name"))
    for suffix, who in (("1", "Ann"), ("2", "Bob")):
        scene.root("POST", f"…/{name}/records", {"id": "person00000000" + suffix, "name": who})
    scene.change(name, **dict.fromkeys(OPEN, rule))


def test_a9_a_failed_rule_has_four_faces(scene: Scene):
    """Rows are left out, a record is not found, a creation is refused without a reason."""
    people_with_rules(scene, "a9", 'name="Ann"')
    path = "…/a9/records"

    assert scene.ask("GET", path).values("name") == ["Ann"]
    assert scene.ask("GET", f"{path}/person000000002").status == 404
    assert scene.ask("PATCH", f"{path}/person000000002", {}).status == 404
    assert scene.ask("DELETE", f"{path}/person000000002").status == 404
    refused = scene.ask("POST", path, {"name": "Zed", "id": "!"})
    assert (refused.status, refused.data) == (400, {})
    assert scene.ask("POST", path, {"name": "Ann"}).status == 200


def test_a9_a_null_rule_forbids_even_what_does_not_exist(scene: Scene):
    """403 everywhere, so nobody learns which ids exist."""
    people_with_rules(scene, "a9n", None)
    path = "…/a9n/records"

    statuses = [
        scene.ask(method, tail, {} if method in ("POST", "PATCH") else None).status
        for method, tail in (
            ("GET", path), ("GET", f"{path}/nothing"), ("POST", path),
            ("PATCH", f"{path}/nothing"), ("DELETE", f"{path}/nothing"),
        )
    ]  # fmt: skip

    assert statuses == [403] * 5
    assert scene.root("GET", f"{path}/nothing").status == 404


def test_a10_guests_own_what_nobody_owns(scene: Scene):
    """A guest's id is null, and null equals an empty owner."""
    scene.people("a10u")
    scene.sign_up("a10u", "o@example.com", id="ownerowner00001")
    owner_of = scene.root("GET", "…/a10u")["id"]
    relation = field_of("relation", "owner", collectionId=owner_of, maxSelect=1)
    scene.collection("a10", text("t"), relation, listRule="owner = @request.auth.id")
    for t, owner in (("free", ""), ("owned", "ownerowner00001")):
        scene.root("POST", "…/a10/records", {"t": t, "owner": owner})

    assert scene.ask("GET", "…/a10/records").values("t") == ["free"]


def test_a11_update_rules_see_the_old_row_and_create_rules_the_new_one(scene: Scene):
    """The new value of an update is in `@request.body`."""
    scene.collection("a11", field_of("number", "age"), updateRule="age < 18")
    for suffix, age in (("1", 30), ("2", 10)):
        scene.root("POST", "…/a11/records", {"id": "person00000000" + suffix, "age": age})

    assert scene.ask("PATCH", "…/a11/records/person000000001", {"age": 5}).status == 404
    assert scene.ask("PATCH", "…/a11/records/person000000002", {"age": 99}).status == 200
    scene.change("a11", createRule="age < 18 && @request.body.age:isset = true")
    assert scene.ask("POST", "…/a11/records", {"age": 17}).status == 200
    assert scene.ask("POST", "…/a11/records", {"age": 18}).status == 400
    assert scene.ask("POST", "…/a11/records", {}).status == 400


def test_a11_generated_values_are_empty_while_the_create_rule_is_asked(scene: Scene):
    """Autodates and patterns are filled after the rule."""
    scene.collection(
        "a11g",
        field_of("autodate", "created", onCreate=True),
        text("code", autogeneratePattern="[a-z]{5}"),
    )

    for rule, status in {
        "created != ''": 400, "code != ''": 400, "created = ''": 200, "id != ''": 200,
        "@request.body.code:changed = true": 400,
    }.items():  # fmt: skip
        scene.change("a11g", createRule=rule)
        assert scene.ask("POST", "…/a11g/records", {}).status == status, rule


def test_a12_the_related_list_rule_is_added_at_the_top(scene: Scene):
    """A client's filter through a relation must not reveal what cannot be listed."""
    scene.collection("a12p", text("name"), field_of("number", "age"))
    target = scene.root("GET", "…/a12p")["id"]
    scene.collection("a12", text("t"), field_of("relation", "p", collectionId=target, maxSelect=1))
    for suffix, name, age in (("1", "ann", 30), ("2", "bob", 5)):
        scene.root("POST", "…/a12p/records", {
            "id": "person00000000" + suffix, "name": name, "age": age,
        })  # fmt: skip
    for t, person in (("free", ""), ("a", "person000000001"), ("free2", "person000000002")):
        scene.root("POST", "…/a12/records", {"t": t, "p": person})
    scene.change("a12p", listRule="age>10")
    asked = "…/a12/records" + query(filter="t~'free' || p.name='bob' || p.name='ann'", sort="t")

    seen = scene.ask("GET", asked).values("t")
    scene.change("a12p", listRule=None)

    assert seen == ["a", "free"]
    assert scene.ask("GET", asked).status == 400
    assert scene.root("GET", asked).values("t") == ["a", "free", "free2"]
    assert scene.ask("GET", "…/a12/records" + query(filter="@request.auth.id=''")).status == 403
    assert scene.ask("GET", "…/a12/records" + query(filter="@collection.a12.t='a'")).status == 403


def test_a13_email_filters_hide_invisible_mails_even_your_own(scene: Scene):
    """Sorting by it is allowed, though."""
    scene.people("a13")
    token = scene.sign_up("a13", "z1@example.com")
    scene.sign_up("a13", "z2@example.com", emailVisibility=True)
    path = "…/a13/records"

    def mails(filter_text: str, by: str) -> list[Json]:
        return scene.ask("GET", path + query(filter=filter_text), by=by).values("email")

    assert mails('email="z1@example.com"', token) == []
    assert mails('email~"example.com"', token) == ["z2@example.com"]
    assert mails('email="z1@example.com"', scene.server.token) == ["z1@example.com"]
    assert scene.ask("GET", path + "?sort=email", by=token).status == 200


def test_a14_hidden_fields_are_dropped_on_write_and_refused_in_filters(scene: Scene):
    """A guest must not learn that they exist."""
    scene.collection("a14", text("secret", hidden=True), text("t"))

    made = scene.ask("POST", "…/a14/records", {"secret": "x", "t": "a"})

    assert isinstance(made.body, dict)
    assert "secret" not in made.body
    assert scene.root("GET", f"…/a14/records/{made['id']}").has({"secret": ""})
    assert scene.ask("GET", "…/a14/records" + query(filter="secret='x'")).status == 400
    assert scene.ask("GET", "…/a14/records?sort=secret").status == 400
    assert scene.root("GET", "…/a14/records" + query(filter="secret=''")).status == 200


def test_a14_a_hidden_password_is_written_in_auth_collections_alone(scene: Scene):
    """There it is how people sign up; elsewhere it is a hidden field as any other."""
    scene.collection("a14p", field_of("password", "password", cost=4, hidden=True))

    made = scene.ask("POST", "…/a14p/records", {"password": "secret-1"})

    assert made.status == 200
    assert scene.root("GET", "…/a14p/records" + query(filter="password=''")).values("id") != []


FILTERS: dict[str, tuple[str, list[Json] | int]] = {
    "A.15 number literals do not match text": ("name=5", []),
    "A.15 text matches text": ("name='5'", [6]),
    "A.15 text literals convert to numbers": ("age='05'", [2]),
    "A.16 zero is not empty": ("age=''", []),
    "A.16 zero is not null": ("age=null", []),
    "A.16 null is empty": ("name=null", [3]),
    "A.16 a missing relation is null": ("team.name=null", [3]),
    "A.17 json empty text": ("meta=''", [3]),
    "A.17 json null is unset": ("meta=null", [2]),
    "A.17 a missing key is null": ("meta.k=null", [2, 3, 4, 5, 6]),
    "A.17 others lack the key": ("meta.k!=1", [2, 3, 4, 5, 6]),
    "A.18 all of nothing": ("friends.name!='bob'", [2, 3, 4, 5, 6]),
    "A.18 null elements do not contradict": ("friends.team.name='Red'", [1, 4]),
    "A.18 empty elements do": ("friends.team='teamaaaaaaaaaa1'", [4]),
    "A.19 a bare list is text": ("friends='personaaaaaaaa3'", []),
    "A.19 nor any of it": ("friends?='personaaaaaaaa3'", []),
    "A.19 ids of a list": ("friends.id?='personaaaaaaaa3'", [1, 2, 6]),
    "A.19 its text": ("tags='[\"x\"]'", [2]),
    "A.19 an empty list is not empty text": ("tags=''", []),
    "A.19 but its text": ("tags='[]'", [3]),
    "A.20 percent matches all": ("name~'%'", [1, 2, 3, 4, 5, 6]),
    "A.20 escaped percent": ("name~'\\%'", [4]),
    "A.20 underscore is itself": ("name~'_'", [5]),
    "A.20 unless there is a percent": ("name~'_n%'", [1]),
    "A.20 null is not unlike": ("team.name!~'e'", []),
    "A.21 backslashes stay": ("name~'c\\d'", [5]),
    "A.21 doubled ones are one": ("name~'c\\\\d'", [5]),
    "A.22 implicit and": ("name='Ann' (age=30)", [1]),
    "A.22 not after a group": ("(name='Ann') age=30", 400),
    "A.22 binds tighter than or": ("(age=5)(age=30)||(age=10)", [6]),
    "A.23 length of a text is ignored": ("name:length=3", []),
    "A.23 length of a number too": ("age:length=0", [3]),
    "A.24 unset dates come first": ("born<@now", [1, 2, 3, 4, 5, 6]),
}  # fmt: skip


@pytest.mark.parametrize("quirk", FILTERS)
def test_filter_values_compare_as_the_oracle_compares_them(scene: Scene, quirk: str):
    """A.15 to A.24 in one line each."""
    scene.golden()
    filter_text, rows = FILTERS[quirk]

    assert found(scene, filter_text) == rows


def test_limits_of_client_filters(scene: Scene):
    """3500 characters and 200 comparisons."""
    scene.golden()

    assert found(scene, " || ".join(["age=1"] * 200)) == []
    assert found(scene, " || ".join(["age=1"] * 201)) == 400
    assert found(scene, "name='" + "a" * 3_493 + "'") == []
    assert found(scene, "name='" + "a" * 3_494 + "'") == 400


def test_a46_many_empty_filtered_lists_are_throttled(scene: Scene):
    """Guessing a protected value by filters costs time, answers stay the same."""
    scene.collection("a46", text("t"), listRule="t != 'x'")
    client = scene.other_client()

    took: list[float] = []
    for _ in range(10):
        began = time.monotonic()
        answer = client.send("GET", "/api/collections/a46/records" + query(filter="t='no'"))
        took.append(time.monotonic() - began)
        assert answer.status == 200
    client.close()

    assert max(took[3:]) > EMPTY_LIST_SECONDS_MAX


def test_two_back_relations_through_fields_of_one_name_are_two(scene: Scene):
    """Each has its own rows and its own list rule."""
    scene.collection("backone", text("t"))
    target = scene.root("GET", "…/backone")["id"]
    owner = field_of("relation", "owner", collectionId=target, maxSelect=1)
    scene.collection("backtwo", owner, text("x"), listRule="x != ''")
    scene.collection("backthree", owner, text("x"))
    for number, two in enumerate(("", "a")):
        one = f"person00000000{number}"
        scene.root("POST", "…/backone/records", {"id": one, "t": two})
        scene.root("POST", "…/backtwo/records", {"owner": one, "x": two})
        scene.root("POST", "…/backthree/records", {"owner": one, "x": "b"})
    asked = "…/backone/records" + query(
        filter="backthree_via_owner.x ?= 'b'", sort="-backtwo_via_owner.x"
    )

    assert scene.ask("GET", asked).values("t") == ["a"]
    assert scene.root("GET", asked).values("t") == ["a", ""]


SOURCES: dict[str, int] = {
    "t\0='a'": 1, "t=\0'a'": 1, "t='a'\0 && nonsense (": 1, "t='a' \0&& t='b'": 0, "t='\0a'": 400,
    "(t='a'\0)": 400, "t='b' // why\0|| t='a'": 1, "strftime('%Y',t\0)='x'": 0, "\0t='a'": 400,
    "(t='a' // x)": 1, "(t='a' // x)\n)": 400, "(t='a' // it's\n)": 400, "(t='a' // (b)\n)": 1,
    "j..0 = 7": 1, "j.0 = 7": 1, "j..k = 7": 400, "j.0..k = 7": 400, "t='no' && j..k = 7": 0,
    "t='a' || j..k = 7": 1, "j.k:x = 7": 0, "s = 'no' && s:length ?> 2": 0,
    "g = '' && g.lon > 5": 0, "@request.auth.no_via_x.y = null": 1,
    "@request.auth.nope:nope = null": 400, "@request.query.a:b:c = null": 1,
    "@collection.source:.t ?= 'a'": 400, "j..k = 7 || t='a'": 400, " ": 400, "// why": 400,
}  # fmt: skip


def test_texts_are_read_as_the_scanner_reads_them(scene: Scene):
    """NULs, comments in groups, empty names in paths, names that lead nowhere."""
    scene.collection(
        "source", text("t"), field_of("json", "j"), field_of("geoPoint", "g"),
        field_of("select", "s", values=["a", "b"], maxSelect=2),
    )  # fmt: skip
    scene.root("POST", "…/source/records", {"t": "a", "j": [7], "s": ["a"]})

    assert len(scene.root("GET", "…/source/records").values("t")) == 1
    for filter_text, count in SOURCES.items():
        answer = scene.root("GET", "…/source/records" + query(filter=filter_text))
        seen = len(answer.values("t")) if answer.status == 200 else answer.status
        assert seen == count, repr(filter_text)


CREATIONS: dict[str, tuple[dict[str, Json], int]] = {
    "@request.body.s:each != ''": ({}, 200),
    "@request.body.s:each != 'a'": ({"s": "a"}, 400),
    "@request.body.s:each = ''": ({}, 400),
    "n ~ b": ({"n": 5}, 200),
    "'5.0' ~ n": ({"n": 5}, 200),
    "n ~ '5.0'": ({"n": 5}, 200),
    "@request.body.j != 5": ({"j": 5}, 200),
    "@request.body.j = '5'": ({"j": 5}, 200),
    "@request.body.j = j": ({"j": 5}, 400),
    "@request.body.j.k = 5": ({"j": {"k": 5}}, 200),
    "@request.body.j:changed = true": ({"j": 5}, 200),
    "@request.body.j:lower = 'true'": ({"j": True}, 200),
    "@request.body.g:lower ~ 'lon'": ({"g": {"lon": 1, "lat": 2}}, 200),
    "@request.body.g.lon = 1": ({"g": {"lon": 1, "lat": 2}}, 200),
    "@request.body.a = '' && @request.body.a:isset = true": ({"a": "2001-01-01"}, 200),
    "p ~ '$2a$'": ({"p": "secret"}, 200),
    "(t='x' || j..k = 1)": ({"t": "x"}, 200),
    "(j..k = 1 || t='x')": ({"t": "x"}, 400),
    "@request.body.r.boss.nope.x = null": ({}, 200),
}


def test_create_rules_see_what_was_submitted(scene: Scene):
    """Numbers are doubles, JSON is text, nobody sets an autodate, a password is hashed."""
    scene.collection(
        "fresh", text("t"), field_of("number", "n"), field_of("bool", "b"), field_of("json", "j"),
        field_of("geoPoint", "g"), field_of("autodate", "a", onCreate=True),
        field_of("select", "s", values=["a", "b"]), field_of("password", "p"),
        field_of("file", "f", maxSelect=2),
    )  # fmt: skip

    for rule, (body, status) in CREATIONS.items():
        scene.change("fresh", createRule=rule)
        assert scene.ask("POST", "…/fresh/records", body).status == status, rule


def test_create_rules_can_compare_new_files(scene: Scene):
    """Their names are drawn before the rule is asked."""
    scene.collection("uploads", field_of("file", "f", maxSelect=2), createRule="f ~ 'note_'")
    body = form_part("f", b"a", file="note.txt") + form_part("f", b"b", file="note.txt") + END

    assert scene.ask("POST", "…/uploads/records", body=body, media=MULTIPART).status == 200
    assert scene.ask("POST", "…/uploads/records", {}).status == 400
