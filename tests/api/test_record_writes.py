"""Writing records: modifiers, cascades, related records nested, upserts and batches."""

from __future__ import annotations

import pytest

from tests.api.program import House, Json

TITLE = {"type": "text", "name": "title", "required": True}


async def relations(house: House, **options: object) -> str:
    """Authors, and posts that relate to one with these options; the id of authors."""
    authors = await house.collection("authors", [TITLE], viewRule="")
    fields = [
        TITLE,
        {"type": "relation", "name": "author", "collectionId": authors.id, **options},
    ]
    await house.collection("posts", fields, listRule="", viewRule="", createRule="", deleteRule="")
    return authors.id


@pytest.mark.parametrize(
    ("changes", "tags", "count"),
    [
        ({"tags+": "c"}, ["a", "b", "c"], 2),
        ({"+tags": "c"}, ["c", "a", "b"], 2),
        ({"tags-": ["a"]}, ["b"], 2),
        ({"tags": ["b", "a", "b"]}, ["b", "a"], 2),
        ({"count+": 5, "tags": []}, [], 7),
        ({"count-": 2.5}, ["a", "b"], -0.5),
    ],
)
async def test_modifiers_change_what_is_there(
    house: House, changes: dict[str, object], tags: list[str], count: float
) -> None:
    """The contract's modifiers, applied to the stored value inside the unit of work."""
    select = {"type": "select", "name": "tags", "values": ["a", "b", "c"], "maxSelect": 3}
    await house.collection("things", [select, {"type": "number", "name": "count"}], updateRule="")
    id = await house.record("things", tags=["a", "b"], count=2)

    changed = await house("PATCH", f"/api/collections/things/records/{id}", changes)

    assert (changed.record["tags"], changed.record["count"]) == (tags, count)


async def test_deleting_takes_along_what_cascades(house: House) -> None:
    """D: children go before their parent, in one unit of work."""
    await relations(house, cascadeDelete=True, required=True)
    author = await house.record("authors", title="A")
    await house.record("posts", title="p1", author=author)
    await house.record("posts", title="p2", author=author)
    other = await house.record("authors", title="B")
    kept = await house.record("posts", title="p3", author=other)

    gone = await house("DELETE", f"/api/collections/authors/records/{author}", token=house.root)

    left = await house("GET", "/api/collections/posts/records")
    assert gone.status == 204
    assert [item["id"] for item in left.items] == [kept]


async def test_a_required_reference_keeps_its_target(house: House) -> None:
    """D: without a cascade the last required target cannot go."""
    await relations(house, required=True)
    author = await house.record("authors", title="A")
    await house.record("posts", title="p", author=author)

    refused = await house("DELETE", f"/api/collections/authors/records/{author}", token=house.root)

    assert refused.status == 400
    assert (await house("GET", f"/api/collections/authors/records/{author}")).status == 200


@pytest.mark.parametrize(("multi", "after"), [(False, ""), (True, ["kept"])])
async def test_an_optional_reference_is_emptied(house: House, multi: bool, after: object) -> None:
    """D: what pointed at a deleted record points at it no longer."""
    await relations(house, maxSelect=3 if multi else 1)
    author = await house.record("authors", title="A")
    kept = await house.record("authors", title="B")
    post = await house.record("posts", title="p", author=[author, kept] if multi else author)

    await house("DELETE", f"/api/collections/authors/records/{author}", token=house.root)

    found = await house("GET", f"/api/collections/posts/records/{post}")
    assert found.record["author"] == ([kept] if after == ["kept"] else after)


