"""A stream under strain: lines that are skewed, each kind over a topic of its own; and for long near its top rate."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.streaming import skewed
from benchmarks.streaming.exchange import StreamAnswer
from benchmarks.streaming.memory import Memory
from benchmarks.streaming.place import Place
from benchmarks.streaming.process import Program, Within
from benchmarks.streaming.runs import check, moment, records, timed
from benchmarks.training.corpus import Corpus

SHARE_OF_TOP = 0.8

_PATIENCE = 1_800.0
_WITHIN = Within(_PATIENCE, 0.5)
_HEAP_SECONDS = 5.0
_BURSTS = 3
_OVERLOAD_SECONDS = 180
_MOST_SAMPLES = 600


@dataclass(frozen=True, slots=True)
class Strained:
    """
    A run over skewed lines, as it is kept in streaming.json.

    Attributes:
        command: Which of the file's commands made it, from 0.
        name: A key of `skewed.SKEWS`, or ``fleet`` for the lines as they are.
        lines: Of the topic.
        seconds: As a run has them.
        outliers: Of the lines.
        alerts: That were told.
        batches: Seconds of each batch.
        memory: The most that each program held, in MiB.
    """

    command: int
    name: str
    lines: int
    seconds: float = 0.0
    outliers: int = 0
    alerts: int = 0
    batches: list[float] = field(default_factory=list)
    memory: dict[str, float] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Lines a second."""
        return self.lines / self.seconds


@dataclass(frozen=True, slots=True)
class Long:
    """
    A stream for long near its top rate, as it is kept in streaming.json.

    Attributes:
        command: Which of the file's commands made it, from 0.
        minutes: For how many.
        burst: Lines a second that it took while they were sent as fast as they went.
        top: Lines a second that it kept up for minutes, when more came.
        rate: Lines a second that were sent then.
        lines: That were sent at that rate, all of which are documents.
        late: The most seconds that a line was sent too late.
        memory: Who → [seconds since the begin, MiB].
        batches: [seconds since the begin, lines, seconds it took, lines that were sent by then and not judged].
    """

    command: int
    minutes: float
    burst: float = 0.0
    top: float = 0.0
    rate: float = 0.0
    lines: int = 0
    late: float = 0.0
    memory: dict[str, list[list[float]]] = field(default_factory=dict)
    batches: list[list[float]] = field(default_factory=list)


def strained(place: Place, whole: Corpus, command: int) -> Iterator[Strained]:
    """
    Yield a run over the lines as they are, and one for each skew; a process for each.

    Raises:
        ProgramFailed: A stream fails, or there are not as many documents as lines.
    """
    for name in ("fleet", *skewed.SKEWS):
        corpus = whole if name == "fleet" else skewed.made(name, whole, place.folder)
        yield _strained(place, corpus, Strained(command, name, corpus.lines))
        if corpus is not whole:
            corpus.path.unlink()


def _strained(place: Place, corpus: Corpus, about: Strained) -> Strained:
    topic, log = place.topic(), place.folder / "strained.log"
    place.send(topic, corpus, corpus.lines, by_host=about.name == skewed.BY_HOST)
    with (
        place.prefix() as prefix,
        Program("stream", [], place.folder, StreamAnswer) as program,
        Memory(program.session) as memory,
    ):
        ordered = time.time()
        program.order(place.order(topic, prefix, log))
        answer = program.answer(_PATIENCE)
        check(place.count(prefix), corpus.lines)
    batches = records(log, "batch")
    took = timed(answer, batches, ordered)
    outliers, alerts = (sum(batch[name] for batch in batches) for name in ("outliers", "alerts"))
    found = replace(about, seconds=took["seconds"], batches=took["batches"], memory=memory.most())
    return replace(found, outliers=outliers, alerts=alerts)


def long(place: Place, corpus: Corpus, about: Long, burst_lines: int) -> Long:
    """
    Run a stream at a share of the rate that it takes at the most, for minutes.

    Args:
        place: Where.
        corpus: Its lines come again and again.
        about: For how many minutes.
        burst_lines: Lines that are sent as fast as it goes, some times; what is taken of them is sent for minutes then,
            and what of that is kept up is the top rate.

    Raises:
        ProgramFailed: The stream fails, or there are not as many documents as lines.
    """
    topic, log = place.topic(), place.folder / "long.log"
    with (
        place.prefix() as prefix,
        Program("stream", [], place.folder, StreamAnswer) as program,
        Memory(program.session) as memory,
    ):
        program.order(place.order(topic, prefix, log, once=False, heap_seconds=_HEAP_SECONDS))
        burst = 0.0
        for tries in range(1, _BURSTS + 1):
            sent = time.time()
            place.send(topic, corpus, burst_lines)
            program.wait_for(tries * burst_lines, partial(_judged, log), "judged", _WITHIN)
            burst = burst_lines / (moment(records(log, "batch")[-1]["time"]) - sent)
        # Elasticsearch merges later than it takes: what it takes for half a minute it does not keep up. And the
        # producer has its share of the machine then as later.
        began, overload = time.time(), round(burst * _OVERLOAD_SECONDS)
        place.send(topic, corpus, overload, rate=burst)
        top = _kept_up(log, began, time.time())
        before, rate = _BURSTS * burst_lines + overload, top * SHARE_OF_TOP
        program.wait_for(before, partial(_judged, log), "judged", _WITHIN)
        lines = round(rate * about.minutes * 60)
        began = time.time()
        late = place.send(topic, corpus, lines, rate=rate)
        program.wait_for(before + lines, partial(_judged, log), "judged", _WITHIN)
        program.end()
        program.answer(_PATIENCE)
        check(place.count(prefix), before + lines)
    found = replace(
        about, burst=round(burst, 1), top=round(top, 1), rate=round(rate, 1), lines=lines, late=round(late, 3)
    )
    batches = [batch for batch in records(log, "batch") if batch["lines"]]
    return replace(found, memory=_held(memory, log, began), batches=_lagging(batches, before, began, rate, lines))


