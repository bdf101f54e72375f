"""
Troubles that no new kind of line tells of: every line is of a kind that was seen before, and none may come at all.

    burst    a known kind is said far too often, by one stranger to one host
    stopped  a job that runs by the clock does not run any more on one host, until somebody starts it again
    silence  a host says nothing
    value    a known kind has a value, of a parameter that has few, that it never had

What is said in them is in the tables here; all else follows from the stories of the normal traffic.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle, islice
from typing import Final, TypeVar

from commands.simulation.book import rows
from commands.simulation.clock import DAY, HOUR, MINUTE, Every, Often
from commands.simulation.events.deployments import DEPLOYMENTS
from commands.simulation.events.drifts import VALUES as DRIFTING_VALUES
from commands.simulation.events.drifts import WORDS as DRIFTING_WORDS
from commands.simulation.events.event import Cause
from commands.simulation.events.hosts import SERVICES, story_of
from commands.simulation.events.script import Cue, Mute, Opening
from commands.simulation.events.writer import Writer
from commands.simulation.hosts import FLEET
from commands.simulation.programs import STORIES
from commands.simulation.slots import strange_address
from commands.simulation.story import Kind, Step, Story
from commands.simulation.volume import at_volume

T = TypeVar("T")

SORTS: Final[tuple[Cause, ...]] = ("burst", "stopped", "silence", "value")

BURSTS: Final = (
    "sshd.invalid_user",
    "sshd.failed_root",
    "sshd.not_allowed",
    "postfix/smtpd.sasl_failed",
    "nginx.not_found",
)
"""The kinds whose stories burst."""

_TIMES: Final = 60
"""How many times more often than usual a burst is told."""
_LEAST_TIMES: Final = 60
"""How often it is told at the least, in a quiet fleet too."""
_MOST_PERIOD: Final = HOUR
"""Of a job that stops: one that runs less often is missed late by anybody."""

_VALUE_TIMES: Final = (3, 8)
"""How often a value that never was is said."""

_SLOT: Final = re.compile(r"\{one:[^}]*\}")


def _values(table: str) -> tuple[tuple[Story, Kind], ...]:
    """The stories of known kinds, and the kinds with another value in the first slot that has few."""
    found = []
    for row in rows(table):
        label, value = row.split()
        story = story_of(label)
        template = next(step.kind.template for step in story.steps if step.kind.label == label)
        found.append((story, Kind(label, _SLOT.sub(value, template, count=1))))
    return tuple(found)


VALUES: Final = _values("""
    ordermill.prices            fantasy
    spamd.prefork               KK
    su.to_user                  nobody
    postgres.slow_update        void
    postfix/pickup.uid          games
    nginx.api                   intruder
    sudo.restart                auditd
    pipeline.stage              skip-tests
""")
"""A row is: program and name of the kind, and its new value."""


class TroubleWriter(Writer):
    """Writes troubles into a script in which all else is already."""

    def troubles(self, count: int) -> None:
        """So many, one sort after the other, each sort evenly spread."""
        sorts = list(islice(cycle(SORTS), count))
        self._bursts(sorts.count("burst"))
        self._stopped(sorts.count("stopped"))
        self._of_values(sorts.count("value"))
        # Last: a host whose lines tell of something else is not silent.
        self._silences(sorts.count("silence"))

    def _bursts(self, count: int) -> None:
        for day, label in zip(self._spread(count), self._some(BURSTS, count), strict=True):
            story = story_of(label)
            host = self._chance.pick([host.name for host in FLEET if host.role in story.roles])
            begin = self._day(day) + self._time(1, 20)
            end = begin + self._chance.between(20 * MINUTE, 90 * MINUTE)
            often = max(self._at_volume(story).per_day * _TIMES, _LEAST_TIMES * DAY / (end - begin))
            told = replace(story, when=Often(often), given={"stranger": strange_address(self._chance)})
            last = end + story.longest
            about = f"{label} comes {_TIMES} times as often as usual or more, from one stranger"
            programs = [step.kind.program for step in story.steps]
            self.script.marks[told] = self._event("burst", [(begin, last)], about, programs=programs, hosts=[host])
            self.script.openings.append(Opening((begin, end), told, host))

    def _stopped(self, count: int) -> None:
        # Where a job runs in the quietest fleet, it runs in all.
        least = at_volume(STORIES, 1)
        for day, story in zip(self._spread(count), self._some(_jobs(), count), strict=True):
            (host,) = least.hosts[least.stories[story]]
            begin = self._day(day) + self._time(0, 12)
            end = min(begin + self._time(10, 30), self._end)
            # Session lines, which all jobs have, go on.
            own = [step.kind for step in story.steps if _jobs_with(step.kind) == 1]
            about = (
                f"{own[0].label} is no longer said on {host}, every {_minutes(story)} minutes in a fleet of usual size"
            )
            gone = [kind.label for kind in own]
            self._event("stopped", [(begin, end)], about, gone=gone, hosts=[host])
            self.script.mutes.append(Mute((begin, end), host, story))

    def _of_values(self, count: int) -> None:
        for day, (story, kind) in zip(self._spread(count), self._some(VALUES, count), strict=True):
            host = self._chance.pick([host.name for host in FLEET if host.role in story.roles])
            told = Story(Often(1), story.roles, (Step(kind),), story.given)
            begin = self._day(day) + self._time(6, 20)
            times = sorted(begin + self._time(0, 2) for _ in range(self._chance.between(*_VALUE_TIMES)))
            about = f"{kind.label} has a value that it never had"
            span = (times[0], times[-1])
            self.script.marks[told] = self._event("value", [span], about, programs=[kind.program], hosts=[host])
            self.script.cues.extend(Cue(time, told, host) for time in times)

    def _silences(self, count: int) -> None:
        for day in self._spread(count):
            begin = self._day(day) + self._time(1, 16)
            end = begin + self._time(2, 7)
            first, last = self._clock.moment(begin), self._clock.moment(end)
            busy = {
                host
                for event in self.script.events
                for since, until in event.windows
                if since <= last and until >= first
                for host in event.hosts
            }
            quiet = [host.name for host in FLEET if host.name not in busy]
            if quiet:
                host = self._chance.pick(quiet)
                self._event("silence", [(begin, end)], f"{host} says nothing", hosts=[host])
                self.script.mutes.append(Mute((begin, end), host))

    def _some(self, among: Sequence[T], count: int) -> list[T]:
        """So many of them in random order; again from the first one when all were."""
        return list(islice(cycle(self._chance.shuffled(among)), count))


def _jobs() -> list[Story]:
    """The stories that run by the clock, often enough to be missed, and that no other event changes."""
    changed = {label for deployed in DEPLOYMENTS for label in (*deployed.reworded, *deployed.gone)}
    changed |= {drift.label for drift in DRIFTING_WORDS + DRIFTING_VALUES}
    changed |= {label for service in SERVICES for label in service.more}
    return [
        story
        for story in STORIES
        if isinstance(story.when, Every)
        and story.when.period <= _MOST_PERIOD
        and changed.isdisjoint(step.kind.label for step in story.steps)
        and any(_jobs_with(step.kind) == 1 for step in story.steps)
    ]


def _jobs_with(kind: Kind) -> int:
    """In how many stories a kind is said."""
    return sum(any(step.kind is kind for step in story.steps) for story in STORIES)


def _minutes(story: Story) -> int:
    """How far apart the tellings of a job are."""
    return story.when.period // MINUTE if isinstance(story.when, Every) else 0
