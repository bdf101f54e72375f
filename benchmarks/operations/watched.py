"""The product with baselines: what its stream tells of lines of known kinds, beside its alerts of new ones."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, cast

from pyspark import Broadcast

from benchmarks.operations.detectors import Alert, Day, Line
from benchmarks.operations.ours import BATCH, Ours
from patterns.decisions import Decisions
from patterns.rules import Rules
from patterns.timestamps import SECOND, microseconds
from streaming.config import AlertsConfig, HeartbeatConfig, RateConfig, StreamingConfig, TriggerConfig, ValueConfig
from streaming.documents import event
from streaming.sets import LiveSet
from streaming.source import SourceLine
from streaming.unusual.counting import Counted, Counting, merged
from streaming.unusual.documents import VALUE
from streaming.unusual.telling import Telling
from streaming.unusual.usual import Usual
from streaming.unusual.watch import Watch

_ALERTS = AlertsConfig(
    rate=RateConfig(enabled=True), heartbeat=HeartbeatConfig(enabled=True), value=ValueConfig(enabled=True)
)


class Watched:
    """The alerts of ours, who learns baselines and is played, too, and before; and what the stream's watch tells."""

    def __init__(self, name: str, how: str, folder: Path, of: Ours) -> None:
        """Make ready; the folder is for what the watch keeps, `of` learns, and has its nights."""
        self.name, self.how = name, how
        self._of = of
        self._watch = Watch(
            StreamingConfig(alerts=_ALERTS, trigger=TriggerConfig(seconds=BATCH / SECOND)), folder, waits=0.0
        )
        self._batch = -1

    def learn(self, days: Sequence[Day]) -> None:
        """The other one does."""

    def judge(self, day: Day) -> Iterator[Alert]:
        """Yield both, in time order; each minute is a batch, and where it has no line a look at the clock."""
        yield from sorted([*self._of.told, *self._unusual(day)], key=attrgetter("time"))

    def night(self, day: Day) -> None:
        """The other one has it."""

    def _unusual(self, day: Day) -> Iterator[Alert]:
        live = self._live()
        minutes = {minute: list(lines) for minute, lines in groupby(day.lines, key=lambda line: line.time // BATCH)}
        for minute in range(min(minutes), day.end // BATCH):
            now = (minute + 1) * BATCH
            for alert in self._step(now, minutes.get(minute, []), live).alerts:
                yield _alert(alert.document, now, day)

    def _step(self, now: int, lines: Sequence[Line], live: LiveSet) -> Telling:
        if lines:
            self._batch += 1
            counted = self._counted(now, lines, live)
            # No hour has anything near its most alerts.
            told = self._watch.judge(self._batch, now, counted, len(lines), live, lambda _time: True)
        else:
            told = self._watch.look(now, live)
        self._watch.keep()
        return told

    def _live(self) -> LiveSet:
        stored, baselines = self._of.newest()
        patterns = stored.patterns.patterns
        # Tasks judge by what is broadcast; here there are none.
        none = cast("Broadcast[tuple[str, bytes, bytes, bytes]]", None)
        usual = Usual.of(baselines, _ALERTS)
        find = {known.id: known for known in patterns}.get
        return LiveSet(stored.version, none, Rules(), Decisions(), len(patterns), frozenset(), usual, None, find)

    def _counted(self, now: int, lines: Sequence[Line], live: LiveSet) -> Counted:
        """Return what a task counts of a batch."""
        if not live.usual.encoded:
            return merged([])
        judge, counting = self._of.judging(), Counting(live.usual.encoded, now)
        for line in lines:
            one = SourceLine(line.data, b"", line.time, str(line.number), "", line.number, {})
            judgement = judge.judge(line.data, line.time)
            parameters = judge.parameters(judgement)
            document = event(judgement, parameters, one, source=self.name, created="", version=live.version)
            document["event"]["id"] = str(line.number)
            counting.add(judge, judgement, parameters, one, line.time, document)
        return merged([counting.encode()])


def _alert(document: dict[str, Any], now: int, day: Day) -> Alert:
    """Return an alert of a day as others can be compared with it."""
    ours = document["logwinnow"]
    host, program = document.get("host", {}).get("name", ""), ours.get("scope", "")
    if ours["kind"] == VALUE:
        number = int(document["event"]["first_event_id"])
        time = day.lines[number - day.lines[0].number].time
        return Alert(time, number, VALUE, host, program, text=ours["explain"])
    since = ours.get("hour") or ours.get("last")
    begin = microseconds(datetime.fromisoformat(since)) if since else None
    return Alert(now, None, ours["kind"], host, program, begin, document["message"])