async def test_required_lists_shrink_but_do_not_empty(house: House) -> None:
    """D: a required list may lose a target, not its last one."""
    await relations(house, maxSelect=3, required=True)
    first, last = [await house.record("authors", title=title) for title in "AB"]
    await house.record("posts", title="p", author=[first, last])

    statuses = [
        (await house("DELETE", f"/api/collections/authors/records/{id}", token=house.root)).status
        for id in (first, last)
    ]

    assert statuses == [204, 400]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"a":1,"a":2}', "validation_invalid_json"),
        ("[1,        2]", "validation_json_size_limit"),
    ],
)
async def test_json_is_judged_as_it_was_sent(house: House, text: str, code: str) -> None:
    """What a compact text no longer shows, doubled keys and its length, still counts."""
    field = {"type": "json", "name": "extra", "maxSize": 10}
    await house.collection("things", [field], createRule="", updateRule="")
    id = await house.record("things", extra="[1,2]")

    created = await house("POST", "/api/collections/things/records", {"extra": text})
    changed = await house("PATCH", f"/api/collections/things/records/{id}", {"extra": text})

    assert (created.codes, changed.codes) == ({"extra": code}, {"extra": code})


async def test_relations_must_exist(house: House) -> None:
    """W: a dangling id is refused under its field."""
    await relations(house)

    refused = await house.__call__(
        "POST", "/api/collections/posts/records", {"title": "", "author": "nope"}
    )

    assert refused.status == 400
    assert refused.codes == {
        "title": "validation_required",
        "author": "validation_missing_rel_records",
    }


async def test_related_records_are_nested_as_their_own_rules_allow(house: House) -> None:
    """V: forward and back relations; what the caller may not view is left out."""
    await relations(house)
    await house(
        "PATCH", "/api/collections/posts", {"viewRule": 'title != "secret"'}, token=house.root
    )
    author = await house.record("authors", title="A")
    await house.record("posts", title="shown", author=author)
    await house.record("posts", title="secret", author=author)
    posts, authors = "/api/collections/posts/records", "/api/collections/authors/records"

    forward = await house("GET", f"{posts}?expand=author&filter=title='shown'")
    back = await house("GET", f"{authors}/{author}?expand=posts_via_author.author,nope")
    await house("PATCH", "/api/collections/authors", {"viewRule": None}, token=house.root)
    refused = await house("GET", f"{posts}?expand=author&filter=title='shown'")

    assert titles(forward.items[0], "author") == ["A"]
    assert titles(back.record, "posts_via_author") == ["shown"]
    assert "expand" not in refused.items[0]


def titles(record: dict[str, Json], name: str) -> list[Json]:
    """Titles of the records nested under this name."""
    expand = record["expand"]
    assert isinstance(expand, dict)
    nested = expand[name]
    listed = nested if isinstance(nested, list) else [nested]
    return [one["title"] for one in listed if isinstance(one, dict)]


async def test_unique_values_are_taken_once(house: House) -> None:
    """W: the index answers, not a look beforehand; the field is named."""
    indexes = ["CREATE UNIQUE INDEX i_t ON notes (title)"]
    await house.collection("notes", [TITLE], indexes=indexes, createRule="")
    await house.record("notes", title="x")

    twice = await house("POST", "/api/collections/notes/records", {"title": "x"})

    assert (twice.status, twice.codes) == (400, {"title": "validation_not_unique"})


async def test_views_are_read_only(house: House) -> None:
    """Reading follows the rules; writing is refused."""
    await house.collection("notes", [TITLE])
    await house.record("notes", title="x")
    await house.collection(
        "shown", type="view", listRule="", viewRule="", viewQuery="SELECT id, title FROM notes"
    )
    path = "/api/collections/shown/records"

    listed = await house("GET", path)
    statuses = [
        (await house(method, at, {}, token=house.root)).status
        for method, at in (
            ("POST", path),
            ("PATCH", f"{path}/{listed.items[0]['id']}"),
            ("DELETE", f"{path}/{listed.items[0]['id']}"),
        )
    ]

    assert [item["title"] for item in listed.items] == ["x"]
    assert statuses == [400, 400, 400]


# ------------------------------------------------------------------------------------- batches


async def switched_on(house: House, **changed: object) -> None:
    """Batches allowed, and a collection to write to."""
    rules = dict.fromkeys(("viewRule", "createRule", "updateRule", "deleteRule"), "")
    await house.settings(batch={"enabled": True, **changed})
    await house.collection(
        "notes", [TITLE, {"type": "file", "name": "files", "maxSelect": 3}], **rules
    )


def item(method: str, path: str = "", **fields: object) -> dict[str, object]:
    """One item of a batch."""
    return {"method": method, "url": f"/api/collections/notes/records{path}", "body": fields}