def _kept_up(log: Path, began: float, ended: float) -> float:
    """Return how many lines a second were judged while lines came faster."""
    within = [batch for batch in records(log, "batch") if began < moment(batch["time"]) <= ended]
    return float(sum(batch["lines"] for batch in within) / (moment(within[-1]["time"]) - began))


def _judged(log: Path) -> int:
    """Return how many lines a stream's log tells of."""
    return sum(batch["lines"] for batch in records(log, "batch")) if log.exists() else 0


def _held(memory: Memory, log: Path, began: float) -> dict[str, list[list[float]]]:
    """Return who held how much since the begin; of Spark's JVM the heap too."""
    found: dict[str, list[list[float]]] = {}
    looks = [look for look in memory.looks if look.time >= began]
    for look in _thinned(looks):
        for name, held in look.programs.items():
            found.setdefault(name, []).append([round(look.time - began, 1), round(held, 1)])
    heap = [(moment(each["time"]) - began, each["used"] / 2**20) for each in records(log, "heap")]
    found["heap of Spark's JVM"] = [[round(at, 1), round(used, 1)] for at, used in _thinned(heap) if at >= 0]
    return found


def _lagging(
    batches: Sequence[dict[str, Any]], before: int, began: float, rate: float, lines: int
) -> list[list[float]]:
    """Return the batches since the begin, each with how many lines were sent by its end and not judged."""
    rows, judged = [], 0
    for batch in batches:
        judged += batch["lines"]
        at = moment(batch["time"]) - began
        if judged > before and at > 0:
            lag = max(min(round(rate * at), lines) - (judged - before), 0)
            rows.append([round(at, 1), batch["lines"], batch["seconds"], lag])
    return _thinned(rows)


def _thinned(rows: Sequence[Any]) -> list[Any]:
    """Return rows at even distances, not too many."""
    return list(rows[:: max(1, -(-len(rows) // _MOST_SAMPLES))])


def of_strained(runs: Sequence[Strained]) -> Iterator[str]:
    """Yield the report of skewed runs."""
    if not runs:
        return
    yield "\n## Skewed lines\n"
    yield "The same lines but for one thing, each kind to the end in a process of its own; the most memory in MiB:\n"
    programs = sorted({name for run in runs for name in run.memory})
    yield f"| | lines | lines a second | outliers | alerts | longest batch | {' | '.join(programs)} |"
    yield f"|---|---|---|---|---|---|{'---|' * len(programs)}"
    for run in runs:
        held = " | ".join(f"{run.memory.get(name, 0):,.0f}" for name in programs)
        told = f"{run.lines:,} | {run.rate:,.0f} | {run.outliers:,} | {run.alerts:,} | {max(run.batches):.1f} s"
        yield f"| {run.name} | {told} | {held} |"


def of_long(runs: Sequence[Long]) -> Iterator[str]:
    """Yield the report of long runs: medians of their first and last tenth."""
    for run in runs:
        yield f"\n## {run.minutes:g} minutes at {SHARE_OF_TOP:.0%} of the top rate\n"
        yield (
            f"{run.lines:,} lines at {run.rate:,.0f} a second. Of a burst {run.burst:,.0f} a second were indexed; when "
            f"these came for minutes, {run.top:,.0f}. A line was sent {run.late:.1f} s late at the most.\n"
        )
        yield "| | first tenth | last tenth | most |\n|---|---|---|---|"
        for name, rows in run.memory.items():
            yield _tenths(f"{name}, MiB", [held for _, held in rows], ",.0f")
        yield _tenths("a batch, seconds", [row[2] for row in run.batches], ".2f")
        yield _tenths("lines that wait when a batch ends", [row[3] for row in run.batches], ",.0f")


def _tenths(name: str, values: Sequence[float], form: str) -> str:
    if not values:
        return f"| {name} | | | |"
    tenth = max(1, len(values) // 10)
    figures = (median(values[:tenth]), median(values[-tenth:]), max(values))
    return f"| {name} | {' | '.join(format(each, form) for each in figures)} |"
