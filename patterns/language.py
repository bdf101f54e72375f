r"""
The pattern language: text ⇄ Pattern, Pattern → regular expression.

A pattern is one line of text: words and gaps, separated by one space.

    Interface eth0 *{1,2} down          a gap of one or two words
    Interface (eth0|eth1) up *{0,}      one of several words; a gap of any number of words

==============  =======================================================================================
``word``        itself
``*{m,n}``      m to n words; a run of class words, ``<*>`` in a shape, counts as one
``*{m,}``       m words or more
``(a|b)``       one of several words: two or more, each once, in ascending order; inside it a backslash
                stands before each backslash and each ``|`` that belongs to a word
``\word``       a word that would read as one of these, or that has a backslash in it
==============  =======================================================================================

Parsing and rendering are inverse: each pattern has one text. So these are errors (PatternSyntaxError):

=======================  ==============================================================================
nothing                  a pattern has a word or a gap
two spaces, other        words are separated by exactly one space; no word has ASCII white space in it
white space
``*{2,1}``               a gap's least is not above its most
``*{0,0}``               a gap that takes no word is not written
``*{01,2}``              numbers have no leading zeros
``*{1,1} *{0,2}``        two gaps in a row are one: ``*{1,3}``
``(a|a)``, ``(b|a)``,    alternatives are distinct, ascending, not empty
``(a|)``
``a\b``                  a word with a backslash is written with one more in front: ``\a\b``
``\a``                   a backslash in front of a word that needs none
=======================  ==============================================================================

A pattern matches words in order: constants, alternatives, and gaps that take words within their bounds. What it means
over a shape is also said by `Pattern.regex`, the oracle of the matcher.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Final

from patterns.errors import PatternSyntaxError

Gap = tuple[int, int | None]
"""The least and the most number of words that a gap takes; a most of None is no bound."""

Constant = str | tuple[str, ...]
"""A word, or two or more alternatives in ascending order."""

NO_GAP: Final[Gap] = (0, 0)

_GAP = re.compile(r"\*\{([0-9]{1,9}),([0-9]{0,9})\}")
_LOOKS_LIKE_ALTERNATIVES = re.compile(r"\(.*\|.*\)", re.DOTALL)
_ALTERNATIVE = re.compile(r"(?:[^\\|]|\\[\\|])*", re.DOTALL)
_WHITE_SPACE = re.compile(r"\s", re.ASCII)


@dataclass(frozen=True)
class Pattern:
    """
    What a cluster looks like.

    Attributes:
        constants: The words that a line must have, in order.
        gaps: One more than constants: the gap before each constant and the one behind the last.
        positional: The gaps are part of the identity, as in SLCT, whose candidates are words at positions.
    """

    constants: tuple[Constant, ...]
    gaps: tuple[Gap, ...]
    positional: bool = False

    def __post_init__(self) -> None:
        """Raise ValueError unless the number of gaps fits."""
        if len(self.gaps) != len(self.constants) + 1:
            msg = (
                f"{len(self.constants)} constants have {len(self.constants) + 1} gaps around them, not {len(self.gaps)}"
            )
            raise ValueError(msg)

    def __str__(self) -> str:
        """Return the one text that `parse` reads as this pattern."""
        return self.text

    @cached_property
    def text(self) -> str:
        """The pattern in its language."""
        parts = [_render_gap(self.gaps[0])]
        for constant, gap in zip(self.constants, self.gaps[1:], strict=True):
            parts += [_render_constant(constant), _render_gap(gap)]
        return " ".join(part for part in parts if part)

    def identity(self, scope: str) -> str:
        """
        Return the id that the pattern keeps over trainings, machines and restarts: 12 hexadecimal digits.

        It hashes the scope and the constants; the gaps only where the pattern is positional. So a pattern whose gaps
        widen tomorrow is still the same one.
        """
        words: list[object] = [list(c) if isinstance(c, tuple) else c for c in self.constants]
        places = self.gaps if self.positional else None
        return hash_of([scope, words, places], 6)

    def regex(self) -> str:
        """
        Return a regular expression that matches a whole shape, or a raw line's words joined by one space.

        It is one for Python's `re`, PCRE and (while gaps are bounded by 1000 or not at all) RE2.
        """
        whole = ""
        for index, gap in enumerate(self.gaps):
            last = index == len(self.constants)
            count = _count(gap)
            if last and not self.constants:
                least, most = gap
                rest = _count((max(least - 1, 0), None if most is None else most - 1))
                whole = f"[^ ]+(?: [^ ]+){rest}" if least else f"(?:[^ ]+(?: [^ ]+){rest})?"
            elif last:
                whole += f"(?: [^ ]+){count}" if gap != NO_GAP else ""
            else:
                whole += " " if index else ""
                whole += f"(?:[^ ]+ ){count}" if gap != NO_GAP else ""
                whole += _one_of(self.constants[index])
        return f"^{whole}$"


def parse(text: str, *, positional: bool = False) -> Pattern:
    """
    Read a pattern's text.

    Raises:
        PatternSyntaxError: The text is not the one text of a pattern; the module's table says what is not.
    """
    constants: list[Constant] = []
    gaps: list[Gap] = [NO_GAP]
    for number, token in enumerate(text.split(" "), start=1):
        if not token or _WHITE_SPACE.search(token):
            raise _no_pattern(text, number, "words are separated by exactly one space; remove the other white space")
        found = _GAP.fullmatch(token)
        if found:
            if gaps[-1] != NO_GAP:
                raise _no_pattern(text, number, "two gaps in a row are one; add their numbers")
            gaps[-1] = _parse_gap(found, text, number)
        else:
            constants.append(_parse_constant(token, text, number))
            gaps.append(NO_GAP)
    return Pattern(tuple(constants), tuple(gaps), positional)


def of_words(words: Iterable[str | None]) -> Pattern:
    """Return the pattern of words in which each None is a gap of exactly one word."""
    constants: list[Constant] = []
    gaps: list[Gap] = [NO_GAP]
    for word in words:
        if word is None:
            least, _ = gaps[-1]
            gaps[-1] = (least + 1, least + 1)
        else:
            constants.append(word)
            gaps.append(NO_GAP)
    return Pattern(tuple(constants), tuple(gaps))


def short_hash(data: bytes, size: int) -> str:
    """Return a hash of `size` bytes in hexadecimal digits, the same on every machine."""
    return blake2b(data, digest_size=size).hexdigest()


def hash_of(value: object, size: int) -> str:
    """Return the short hash of a plain value: lists, texts, numbers, booleans, None."""
    return short_hash(json.dumps(value, separators=(",", ":")).encode(), size)


def join_gaps(gaps: Sequence[Gap]) -> Gap:
    """Return the narrowest gap that holds all of `gaps`."""
    mosts = [most for _, most in gaps]
    return min(least for least, _ in gaps), None if None in mosts else max(m for m in mosts if m is not None)


def _no_pattern(text: str, number: int, why: str) -> PatternSyntaxError:
    return PatternSyntaxError(f"{text!r} is no pattern: part {number}: {why}")


def _parse_gap(found: re.Match[str], text: str, number: int) -> Gap:
    least, most = int(found[1]), int(found[2]) if found[2] else None
    if found[0] != _render_gap((least, most)):
        raise _no_pattern(text, number, f"write {_render_gap((least, most)) or 'nothing'} for {found[0]}")
    if most is not None and least > most:
        raise _no_pattern(text, number, f"the least of {found[0]} is above its most; swap them")
    return least, most


def _parse_constant(token: str, text: str, number: int) -> Constant:
    if token[0] == "\\":
        if not _needs_backslash(token[1:]):
            raise _no_pattern(text, number, f"the backslash in front of {token[1:]!r} is not needed; remove it")
        return token[1:]
    if not _LOOKS_LIKE_ALTERNATIVES.fullmatch(token):
        if "\\" in token:
            raise _no_pattern(text, number, f"{token!r} has a backslash; write one more in front of the word")
        return token
    words, at, end = [], 1, len(token) - 1
    while at <= end:
        found = _ALTERNATIVE.match(token, at, end)
        words.append(found[0] if found else "")
        at = (found.end() if found else at) + 1
        if at <= end and token[at - 1] != "|":
            raise _no_pattern(text, number, f"{token!r}: inside alternatives a backslash stands before \\ or | alone")
    plain = tuple(re.sub(r"\\([\\|])", r"\1", word) for word in words)
    if len(plain) < 2 or not all(plain) or list(plain) != sorted(set(plain)):
        raise _no_pattern(text, number, f"{token!r}: alternatives are two or more, distinct, ascending, not empty")
    return plain


def alternatives(constant: Constant) -> tuple[str, ...]:
    """Return the words of which a constant is one: its alternatives, or the one word that it is."""
    return (constant,) if isinstance(constant, str) else constant


def _needs_backslash(word: str) -> bool:
    return "\\" in word or bool(_GAP.fullmatch(word) or _LOOKS_LIKE_ALTERNATIVES.fullmatch(word))


def _render_constant(constant: Constant) -> str:
    if isinstance(constant, str):
        return "\\" + constant if _needs_backslash(constant) else constant
    return "(" + "|".join(re.sub(r"([\\|])", r"\\\1", word) for word in constant) + ")"


def _render_gap(gap: Gap) -> str:
    least, most = gap
    if gap == NO_GAP:
        return ""
    return f"*{{{least},{'' if most is None else most}}}"


def _count(gap: Gap) -> str:
    least, most = gap
    return f"{{{least},{'' if most is None else most}}}"


def _one_of(constant: Constant) -> str:
    if isinstance(constant, str):
        return re.escape(constant)
    return "(?:" + "|".join(re.escape(word) for word in constant) + ")"
