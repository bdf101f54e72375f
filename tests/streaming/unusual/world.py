"""A stream without Spark: lines are judged and counted as tasks do, steps are taken as the driver does."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import msgspec
from pyspark import Broadcast

from patterns.baselines import Baselines, Heartbeat, Rate, Row, Values
from patterns.decisions import Decisions
from patterns.judge import Judge
from patterns.language import parse
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.rules import Rules
from patterns.timestamps import SECOND
from streaming.alerts import HOUR, AlertBook, AlertState
from streaming.config import AlertsConfig, HeartbeatConfig, RateConfig, StreamingConfig, TriggerConfig, ValueConfig
from streaming.documents import event
from streaming.sets import LiveSet
from streaming.source import SourceLine
from streaming.unusual.counting import Counted, Counting, merged
from streaming.unusual.telling import Telling
from streaming.unusual.usual import Usual
from streaming.unusual.watch import Watch

START = 490_560 * HOUR  # 2025-12-18T00:00Z
MINUTE = 60 * SECOND

PATTERNS = (
    "beat *{1,1} of *{1,1}",
    "state is *{1,1} now",
    "user *{1,1} left",
    "user *{1,1} came",
    "by *{1,3} asked",
)

ON = AlertsConfig(
    rate=RateConfig(enabled=True), heartbeat=HeartbeatConfig(enabled=True), value=ValueConfig(enabled=True)
)


def known(text: str) -> KnownPattern:
    """Return a pattern of program `app`."""
    return KnownPattern("app", parse(text), level=2, support=2, mined_support=2)


def id_of(text: str) -> str:
    """Return the id of a pattern of program `app`."""
    return known(text).id


def rate(text: str, host: str, usual: float, spread: float = 0.0) -> Rate:
    """Return a rate that is the same at all hours."""
    return Rate(pattern=id_of(text), host=host, days=14, hours=((usual, spread),) * 24)


def beat(text: str, host: str, period: float, tolerance: float = 0.0) -> Heartbeat:
    """Return a heartbeat."""
    return Heartbeat(pattern=id_of(text), host=host, period=period, tolerance=tolerance, times=1_000)


def few_values(text: str, gap: int, *values: str) -> Values:
    """Return the values of a parameter."""
    return Values(pattern=id_of(text), gap=gap, values=tuple(sorted(values)), lines=1_000)


def line(time: int, message: str, host: str = "web1") -> tuple[int, str]:
    """Return a line with its own time in microseconds since 1970."""
    moment = datetime.fromtimestamp(time // SECOND, UTC)
    return time, f"{moment:%Y-%m-%dT%H:%M:%S}+00:00 {host} app: {message}"


Line = tuple[int, str]


@dataclass
class World:
    """A stream's steps; the state lies in a folder, and is read again by each `restart`."""

    folder: Path
    rows: Sequence[Row]
    config: AlertsConfig = ON
    seconds: float = 1.0
    sink: dict[str, dict[str, Any]] = field(default_factory=dict)
    batch: int = -1
    state: AlertState = field(default_factory=AlertState)

    def __post_init__(self) -> None:
        """Begin without a state."""
        patterns = PatternSet.of(Rules(), map(known, PATTERNS))
        self.judge = Judge(patterns)
        self._found = {each.id: each for each in patterns.patterns}
        self.learned(self.rows)
        self.restart()

    def learned(self, rows: Iterable[Row]) -> None:
        """Take other baselines from the next step on."""
        self.usual = Usual.of(Baselines.of("2025-12-01", "2025-12-14", 14, rows), self.config)

    def restart(self) -> None:
        """Begin anew with what is on the disk."""
        whole = StreamingConfig(alerts=self.config, trigger=TriggerConfig(self.seconds))
        self.watch = Watch(replace_name(whole), self.folder, 0.0)

    @property
    def live(self) -> LiveSet:
        none = cast("Broadcast[tuple[str, bytes, bytes, bytes]]", None)
        find = self._found.get
        return LiveSet("v1", none, Rules(), Decisions(), 3, frozenset(), self.usual, None, find)

    def counted(self, planned_at: int, tasks: Iterable[Iterable[Line]], fullness: float = 0.0) -> Counted:
        """Return what tasks count of their lines, each with the time at which it came."""
        parts = []
        for number, lines in enumerate(tasks):
            counting = Counting(self.usual.encoded, planned_at)
            counting.fullness = fullness
            for offset, (time, text) in enumerate(lines):
                self._count(counting, SourceLine(text.encode(), b"", time, f"{time}{text}", f"{number}", offset, {}))
            parts.append(counting.encode())
        return merged(parts)

    def _count(self, counting: Counting, one: SourceLine) -> None:
        judgement = self.judge.judge(one.data, one.record_time)
        parameters = self.judge.parameters(judgement)
        document = event(judgement, parameters, one, source="app", created="", version="v1")
        counting.add(self.judge, judgement, parameters, one, one.record_time, document)

    def step(
        self, planned_at: int, *lines: Line, tasks: int = 1, full: bool = False, keep: bool = True, again: bool = False
    ) -> list[dict[str, Any]]:
        """Judge a batch, or the last one again; return the alerts that it told."""
        if not again:
            self.batch += 1
        counted = self.counted(planned_at, [lines[n::tasks] for n in range(tasks)], 0.9 if full else 0.1)
        book = AlertBook(self.config, "app", "v1", self.state)
        overflow = book.tell([], 0, 0)
        telling = self.watch.judge(self.batch, planned_at, counted, len(lines), self.live, book.admits)
        made = [each.document for each in (*overflow, *telling.alerts)]
        if keep:
            self.watch.keep()
            self.state = book.close()
        return self._written(made)

    def look(self, now: int) -> list[dict[str, Any]]:
        """Look at the clock."""
        telling: Telling = self.watch.look(now, self.live)
        self.watch.keep()
        return self._written([each.document for each in telling.alerts])

    def _written(self, made: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for each in made:
            # As a sink does, through JSON.
            self.sink.setdefault(each["event"]["id"], msgspec.json.decode(msgspec.json.encode(each)))
        return made


def replace_name(config: StreamingConfig) -> StreamingConfig:
    """Return the configuration of a source that is called app."""
    return msgspec.structs.replace(config, source=msgspec.structs.replace(config.source, name="app"))


def told(made: Iterable[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return kind and host of alerts."""
    return [(each["logwinnow"].get("kind", "overflow"), each.get("host", {}).get("name", "")) for each in made]


def quiet(**changed: Any) -> AlertsConfig:
    """Return a configuration with all switched on but for what is changed."""
    return msgspec.structs.replace(ON, **changed)
