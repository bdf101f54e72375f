"""operations.md and operations.json: tables for people, every run for machines."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.operations.detectors import NEW
from benchmarks.operations.figures import Found, Run, Spread, a_day, middle, spread, together
from benchmarks.operations.truth import CHANGES, NEW_KINDS, TROUBLES, WORTHS

_HOW = """\
- Each detector takes the first days for normal and is then judged on the live ones, day by day. It sees lines, never
  labels.
- **trouble**: alerts on lines of incidents, novelties, bursts and values that never were; the first of each kind of
  line on a day. **change**: the first alert on each new kind of line that a deployment or a first run of a job brings:
  harmless, but nobody can know. **repeated**: further alerts on the same. **false**: alerts on lines of known kinds,
  also where their wording drifts.
- An alert of a rate, a heartbeat or a silence is of the event that was at its place while it was so, one of a value of
  the event of its line; of a change, too, in its first two days. It is told at the end of a minute.
- **precision**: the share of all alerts that are trouble or change.
- **trouble found**: of incidents and novelties, those with an alert; **its kinds**: of the new kinds of line that they
  bring. Other troubles bring none, and are in the table by kind.
- **delay**: from the first line of an event, or where it has none from its begin, to its first alert.
- Figures a day are means over the seeds, with their range in brackets; events are those of all seeds together.
- The lines are made up: the figures compare, and say nothing of your logs."""


def write(folder: Path, runs: Sequence[Run], about: dict[str, Any]) -> None:
    """
    Write both files.

    Args:
        folder: Where they go; it is made.
        runs: Of all detectors on all seeds.
        about: What was run, where, when: `command`, `date`, `machine`, `versions`, `detectors`, and of which weeks.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "operations.json").write_text(json.dumps(kept(runs, about), indent=1) + "\n")
    (folder / "operations.md").write_text("\n".join(_page(runs, about)) + "\n")


def kept(runs: Sequence[Run], about: dict[str, Any]) -> dict[str, Any]:
    """Return all that is known, for JSON."""
    return {**about, "runs": [asdict(each) for each in runs]}


