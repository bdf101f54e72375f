"""
Dead letters judged again, without Spark: by the present pattern set and decisions, as the source reads them now.

    letter box ─► bundle ─► source ─► LineJudge ─► events in the sink
                                      └─► counts, outlier shapes ─► alerts ─► sink ─► bundle settled

Each of a bundle's steps may be done again: events and alerts have the ids that the stream would give them, and what is
settled comes last. Letters of batches that the stream may still judge again are left to it.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from patterns.decided import decided
from patterns.judge import Judge
from patterns.store import Store
from streaming.alerts import HOUR, AlertBook, AlertState
from streaming.batches import BatchLog
from streaming.config import StreamingConfig
from streaming.dead_letters import Bundle, Damaged, Failure
from streaming.dead_letters.kinds import box_of
from streaming.dead_letters.letter import KeptLetter
from streaming.job import sink_of, source_of
from streaming.line_judge import LineJudge
from streaming.sink import Sink
from streaming.sink.late import LateEvents, late_events
from streaming.source import DeadLetter, Source
from streaming.tally import Tally

EXAMPLES: Final = 5
"""Letters that failed again of which the reason is kept, to be shown."""

Report = Callable[[int], None]
"""Called with the number of letters that were taken so far."""


@dataclass
class Outcome:
    """
    What became of the letters.

    Attributes:
        done: Letters that are done with: events now, or dropped; those that were kept twice count once.
        alerts: New alerts.
        alerts_held_back: Shapes over the cap of an hour.
        failed: Letters that stay, by the reason why.
        examples: Some of them.
        left: Letters that were not taken, by why: `empty`, `unfinished`, `other_source`, `other_reason`.
    """

    done: int = 0
    alerts: int = 0
    alerts_held_back: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    examples: list[DeadLetter] = field(default_factory=list)
    left: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Choice:
    """
    Which letters are taken.

    Attributes:
        kind: Of the source.
        source: Its name.
        stream: The stream's name.
        committed: The last of its batches that is never judged again.
        reason: Of the letters; None for any.
        empty: Whether those without bytes are taken.
    """

    kind: str
    source: str
    stream: str
    committed: int
    reason: str | None
    empty: bool

    def leaves(self, letter: KeptLetter) -> str | None:
        """Return why a letter is not taken; None if it is."""
        if (letter.kind, letter.source) != (self.kind, self.source):
            return "other_source"
        if self.reason is not None and letter.reason != self.reason:
            return "other_reason"
        if letter.stream == self.stream and letter.batch > self.committed:
            return "unfinished"
        if letter.raw is None and not self.empty:
            return "empty"
        return None


def replay(config: StreamingConfig, reason: str | None, damaged: Damaged, report: Report) -> Outcome:
    """
    Judge the letters of the configured source again; those that become events are taken out.

    Args:
        config: conf/streaming.toml.
        reason: Of the letters to take; None for any.
        damaged: Is told what is no letter; it stays.
        report: Is told how far it is.

    Raises:
        LogwinnowError: What went wrong, and how to mend it; run again, a replay goes on where it was.

    Cost: holds the ids of the letters, and one line.
    """
    with _choosing(config, reason, empty=False) as (log, choice):
        store = Store(config.patterns.store)
        stored = store.read()
        judge = Judge(decided(stored.patterns, store.decisions().active(time.time_ns() // 1000)))
        sink = sink_of(config, log.stream_id())
        sink.start()
        late = late_events(sink, log.folder / "replay.json", log.planned_last)
        box = box_of(config.dead_letters)
        if late.unfinished():
            late.look_up({letter.id for letter in box.letters(_say_nothing) if choice.leaves(letter) is None})
        outcome = Outcome()
        worker = _Replay(config, stored.version, judge, source_of(config), sink, late, outcome, report)
        for bundle in box.bundles(_wanted(choice, outcome), damaged):
            worker.take(bundle)
        late.close()
        return outcome


def drop(config: StreamingConfig, reason: str, damaged: Damaged) -> Outcome:
    """
    Take letters of the configured source out for good.

    Args:
        config: conf/streaming.toml.
        reason: Of the letters.
        damaged: Is told what is no letter; it stays.

    Raises:
        LogwinnowError: What went wrong, and how to mend it.
    """
    with _choosing(config, reason, empty=True) as (_, choice):
        outcome = Outcome()
        for bundle in box_of(config.dead_letters).bundles(_wanted(choice, outcome), damaged):
            ids = {letter.id for letter in bundle.letters()}
            bundle.settle(ids, {}, "dropped")
            outcome.done += len(ids)
        return outcome


@contextmanager
def _choosing(config: StreamingConfig, reason: str | None, *, empty: bool) -> Iterator[tuple[BatchLog, Choice]]:
    """Hold the letters against other replays; yield the log of the stream's batches, and which letters are taken."""
    log = BatchLog(config.checkpoint)
    with log.held("replay.lock", "replay"):
        source = config.source
        yield log, Choice(source.kind, source.name, log.stream_id(), log.committed(), reason, empty)


