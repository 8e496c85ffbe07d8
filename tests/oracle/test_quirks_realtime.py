"""Quirks of realtime over Server-Sent Events, each as a short scenario (A.51 to A.54)."""

from urllib.parse import quote

from tests.oracle.client import Json
from tests.oracle.events import Events
from tests.oracle.scene import Scene, field_of, text


def test_a54_the_first_event_carries_the_client_id_as_its_id(scene: Scene):
    """The SDKs read it from there, not from the JSON."""
    with Events(scene.server) as events:
        assert events.connected.name == "PB_CONNECT"
        assert events.connected.data == {"clientId": events.client_id}
        assert len(events.client_id) == 40
        head = events.head.lower()

    assert b" 200 " in head
    assert b"content-type: text/event-stream" in head
    assert b"cache-control: no-store" in head
    assert b"x-accel-buffering: no" in head


def test_a51_identity_comes_from_the_subscription(scene: Scene):
    """A guest may become a user once, and nothing else."""
    scene.people("a51u")
    token = scene.sign_up("a51u", "z@example.com")
    with Events(scene.server, token=scene.server.token) as events:
        assert events.subscribe("a51/*") == 204
        assert events.subscribe("a51/*", token=token) == 204
        assert events.subscribe("a51/*", token=token) == 204
        assert events.subscribe("a51/*") == 403
        assert events.subscribe("a51/*", token=scene.server.token) == 403


def test_a51_bad_subscriptions_are_refused(scene: Scene):
    """An unknown client is 404, a wrong body 400."""

    def status(body: Json) -> int:
        return scene.ask("POST", "/api/realtime", body).status

    assert status({"clientId": "nobody", "subscriptions": []}) == 404
    assert status({"subscriptions": []}) == 400
    with Events(scene.server) as events:
        assert status({"clientId": events.client_id, "subscriptions": ["x"] * 1_001}) == 400
        assert status({"clientId": events.client_id, "subscriptions": ["x" * 2_501]}) == 400
        assert status({"clientId": events.client_id, "subscriptions": []}) == 204


def test_a52_the_event_name_is_the_whole_topic(scene: Scene):
    """One write reaches every topic it matches; options shape what is sent."""
    scene.collection("a52", text("name"))
    made = scene.ask("POST", "…/a52/records", {"name": "Ann"})
    options = quote('{"query":{"fields":"id,name","filter":"name=\'Bob\'"}}', safe="")
    topics = ["a52/*", f"a52/{made['id']}", f"a52/*?options={options}"]
    with Events(scene.server) as events:
        assert events.subscribe(*topics, "nothing/*") == 204
        scene.ask("PATCH", f"…/a52/records/{made['id']}", {"name": "Bob"})
        seen = {one.name: one.data for one in (events.next(), events.next(), events.next())}

    assert set(seen) == set(topics)
    assert seen[topics[2]] == {"action": "update", "record": {"id": made["id"], "name": "Bob"}}
    whole = seen[topics[0]]
    assert isinstance(whole, dict)
    assert whole["record"] == {
        "collectionId": made["collectionId"], "collectionName": "a52", "id": made["id"],
        "name": "Bob",
    }  # fmt: skip


def test_a53_losing_sight_of_a_record_is_silent(scene: Scene):
    """No delete is made up, and coming back is an update."""
    scene.collection("a53", field_of("bool", "active"), text("t"), listRule="active = true")
    made = scene.root("POST", "…/a53/records", {"active": True})
    path = f"…/a53/records/{made['id']}"
    with Events(scene.server) as events:
        events.subscribe("a53/*")
        scene.root("PATCH", path, {"active": False})
        scene.root("PATCH", path, {"active": True, "t": "back"})
        scene.root("DELETE", path)
        seen = [events.next().short, events.next().short]

    assert seen == [("a53/*", "update", made["id"]), ("a53/*", "delete", made["id"])]


def test_events_of_a_batch_come_after_it_and_in_order(scene: Scene):
    """What is rolled back says nothing."""
    scene.collection("evb", text("t", required=True))
    path = "/api/collections/evb/records"

    def item(name: str, value: str) -> Json:
        body: dict[str, Json] = {"id": name, "t": value}
        return {"method": "POST", "url": path, "body": body}

    with Events(scene.server) as events:
        events.subscribe("evb/*")
        broken: list[Json] = [item("evbevbevbevb001", "a"), item("evbevbevbevb002", "")]
        good: list[Json] = [item("evbevbevbevb003", "a"), item("evbevbevbevb004", "b")]
        assert scene.ask("POST", "/api/batch", {"requests": broken}).status == 400
        assert scene.ask("POST", "/api/batch", {"requests": good}).status == 200
        seen = [events.next().short[2], events.next().short[2]]

    assert seen == ["evbevbevbevb003", "evbevbevbevb004"]


def test_children_tell_of_their_end_before_their_parent(scene: Scene):
    """A client that keeps a tree must not meet an orphan."""
    scene.collection("evp", text("t"))
    target = scene.root("GET", "…/evp")["id"]
    link = field_of("relation", "to", collectionId=target, maxSelect=1, cascadeDelete=True)
    scene.collection("evc", link)
    scene.ask("POST", "…/evp/records", {"id": "parentparent001"})
    scene.ask("POST", "…/evc/records", {"id": "childchildchi01", "to": "parentparent001"})
    with Events(scene.server) as events:
        events.subscribe("evp/*", "evc/*")
        scene.ask("DELETE", "…/evp/records/parentparent001")
        seen = [events.next().short, events.next().short]

    assert seen == [
        ("evc/*", "delete", "childchildchi01"),
        ("evp/*", "delete", "parentparent001"),
    ]
