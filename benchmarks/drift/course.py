"""How it went with one learner: its alerts day by day, what they were worth, what was missed, what its sets became."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from benchmarks.drift.learners import learners
from benchmarks.operations.competition import play
from benchmarks.operations.detectors import Alert, Day, Detector
from benchmarks.operations.figures import Found, Run
from benchmarks.operations.ours import Ours
from benchmarks.operations.truth import CHANGES, NEW_KINDS, Truth, Verdict
from benchmarks.operations.weeks import Weeks
from patterns.timestamps import DAY, microseconds

TOLD: Final = ("trouble", "software", "again", "false")
"""
What an alert is of: a trouble, also the same once more on a day; the first of a new kind of line that software brought;
a further one of such a kind; and what is of known kinds.
"""


@dataclass(frozen=True)
class Course:
    """
    A learner on some months.

    Attributes:
        learner: Its name.
        seed: Of the months.
        days: What alerts are of (TOLD) → how many, day by day.
        again: Cause → further alerts of new software.
        false: Cause → false alerts.
        false_kinds: Kind of line → false alerts, the ten kinds with most.
        again_kinds: The same of further alerts of new software.
        found: Cause → events that were found.
        missed: Troubles with a new kind that were not found: what the schedule says of them.
        missed_kinds: New kinds of line of troubles of which there was no alert.
        patterns: In the set after each night; nothing where there is no set.
        kept: Of the patterns with two lines or more, the share that is in the next set, too, by training.
        changes: Releases and deployments, day by day.
        seconds: What it took.
    """

    learner: str
    seed: int
    days: Mapping[str, Sequence[int]]
    again: Mapping[str, int]
    false: Mapping[str, int]
    false_kinds: Mapping[str, int]
    again_kinds: Mapping[str, int]
    found: Mapping[str, Found]
    missed: Sequence[str]
    missed_kinds: Sequence[str]
    patterns: Sequence[int]
    kept: Sequence[float]
    changes: Sequence[int]
    seconds: float


@dataclass
class _Sets:
    """What became of a learner's sets."""

    ids: set[str] = field(default_factory=set)
    version: str = ""
    patterns: list[int] = field(default_factory=list)
    kept: list[float] = field(default_factory=list)


def played(weeks: Weeks) -> list[Course]:
    """
    Play months to all learners.

    Cost: as competition.play.
    """
    sets: dict[str, _Sets] = defaultdict(_Sets)

    def noted(learner: Detector, _day: Day) -> None:
        if isinstance(learner, Ours):
            _note(sets[learner.name], learner)

    runs, verdicts, truth = play(weeks, learners, noted)
    return [_course(run, verdicts[run.detector], truth, sets[run.detector]) for run in runs]


def _note(sets: _Sets, learner: Ours) -> None:
    stored, _ = learner.newest()
    known = stored.patterns.patterns
    sets.patterns.append(len(known))
    if stored.version == sets.version:
        return
    ids = {each.id for each in known}
    if sets.ids:
        sets.kept.append(len(sets.ids & ids) / len(sets.ids))
    sets.version, sets.ids = stored.version, {each.id for each in known if each.support > 1}


def _course(run: Run, verdicts: Sequence[Verdict], truth: Truth, sets: _Sets) -> Course:
    days = {told: [0] * run.days for told in TOLD}
    again, again_kinds, false, false_kinds = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    told_kinds = set[tuple[str | None, str]]()
    for verdict in verdicts:
        told = _told(verdict)
        days[told][_day(verdict.alert, truth)] += 1
        told_kinds.add((verdict.event, verdict.kind))
        if told == "again":
            again[verdict.cause] += 1
            again_kinds[verdict.kind] += 1
        elif told == "false":
            false[verdict.cause] += 1
            false_kinds[verdict.kind] += 1
    new = {
        (label.event, label.kind)
        for label in truth.labels
        if label.novel and label.cause in NEW_KINDS and label.time >= truth.begin
    }
    found_events = {event for event, _ in told_kinds}
    missed = sorted({event for event, _ in new if event is not None} - found_events)
    changes = [0] * run.days
    for event in truth.events.values():
        if event.cause in {"deployment", "release"}:
            changes[(microseconds(event.windows[0][0]) - truth.begin) // DAY] += 1
    return Course(
        run.detector,
        run.seed,
        days,
        dict(again.most_common()),
        dict(false.most_common()),
        dict(false_kinds.most_common(10)),
        dict(again_kinds.most_common(10)),
        run.found,
        [truth.events[event].about for event in missed],
        sorted(kind for _, kind in new - told_kinds),
        sets.patterns,
        sets.kept,
        changes,
        run.seconds,
    )


def _told(verdict: Verdict) -> str:
    if verdict.worth == "false":
        return "false"
    if verdict.cause in CHANGES:
        return "software" if verdict.worth == "change" else "again"
    return "trouble"


def _day(alert: Alert, truth: Truth) -> int:
    # What is told at the end of a day's last minute is that day's.
    return (alert.time - 1 - truth.begin) // DAY