def _wanted(choice: Choice, outcome: Outcome) -> Callable[[KeptLetter], bool]:
    """Return what says whether a letter is taken, and counts those that are not."""

    def wanted(letter: KeptLetter) -> bool:
        left = choice.leaves(letter)
        if left is not None:
            outcome.left[left] += 1
        return left is None

    return wanted


def _say_nothing(_place: str, _why: str) -> None:
    pass


@dataclass
class _Replay:
    """Takes bundle by bundle."""

    config: StreamingConfig
    version: str
    judge: Judge
    source: Source
    sink: Sink
    late: LateEvents
    outcome: Outcome
    report: Report
    _alerts: AlertState = field(default_factory=AlertState)
    _taken: set[str] = field(default_factory=set)

    def take(self, bundle: Bundle) -> None:
        """Judge the letters of a bundle, tell their outliers, and settle it."""
        tally, failed, ids, before = Tally(), dict[str, Failure](), set[str](), len(self._taken)
        planned_at = 0

        def bury(letter: DeadLetter) -> None:
            failed[letter.event_id] = Failure(letter.reason, letter.detail)
            if len(self.outcome.examples) < EXAMPLES:
                self.outcome.examples.append(letter._replace(raw=None))

        with self.late.part(bury) as writer:
            for kept in bundle.letters():
                ids.add(kept.id)
                # Another stream of the same lines may have kept it too.
                if kept.id not in self._taken:
                    self._taken.add(kept.id)
                    line = self.source.again(kept.letter, self.judge.rules)
                    if isinstance(line, DeadLetter):
                        bury(line)
                    else:
                        # As its batch would have been judged.
                        planned_at = max(planned_at, kept.planned_at)
                        self._lines(kept.planned_at).write([line], writer, tally)
                self.report(len(self._taken))
        self._tell(tally, planned_at)
        bundle.settle(ids, failed, "replayed")
        # Of a letter that failed, the next one with its id is to be tried, and kept, as well.
        self._taken -= failed.keys()
        self.outcome.failed.update(failure.reason for failure in failed.values())
        self.outcome.done += len(self._taken) - before

    def _lines(self, planned_at: int) -> LineJudge:
        max_age = self.config.alerts.max_age_hours * HOUR
        return LineJudge(self.judge, self.config.source.name, self.version, planned_at, max_age)

    def _tell(self, tally: Tally, planned_at: int) -> None:
        """Write the alerts of a bundle's outliers: those that the stream would write, if it did not yet."""
        book = AlertBook(self.config.alerts, self.config.source.name, self.version, self._alerts)
        further, too_old = tally.counts["outliers_of_further_shapes"], tally.counts["outliers_too_old"]
        made = book.tell(tally.shapes.values(), further, tally.record_time or 0, too_old=too_old, now=planned_at)
        self.outcome.alerts += self.sink.write_alerts(made)
        self.outcome.alerts_held_back += book.held_back
        self._alerts = book.close()
