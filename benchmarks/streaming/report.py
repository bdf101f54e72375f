"""streaming.md and streaming.json: the tables for people, every run for machines."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.streaming.figures import STAGES, Figure, figures, first_runs, of_ceiling, of_identity, paired
from benchmarks.streaming.latency import Latency
from benchmarks.streaming.runs import CEILING, Run
from benchmarks.streaming.strain import Long, Strained, of_long, of_strained
from benchmarks.training.intervals import Ratio

WANTED = {"ratio": 0.8, "identity": 0.8, "50": 600.0, "99": 1_200.0}
"""The least share of the ceiling, of what Spark hands through, and the most milliseconds of a latency."""

AIMED = {"ratio": 0.95, "50": 350.0, "99": 700.0}

_HOW = """\
- **stream**: `logwinnow stream --once` as it is shipped, from the begin of its first batch to the record of its last
  one, which follows the last document's acknowledgement. Its process stays, as a stream's does; what the first run of a
  process costs more is told apart. Each run begins anew, with an index of its own, whose documents are counted.
- **ceiling**: the very same documents, bytes and ids, indexed by plain Python with the same client and requests of the
  same size, ready made: in the way of those tried that went fastest.
- **÷ ceiling**: the stream's documents a second in those of the ceiling, of runs of one round, one after the other, who
  begins in turn: the median of the ratios with its 90 % bootstrap interval.
- All programs share the machine. Where its cores are busy, who takes more of them is slower: µs a line of each program
  say where the time goes better than seconds do, which other work on the machine moves as well.
- **latency**: from the time stamp that the producer gives a record to the answer of the bulk request that has its
  document, for each line of a stream that runs; the first seconds are left out."""

# Steps of a batch in their order, with what they are.
_STEPS = {
    "triggerExecution": "a batch, whole",
    "latestOffset": "Spark asks Kafka how far the topic is",
    "walCommit": "Spark writes down what the batch will read",
    "getBatch": "Spark plans the reading",
    "queryPlanning": "Spark plans the query",
    "addBatch": "our function, with Spark's call of it",
    "judge": "· our function",
    "record": "· · a batch record, of two",
    "job": "· · the job, with the tasks",
    "request": "· · · a bulk request",
    "alerts": "· · alerts",
    "commitOffsets": "Spark writes down that the batch is done",
}


@dataclass
class Results:
    """
    All that was measured.

    Attributes:
        runs: Over the whole topic.
        latencies: Of streams that run on.
        commands: By which they were made, in their order.
        strained: Over skewed lines.
        long: Of streams for long near their top rate.
    """

    runs: list[Run] = field(default_factory=list)
    latencies: list[Latency] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    strained: list[Strained] = field(default_factory=list)
    long: list[Long] = field(default_factory=list)


def write(folder: Path, results: Results, about: dict[str, Any], plots: Sequence[str]) -> None:
    """
    Write both files.

    Args:
        folder: Where they go; it is made.
        results: All that was measured.
        about: Where and when: `date`, `machine`, `cores`, `versions`.
        plots: Names of pictures beside them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kept = {
        **about,
        "commands": results.commands,
        "latencies": [asdict(each) for each in results.latencies],
        "strained": [asdict(each) for each in results.strained],
        "long": [asdict(each) for each in results.long],
        "runs": [asdict(each) for each in results.runs],
    }
    listed = {"latencies", "strained", "long", "runs"}
    rows = [f' "{name}": {_rows(value) if name in listed else json.dumps(value)}' for name, value in kept.items()]
    (folder / "streaming.json").write_text("{\n" + ",\n".join(rows) + "\n}\n")
    (folder / "streaming.md").write_text("\n".join(_page(results, about, plots)) + "\n")


def read(folder: Path) -> Results:
    """Return what `write` left in a folder; nothing where it was not."""
    path = folder / "streaming.json"
    if not path.exists():
        return Results()
    found = json.loads(path.read_text())
    runs = [Run(**row) for row in found["runs"]]
    latencies = [Latency(**row) for row in found["latencies"]]
    # What was written before these were measured has none.
    strained, long = (found.get(name, []) for name in ("strained", "long"))
    return Results(
        runs, latencies, found["commands"], [Strained(**row) for row in strained], [Long(**row) for row in long]
    )


def _rows(values: Sequence[dict[str, Any]]) -> str:
    return "[\n  " + ",\n  ".join(json.dumps(value) for value in values) + "\n ]" if values else "[]"


def _page(results: Results, about: dict[str, Any], plots: Sequence[str]) -> Iterator[str]:
    yield f"# Streaming: from Kafka to indexed\n\n{about['date']}, {about['machine']}:\n"
    yield from (f"    {command}" for command in results.commands)
    yield "\n" + ", ".join(f"{name} {version}" for name, version in about["versions"].items()) + ".\n"
    yield "How to read it:\n"
    yield _HOW
    for plot in plots:
        yield f"\n![{plot.removesuffix('.png')}]({plot})"
    for lines, apart in sorted({(run.lines, run.apart) for run in results.runs}):
        those = [run for run in results.runs if (run.lines, run.apart) == (lines, apart)]
        yield from _throughput(those, lines, about["cores"])
    yield from _latency(results.latencies)
    yield from of_strained(results.strained)
    yield from of_long(results.long)


