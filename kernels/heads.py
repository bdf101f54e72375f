"""
What lines begin with: how many words of them may be a built-in header, and what such words say.

The first bytes tell which format it could be; whether it is one only its expression tells (kernels/headers.py).
"""

import re
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kernels.spans import Positions

WHITE: Final = bytes(code in b" \t\n\r\f\v" for code in range(256))
"""Of each byte whether it is white space, as a table for bytes.translate."""

PRIORITY: Final = ord("<")

_WHITE_SPACE: Final = np.frombuffer(WHITE, np.bool_)
_DIGIT: Final = np.isin(np.arange(256), list(b"0123456789"))
_SAYS_NOTHING: Final = (None, "", "-")


class Head(NamedTuple):
    """What a line begins with: its format, −1 for none, −2 where that cannot be told; offsets from its start, or −1."""

    format: int
    message: int
    timestamp: int
    timestamp_end: int
    scope: int
    host: int = -1
    host_end: int = -1
    program: int = -1
    program_end: int = -1
    pid: int = -1
    pid_end: int = -1
    priority_end: int = -1


NONE: Final = Head(-1, 0, 0, 0, 0)
UNTOLD: Final = Head(-2, 0, 0, 0, 0)


def words_of_header(data: NDArray[np.uint8], starts: Positions) -> Positions:
    """Return how many words a line's header may have, by its first bytes; 0 where it cannot have a built-in one."""
    first = data[starts]
    colons = (data[starts + 9] == ord(":")) & (data[starts + 12] == ord(":"))
    words = np.where((first >= ord("A")) & (first <= ord("Z")) & colons, 5, 0)
    words[(data[starts + 4] == ord("-")) & (data[starts + 10] == ord("T"))] = 3
    with_priority = np.flatnonzero(first == PRIORITY)
    if len(with_priority):
        words[with_priority] = _words_behind_priority(data, starts[with_priority])
    return words


def _words_behind_priority(data: NDArray[np.uint8], starts: Positions) -> Positions:
    window = data[starts[:, None] + np.arange(2, 5)] == ord(">")
    behind = starts + 3 + window.argmax(axis=1)
    is_digit, white = _DIGIT[data[behind]], _WHITE_SPACE[data[behind + 1]]
    version = is_digit & (white | (_DIGIT[data[behind + 1]] & _WHITE_SPACE[data[behind + 2]]))
    words = np.where(version & (data[behind] != ord("0")), 7, np.where(is_digit & ~version, 3, 5))
    return np.where(window.any(axis=1) & ~(version & (data[behind] == ord("0"))), words, 0)


def place_of(match: re.Match[str], name: str) -> tuple[int, int]:
    """Return where a group of a header stands, in bytes; (−1, −1) where it says nothing."""
    if match[name] in _SAYS_NOTHING:
        return -1, -1
    start, end = match.span(name)
    return len(match.string[:start].encode()), len(match.string[:end].encode())
