"""The endpoint of free SQL, for superusers only.

Not here: what it may do (ports/sql_console.py).
"""

from __future__ import annotations

from time import perf_counter

import msgspec

from yadokari.api.request import Request
from yadokari.api.response import Response, json_response
from yadokari.api.superuser_check import SuperuserCheck
from yadokari.base.errors import BadRequest, Invalid
from yadokari.base.problems import Problem, required
from yadokari.contract import messages
from yadokari.contract.codes import sentence_of
from yadokari.ports.sql_console import SqlConsole

QUERY_CHARS_MAX = 5_000  # the contract's limit


class SqlBody(msgspec.Struct):
    """Body of a query."""

    query: str = ""


class SqlRoutes:
    """The handler of ``/api/sql``."""

    def __init__(self, *, door: SuperuserCheck, console: SqlConsole | None) -> None:
        """``console``: None on stores that take no SQL."""
        self._door, self._console = door, console

    async def run(self, request: Request) -> Response:
        """The result of a query, cells as texts."""
        await self._door.superuser(request)
        query = (await request.bind(SqlBody)).query
        problem = _problem_of(query)
        if problem is not None:
            raise Invalid(messages.NOT_VALID, problems={"query": problem})
        if self._console is None:
            raise BadRequest("This store takes no SQL.")
        began = perf_counter()
        try:
            outcome = await self._console.run_sql(query)
        except BadRequest as error:
            raise BadRequest(f"{messages.SQL_FAILED} Raw error:\n{error.message}") from error
        return json_response(
            request,
            {
                "execTime": round((perf_counter() - began) * 1_000),
                "affectedRows": outcome.affected,
                "columns": [
                    {"name": column.name, "type": column.type, "nullable": True}
                    for column in outcome.columns
                ],
                "rows": [list(row) for row in outcome.rows],
            },
        )


def _problem_of(query: str) -> Problem | None:
    if not query:
        return required()
    if len(query) > QUERY_CHARS_MAX:
        code, params = "validation_length_too_long", {"max": QUERY_CHARS_MAX, "min": 0}
        return Problem(code, sentence_of(code, params), params)
    return None
