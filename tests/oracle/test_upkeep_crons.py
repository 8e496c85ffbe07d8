"""Jobs at set times, over HTTP."""

from tests.oracle.client import Json
from tests.oracle.scene import Scene

BUILT_IN: list[Json] = [
    {"id": "__pbDBOptimize__", "expression": "0 0 * * *"},
    {"id": "__pbMFACleanup__", "expression": "0 * * * *"},
    {"id": "__pbOTPCleanup__", "expression": "0 * * * *"},
    {"id": "__pbLogsCleanup__", "expression": "0 */6 * * *"},
]


def test_the_jobs_are_listed_with_their_times(scene: Scene):
    """The dashboard shows them, and picks fields like everywhere."""
    jobs = scene.root("GET", "/api/crons")
    ids = scene.root("GET", "/api/crons?fields=id")

    assert (jobs.status, jobs.body) == (200, BUILT_IN)
    assert ids.body == [{"id": job["id"]} for job in BUILT_IN if isinstance(job, dict)]


def test_the_automatic_backup_comes_and_goes_with_the_settings(scene: Scene):
    """It is a job like the others, at the end of the list."""
    scene.root("PATCH", "/api/settings", {"backups": {"cron": "0 1 * * *"}})
    on = scene.root("GET", "/api/crons")
    scene.root("PATCH", "/api/settings", {"backups": {"cron": ""}})
    off = scene.root("GET", "/api/crons")

    assert on.body == [*BUILT_IN, {"id": "__pbAutoBackup__", "expression": "0 1 * * *"}]
    assert off.body == BUILT_IN


def test_any_job_can_be_run_now(scene: Scene):
    """It runs in the background; the answer does not wait."""
    for job in ("__pbDBOptimize__", "__pbMFACleanup__", "__pbOTPCleanup__", "__pbLogsCleanup__"):
        assert scene.root("POST", f"/api/crons/{job}").status == 204


def test_an_unknown_job_is_not_found(scene: Scene):
    """Nor is one in other letters."""
    for job in ("nope", "__PBDBOPTIMIZE__"):
        answer = scene.root("POST", f"/api/crons/{job}")
        assert (answer.status, answer["message"]) == (404, "Missing or invalid cron job.")


def test_only_superusers_see_and_run_jobs(scene: Scene):
    """Guests are asked to sign in, others are refused."""
    scene.people("cronpeople")
    token = scene.sign_up("cronpeople", "cron@example.com")

    for method, path in (("GET", "/api/crons"), ("POST", "/api/crons/__pbDBOptimize__")):
        assert scene.ask(method, path).status == 401
        assert scene.ask(method, path, by=token).status == 403
