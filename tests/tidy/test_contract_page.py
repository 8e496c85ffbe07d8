"""The contract page tells of this program and of tests that exist."""

import re

from tests.tidy.contract_page import PAGE, points, routes
from tests.tidy.repository import ROOT, tree_of

TEXT = PAGE.read_text()
ROW = re.compile(r"^\| `([A-Z]+ /[^`]*)` \| (.*) \|$", re.MULTILINE)


def test_every_endpoint_is_asked_by_some_test():
    """One that nobody asks may do anything."""
    listed = dict(ROW.findall(TEXT))

    assert sorted(listed) == sorted(f"{route.method} {route.pattern}" for route in routes())
    assert [endpoint for endpoint, tests in listed.items() if tests == "none"] == []


def test_tests_on_the_page_exist():
    """A renamed one would prove nothing."""
    named = {test for _, tests in ROW.findall(TEXT) for test in re.findall(r"`([^`]+)`", tests)}
    gone = []
    for test in named:
        file, _, function = test.partition("::")
        path = ROOT / "tests" / file
        names = {node.name for node in tree_of(path).body if hasattr(node, "name")}
        if function.partition("::")[0] not in names:
            gone.append(test)

    assert named
    assert gone == []


def test_points_are_those_of_the_tests():
    """`python -m tests.tidy.contract_page` writes the page anew."""
    assert TEXT.endswith(points())
