"""A figure counts only when both sides do the same work: their answers are compared first.

Not here: the full comparison of both servers (tests/oracle).
"""

from collections.abc import Sequence

import httpx

from bench.sides import Side

COMPARED_MAX = 10
OWN_TO_A_SIDE = {"collectionId", "created", "updated"}


class Disagree(Exception):
    """The sides answered one request differently; a ratio would compare different work."""


def must_agree(sides: Sequence[Side], requests: Sequence[bytes]) -> None:
    """Send some reading requests to all sides.

    Raises:
        Disagree: a status, a total, or the records differ.
    """
    for request in requests[:COMPARED_MAX]:
        path = request.split(b" ", 2)[1].decode()
        first, *others = [_essence(side, path) for side in sides]
        for side, other in zip(sides[1:], others, strict=True):
            if other != first:
                both = f"{sides[0].label}: {first[:300]}\n{side.label}: {other[:300]}"
                raise Disagree(f"GET {path}\n{both}")


def _essence(side: Side, path: str) -> str:
    """What must be equal. Rows made in the same millisecond have no order: lists are sorted."""
    answer = httpx.get(side.url + path, timeout=120, trust_env=False)
    body = answer.json()
    if "items" not in body:
        return f"{answer.status_code} {_record(body)}"
    items = body.pop("items")
    # Of a page cut out of a longer list, ties may put other rows in: only the count is sure.
    complete = len(items) < body["perPage"] or "sort=-created" not in path
    shown = sorted(_record(one) for one in items) if complete else len(items)
    return f"{answer.status_code} {sorted(body.items())} {shown}"


def _record(record: dict[str, object]) -> str:
    return str(sorted((name, value) for name, value in record.items() if name not in OWN_TO_A_SIDE))
