"""
Message → words → shape: the one place where a message is taken apart.

    "Accepted password for root from 10.0.0.7 port 4022"
     words   Accepted password for root from 10.0.0.7 port 4022
     classes                              number         number
     shape   Accepted password for root from <*> port <*>

*Word* (default rules): white space and ``, ; ( ) [ ] { }`` separate; ``key=`` is one word and its value the next.
*Class word*: variable by its looks, never a constant. *Shape*: the words joined by one space, each run of class
words as one ``<*>``. Lines of one scope and shape are judged alike, so a shape is what is mined, cached and alerted.

A message whose words are all class words would have no constant at all. Of those that have a digit, the part before
the first digit then stays as a constant if it has three letters or more and is no class word itself:
``retries:15`` reads ``retries: <*>``; and a key of one or two letters and as many digits stays whole, so that a
dump of registers, ``r24=0x0f r25=0x03``, reads ``r24= <*> r25= <*>``. A severity in front (patterns/severity.py) makes
no difference to that: ``INFO retries:15`` reads ``INFO retries: <*>``. What is blank or has no constant even so is
*unjudged* (see `Splitter.unjudged`).

``raw`` rules, for comparison with slct and logcluster.pl: ASCII white space alone separates, no word is a class word.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate
from typing import Final, NamedTuple

from patterns.linear import compile_linear
from patterns.severity import SEVERITIES

CLASS_RUN: Final = "<*>"
"""How a run of class words reads in a shape; as a word of a message it is a class word itself."""

SEPARATORS: Final = r"\s,;()\[\]{}"
"""What separates words by the default rules, written for inside a regular expression's brackets."""

DEFAULT_CLASSES: Final[Mapping[str, str]] = {
    "number": r"\S*[0-9]\S*",
    "calendar": r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|Mon|Tue|Wed|Thu|Fri|Sat|Sun)[.,]?",
    "unit": r"[KMGTP]?i?B|[num]?secs?|ms|ns",
    "path": r"/\S*|\W*/\S*/\S*",
    "dotted_name": r"\S*\w\.\w\S*\.\w\S*",
    "qualified_name": r"\S*\w:\w[^:\s]*\.\w\S*",
    "mail_address": r"\S*\w@\w[^@\s]*\.\w\S*",
    "hexadecimal": r"[0-9a-f]{8,}",
}
"""
Name → regular expression that the whole word must match. Each runs in linear time in Python's `re` too: whatever
follows a greedy part fails at most twice before the expression matches or cannot match at all, or (behind a colon or an
@) reads no further than to the next one.
"""

_DEFAULT_WORD = rf"[^{SEPARATORS}=]+=?|="
_RAW_WORD = r"\S+"
_RUN_OF_RUNS = re.compile(r"(?<![^ ])<\*>(?: <\*>)+(?![^ ])")
_WITHOUT_CONSTANT = frozenset([CLASS_RUN, *(f"{severity} {CLASS_RUN}" for severity in SEVERITIES)])
_BEFORE_DIGIT = re.compile(r"[^0-9]*")
_NAME_PART = re.compile(r"[^/\s]+", re.ASCII)
_NUMBERED_KEY = re.compile(r"[A-Za-z]{1,2}[0-9]{1,2}=")
_REMEMBERED_WORDS = 1_000_000
_REMEMBERED_LENGTH = 128
_REMEMBERED_RUNS = 10_000
_REMEMBERED_RUN_LENGTH = 1_024
_VARIABLE_IN_NAMES = ("number", "hexadecimal")


@dataclass(frozen=True, slots=True)
class WordRules:
    r"""
    How messages are taken apart; part of a pattern set, since judging must use the rules of mining.

    Attributes:
        raw: ASCII white space alone separates and `classes` are not used.
        classes: Name → RE2 regular expression that a whole class word matches; ``\s \w \d`` mean ASCII.
    """

    raw: bool = False
    classes: Mapping[str, str] = field(default_factory=lambda: dict(DEFAULT_CLASSES))


class Slice(NamedTuple):
    """One word of a shape and the characters [start, end) of the message that it stands for."""

    text: str
    start: int
    end: int


class TakenApart(NamedTuple):
    """
    A message taken apart.

    Attributes:
        pieces: What stands before the first word, the word, what stands before the next, and so on to what is last:
            together they are the message.
        words: As they read in a shape, joined by one space; a run of class words is not one yet.
        shape: ``""`` when blank, ``<*>`` when it has no constant.
    """

    pieces: list[str]
    words: str
    shape: str


