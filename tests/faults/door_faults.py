"""Faults at the door: how requests arrive and answers leave."""

from tests.faults.fault import Fault

_EXCHANGE = "unit/app/test_exchange.py::"
_DEADLINE = "unit/api/test_deadline.py::"

DOOR_FAULTS = (
    Fault(
        id="an-answer-overtakes-the-one-before",
        area="door",
        file="app/http_protocol.py",
        right="and (cycle is None or cycle.response_complete)",
        wrong="and cycle is not self",
        noticed_by=(_EXCHANGE + "test_requests_sent_ahead_are_answered_in_order",),
        why="A client would take one answer for another: somebody else's record, say.",
    ),
    Fault(
        id="a-refusal-overtakes-an-answer",
        area="door",
        file="app/http_protocol.py",
        right='if retry_after_s else b""\n        self.flush()',
        wrong='if retry_after_s else b""',
        noticed_by=(_EXCHANGE + "test_an_answer_leaves_before_the_next_one_is_written",),
        why="A client would take the refusal of its second request for the answer to its first.",
    ),
    Fault(
        id="a-stopping-server-drops-answers",
        area="door",
        file="app/http_protocol.py",
        right="        self.flush()\n        super().shutdown()",
        wrong="        super().shutdown()",
        noticed_by=(_EXCHANGE + "test_a_server_that_stops_sends_what_is_ready",),
        why="A write that was kept would look as if it had failed.",
    ),
    Fault(
        id="answers-go-with-one-that-breaks-off",
        area="door",
        file="app/http_protocol.py",
        right="            if not self.transport.is_closing():  # Else the client is gone.\n"
        "                self.transport.write(data)",
        wrong="            self.transport.write(data)",
        noticed_by=(_EXCHANGE + "test_a_client_that_breaks_off_costs_nobody_else_an_answer",),
        why="Anyone could make the answers of others vanish, those of kept writes too.",
    ),
    Fault(
        id="a-stream-takes-the-place-of-the-next-request",
        area="door",
        file="app/http_protocol.py",
        right="        if self.cycle is exchange:",
        wrong="        if self.cycle is not None:",
        noticed_by=(_EXCHANGE + "test_requests_behind_a_stream_keep_their_order_and_their_bodies",),
        why="The rest of a body would go nowhere, and answers would change places.",
    ),
    Fault(
        id="trailers-are-headers",
        area="door",
        file="app/http_protocol.py",
        right="if self._is_in_head:  # Else it is a trailer, which nobody here asks for.",
        wrong="if self.parser is not None:",
        noticed_by=(_EXCHANGE + "test_trailers_are_no_headers",),
        why="What a proxy has checked at the head could be said anew behind the body.",
    ),
    Fault(
        id="a-header-may-hold-a-line-end",
        area="door",
        file="app/exchange.py",
        right='not lines.count(b"\\n") == lines.count(b"\\r") == len(response.headers)',
        wrong="not response.headers",
        noticed_by=(_EXCHANGE + "test_a_header_with_a_line_end_is_never_sent",),
        why="A file name could set cookies.",
    ),
    Fault(
        id="the-rest-of-a-body-is-lost",
        area="door",
        file="app/http_protocol.py",
        right="if self._arrived:\n            super().on_body(self._arrived)",
        wrong="self._arrived = bytes()",
        noticed_by=(_EXCHANGE + "test_what_is_not_whole_or_not_plain_is_uvicorns_affair",),
        why="Half of an upload would be stored as the whole.",
    ),
    Fault(
        id="a-waiting-read-leaves-its-context",
        area="door",
        file="app/exchange.py",
        right="create_task(answering, context=context)",
        wrong="create_task(answering)",
        noticed_by=(_EXCHANGE + "test_a_read_that_waits_goes_on_as_a_task_in_its_context",),
        why="What belongs to one request would be gone, or another's.",
    ),
    Fault(
        id="what-was-waited-for-fails-elsewhere",
        area="door",
        file="api/deadline.py",
        right="waits_for = work.throw(exc)",
        wrong="raise",
        noticed_by=(_DEADLINE + "test_work_may_catch_the_failure_of_what_it_waits_for",),
        why="A query that is stopped would be a failure of the server instead of a refusal.",
    ),
    Fault(
        id="idle-connections-stay",
        area="door",
        file="app/http_protocol.py",
        right="            self.timeout_keep_alive_handler()",
        wrong="            self._watch_idle(since)",
        noticed_by=(_EXCHANGE + "test_a_connection_that_idles_is_closed_but_not_one_at_work",),
        why="Connections that nobody uses would take the places of others.",
    ),
)
