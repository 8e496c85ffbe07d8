"""Lengths, names and docstrings of our modules."""

import ast
import re

from tests.tidy.repository import functions, modules, name_of, tracked_texts, tree_of

MODULE_LINES_MAX = 500
FUNCTION_LINES_MAX = 60
NAMES_WITHOUT_SUBJECT = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX)\b(?!\(#\d+\))")


def test_no_module_is_longer_than_one_subject():
    """Past the limit two subjects share a room."""
    long = [
        f"{name_of(path)}: {lines} lines"
        for path in modules("src", "tests", "bench")
        if (lines := len(path.read_text().splitlines())) > MODULE_LINES_MAX
    ]

    assert long == []


def test_no_function_is_longer_than_a_screen():
    """A function that long does two things."""
    long = [
        f"{function.where}: {function.lines} lines"
        for path in modules("src", "tests", "bench")
        for function in functions(path)
        if function.lines > FUNCTION_LINES_MAX
    ]

    assert long == []


def test_modules_are_named_for_their_subject():
    """`helpers.py` can hold anything, so it soon does."""
    vague = [
        name_of(path)
        for path in modules("src", "tests", "bench")
        if NAMES_WITHOUT_SUBJECT & set(path.stem.split("_"))
    ]

    assert vague == []


def test_every_module_says_its_purpose():
    """A reader decides by the first lines whether this is the right file."""
    silent = [
        name_of(path)
        for path in modules("src", "bench")
        if ast.get_docstring(tree_of(path)) is None
    ]

    assert silent == []


def test_unfinished_places_carry_an_issue_number():
    """`TODO(#12)` is a plan, a bare one is a wish."""
    wishes = [
        f"{name}:{number}"
        for name, text in tracked_texts()
        if name.startswith(("src/", "bench/")) and name.endswith(".py")
        for number, line in enumerate(text.splitlines(), start=1)
        if UNFINISHED.search(line)
    ]

    assert wishes == []
