"""The journeys call everything that the official JavaScript SDK can do."""

import re
from pathlib import Path

SCRIPTS = Path(__file__).parent / "js"
METHODS = {
    "health": ("check",),
    "collection": (
        "getList", "getFullList", "getFirstListItem", "getOne", "create", "update", "delete",
        "subscribe", "unsubscribe", "listAuthMethods", "authWithPassword", "authWithOTP",
        "authWithOAuth2", "authWithOAuth2Code", "authRefresh", "requestOTP", "requestVerification",
        "confirmVerification", "requestPasswordReset", "confirmPasswordReset",
        "requestEmailChange", "confirmEmailChange", "impersonate", "listExternalAuths",
        "unlinkExternalAuth",
    ),
    "collections": (
        "getList", "getFullList", "getOne", "create", "update", "delete", "import", "truncate",
        "getScaffolds", "getAllOAuth2Providers", "dryRunViewQuery",
    ),
    "settings": ("getAll", "update", "testS3", "testEmail", "generateAppleClientSecret"),
    "logs": ("getList", "getOne", "getStats", "truncate"),
    "backups": ("getFullList", "create", "upload", "delete", "restore", "getDownloadURL"),
    "crons": ("getFullList", "run"),
    "sql": ("run",),
    "files": ("getURL", "getToken"),
}  # fmt: skip
"""By service; ``collection`` is ``pb.collection(name)``, mostly kept in a constant."""


def test_every_method_of_the_sdk_is_called_in_a_journey():
    """One that nobody calls may fail in every application."""
    scripts = "\n".join(path.read_text() for path in sorted(SCRIPTS.glob("*.js")))
    missing = [
        f"{service}.{method}"
        for service, methods in METHODS.items()
        for method in methods
        if not re.search(
            rf"\.{method}\(" if service == "collection" else rf"\b{service}\.{method}\(", scripts
        )
    ]

    assert missing == []
