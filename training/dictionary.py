r"""
The dictionary of frequent words as a file, so that a corpus need not be counted again, or is mined by chosen words.

    LogCluster   Accepted              one word a line, as logcluster.pl --writewords makes it
    SLCT         3<TAB>Accepted        its position from 1, and the word
    by program   Accepted<TAB>sshd     a further column, where words were counted by program

Lines are in ascending order of program, position and word; a word's bytes are what they are in the log. No support is
kept: a word of the dictionary is frequent whatever the corpus has of it.
"""

import re
from collections.abc import Mapping
from typing import Final

from mining.candidates import Keys, PositionKeys, WordKeys
from mining.clusters import Method
from mining.words import Position
from patterns.line import exact_bytes, exact_text
from training.errors import DictionaryError

_TAB: Final = "\t"
_WHITE_SPACE: Final = frozenset(" \t\v\f\r")
_SHOWN: Final = 100
_POSITION: Final = re.compile(r"[1-9][0-9]{0,8}")


def encode(scopes: Mapping[str, Keys]) -> bytes:
    """Return the file of the frequent words by scope."""
    rows = [(scope, *row) for scope, keys in scopes.items() for row in _rows(keys)]
    ordered = sorted(rows, key=lambda row: (exact_bytes(row[0]), row[1], exact_bytes(row[2])))
    return b"".join(exact_bytes(_line(*row)) + b"\n" for row in ordered)


def decode(data: bytes, method: Method, name: str) -> dict[str, Keys]:
    """
    Read a file.

    Args:
        data: Its bytes; empty lines mean nothing.
        method: How its words are used.
        name: The file, for the error.

    Raises:
        DictionaryError: A line is no word, or for SLCT no position and word.
    """
    words: dict[str, set[str]] = {}
    positions: dict[str, set[Position]] = {}
    slct = method.algorithm == "slct"
    for number, line in enumerate(data.split(b"\n"), start=1):
        row = exact_text(line.removesuffix(b"\r"))
        if not row:
            continue
        columns = row.split(_TAB, 2 if slct else 1)
        if slct:
            place, word, scope = [*columns, "", ""][:3]
            if not _POSITION.fullmatch(place):
                raise _no_word(name, number, row, "a position from 1, a tab and a word")
            positions.setdefault(scope, set()).add((int(place) - 1, word))
        else:
            word, scope = [*columns, ""][:2]
            words.setdefault(scope, set()).add(word)
        if not word or not _WHITE_SPACE.isdisjoint(word):
            raise _no_word(name, number, row, "a position from 1, a tab and a word" if slct else "one word")
    if slct:
        return {scope: PositionKeys(frozenset(pairs), method.anchored) for scope, pairs in positions.items()}
    return {scope: WordKeys(frozenset(found)) for scope, found in words.items()}


def _rows(keys: Keys) -> list[tuple[int, str]]:
    """Return positions from 1, or 0 where there are none, and words."""
    if isinstance(keys, WordKeys):
        return [(0, word) for word in keys.frequent]
    return [(position + 1, word) for position, word in keys.frequent]


def _line(scope: str, position: int, word: str) -> str:
    columns = [str(position)] if position else []
    return _TAB.join([*columns, word, *([scope] if scope else [])])


def _no_word(name: str, number: int, row: str, wanted: str) -> DictionaryError:
    shown = row if len(row) <= _SHOWN else f"{row[:_SHOWN]}…"
    return DictionaryError(
        f"{name}, line {number}: {shown!r} is not {wanted}; make the file by --write-words with the same algorithm"
    )
