"""Comparing two answers to one request: equal but for what may differ.

C1  Statuses, codes, params, values and number spelling are compared; human texts are not.
C2  What a server draws itself (ids, tokens, times of now, file suffixes) is replaced by a mark, so
    that its shape is still compared.
C3  Key order is never compared, item order unless the request says it is free.

Not here: what differs on purpose (tests/oracle/deviations.py).
"""

import base64
import binascii
import json
import re
from datetime import UTC, datetime, timedelta

from tests.oracle.ask import Answers, Request
from tests.oracle.client import Answer, Json
from tests.oracle.world import OWN_ID

GENERATED = "gen"
"""Fields whose name opens with this are filled by a pattern."""

_DRAWN_ID = re.compile(r"[a-z0-9]{15}")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\.\d{3}Z")
_FILE = re.compile(r"(.*)_[a-zA-Z0-9]{10}(\.[a-zA-Z0-9]+)?")
_TOKEN = re.compile(r"eyJ[\w-]+\.([\w-]+)\.[\w-]+")
_CLONE = re.compile(r"_clone_\w+")
_TEMPORARY = "temp_view_"
_MAIL_TEXTS = frozenset({
    "emailTemplate", "verificationTemplate", "resetPasswordTemplate", "confirmEmailChangeTemplate"
})  # fmt: skip
NOW_HOURS_MAX = 1.0  # A time this near to the present is a server's clock.


def difference(request: Request, answers: Answers) -> str | None:
    """What differs, as two lines, or None when the answers are equal."""
    if _is_same(answers.oracle, answers.ours):
        return None
    oracle, ours = canonical(request, answers.oracle), canonical(request, answers.ours)
    if oracle == ours:
        return None
    return f"oracle {oracle}\n  ours   {ours}"


def _is_same(oracle: Answer, ours: Answer) -> bool:
    """Equal to the byte, as most lists of ids are: no need to read them."""
    media = [answer.headers.get("content-type") for answer in (oracle, ours)]
    return oracle.status == ours.status and oracle.body == ours.body and media[0] == media[1]


def is_unordered(request: Request) -> bool:
    """Whether the order of a list is left open: the oracle's planner may choose any index."""
    path, _, query = request.path.partition("?")
    if request.order_free or not path.endswith("/records"):
        return request.order_free
    sort = re.search(r"(?:^|&)sort=([^&]*)", query)
    # A path through many records sorts by whichever of them the oracle's planner meets first.
    return sort is None or "." in sort.group(1)


def canonical(request: Request, answer: Answer) -> str:
    """An answer in the one form that equal answers share."""
    media = answer.headers.get("content-type", "").split(";")[0]
    if request.method == "HEAD" or not answer.body:
        return f"{answer.status} {media if answer.body else ''}"
    if media != "application/json":
        return f"{answer.status} {media} {answer.body[:200]!r}"
    try:
        value: Json = json.loads(answer.body, parse_float=lambda digits: f"float {digits}")
    except ValueError:
        return f"{answer.status} broken JSON {answer.body[:200]!r}"
    value = _without_texts(value) if answer.status >= 400 else _marked(value, key="")
    if isinstance(value, dict) and isinstance(value.get("items"), list) and is_unordered(request):
        items = value["items"]
        assert isinstance(items, list)
        value["items"] = sorted(items, key=lambda item: json.dumps(item, sort_keys=True))
        total, size = value.get("totalItems"), value.get("perPage")
        uncounted = total == -1 and len(items) == size
        if uncounted or (isinstance(total, int) and total > len(items)):
            value["items"] = f"{len(items)} of them"  # Which of them is left open, too.
    return f"{answer.status} {json.dumps(value, sort_keys=True, ensure_ascii=False)}"


def _without_texts(value: Json) -> Json:
    if isinstance(value, dict):
        return {
            key: one if key == "code" else _without_texts(one)
            for key, one in value.items()
            if not (key == "message" and isinstance(one, str))
        }
    if isinstance(value, list):
        return [_without_texts(one) for one in value]
    return _marked_text(value) if isinstance(value, str) else value


def _marked(value: Json, *, key: str) -> Json:
    if isinstance(value, dict):
        if str(value.get("collectionName", "")).startswith(_TEMPORARY):
            value["collectionId"] = "<temporary view>"
        return {
            name: "<texts>" if name in _MAIL_TEXTS else _marked(one, key=name)
            for name, one in value.items()
        }
    if isinstance(value, list):
        return [_marked(one, key=key) for one in value]
    if not isinstance(value, str):
        return value
    if key.startswith(GENERATED) and value:
        return f"<generated {len(value)}>"
    if key == "logo":
        return "<logo>"
    return _marked_text(value)


def _marked_text(text: str) -> str:
    if _DRAWN_ID.fullmatch(text) and not text.startswith(OWN_ID):
        return "<id>"
    if _TIME.fullmatch(text) and _is_now(text):
        return "<now>"
    token = _TOKEN.fullmatch(text)
    if token is not None:
        return _marked_token(token[1])
    if text.startswith(_TEMPORARY):
        return "<temporary view>"
    if _CLONE.fullmatch(text):
        return "<clone>"
    file = _FILE.fullmatch(text)
    if file is not None:
        return f"{file[1]}_<drawn>{file[2] or ''}"
    return text


def _is_now(text: str) -> bool:
    try:
        moment = datetime.strptime(text, "%Y-%m-%d %H:%M:%S.%fZ").replace(tzinfo=UTC)
    except ValueError:
        return False
    return abs(datetime.now(UTC) - moment) < timedelta(hours=NOW_HOURS_MAX)


def _marked_token(payload: str) -> str:
    try:
        claims: Json = json.loads(base64.urlsafe_b64decode(payload + "=="))
    except (ValueError, binascii.Error):
        return "<broken token>"
    if not isinstance(claims, dict):
        return "<broken token>"
    kept = {k: v for k, v in claims.items() if k not in ("exp", "id")}
    return f"<token {json.dumps(kept, sort_keys=True)} with {sorted(claims)}>"