def _throughput(runs: Sequence[Run], lines: int, cores: int) -> Iterator[str]:
    found = figures(runs)
    where = "servers on half of the cores, all else on the other half" if runs[0].apart else "all on the same cores"
    yield f"\n## Documents a second: {lines:,} lines, {where}\n"
    share = of_ceiling(runs)
    if share:
        yield f"**{share}** of the ceiling, {len(paired(runs))} pairs; {_told(share)}.\n"
    judged = of_identity(runs)
    if judged:
        goal = "which it is" if judged.middle >= WANTED["identity"] else "**which it is not**"
        yield (
            f"Judged, and nothing else: **{judged}** of the lines a second that Spark itself hands to Python and back; "
            f"at least {WANTED['identity']} is wanted, {goal}.\n"
        )
    for first in first_runs(runs):
        yield (
            f"The first run of a stream's process: {first.start:.1f} s from its start to its first batch, "
            f"{first.session:.1f} s of these Spark's session; the first batch {first.batches[0]:.1f} s; "
            f"{first.rate:,.0f} documents a second.\n"
        )
    yield "| | lines a second | batches, seconds | µs of processor a line |\n|---|---|---|---|"
    for figure in found.values():
        yield f"| {STAGES[figure.name]}{_how(figure)} | {_rate(figure)} | {_batches(figure)} | {_busy(figure, cores)} |"
    yield from _processors(found, apart=runs[0].apart)


def _told(share: Ratio) -> str:
    if share.middle >= AIMED["ratio"]:
        return f"{AIMED['ratio']} is the aim"
    least = "which it is" if share.middle >= WANTED["ratio"] else "**which it is not**"
    return f"at least {WANTED['ratio']} is wanted, {least}; {AIMED['ratio']} is the aim"


def _how(figure: Figure) -> str:
    return f" ({figure.runs[-1].how})" if figure.name == CEILING else ""


def _rate(figure: Figure) -> str:
    return f"{figure.rate:,.0f} ({figure.slowest:,.0f}-{figure.fastest:,.0f})"


def _batches(figure: Figure) -> str:
    """Return the median seconds of the first batch, the second and so on."""
    longest = max(len(run.batches) for run in figure.runs)
    numbered = ([run.batches[n] for run in figure.runs if n < len(run.batches)] for n in range(longest))
    return ", ".join(f"{median(seconds):.1f}" for seconds in numbered)


def _busy(figure: Figure, cores: int) -> str:
    """Return the processor time a line, and what share of all cores that was."""
    wall = sum(run.seconds for run in figure.runs) / sum(run.lines for run in figure.runs) * 1e6
    return f"{figure.all_processors:.1f}, {figure.all_processors / wall / cores:.0%} of {cores} cores"


def _processors(found: dict[str, Figure], *, apart: bool) -> Iterator[str]:
    """Yield who takes the processors, and to what share of the ceiling that leads."""
    programs = sorted({program for figure in found.values() for program in figure.processor})
    if not programs:
        return
    yield "\nµs of processor a line, by program:\n"
    yield f"| | {' | '.join(programs)} |\n|---|{'---|' * len(programs)}"
    for figure in found.values():
        cells = (f"{figure.processor.get(program, 0):.1f}" for program in programs)
        yield f"| {STAGES[figure.name]} | {' | '.join(cells)} |"
    if {"whole", CEILING} <= found.keys() and not apart:
        least = found[CEILING].all_processors / found["whole"].all_processors
        yield (
            f"\nIf all cores were busy all the time, of the ceiling too, these would make {least:.2f} of the ceiling: "
            "what the stream takes beside Elasticsearch's own work is what Elasticsearch has less."
        )


def _latency(latencies: Sequence[Latency]) -> Iterator[str]:
    if not latencies:
        return
    yield "\n## Latency\n"
    yield (
        f"Wanted: half of all lines within {WANTED['50']:.0f} ms and 99 % within {WANTED['99']:.0f} ms; "
        f"the aim is {AIMED['50']:.0f} and {AIMED['99']:.0f}.\n"
    )
    yield "| lines a second | trigger.seconds | lines | 50 % | 90 % | 99 % | all | batches | sent late at most |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for each in latencies:
        within = " | ".join(f"{each.percentiles.get(part, 0):,.0f} ms" for part in ("50", "90", "99", "100"))
        begin = f"| {each.rate:,} | {each.trigger:g} | {each.lines:,}"
        yield f"{begin} | {within} | {each.batches} | {each.late:.0f} ms |"
    yield "\nWhat a batch does, medians in milliseconds; and what share of a core each program took:\n"
    yield f"| trigger.seconds | {' | '.join(f'{each.trigger:g}' for each in latencies)} |"
    yield f"|---|{'---|' * len(latencies)}"
    for step, meaning in _STEPS.items():
        yield f"| {meaning} (`{step}`) | {' | '.join(f'{each.steps.get(step, 0):.0f}' for each in latencies)} |"
    for program in sorted({program for each in latencies for program in each.processor}):
        yield f"| {program} | {' | '.join(f'{each.processor.get(program, 0):.0%}' for each in latencies)} |"
