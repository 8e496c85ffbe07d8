"""Request logs over HTTP."""

import time
from urllib.parse import quote

from tests.oracle.client import Json
from tests.oracle.scene import Scene, Seen

WRITTEN_SECONDS_MAX = 15.0  # Entries are written every three seconds.
FACTS = {
    "auth", "execTime", "method", "referer", "remoteIP", "status", "type", "url", "userAgent",
    "userIP",
}  # fmt: skip


def switch_on(scene: Scene, **more: Json) -> None:
    """Keep everything, and nothing of before."""
    logs: dict[str, Json] = {
        "maxDays": 5, "minLevel": 0, "logIP": True, "logAuthId": False, "maxDataSize": 0, **more,
    }  # fmt: skip
    assert scene.root("PATCH", "/api/settings", {"logs": logs}).status == 200


def written(scene: Scene, filter: str, *, at_least: int = 1, more: str = "") -> Seen:
    """The entries that a filter finds, once there are so many."""
    deadline = time.monotonic() + WRITTEN_SECONDS_MAX
    while True:
        found = scene.root("GET", f"/api/logs?filter={quote(filter)}{more}")
        assert found.status == 200, found.raw.text
        if len(found.values("id")) >= at_least or time.monotonic() > deadline:
            return found
        time.sleep(0.1)


def data_of(seen: Seen, at: int = 0) -> dict[str, Json]:
    """What an entry tells."""
    data = seen.values("data")[at]
    assert isinstance(data, dict)
    return data


def test_a_success_is_an_entry_of_level_0(scene: Scene):
    """The dashboard shows these facts."""
    switch_on(scene)
    scene.ask(
        "GET", "/api/health?log1=a%20b", headers={"User-Agent": "x/1", "Referer": "http://r/"}
    )

    found = written(scene, 'data.url ~ "log1"')

    entry = found["items"]
    assert isinstance(entry, list)
    assert isinstance(entry[0], dict)
    assert set(entry[0]) == {"id", "created", "data", "message", "level"}
    assert found.values("level") == [0]
    assert found.values("message") == ["GET /api/health?log1=a b"]
    data = data_of(found)
    assert set(data) == FACTS
    assert isinstance(data.pop("execTime"), int | float)
    assert data == {
        "auth": "", "method": "GET", "referer": "http://r/", "remoteIP": "127.0.0.1",
        "status": 200, "type": "request", "url": "/api/health?log1=a%20b", "userAgent": "x/1",
        "userIP": "127.0.0.1",
    }  # fmt: skip


def test_a_failure_is_an_entry_of_level_8_with_its_reason(scene: Scene):
    """Whoever looks for what went wrong filters by level."""
    switch_on(scene)
    scene.root("POST", "/api/crons/log2")
    scene.root("PATCH", "/api/settings?log2", {"logs": {"maxDays": -1}})

    found = written(scene, 'level = 8 && data.url ~ "log2"', at_least=2, more="&sort=@rowid")

    first, second = data_of(found), data_of(found, 1)
    assert set(first) == {*FACTS, "error", "details"}
    assert (first["status"], first["auth"], first["error"], first["details"]) == (
        404, "_superusers", "Missing or invalid cron job.", None,
    )  # fmt: skip
    assert second["error"] == "An error occurred while saving the new settings."
    assert isinstance(second["details"], dict)
    assert set(second["details"]) == {"logs"}


def test_some_successes_are_not_kept(scene: Scene):
    """They would drown the rest."""
    switch_on(scene)
    scene.root("DELETE", "/api/logs")
    for path in ("/api/logs?log3", "/api/logs/stats?log3", "/_/?log3", "//api/health?log3"):
        scene.root("GET", path)
    scene.root("GET", "/api/logs/nope?log3")
    scene.root("GET", "/nope-log3")
    scene.root("GET", "/api/health?log3")

    found = written(scene, 'data.url ~ "log3"', at_least=3, more="&sort=@rowid")

    assert [data_of(found, at)["url"] for at in range(len(found.values("id")))] == [
        "/api/logs/nope?log3", "/nope-log3", "/api/health?log3",
    ]  # fmt: skip


def test_the_settings_say_what_is_kept(scene: Scene):
    """Addresses and ids are personal data; levels and sizes keep the file small."""
    switch_on(scene, minLevel=8, logIP=False, logAuthId=True)
    scene.root("GET", "/api/health?log4")
    scene.root("POST", "/api/crons/log4")
    found = written(scene, 'data.url ~ "log4"')
    assert found.values("level") == [8]
    assert set(data_of(found)) == {*FACTS, "error", "details", "authId"} - {"userIP", "remoteIP"}

    switch_on(scene, maxDataSize=100)
    scene.root("POST", "/api/crons/log4b")
    found = written(scene, 'message ~ "log4b"')
    assert set(data_of(found)) == {"__pb_truncated__", "auth", "details", "error", "execTime"}


