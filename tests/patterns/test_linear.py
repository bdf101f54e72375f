"""Expressions of an operator run in linear time, or are refused with the place where they stand."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from patterns.errors import RulesError
from patterns.linear import compile_linear

Within = Callable[[float], AbstractContextManager[None]]


@pytest.mark.parametrize("expression", ["(a*)*b", "(a|a)*b", "(a+)+$", "a*a*a*a*b", "(.*)(.*)(.*)x"])
def test_what_python_would_backtrack_over_takes_linear_time(expression: str, within: Within) -> None:
    with within(10):
        assert compile_linear(expression, "x").fullmatch("a" * 200_000 + "c") is None


@pytest.mark.parametrize(
    ("expression", "text"),
    [("a.b", "a\nb"), (r"\w\s\d", "a 1"), (r"(?i)JAN", "jan"), ("é+", "éé")],
)
def test_an_expression_matches_whole_texts(expression: str, text: str) -> None:
    assert compile_linear(expression, "x").fullmatch(text)


@pytest.mark.parametrize(("expression", "text"), [(r"\w", "é"), (r"\s", "\xa0"), (r"\d", "\u0661"), ("a", "aa")])
def test_classes_of_characters_mean_ascii(expression: str, text: str) -> None:
    assert compile_linear(expression, "x").fullmatch(text) is None


@pytest.mark.parametrize("expression", ["(", "[a", "*", "(?=a)", "(?<!a)b", r"(a)\1", "(?P<a", "a{2000}", r"\8"])
def test_an_expression_that_re2_does_not_take_is_refused_with_place_and_mend(expression: str) -> None:
    with pytest.raises(RulesError) as refused:
        compile_linear(expression, "expression of format 'mine'")

    assert str(refused.value).startswith(f"expression of format 'mine' is {expression!r}: RE2 says ")
    assert str(refused.value).endswith("; write it without look-arounds and back-references")