def linear_matcher(name: str, expression: str) -> Callable[[str], bool]:
    """
    Compile a regular expression that words of hostile lines may meet, into a test of the whole word.

    Raises:
        RulesError: RE2 does not take the expression (a look-around or a back-reference, say).
    """
    if DEFAULT_CLASSES.get(name) == expression:
        # `re` is some ten times faster to call than RE2, and for these it is linear.
        whole = re.compile(expression, re.ASCII).fullmatch
        return lambda word: whole(word) is not None
    compiled = compile_linear(expression, f"word class {name!r}")
    return lambda word: compiled.fullmatch(word) is not None


# Slice(…) takes three times as long, which would be most of what finding a line's parameters costs.
_slice = tuple.__new__


def cut_out(gaps: Iterable[tuple[int, int]], slices: Sequence["Slice"], message: str) -> list[str]:
    """Return parts of a message, each from one slice to before another; an empty one is ``""``."""
    return [message[slices[start].start : slices[end - 1].end] if end > start else "" for start, end in gaps]


class _Shown(dict[str, str]):
    """Word → how it reads in a shape; decided once a distinct word, forgotten as a whole when too many."""

    def __init__(self, is_class: Callable[[str], bool]) -> None:
        super().__init__()
        self._is_class = is_class

    def __missing__(self, word: str) -> str:
        shown = CLASS_RUN if self._is_class(word) else word
        if len(word) <= _REMEMBERED_LENGTH:
            if len(self) >= _REMEMBERED_WORDS:
                self.clear()
            self[word] = shown
        return shown


