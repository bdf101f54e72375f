"""
Expressions of configured headers → what RE2 reads fast, and takes the same of a line.

Nearly every expression ends with a message that is whatever follows: RE2 then reads the header alone, and where its
match ends, the message begins.

And a repeat with a bound, ``[^ ]{1,128}``, is 128 copies of what is repeated: to compile them takes longer than to
match a thousand lines, and to find groups takes four times as long as by ``[^ ]+``. So large bounds are left out first.
What does not fit without them does not fit with them. What fits by a header no longer than the least bound kept all of
them, so that both expressions take the same: among the ways to match, which RE2 tries in the same order, the first that
the wider one finds is one of the narrower.
"""

import re
import sys
from collections.abc import Iterator
from typing import Final, NamedTuple

HEADER: Final = "in_front_of_the_message"
"""Group of the whole header, where the message is not taken."""

_MESSAGE: Final = re.compile(r"\(\?P<message>\.\*\)|\(\?:(?P<between>[^()|]+)\(\?P<message>\.\*\)\)\?")
"""How expressions end: with the message, or with one that may be missing with what is in front of it."""

_BOUND: Final = re.compile(r"\{(?P<least>\d+),(?P<most>\d+)\}")
_LARGE: Final = 100
"""Bounds below are left as they are: most headers are longer."""


class HeaderExpressions(NamedTuple):
    """
    What reads the headers of a format.

    Attributes:
        exact: The expression, of the header alone if it has the group HEADER.
        wide: The same without large bounds; `exact` where it has none.
        most: Bytes of a header of which both take the same.
    """

    exact: str
    wide: str
    most: int


def header_expressions(expression: str) -> HeaderExpressions:
    """Return what reads headers of a format whose expression this is, by RE2 with each group named."""
    header = _header(expression)
    if header is None:
        whole = rf"(?s)\A(?:{expression})\z"
        return HeaderExpressions(whole, whole, sys.maxsize)
    exact = rf"(?s)\A(?P<{HEADER}>{header})"
    wide, bounds = exact, []
    for bound in reversed(list(_large_bounds(exact))):
        bounds.append(int(bound["most"]))
        # A second number that is missing is no bound.
        wide = wide[: bound.start("most")] + wide[bound.end("most") :]
    return HeaderExpressions(exact, wide, min(bounds, default=sys.maxsize))


def _header(expression: str) -> str | None:
    """Return what of an expression reads the header alone; None where its end is not known."""
    for end in _MESSAGE.finditer(expression):
        if end.end() == len(expression) and not _has_alternatives(expression):
            return expression[: end.start()] + (rf"(?:{end['between']}|\z)" if end["between"] else "")
    return None


def _large_bounds(expression: str) -> Iterator[re.Match[str]]:
    """Yield the large bounds of repeats of single characters."""
    before = ""
    for start, end in _parts(expression):
        bound = _BOUND.match(expression, start)
        # A group that is repeated may be empty, and then no length tells how often.
        if bound and before and before not in ")*+?}" and int(bound["most"]) >= _LARGE:
            yield bound
        before = expression[start:end]


def _has_alternatives(expression: str) -> bool:
    """Tell whether a whole expression may be one of several: whether a bar stands in no group, for all that is seen."""
    depth = 0
    for start, end in _parts(expression):
        part = expression[start:end]
        if part == "|" and depth == 0:
            return True
        depth += (part == "(") - (part == ")")
    return False


def _parts(expression: str) -> Iterator[tuple[int, int]]:
    """Yield where the parts of an expression lie: sets, characters with a backslash, and all others one by one."""
    at = 0
    while at < len(expression):
        end = at + 1
        if expression[at] == "\\":
            end = at + 2
        elif expression[at] == "[":
            end = _set_end(expression, at) + 1
        yield at, end
        at = end


def _set_end(expression: str, at: int) -> int:
    """Return where the set ends that begins there; a bracket that is its first character is one of it."""
    at += 2 if expression.startswith("[^", at) else 1
    at += expression.startswith("]", at)
    while at < len(expression) and expression[at] != "]":
        named = expression.startswith("[:", at) and expression.find(":]", at) > 0
        at = expression.index(":]", at) + 2 if named else at + (2 if expression[at] == "\\" else 1)
    return at
