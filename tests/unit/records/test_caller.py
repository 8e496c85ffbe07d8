"""Requests as rules see them: facts are made when a rule asks, and once."""

from yadokari.records.caller import Asking
from yadokari.rules.bind import RequestContext


class Counting:
    """Makes a context or a body, and counts how often."""

    def __init__(self) -> None:
        self.made = 0

    def context(self) -> RequestContext:
        self.made += 1
        return RequestContext(method="POST", now_ms=7)

    def body(self) -> dict[str, object]:
        self.made += 1
        return {"a": 1}


def test_a_request_whose_rules_ask_nothing_makes_no_facts() -> None:
    """A2: most requests have no rule that asks; they must not pay for it."""
    counting = Counting()

    Asking(context=counting.context).with_body(counting.body).within("expand")

    assert counting.made == 0


def test_facts_are_made_once_and_changes_keep_the_rest() -> None:
    """Two rules of one request see the same moment, and a body twice read is resolved once."""
    counting = Counting()
    asking = Asking(context=counting.context)
    changed = asking.with_body(counting.body).within("expand")

    assert changed.context == changed.context
    assert asking.context == RequestContext(method="POST", now_ms=7)
    assert changed.context == RequestContext(
        context="expand", method="POST", now_ms=7, body={"a": 1}
    )
    assert counting.made == 2
