"""Trees of rules and filters."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yadokari.rules.errors import RuleError
from yadokari.rules.parse import COMPARISONS_MAX, parse
from yadokari.rules.tokens import tokenize
from yadokari.rules.tree import All, Any, Call, Comparison, Name, NumberLiteral, TextLiteral, Tree


def tree(text: str) -> Tree:
    """The tree of a text."""
    return parse(tokenize(text))


def shown(node: Tree) -> str:
    """A tree on one line, fully parenthesised."""
    match node:
        case Comparison():
            assert isinstance(node.left, Name)
            return node.left.text
        case All():
            return "(" + " & ".join(map(shown, node.parts)) + ")"
        case Any():
            return "(" + " | ".join(map(shown, node.parts)) + ")"


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("a=1", "a"),
        ("((a=1))", "a"),
        ("a=1&&b=1||c=1", "((a & b) | c)"),
        ("a=1||b=1&&c=1", "(a | (b & c))"),
        ("(a=1||b=1)&&c=1", "((a | b) & c)"),
        ("a=1 (b=1)", "(a & b)"),
        ("(a=1)(b=1)||(c=1)", "((a & b) | c)"),
        ("a=1||(b=1)(c=1)", "(a | b | c)"),
        ("a=1||b=1 && (c=1)(d=1)", "(a | (b & c & d))"),
        ("a=1&&(b=1&&(c=1&&d=1))", "(a & b & c & d)"),
        ("a=1||(b=1||c=1)", "(a | b | c)"),
        ("x (a=1)", "a"),
        ("x = (a=1)", "a"),
        ("a=1 || x = (b=1) (c=1)", "(a | b | c)"),
        ("a=1//c\n&&//d\nb=1", "(a & b)"),
    ],
)
def test_joins_bind_as_the_language_says(text: str, meaning: str):
    """P1 to P3."""
    assert shown(tree(text)) == meaning


@pytest.mark.parametrize(
    "text",
    ["", "  ", "// only", "a", "a=", "=1", "a=1 b=1", "(a=1) b=1", "()", "a=1 ()", "(a=1", "a=1)",
     "a=1 &&", "&& a=1", "a=1 && && b=1", "(a=1 ||)", "a == 1", "a = 1 = 2", "a && b", "(a) = 1",
     "f(", "f(a", "f(a b)=1", "f(,)=1", "f(a,,)=1", "f(&&)=1", "f((a))=1", "f(g(h(i(j(1)))))=1",
     "a = ,", "a , 1", "a = )", "f(a=", "a=1 (b=1"],
)  # fmt: skip
def test_what_is_no_expression_is_refused(text: str):
    """The oracle answers 400 to each."""
    with pytest.raises(RuleError):
        tree(text)


def test_operands_know_the_place_of_their_literals():
    """N2: a tree serves all texts of its shape."""
    found = tree("f('x', b, 5,) = 'y'")

    call = Call("f", (TextLiteral("x", 0), Name("b"), NumberLiteral(5.0, 1)))
    assert found == Comparison(call, "=", TextLiteral("y", 2))


def test_a_forgotten_comparison_keeps_its_place_among_the_literals():
    """P3: else the following literals would slip."""
    assert tree("'x' = (a = 'y')") == Comparison(Name("a"), "=", TextLiteral("y", 1))


def test_the_number_of_comparisons_has_a_ceiling():
    """A rule that saves on the oracle saves here, and no larger one."""
    tree("||".join(["a=1"] * COMPARISONS_MAX))

    with pytest.raises(RuleError, match="comparisons"):
        tree("||".join(["a=1"] * (COMPARISONS_MAX + 1)))


def test_deep_nesting_costs_no_stack():
    """Groups are parsed without recursion."""
    assert shown(tree("(" * 5_000 + "a=1" + ")" * 5_000)) == "a"


@given(
    st.lists(st.sampled_from(["a", "=", "'x'", "(", ")", "&&", "||", "f(", ",", "5"]), max_size=14)
)
def test_parsing_never_fails_otherwise_than_by_refusal(words: list[str]):
    """Clients send anything."""
    with suppress(RuleError):
        assert tree(" ".join(words))
