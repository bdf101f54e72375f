"""drift.md and drift.json: tables for people, every figure for machines."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import fmean
from typing import Any, Final

from benchmarks.drift.course import TOLD, Course
from benchmarks.operations.figures import Found
from benchmarks.operations.report import heading, legend, rounded
from benchmarks.operations.truth import NEW_KINDS
from commands.simulation.events.troubles import SORTS

_THIRDS: Final = 3

_HOW: Final = """\
- Each learner takes the first week, which is normal, for what is normal, and is then judged day by day. It sees lines,
  never labels. What an alert is of, the labels say.
- **trouble**: lines of incidents, novelties and other troubles, also the same once more. **new software**: the first
  alert of each new kind of line that a deployment, a release, a first job of the calendar or a new host brings: nobody
  can know that it is harmless. **again**: further alerts of such a kind. **false**: lines of known kinds.
- **false and again** is what nobody wants; the thirds are of the live days.
- **missed**: incidents and novelties without any alert; **kinds**: of the new kinds of line that they bring, those of
  which there was none. **other troubles found**: bursts, jobs that stop, silent hosts, new values, which bring no kind:
  what baselines are for, see operations.md.
- **patterns**: in the set after the first and after the last live day. **ids kept**: of the patterns with two lines or
  more, those that the next set has, too, also where their software changed; without these see stability.md.
- All figures are means over the seeds, events of all seeds together. The lines are made up: the figures compare."""


def figures(courses: Sequence[Course], about: Mapping[str, Any]) -> dict[str, Any]:
    """Return all that is known, for JSON and for the tables."""
    names = dict.fromkeys(each.learner for each in courses)
    of = {name: [each for each in courses if each.learner == name] for name in names}
    return {
        **about,
        "learned": {name: _summary(some) for name, some in of.items()},
        "courses": [asdict(each) for each in courses],
    }


def write(folder: Path, found: dict[str, Any], pictures: Sequence[str]) -> None:
    """Write both files into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "drift.json").write_text(json.dumps(found, indent=1) + "\n")
    (folder / "drift.md").write_text("\n".join(_page(found, pictures)) + "\n")


def tables(found: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of all tables, in Markdown."""
    learned: dict[str, dict[str, Any]] = found["learned"]
    yield "## Alerts a day"
    yield ""
    yield "| | alerts | trouble | new software | again | false | **false and again** | first, second, last third |"
    yield "|---|---|---|---|---|---|---|---|"
    for name, each in learned.items():
        cells = [rounded(each["alerts"]), *(rounded(each["told"][told]) for told in TOLD)]
        thirds = ", ".join(map(rounded, each["unwanted_by_third"]))
        yield f"| {name} | {' | '.join(cells)} | **{rounded(each['unwanted'])}** | {thirds} |"
    yield ""
    yield "## What was missed, and what became of the sets"
    yield ""
    yield "| | missed | kinds | other troubles found | patterns | ids kept | worst | seconds |"
    yield "|---|---|---|---|---|---|---|---|"
    for name, each in learned.items():
        new, others = each["new_kinds"], each["others"]
        sets = each["patterns"]
        cells = [
            f"{new['events'] - new['told']} of {new['events']}",
            f"{new['kinds'] - new['kinds_told']} of {new['kinds']}",
            f"{others['told']} of {others['events']}",
            f"{sets['first']:.0f} → {sets['last']:.0f}" if sets else "",
            f"{each['kept']['mean']:.1%}" if each["kept"] else "",
            f"{each['kept']['least']:.1%}" if each["kept"] else "",
            f"{each['seconds']:.0f}",
        ]
        yield f"| {name} | {' | '.join(cells)} |"
    yield ""
    yield "## Alerts that nobody wants, by what their lines come from, a day"
    yield ""
    causes = sorted({cause for each in learned.values() for cause in each["causes"]})
    yield f"| | {' | '.join(causes)} | most of all on lines of |"
    yield f"|---|{'---|' * len(causes)}---|"
    for name, each in learned.items():
        cells = [rounded(each["causes"].get(cause, 0.0)) for cause in causes]
        most = ", ".join(f"{kind} ({rounded(some)})" for kind, some in list(each["kinds"].items())[:5])
        yield f"| {name} | {' | '.join(cells)} | {most} |"
    missed = {name: each["missed"] for name, each in learned.items() if each["missed"]}
    if missed:
        yield ""
        yield "Missed:"
        yield ""
        for name, some in missed.items():
            yield f"- **{name}**: {'; '.join(f'{what} ({times})' for what, times in some.items())}"


def _summary(courses: Sequence[Course]) -> dict[str, Any]:
    live = [len(each.changes) for each in courses]
    told = {told: fmean(sum(each.days[told]) / days for each, days in zip(courses, live, strict=True)) for told in TOLD}
    causes, kinds = Counter[str](), Counter[str]()
    for each, days in zip(courses, live, strict=True):
        for some in (each.again, each.false):
            causes.update({cause: number / days / len(courses) for cause, number in some.items()})
        for some in (each.again_kinds, each.false_kinds):
            kinds.update({kind: number / days / len(courses) for kind, number in some.items()})
    sets = [each.patterns for each in courses if each.patterns]
    kept = [share for each in courses for share in each.kept]
    return {
        "alerts": sum(told.values()),
        "told": told,
        "unwanted": told["again"] + told["false"],
        "unwanted_by_third": [fmean(_unwanted(each, third) for each in courses) for third in range(_THIRDS)],
        "new_kinds": _events(courses, NEW_KINDS),
        "others": _events(courses, SORTS),
        "missed": dict(Counter(what for each in courses for what in (*each.missed, *each.missed_kinds))),
        "patterns": {"first": fmean(s[0] for s in sets), "last": fmean(s[-1] for s in sets)} if sets else None,
        "kept": {"mean": fmean(kept), "least": min(kept)} if kept else None,
        "causes": dict(causes),
        "kinds": dict(kinds.most_common(10)),
        "seconds": fmean(each.seconds for each in courses),
    }


def _unwanted(course: Course, third: int) -> float:
    days = len(course.changes)
    begin, end = third * days // _THIRDS, (third + 1) * days // _THIRDS
    return sum(sum(course.days[told][begin:end]) for told in ("again", "false")) / max(end - begin, 1)


def _events(courses: Sequence[Course], causes: Sequence[str]) -> dict[str, int]:
    found = sum((each.found.get(cause, Found()) for each in courses for cause in causes), Found())
    return {"events": found.events, "told": found.told, "kinds": found.kinds, "kinds_told": found.kinds_told}


def _page(found: dict[str, Any], pictures: Sequence[str]) -> Iterator[str]:
    yield from heading("Months in which software changes", found)
    first = found["courses"][0]
    changes = sum(sum(each["changes"]) for each in found["courses"] if each["learner"] == first["learner"])
    seeds = ", ".join(map(str, found["seeds"]))
    yield (
        f"{found['weeks']} simulated weeks of about {found['lines_per_day']:,} lines a working day for each of the "
        f"seeds {seeds}, {len(first['changes'])} days of them live, with {changes} deployments and releases in all.\n"
    )
    yield from legend(_HOW, "Who learns", found["learners"])
    yield ""
    for picture in pictures:
        yield f"![Alerts a day]({picture})\n"
    yield from tables(found)