def test_nothing_is_kept_with_no_days(scene: Scene):
    """Zero switches the logs off."""
    switch_on(scene, maxDays=0)
    scene.root("GET", "/api/health?log5")
    switch_on(scene)
    scene.root("GET", "/api/health?log5after")

    assert written(scene, 'data.url ~ "log5"').values("message") == ["GET /api/health?log5after"]


def test_lists_filter_sort_and_page(scene: Scene):
    """With the language of every other filter, over the fields of an entry."""
    switch_on(scene)
    for status in ("a", "b", "c"):
        scene.root("GET", f"/api/health?log6{status}")
    mine = 'data.url ~ "log6"'
    written(scene, mine, at_least=3)
    path = f"/api/logs?filter={quote(mine)}"

    newest = scene.root("GET", f"{path}&sort=-@rowid&perPage=2&fields=message")
    typed = quote('data.status >= 200 && data.status < 300 && level = 0 && created > "2020"')
    all_of = quote(mine)
    last = scene.root("GET", f"{path}&sort=-data.url&perPage=1&page=3&skipTotal=1")

    assert newest.body == {
        "items": [{"message": "GET /api/health?log6c"}, {"message": "GET /api/health?log6b"}],
        "page": 1, "perPage": 2, "totalItems": 3, "totalPages": 2,
    }  # fmt: skip
    assert scene.root("GET", f"/api/logs?filter={typed}%26%26{all_of}")["totalItems"] == 3
    assert last.values("message") == ["GET /api/health?log6a"]
    assert last["totalItems"] == -1


def test_filters_know_the_fields_of_an_entry_alone(scene: Scene):
    """Nothing of the request, of other collections, of the table."""
    switch_on(scene)
    for filter in ("x=1", "x=", "rowid=1", "@request.auth.id=1", "@collection.users.id=1"):
        listed = scene.root("GET", f"/api/logs?filter={quote(filter)}")
        counted = scene.root("GET", f"/api/logs/stats?filter={quote(filter)}")
        assert listed.status == 400, filter
        assert (counted.status, counted["message"]) == (400, "Invalid filter format."), filter
    for sort in ("rowid", "-x", "data2"):
        assert scene.root("GET", f"/api/logs?sort={sort}").status == 400, sort
    for sort in ("@random", "-@rowid", "created,-level,message,id", "data.execTime", "data"):
        assert scene.root("GET", f"/api/logs?sort={sort}").status == 200, sort


def test_one_entry_is_found_by_its_id(scene: Scene):
    """As the list shows it."""
    switch_on(scene)
    scene.root("GET", "/api/health?log8")
    listed = written(scene, 'data.url ~ "log8"')
    [id] = listed.values("id")

    one = scene.root("GET", f"/api/logs/{id}")

    assert isinstance(listed["items"], list)
    assert one.body == listed["items"][0]
    assert scene.root("GET", "/api/logs/nope").status == 404


def test_entries_are_counted_by_hour(scene: Scene):
    """The chart of the dashboard."""
    switch_on(scene)
    for _ in range(3):
        scene.root("GET", "/api/health?log9")
    mine = 'data.url ~ "log9"'
    written(scene, mine, at_least=3)

    stats = scene.root("GET", f"/api/logs/stats?filter={quote(mine)}")
    none = scene.root("GET", "/api/logs/stats?filter=message%3D%22never%22")

    assert isinstance(stats.body, list)
    hours = [hour for hour in stats.body if isinstance(hour, dict)]
    assert sum(int(str(hour["total"])) for hour in hours) == 3
    for hour in hours:
        assert str(hour["date"]).endswith(":00:00.000Z")
        assert set(hour) == {"date", "total"}
    assert none.body == []


def test_all_entries_go_at_once(scene: Scene):
    """What the dashboard's button does."""
    switch_on(scene)
    mine = 'data.url ~ "log10"'
    scene.root("GET", "/api/health?log10")
    written(scene, mine)

    gone = scene.root("DELETE", "/api/logs")

    assert gone.status == 204
    left = scene.root("GET", f"/api/logs?filter={quote(mine)}")
    assert left["totalItems"] == 0


def test_only_superusers_see_logs(scene: Scene):
    """They hold addresses of everybody."""
    scene.people("logpeople")
    token = scene.sign_up("logpeople", "log@example.com")

    for method, path in (
        ("GET", "/api/logs"),
        ("GET", "/api/logs/stats"),
        ("DELETE", "/api/logs"),
        ("GET", "/api/logs/x"),
    ):
        assert scene.ask(method, path).status == 401
        assert scene.ask(method, path, by=token).status == 403
