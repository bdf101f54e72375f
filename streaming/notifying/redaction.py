"""
Which words of a line may leave: those that enough lines of a training have.

A word's lines are added up over the patterns that have it as a constant; what stands in a gap, is one of several
alternatives, or belongs to no pattern counts nothing. So a word is never held for more frequent than it is, and a name
or a password that the training saw often, but in a place that varies, is masked all the same. A scope's lines are those
of its patterns.
"""

import logging
import threading
from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple

from patterns.errors import PatternsError, PatternSyntaxError
from patterns.language import parse
from patterns.pattern_set import KnownPattern
from patterns.store import Store
from patterns.words import CLASS_RUN

_log = logging.getLogger("logwinnow")

_NOTHING: Final = frozenset[str]()


class Frequent(NamedTuple):
    """What may leave: words, and scopes."""

    words: frozenset[str] = _NOTHING
    scopes: frozenset[str] = _NOTHING

    @classmethod
    def of(cls, patterns: Iterable[KnownPattern], least: int) -> "Frequent":
        """Return the words and scopes of at least so many lines. Cost: one pass, memory for the words."""
        words: Counter[str] = Counter()
        scopes: Counter[str] = Counter()
        for known in patterns:
            scopes[known.scope] += known.support
            # Once a line, however often it stands there.
            words.update(dict.fromkeys((c for c in known.pattern.constants if isinstance(c, str)), known.support))
        return cls(
            frozenset(word for word, lines in words.items() if lines >= least),
            frozenset(scope for scope, lines in scopes.items() if lines >= least),
        )

    def shape(self, text: str) -> str:
        """Return a shape with each further word as a class word; a run of them is one."""
        return _joined(word if word in self.words else CLASS_RUN for word in text.split(" "))

    def pattern(self, text: str) -> str:
        """Return the text of a pattern with each further constant as a class word, for people: it may be none then."""
        return _joined(token if self._is_gap_or_frequent(token) else CLASS_RUN for token in text.split(" "))

    def scope(self, name: str) -> str:
        """Return the scope, or how a class word reads."""
        return name if name in self.scopes else CLASS_RUN

    def _is_gap_or_frequent(self, token: str) -> bool:
        try:
            constants = parse(token).constants
        except PatternSyntaxError:
            # The end of a text that was cut.
            return False
        return all(constant in self.words for constant in constants)


def _joined(words: Iterable[str]) -> str:
    kept: list[str] = []
    for word in words:
        if word != CLASS_RUN or kept[-1:] != [CLASS_RUN]:
            kept.append(word)
    return " ".join(kept)


class Redactor:
    """Finds what may leave by the set that a line was judged by; several threads may use it."""

    def __init__(self, store: Store, least: int) -> None:
        """Mask what less than `least` lines of a training have; nothing is read yet."""
        self._store, self._least = store, least
        self._lock = threading.Lock()
        self._version = ""
        self._frequent = Frequent()

    def by(self, version: str) -> Frequent:
        """
        Return what may leave of a line that was judged by a version of the set: nothing, where that is not there.

        Cost: reads a set where it is another one than the last time.
        """
        with self._lock:
            if version != self._version:
                try:
                    self._frequent = Frequent.of(self._store.read(version).patterns.patterns, self._least)
                except PatternsError as error:
                    _log.warning("notify_masks_all", extra={"facts": {"set": version, "error": str(error)}})
                    self._frequent = Frequent()
                self._version = version
            return self._frequent
