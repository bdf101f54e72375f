"""
Step by step: what tasks counted, and time that passes → alerts of lines of known kinds, and the state after it.

Steps are batches, and looks at the clock where no batch comes. What a step does follows from the state before it, the
time of its batch's record, what was counted and the set; so a replay tells the same.

*Sure.* A batch that took less than half of what it may take has taken all that was there when it was planned: only then
silence is judged. A look finds that there was nothing to take.

*Gaps.* A stream that did not run has listened to nothing. Where the last step is longer ago than steps ever are, no
silence is told of that time: heartbeats have their whole period again, and hours of the gap are closed without a word.
The same holds after the source was silent and was told so.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from patterns.timestamps import SECOND
from streaming.config import StreamingConfig
from streaming.sets import LiveSet
from streaming.unusual import rates, silence, values
from streaming.unusual.counting import HOUR, Counted
from streaming.unusual.state import StateFile, Step, Tables
from streaming.unusual.telling import Telling
from streaming.unusual.usual import Usual

LOOK_SECONDS: Final = 30
"""Between two looks at the clock: each is a row of the state."""

GAP_SECONDS: Final = 120
"""Beside the time between batches: longer ago than that is no step of a stream that runs."""

_FULL: Final = 0.5

_AT: Final = "at"


class Watch:
    """Tells what is unusual, of a stream that holds the checkpoint."""

    def __init__(self, config: StreamingConfig, folder: Path, waits: float) -> None:
        """
        Make ready; nothing is read yet.

        Args:
            config: conf/streaming.toml.
            folder: Of what is kept beside the checkpoint.
            waits: For how many seconds the source may leave lines.
        """
        self._alerts, self._source = config.alerts, config.source.name
        self._delay = round((config.seconds_between_batches + waits) * SECOND)
        self._gap = self._delay + GAP_SECONDS * SECOND
        self._file = StateFile(folder)
        self._step: Step = (-1, 0)

    def judge(
        self, batch: int, planned_at: int, counted: Counted, lines: int, live: LiveSet, admits: Callable[[int], bool]
    ) -> Telling:
        """
        Return what is told of a batch; `keep` keeps the state after it.

        Args:
            batch: Its number.
            planned_at: In microseconds since 1970.
            counted: What tasks counted.
            lines: Of it, of any kind.
            live: What it was judged by.
            admits: Takes one of the alerts of an hour, and says whether there was one left.

        Raises:
            CheckpointError: The state cannot be read or written.
        """
        self._step = batch, 0
        tables = self._file.before(batch)
        telling = self._telling(planned_at, live, tables, admits)
        self._take(live.usual, telling)
        since = self._listened(telling)
        if lines and tables.get(_AT, "quiet", 0):
            tables.drop(_AT, "quiet")
            telling.counts["heard_again"] += 1
            since = planned_at
            tables.put(_AT, "since", since)
        rates.add(counted, live.usual, telling)
        silence.hear(counted, live.usual, telling, tables.get(_AT, "gap", 0))
        values.tell(counted, live.usual, telling)
        is_sure = counted.fullness < _FULL
        if is_sure:
            silence.look(live.usual, telling, planned_at, since)
        rates.close(live.usual, telling, planned_at if is_sure else 0, since=since)
        if lines:
            tables.put(_AT, "lines", planned_at)
        return telling

    def look(self, now: int, live: LiveSet) -> Telling:
        """
        Return what is told since no batch came; `keep` keeps the state after it. All batches must be committed.

        Args:
            now: In microseconds since 1970.
            live: What the last batch was judged by.

        Raises:
            CheckpointError: The state cannot be read or written.
        """
        (batch, looks), tables = self._file.after_last()
        self._step = batch, looks + 1
        left = iter(range(self._alerts.per_hour))
        now = max(now, tables.get(_AT, "alive", 0))
        telling = self._telling(now, live, tables, lambda _time: next(left, None) is not None)
        self._take(live.usual, telling)
        since, idle_since = self._listened(telling), tables.get(_AT, "lines", 0)
        sure_until, quiet = telling.now - self._delay, tables.get(_AT, "quiet", 0)
        if not quiet and idle_since:
            is_silent = silence.look_at_source(live.usual, telling, sure_until, since, idle_since)
            rates.close(live.usual, telling, sure_until, since=since, idle_since=idle_since)
            if is_silent or telling.counts["unusual_silent_source"]:
                tables.put(_AT, "quiet", now)
        return telling

    def keep(self) -> None:
        """
        Keep the state after the step, durably.

        Raises:
            CheckpointError: The disk refuses.
        """
        self._file.keep(self._step)

    def _telling(self, now: int, live: LiveSet, tables: Tables, admits: Callable[[int], bool]) -> Telling:
        return Telling(self._alerts, self._source, live.version, now, tables, live.find, admits)

    def _take(self, usual: Usual, telling: Telling) -> None:
        """Forget what is known of pairs that are usual no more, where other ones are now."""
        if telling.tables.get(_AT, "revision", "") != usual.revision:
            for each in (rates, silence, values):
                each.keep_known(usual, telling)
            telling.tables.put(_AT, "revision", usual.revision)
            # From then on pairs are counted that were not before.
            telling.tables.put(_AT, "taken", telling.now // HOUR)

    def _listened(self, telling: Telling) -> int:
        """Return since when the stream has listened without a gap, and note that it listens now."""
        tables, now = telling.tables, telling.now
        alive, since = tables.get(_AT, "alive", 0), tables.get(_AT, "since", 0)
        if now - alive > self._gap:
            since = now
            tables.put(_AT, "since", since)
            tables.put(_AT, "gap", since)
        tables.put(_AT, "alive", now)
        return since
