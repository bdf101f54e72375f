"""
Dead letters: what cannot become an event, kept in files or in a topic of Kafka, listed, replayed and dropped.

    a task      ─► DeadLetters ─► files, topic ─► LetterBox ─► list
    source, sink                                  └─► bundles ─► replay (streaming/replay.py) ─► settled
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Final, NamedTuple, Protocol

from streaming.dead_letters.letter import KeptLetter
from streaming.source import DeadLetter


class DeadLetters(Protocol):
    """Keeps dead letters. It pickles: tasks have it."""

    def start(self) -> None:
        """
        Make ready.

        Raises:
            SinkError: They cannot be kept.
        """

    def begin(self, batch: int) -> None:
        """Forget what an earlier try of the batch left."""

    def part(self, batch: int, part: int, planned_at: int) -> AbstractContextManager[Callable[[DeadLetter], None]]:
        """Open a task's part of a batch; all its letters are kept when the block has ended well."""


BUNDLE: Final = 10_000
"""Letters that are settled together, or some more: what a replay that is killed does again at most."""

Damaged = Callable[[str, str], None]
"""Takes where something stands that is no letter, and why it is none."""


class Failure(NamedTuple):
    """Why a letter still cannot become an event."""

    reason: str
    detail: str


class Bundle(Protocol):
    """Letters that are settled together."""

    def letters(self) -> Iterator[KeptLetter]:
        """Yield them, once, before the next bundle is asked for."""

    def settle(self, done: Collection[str], failed: Mapping[str, Failure], how: str) -> None:
        """
        Take those out that are done with; all else stays as it is.

        Args:
            done: Their ids.
            failed: Those that stay with another reason, by id; of them some may be in `done` too.
            how: What was done, a word.

        Raises:
            SinkError: They cannot be taken out; another try doubles nothing.
        """


class LetterBox(Protocol):
    """The letters that are there."""

    def letters(self, damaged: Damaged) -> Iterator[KeptLetter]:
        """
        Yield all letters, each id once, the newest last; a letter whose file is removed meanwhile may be left out.

        Raises:
            StreamingError: They cannot be read.
        """

    def bundles(self, wanted: Callable[[KeptLetter], bool], damaged: Damaged) -> Iterator[Bundle]:
        """
        Yield bundles of those that are wanted; each letter is asked for once.

        Raises:
            StreamingError: They cannot be read.
        """