def summary(runs: Sequence[Run]) -> str:
    """Return the first table: a row for each detector."""
    rows = [
        "| | alerts a day | trouble | change | repeated | **false a day** | precision | trouble found | its kinds |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, some in _by_detector(runs).items():
        events = together(some)
        new = sum((events.get(cause, Found()) for cause in NEW_KINDS), Found())
        cells = [
            rounded(a_day(some).mean),
            *(rounded(a_day(some, worth).mean) for worth in ("trouble", "change", "repeated")),
            f"**{rounded(a_day(some, 'false').mean)}** ({_range(a_day(some, 'false'))})",
            f"{spread([each.precision for each in some]).mean:.0%}",
            f"{new.told} of {new.events}",
            f"{new.kinds_told} of {new.kinds}",
        ]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(rows)


def tables(runs: Sequence[Run]) -> str:
    """Return all tables."""
    return "\n".join([summary(runs), *_by_kind(runs), *_false(runs), *_by_sort(runs)])


def heading(title: str, about: dict[str, Any]) -> Iterator[str]:
    """Yield how a page begins: its title, when, where and by which command it was made, and of which versions."""
    yield f"# {title}\n\n{about['date']}, {about['machine']}:\n"
    yield f"    {about['command']}\n"
    yield ", ".join(f"{name} {version}" for name, version in about["versions"].items()) + ".\n"


def legend(how: str, title: str, who: Mapping[str, str]) -> Iterator[str]:
    """Yield how tables are read, and who is in them."""
    yield "How to read it:\n"
    yield how
    yield f"\n{title}:\n"
    for name, configuration in who.items():
        yield f"- **{name}**: {configuration}"


def rounded(value: float) -> str:
    """Return a figure with as many digits as it is worth."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def _page(runs: Sequence[Run], about: dict[str, Any]) -> Iterator[str]:
    yield from heading("Operations: what an operator is told", about)
    live, seeds = runs[0].days, sorted({each.seed for each in runs})
    judged = sum(each.lines for each in runs if each.detector == runs[0].detector)
    yield (
        f"{len(seeds)} times {about['weeks']} simulated weeks of about {about['lines_per_day']:,} lines a "
        f"working day (seeds {', '.join(map(str, seeds))}); {7 * about['weeks'] - live} days for learning, "
        f"{live} live: {judged:,} lines judged by each.\n"
    )
    yield from legend(_HOW, "Who competes", about["detectors"])
    yield "\n## Alerts\n"
    yield summary(runs)
    yield from _by_kind(runs)
    yield from _false(runs)
    yield from _by_sort(runs)


def _by_kind(runs: Sequence[Run]) -> Iterator[str]:
    causes = [cause for cause in (*TROUBLES, *CHANGES) if any(cause in each.found for each in runs)]
    yield "\n## Found, and how late, by kind of trouble\n"
    yield (
        "Events with an alert, of all; in brackets the median delay and the longest, and how many lines of the event "
        "had come by then (median). The last ones are changes, of which only new kinds of line count.\n"
    )
    yield f"| | {' | '.join(causes)} |\n|---|{'---|' * len(causes)}"
    for name, some in _by_detector(runs).items():
        found = together(some)
        yield f"| {name} | {' | '.join(_found(found.get(cause, Found())) for cause in causes)} |"


def _found(found: Found) -> str:
    delay, lines = middle(found.seconds), middle(found.lines)
    if delay is None or lines is None:
        return f"{found.told} of {found.events}"
    after = f", line {lines:.0f}" if lines else ""
    return f"{found.told} of {found.events} ({_time(delay)}, {_time(max(found.seconds))}{after})"


def _false(runs: Sequence[Run]) -> Iterator[str]:
    causes = sorted({cause for each in runs for cause in each.false_causes})
    yield "\n## False alerts a day, by what their lines come from\n"
    yield f"| | {' | '.join(causes)} | most of all on lines of |\n|---|{'---|' * len(causes)}---|"
    for name, some in _by_detector(runs).items():
        means = [spread([each.false_causes.get(cause, 0) / each.days for each in some]).mean for cause in causes]
        most: dict[str, int] = {}
        for each in some:
            for kinds in each.false_kinds.values():
                for kind, count in kinds.items():
                    most[kind] = most.get(kind, 0) + count
        first = sorted(most, key=lambda kind: (-most[kind], kind))[:4]
        told = ", ".join(f"{kind} ({most[kind] / sum(each.days for each in some):.2f})" for kind in first)
        yield f"| {name} | {' | '.join(map(rounded, means))} | {told} |"


def _by_sort(runs: Sequence[Run]) -> Iterator[str]:
    """Yield a table of those whose alerts are of several kinds; nothing where nobody's are."""
    shown = {name: some for name, some in _by_detector(runs).items() if any(set(each.sorts) - {NEW} for each in some)}
    if not shown:
        return
    yield "\n## Alerts a day, by what they tell\n"
    yield f"| | alert | {' | '.join(WORTHS)} |\n|---|---|{'---|' * len(WORTHS)}"
    for name, some in shown.items():
        for sort in sorted({sort for each in some for sort in each.sorts}, key=lambda sort: (sort != NEW, sort)):
            means = [
                spread([each.sorts.get(sort, {}).get(worth, 0) / each.days for each in some]).mean for worth in WORTHS
            ]
            yield f"| {name} | {sort} | {' | '.join(map(rounded, means))} |"


def _by_detector(runs: Sequence[Run]) -> dict[str, list[Run]]:
    names = dict.fromkeys(each.detector for each in runs)
    return {name: [each for each in runs if each.detector == name] for name in names}


def _range(value: Spread) -> str:
    return f"{rounded(value.least)}-{rounded(value.most)}"


def _time(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5_400 else f"{seconds / 3_600:.1f} h"
