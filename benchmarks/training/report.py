"""training.md and training.json: the tables for people, every run for machines."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from benchmarks.training.competition import Measurement
from benchmarks.training.figures import Figure, Group, against, best_rival, groups
from benchmarks.training.machine import without_folders
from benchmarks.training.peers import TASKS

_HOW = """\
- **seconds**: median wall time of a whole process, from its start to its end, and its least and most. Of those whose
  process stays (Spark), a warm run alone; **start** is what it took to get warm: Spark's session, the first run, and
  both together with Python's own start, which is what one call of the command line costs.
- **÷ best peer**: how many times as long as the fastest that is not ours: the median of the ratios of the runs of one
  round, with its 90 % bootstrap interval. Below 1 ours is faster. **÷ two-pass**: the same to the shortest program in
  plain Python.
- **memory**: most resident memory of the process and all that it started, summed and looked at every 50 ms; pages that
  processes share count once for each. Of one whose process stays it includes the idle JVM's.
- **result**: *same* as the first of the table that ran, engine python mostly: of our engines byte for byte; of slct and
  logcluster.pl the patterns with their supports as a set; of two-pass and rdd the candidates with their counts. Other
  algorithms have another result: the number is theirs.
- two-pass and rdd only count candidates. Drain3 and logfold do another task: they mask, and group lines by similarity;
  logwinnow's `train` also keeps a table of counts and examples by day. Everybody reads the same file, which is in
  memory already; figures that were taken beside other work say little."""


def write(folder: Path, measurements: Sequence[Measurement], about: dict[str, Any], plots: Sequence[str]) -> None:
    """
    Write both files.

    Args:
        folder: Where they go; it is made.
        measurements: All runs.
        about: What was run, where and when: `command`, `date`, `machine`, `versions`.
        plots: Names of pictures beside them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    measurements = [replace(each, failure=without_folders(each.failure)) for each in measurements]
    rows = [json.dumps(asdict(each)) for each in measurements]
    head = json.dumps(about, indent=1).removesuffix("\n}")
    joined = ",\n  ".join(rows)
    (folder / "training.json").write_text(f'{head},\n "runs": [\n  {joined}\n ]\n}}\n')
    (folder / "training.md").write_text("\n".join(_page(measurements, about, plots)) + "\n")


def read(folder: Path) -> tuple[list[Measurement], list[str]]:
    """Return the runs that `write` left in a folder, and the commands that made them; none where it was not."""
    path = folder / "training.json"
    if not path.exists():
        return [], []
    found = json.loads(path.read_text())
    return [Measurement(**row) for row in found["runs"]], found["command"].split("\n    ")


def differing(measurements: Sequence[Measurement]) -> list[str]:
    """Return who found something else where it must be the same: ``rdd, slct, varied, 100,000 lines``."""
    found = (each for each in measurements if each.agrees is False and each.peer != "LogClusterC")
    return sorted({f"{each.peer}, {each.task}, {each.corpus}, {each.lines:,} lines" for each in found})


def _page(measurements: Sequence[Measurement], about: dict[str, Any], plots: Sequence[str]) -> Iterator[str]:
    yield f"# Training: all engines and their rivals on the same files\n\n{about['date']}, {about['machine']}:\n"
    yield f"    {about['command']}\n"
    yield ", ".join(f"{name} {version}" for name, version in about["versions"].items()) + ".\n"
    different = differing(measurements)
    if different:
        yield f"**Different results, where they must be the same**: {'; '.join(different)}.\n"
    yield "How to read it:\n"
    yield _HOW
    for plot in plots:
        yield f"\n![{plot.removesuffix('.png')}]({plot})"
    yield from _tables([each for each in measurements if not each.cores])
    yield from _speed_up([each for each in measurements if each.cores])


def _tables(measurements: Sequence[Measurement]) -> Iterator[str]:
    heading = ("", "")
    for (corpus, task, lines), figures in sorted(groups(measurements).items(), key=_place):
        if (corpus, task) != heading:
            heading = corpus, task
            yield f"\n## {TASKS[task]}: {corpus}"
        support = figures[0].about.support
        yield f"\n### {lines:,} lines{f', support {support:,}' if support else ''}\n"
        yield "| | seconds | ÷ best peer | ÷ two-pass | memory | patterns | result | start |"
        yield "|---|---|---|---|---|---|---|---|"
        rival = best_rival(figures)
        two_pass = next((figure for figure in figures if figure.about.peer == "two-pass"), None)
        for figure in figures:
            yield _row(figure, rival, two_pass)


def _place(group: tuple[Group, Sequence[Figure]]) -> tuple[str, int, int]:
    (corpus, task, lines), _ = group
    return corpus, list(TASKS).index(task), lines


def _row(figure: Figure, rival: Figure | None, two_pass: Figure | None) -> str:
    if figure.seconds is None:
        return f"| {figure.about.peer} | not measured: {_cell(figure.failure)} | | | | | | |"
    spread = f"{_seconds(min(figure.rounds.values()))}-{_seconds(max(figure.rounds.values()))}"
    cells = [
        f"**{figure.about.peer}**" if figure.ours else figure.about.peer,
        f"{_seconds(figure.seconds)} ({spread})",
        _ratio(figure, rival),
        _ratio(figure, two_pass),
        f"{figure.peak / 2**20:,.0f} MiB",
        f"{figure.about.patterns:,}",
        {True: "same", False: "**different**", None: figure.about.note}[figure.agrees],
        _start(figure.first),
    ]
    return f"| {' | '.join(cells)} |"


def _ratio(figure: Figure, other: Figure | None) -> str:
    found = against(figure, other) if figure.ours and other else None
    return str(found) if found else ""


def _start(first: Measurement | None) -> str:
    if first is None:
        return ""
    whole = _seconds(first.process)
    return f"session {_seconds(first.session)}, first run {_seconds(first.seconds)}, both with Python {whole}"


def _speed_up(measurements: Sequence[Measurement]) -> Iterator[str]:
    if not measurements:
        return
    yield "\n## Engine spark against cores\n"
    yield "| corpus | task | lines | cores | seconds, warm | times as fast as on one |\n|---|---|---|---|---|---|"
    for (corpus, task, lines), figures in groups(measurements).items():
        for figure in sorted(figures, key=lambda figure: figure.about.cores):
            one = next((each for each in figures if each.about.cores == 1), None)
            found = against(one, figure) if one else None
            seconds = (
                _seconds(figure.seconds) if figure.seconds is not None else f"not measured: {_cell(figure.failure)}"
            )
            yield f"| {corpus} | {task} | {lines:,} | {figure.about.cores} | {seconds} | {found or ''} |"


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f}" if seconds < 10 else f"{seconds:.1f}"


def _cell(text: str) -> str:
    """Return text fit for a cell: one line without what Markdown would take for its own."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "\\<")