class Splitter:
    """Takes messages apart by `rules`. Not thread-safe; cheap enough for one a task."""

    def __init__(self, rules: WordRules) -> None:
        """Raises RulesError for a class that cannot be compiled."""
        self.rules = rules
        self._word = re.compile(f"({_RAW_WORD if rules.raw else _DEFAULT_WORD})", re.ASCII)
        self._classes = {} if rules.raw else {n: linear_matcher(n, e) for n, e in rules.classes.items()}
        # One expression takes a third of the time of six, and nearly every set has these classes alone.
        shipped = [] if rules.raw else [e for n, e in rules.classes.items() if DEFAULT_CLASSES.get(n) == e]
        self._shipped = re.compile("|".join(f"(?:{e})" for e in shipped), re.ASCII).fullmatch if shipped else None
        self._others = [test for name, test in self._classes.items() if rules.classes[name] not in shipped]
        self._shown = _Shown(self.is_class)

    def is_class(self, word: str) -> bool:
        """Tell whether a word is variable by its looks; never by the raw rules."""
        if self.rules.raw:
            return False
        if word == CLASS_RUN or (self._shipped is not None and self._shipped(word) is not None):
            return True
        return any(matches(word) for matches in self._others)

    def classes_of(self, text: str) -> list[str]:
        """Return for each class word of a text the name of its class, the first that takes it; a ``<*>`` is its own."""
        return [
            next((name for name, takes in self._classes.items() if takes(word)), CLASS_RUN)
            for word in self._word.split(text)[1::2]
            if self.is_class(word)
        ]

    def unjudged(self, shape: str) -> str | None:
        """Return why a shape is not judged, ``blank`` or ``no_constant``, or None for one that is."""
        if not shape:
            return "blank"
        return "no_constant" if shape == CLASS_RUN and not self.rules.raw else None

    def shape(self, message: str) -> str:
        """Return the shape of a message: ``""`` when blank, ``<*>`` when it has no constant."""
        return self.take_apart(message).shape

    def take_apart(self, message: str) -> TakenApart:
        """Return the words of a message, and its shape."""
        pieces = self._word.split(message)
        words = shape = " ".join(map(self._shown.__getitem__, pieces[1::2]))
        if self.rules.raw:
            return TakenApart(pieces, words, shape)
        if "<*> <*>" in words:
            shape = _RUN_OF_RUNS.sub(CLASS_RUN, words)
        if shape in _WITHOUT_CONSTANT:
            shape = " ".join(part.text for part in self._with_constants(pieces))
        return TakenApart(pieces, words, shape)

    def slices(self, message: str) -> list[Slice]:
        """Return the words of the shape in order, each with the characters of the message it stands for."""
        pieces = self._word.split(message)
        found: list[Slice] = []
        before, joins = "", not self.rules.raw
        for word, start, end in _placed(pieces):
            text = self._shown[word]
            if text == before == CLASS_RUN and joins:
                found[-1] = _slice(Slice, (CLASS_RUN, found[-1][1], end))
            else:
                found.append(_slice(Slice, (text, start, end)))
            before = text
        without = joins and len(found) <= 2 and " ".join(word.text for word in found) in _WITHOUT_CONSTANT
        return self._with_constants(pieces) if without else found

    def cut_out(self, apart: TakenApart, gaps: Iterable[tuple[int, int]]) -> list[str]:
        """
        Return some parts of a message as they stand in it.

        Args:
            apart: The message, as `take_apart` returned it.
            gaps: For each part the index of its first word of the shape, and one past its last; an empty one is ``""``.
        """
        pieces, words, shape = apart
        firsts = None
        if words != shape:
            firsts = (_first_words if len(words) <= _REMEMBERED_RUN_LENGTH else _find_first_words)(words)
        if firsts is not None:
            gaps = [(firsts[start], firsts[end]) for start, end in gaps]
        elif words != shape:
            # What of a word stays as a constant is no piece.
            message = "".join(pieces)
            return cut_out(gaps, self.slices(message), message)
        return [
            pieces[2 * start + 1] if end == start + 1 else "".join(pieces[2 * start + 1 : 2 * end])
            for start, end in gaps
        ]

    def _with_constants(self, pieces: Sequence[str]) -> list[Slice]:
        """
        Return the slices of a message with what stays of its class words as constants.

        All its words are class words, but for a severity in front.
        """
        found: list[Slice] = []
        for word, start, end in _placed(pieces):
            for part in self._keep_constant(word, start, end):
                if found and part.text == found[-1].text == CLASS_RUN:
                    found[-1] = Slice(CLASS_RUN, found[-1].start, part.end)
                else:
                    found.append(part)
        return found

    def scope(self, program: str) -> str:
        """
        Return the scope of a program: its name with the parts that vary masked, ``docker/3f2a90c1`` as ``docker/<*>``.

        Parts are what ``/`` and white space separate. Only digits and hexadecimal letters mark a part as variable (a
        name with dots is a name), and what stands before the first digit stays if it has three letters: ``worker-17``,
        ``worker-<*>``.
        """
        return _NAME_PART.sub(lambda part: self._masked_name(part[0]), program)

    def _masked_name(self, part: str) -> str:
        tests = [self._classes[name] for name in _VARIABLE_IN_NAMES if name in self._classes]
        if not any(matches(part) for matches in tests):
            return part
        prefix = self._kept_prefix(part)
        return prefix + CLASS_RUN

    def _kept_prefix(self, word: str) -> str:
        found = _BEFORE_DIGIT.match(word)
        prefix = found[0] if found else ""
        letters = sum(c.isascii() and c.isalpha() for c in prefix)
        return prefix if len(prefix) < len(word) and letters >= 3 and not self.is_class(prefix) else ""

    def _keep_constant(self, word: str, start: int, end: int) -> list[Slice]:
        if self._shown[word] != CLASS_RUN:
            return [Slice(word, start, end)]
        prefix = self._kept_prefix(word)
        if not prefix:
            return [Slice(word if _NUMBERED_KEY.fullmatch(word) else CLASS_RUN, start, end)]
        cut = start + len(prefix)
        return [Slice(prefix, start, cut), Slice(CLASS_RUN, cut, end)]


def _placed(pieces: Sequence[str]) -> Iterable[tuple[str, int, int]]:
    """Return the words among the pieces of a message, each with where it stands."""
    ends = list(accumulate(map(len, pieces)))
    return zip(pieces[1::2], ends[::2], ends[1::2], strict=False)


def of_class_words_alone(words: str) -> bool:
    """Tell whether words by the default rules, as `TakenApart` has them, are class words, but for a severity before."""
    texts = words.split(" ")
    return set(texts[texts[0] in SEVERITIES :]) == {CLASS_RUN}


def _find_first_words(words: str) -> list[int] | None:
    """
    Return for each word of a shape by the default rules, and for its end, the first of the words that it is of.

    Args:
        words: As `TakenApart` has them.

    Returns:
        None where all are class words, but for a severity in front: their shape may have other words.
    """
    if of_class_words_alone(words):
        return None
    texts = words.split(" ")
    firsts = [number for number, text in enumerate(texts) if not (number and text == texts[number - 1] == CLASS_RUN)]
    return [*firsts, len(texts)]


_first_words = lru_cache(maxsize=_REMEMBERED_RUNS)(_find_first_words)
