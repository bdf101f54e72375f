"""matching.md, matching.json and the picture: what peers take beside ours, and how it grows with the patterns."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.training.intervals import Ratio, ratio

OURS = "batch"
_MANY = 1_000
"""Patterns; sets of fewer are what larger ones are compared with."""
_TASKS = {
    "raw": "Raw: whole lines, by patterns mined at a support",
    "default": "Default: headers, programs, classes; the syslog of a fleet",
    "samples": "Default: headers, programs, classes; lines of samples, all logs mixed",
    "known": "Growth: made sets, shapes that come again",
    "new": "Growth: every line has a new shape, and matches",
    "outliers": "Growth: every line has a new shape, and is an outlier",
}
_HOW = """\
- **lines/s**: median over the rounds of lines by processor time of the process, which has one thread at work; to make
  ready (compile, train, load) is not in it. Each run begins with an empty memory of shapes.
- **batch ÷ peer**: how many times as fast ours by batch is: the median of the ratios of one round's runs, with its 90 %
  bootstrap interval. Slow peers get fewer lines, drawn evenly from the same file; ours, whose memory pays with many
  lines alone, gets all of them.
- **matched**: share of the lines that a pattern or template fits. Drain3 and logfold do another task, by templates of
  their own from the same file; logfold reads the file itself. Ours by batch finds headers, times and programs too.
- What is nearest to an outlier is sought by *single line* each time, by *batch* only when it is asked for, which it is
  not here: of outliers the two do not do the same."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run: processor seconds for so many lines, of which so many matched, by so many patterns."""

    task: str
    patterns: int
    peer: str
    round: int
    lines: int
    matched: int
    seconds: float

    @property
    def rate(self) -> float:
        """Lines a second."""
        return self.lines / self.seconds


def read(folder: Path) -> tuple[list[Run], list[str]]:
    """Return the runs that `write` left in a folder, and the commands that made them; none where it was not."""
    path = folder / "matching.json"
    if not path.exists():
        return [], []
    found = json.loads(path.read_text())
    return [Run(**row) for row in found["runs"]], found["command"].split("\n    ")


def write(folder: Path, runs: Sequence[Run], about: dict[str, Any]) -> None:
    """Write all; `about` says what was run, where and when."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = ",\n  ".join(json.dumps(asdict(run)) for run in runs)
    head = json.dumps(about, indent=1).removesuffix("\n}")
    (folder / "matching.json").write_text(f'{head},\n "runs": [\n  {rows}\n ]\n}}\n')
    drawn = _draw(folder, runs)
    (folder / "matching.md").write_text("\n".join(_page(runs, about, drawn=drawn)) + "\n")


def _page(runs: Sequence[Run], about: dict[str, Any], *, drawn: bool) -> Iterator[str]:
    yield f"# Matching: lines a second on one core\n\n{about['date']}, {about['machine']}:\n"
    yield f"    {about['command']}\n"
    yield ", ".join(f"{name} {version}" for name, version in about["versions"].items()) + ".\n"
    yield "How to read it:\n"
    yield _HOW
    if drawn:
        yield "\n![lines a second over the number of patterns](matching.png)"
    for task, title in _TASKS.items():
        of_task = [run for run in runs if run.task == task]
        if of_task:
            yield f"\n## {title}\n"
            yield "| patterns | | lines/s | batch ÷ peer | matched |\n|---|---|---|---|---|"
            for size in sorted({run.patterns for run in of_task}):
                yield from _rows([run for run in of_task if run.patterns == size])
            yield from _growth(of_task)


def _rows(runs: Sequence[Run]) -> Iterator[str]:
    batch = [run for run in runs if run.peer == OURS]
    for peer in dict.fromkeys(run.peer for run in runs):
        own = [run for run in runs if run.peer == peer]
        times = "" if peer == OURS else str(_faster(batch, own))
        name = f"**{peer}**" if peer in {OURS, "single line"} else peer
        share = sum(run.matched for run in own) / sum(run.lines for run in own)
        rate = median(run.rate for run in own)
        yield f"| {own[0].patterns:,} | {name} | {rate:,.0f} | {times} | {share:.1%} |"


def _growth(runs: Sequence[Run]) -> Iterator[str]:
    batch = {size: [run for run in runs if run.patterns == size and run.peer == OURS] for size in _sizes(runs)}
    if len(batch) < 2:
        return
    few = [size for size in batch if size < _MANY] or [min(batch)]
    for size in sorted(batch.keys() - few):
        longer = [f"{_longer(batch[size], batch[less])} times as long as at {less:,}" for less in few]
        yield f"\nBy batch a line takes at {size:,} patterns {', '.join(longer)}."


def _longer(more: Sequence[Run], less: Sequence[Run]) -> Ratio:
    pairs = list(zip(more, less, strict=False))
    return ratio([1 / many.rate for many, _ in pairs], [1 / few.rate for _, few in pairs])


def _faster(ours: Sequence[Run], theirs: Sequence[Run]) -> Ratio:
    rounds = {run.round: run.rate for run in theirs}
    pairs = [(run.rate, rounds[run.round]) for run in ours if run.round in rounds]
    return ratio([rate for rate, _ in pairs], [rate for _, rate in pairs])


def _sizes(runs: Sequence[Run]) -> list[int]:
    return sorted({run.patterns for run in runs})


def _draw(folder: Path, runs: Sequence[Run]) -> bool:
    """Draw rates over the number of patterns; return whether matplotlib is there."""
    try:
        from benchmarks.training.plots import prepare, saved

        prepare()
    except ImportError:
        return False
    from matplotlib import pyplot as plt
    from matplotlib.ticker import NullFormatter

    figure, axes = plt.subplots(1, 2, figsize=(9.2, 3.8))
    for axis, tasks in zip(axes, (("raw",), ("known", "new", "outliers")), strict=True):
        chosen = [run for run in runs if run.task in tasks]
        for task, peer in dict.fromkeys((run.task, run.peer) for run in chosen):
            own = [run for run in chosen if (run.task, run.peer) == (task, peer)]
            points = [(size, median(run.rate for run in own if run.patterns == size)) for size in _sizes(own)]
            colour = {"batch": "#0072B2", "single line": "#D55E00"}.get(peer, "#707070")
            of_peer = {"re loop": "v-", "re2.Set": "x-", "hyperscan": "d-"}.get(peer, "o-")
            style = {"raw": of_peer, "new": "s--", "outliers": "^:"}.get(task, "o-")
            axis.plot(
                *zip(*points, strict=True), style, color=colour, label=peer if task == "raw" else f"{peer}, {task}"
            )
        axis.set_xscale("log")
        axis.set_yscale("log")
        axis.xaxis.set_minor_formatter(NullFormatter())
        axis.set_xlabel("patterns")
        axis.set_title("lines a second, " + ("raw lines, mined" if tasks == ("raw",) else "made sets"), loc="left")
        if chosen:
            axis.legend(frameon=False, fontsize=7)
    figure.subplots_adjust(wspace=0.25)
    saved(folder, "matching", figure)
    return True
