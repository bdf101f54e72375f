"""
Support: how many lines a word or a pattern must have, as a number or as a share of the lines.

    20          20 lines
    0.5%        five in a thousand of the lines that are mined
"""

import re
from fractions import Fraction
from typing import Final

Support = int | Fraction
"""A number of lines, 1 or more; or a share of the lines, above 0 and up to 1."""

_PERCENT: Final = re.compile(r"(\d+(?:\.\d+)?)\s*%", re.ASCII)


def parse_support(given: int | str) -> Support:
    """
    Read a support; a share is exact, for 29 % of 100 is 29 and no less.

    Raises:
        ValueError: It is neither a number of 1 or more nor a percentage above 0 and up to 100.
    """
    found = _PERCENT.fullmatch(given) if isinstance(given, str) else None
    if isinstance(given, int) and given >= 1:
        return given
    if found and 0 < Fraction(found[1]) <= 100:
        return Fraction(found[1]) / 100
    msg = (
        f"support is {given!r}: a pattern needs at least 1 line of support; "
        "set an integer ≥ 1 or a percentage such as '0.5%'"
    )
    raise ValueError(msg)


def in_lines(support: Support, lines: int) -> int:
    """Return a support as a number of lines, rounded down but 1 at least, where `lines` are mined."""
    return max(1, int(lines * support)) if isinstance(support, Fraction) else support
