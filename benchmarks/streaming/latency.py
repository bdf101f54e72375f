"""
How long a line takes from Kafka's time stamp, which its producer gives it, until Elasticsearch has acknowledged it.

Lines come evenly, so many a second, from a process of their own. Each bulk request's end is noted where its answer
arrives, with the ids in it; an id follows from topic, partition, offset and time stamp, so each line's two times are
known exactly, to the time stamp's millisecond. Both clocks are this machine's.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.streaming.exchange import Progress, StreamAnswer
from benchmarks.streaming.place import Place
from benchmarks.streaming.process import Program, ProgramFailed, Within
from benchmarks.streaming.processor import Processors, Taken, Watched
from benchmarks.streaming.runs import moment, records
from benchmarks.training.corpus import Corpus

FIRST_LINES = 1_000
"""Lines by which a stream does all that it does but once, before others come."""

_PATIENCE = 240.0
_WITHIN = Within(_PATIENCE, 0.1)


@dataclass(frozen=True, slots=True)
class Latency:
    """
    Latencies of one stream, as they are kept in streaming.json; times are milliseconds.

    Attributes:
        command: Which of the file's commands made it, from 0.
        rate: Lines a second.
        seconds: For which they were measured.
        trigger: The stream's trigger.seconds.
        lines: How many were measured.
        percentiles: Of their latencies: 50, 90, 99, 100.
        late: The most that a line was sent too late.
        batches: How many batches there were.
        steps: Median of each step of a batch: Spark's by Spark's names; and of what is ours of addBatch, `judge`, the
            job, a request, the record (there are two) and the alerts.
        processor: Share of a core that each program took.
    """

    command: int
    rate: int
    seconds: float
    trigger: float
    lines: int = 0
    percentiles: dict[str, float] = field(default_factory=dict)
    late: float = 0.0
    batches: int = 0
    steps: dict[str, float] = field(default_factory=dict)
    processor: Taken = field(default_factory=dict)


def measure(place: Place, corpus: Corpus, processors: Processors, about: Latency, warm: float) -> Latency:
    """
    Send lines to a stream of its own, and return the latencies of those behind the first `warm` seconds.

    Raises:
        ProgramFailed: The stream fails, or does not acknowledge all lines.
    """
    topic = place.topic()
    folder = place.folder / f"acknowledged-{topic}"
    folder.mkdir()
    log = place.folder / f"latency-{topic}.log"
    paced = round(about.rate * (warm + about.seconds))
    more = replace(place, settings={**place.settings, "trigger.seconds": about.trigger})
    with place.prefix() as prefix, Program("stream", [], place.folder, StreamAnswer) as program:
        processors.watch(program.session, Watched("stream: driver", "stream: Spark's JVM", "stream: Python workers"))
        program.order(more.order(topic, prefix, log, once=False, acknowledged=str(folder)))
        place.send(topic, corpus, FIRST_LINES)
        program.wait_for(FIRST_LINES, partial(_number, folder), "acknowledged", _WITHIN)
        began = time.time()
        late = place.send(topic, corpus, paced, rate=about.rate, skip=FIRST_LINES)
        sent = time.time()
        program.wait_for(FIRST_LINES + paced, partial(_number, folder), "acknowledged", _WITHIN)
        program.end()
        answer = program.answer(_PATIENCE)
    took = processors.between(began + warm, sent)
    times = place.record_times(topic)
    since = paced_since(times, FIRST_LINES) + warm * 1_000
    found = latencies(times, acknowledged(folder), since)
    progress = [each for each in answer.progress if each.num_input_rows and moment(each.timestamp) * 1_000 >= since]
    return replace(
        about,
        lines=len(found),
        percentiles=percentiles(found),
        late=round(late * 1_000, 1),
        batches=len(progress),
        steps={**steps(progress), **our_steps(log, since), "request": request(folder, since)},
        processor={name: round(seconds / max(sent - began - warm, 1e-9), 3) for name, seconds in took.items()},
    )


def acknowledged(folder: Path) -> dict[str, float]:
    """Return id → when its document was acknowledged first, in milliseconds since 1970."""
    times: dict[str, float] = {}
    for row in _rows(folder):
        _, ended, *identities = row.split()
        for identity in identities:
            times[identity] = min(int(ended) / 1e6, times.get(identity, float("inf")))
    return times


def paced_since(times: Mapping[str, int], before: int) -> float:
    """Return the time stamp of the first line of those that came behind so many others."""
    return sorted(times.values())[before]


def latencies(sent: Mapping[str, int], ended: Mapping[str, float], since: float) -> list[float]:
    """
    Return the milliseconds that each line took that was sent `since` or later.

    Args:
        sent: Id → time stamp, in milliseconds since 1970.
        ended: Id → when it was acknowledged; of what is no event too.
        since: In milliseconds since 1970.

    Raises:
        ProgramFailed: A line is not acknowledged.
    """
    missing = sum(identity not in ended for identity in sent)
    if missing:
        raise ProgramFailed(f"stream: {missing:,} of {len(sent):,} lines were never acknowledged")
    return [ended[identity] - at for identity, at in sent.items() if at >= since]


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """Return the values that 50, 90, 99 and 100 of 100 do not exceed: each one that occurs, as the rank says."""
    ranked = sorted(values)
    if not ranked:
        return {}
    return {str(part): round(ranked[-(-len(ranked) * part // 100) - 1], 1) for part in (50, 90, 99, 100)}


def steps(progress: Iterable[Progress]) -> dict[str, float]:
    """Return the median milliseconds of each step of batches; one that a batch has not is 0 there."""
    found: dict[str, list[int]] = defaultdict(list)
    batches = list(progress)
    for name in {name for each in batches for name in each.duration_ms}:
        found[name] = [each.duration_ms.get(name, 0) for each in batches]
    return {name: median(values) for name, values in sorted(found.items())}


def our_steps(log: Path, since: float) -> dict[str, float]:
    """Return the median milliseconds of each step in a stream's log, since a time in milliseconds since 1970."""
    found: dict[str, list[float]] = defaultdict(list)
    for record in [*records(log, "batch"), *records(log, "took")]:
        if moment(record["time"]) * 1_000 >= since:
            found[record.get("step", "judge")].append(record["seconds"] * 1_000)
    return {name: round(median(values), 1) for name, values in sorted(found.items())}


def request(folder: Path, since: float) -> float:
    """Return the median milliseconds of a bulk request that was sent at a time or later."""
    times = [[int(part) / 1e6 for part in row.split()[:2]] for row in _rows(folder)]
    took = [ended - began for began, ended in times if began >= since]
    return round(median(took), 1) if took else 0.0


def _number(folder: Path) -> int:
    """Return how many documents are acknowledged."""
    return sum(len(row.split()) - 2 for row in _rows(folder))


def _rows(folder: Path) -> list[str]:
    """Return the whole rows of all files."""
    rows = [row for file in folder.iterdir() for row in file.read_text().splitlines(keepends=True)]
    return [row for row in rows if row.endswith("\n")]