async def test_a_batch_does_all_its_items(house: House) -> None:
    """B1 to B3: each with its own answer; later items see what earlier ones did."""
    await switched_on(house)
    new, known = "abcdefghijklmno", await house.record("notes", title="old")
    items = [
        item("POST", "?fields=id,title", id=new, title="a"),
        item("PATCH", f"/{new}", title="b"),
        item("PUT", id=known, title="c"),
        item("PUT", title="d"),
        item("DELETE", f"/{known}"),
    ]

    done = await house("POST", "/api/batch", {"requests": items})

    assert done.status == 200, done.body
    assert [one["status"] for one in done.items] == [200, 200, 200, 200, 204]
    assert done.items[0]["body"] == {"id": new, "title": "a"}
    assert [body["title"] for one in done.items if isinstance(body := one["body"], dict)] == list(
        "abcd"
    )
    assert (await house("GET", f"/api/collections/notes/records/{known}")).status == 404


@pytest.mark.parametrize(
    ("failing", "inner"),
    [
        (item("POST", title=""), 400),
        (item("PATCH", "/nope", title="x"), 404),
        (item("DELETE", "/nope"), 404),
        ({"method": "POST", "url": "/api/collections/nope/records"}, 404),
        ({"method": "GET", "url": "/api/collections/notes/records"}, 500),
        ({"method": "POST", "url": "/api/health"}, 500),
        (item("POST", "?fields=a:excerpt(", title="x"), 400),
    ],
)
async def test_a_failing_item_undoes_the_batch(
    house: House, failing: dict[str, object], inner: int
) -> None:
    """B3: it is named by its index, and nothing is kept."""
    await switched_on(house)

    failed = await house("POST", "/api/batch", {"requests": [item("POST", title="a"), failing]})

    notes = await house("GET", "/api/collections/notes/records", token=house.root)
    data = failed.record["data"]
    assert isinstance(data, dict)
    requests = data["requests"]
    assert isinstance(requests, dict)
    named = requests["1"]
    assert isinstance(named, dict)
    response = named["response"]
    assert isinstance(response, dict)
    assert (failed.status, list(requests), response["status"]) == (400, ["1"], inner)
    assert notes.items == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"requests": "validation_required"}),
        ({"requests": []}, {"requests": "validation_required"}),
        ({"requests": [{}] * 3}, {"requests": "validation_length_too_long"}),
        (
            {"requests": [{}, None]},
            {
                "requests": {
                    index: {"method": "validation_required", "url": "validation_required"}
                    for index in "01"
                }
            },
        ),
        (
            {"requests": [{"method": "TRACE", "url": "/" * 2_001}]},
            {
                "requests": {
                    "0": {"method": "validation_in_invalid", "url": "validation_length_too_long"}
                }
            },
        ),
        ({"requests": "POST"}, {}),
        ({"requests": ["POST"]}, {}),
        ({"requests": [{"method": 5}]}, {}),
        ({"requests": [{"method": "POST", "headers": {"x": 5}}]}, {}),
    ],
)
async def test_a_malformed_batch_names_what_is_wrong(
    house: House, body: object, expected: object
) -> None:
    """Nothing runs."""
    await switched_on(house, maxRequests=2)

    refused = await house("POST", "/api/batch", body)

    assert (refused.status, refused.codes) == (400, expected)


async def test_batches_are_off_until_allowed(house: House) -> None:
    """The contract's default."""
    refused = await house("POST", "/api/batch", {"requests": []})

    assert refused.status == 403


async def test_headers_of_an_item_reach_its_rules_but_change_no_caller(house: House) -> None:
    """B1."""
    await switched_on(house)
    rule = '@request.headers.x_note = "yes" && @request.auth.id = "" && @request.context = "batch"'
    await house("PATCH", "/api/collections/notes", {"createRule": rule}, token=house.root)
    sent = {**item("POST", title="a"), "headers": {"X-Note": "yes", "Authorization": house.root}}

    done = await house("POST", "/api/batch", {"requests": [sent]})

    assert done.status == 200, done.body
