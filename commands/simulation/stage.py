"""The script of some weeks, staged: who joins, what is told besides, what is said instead, and which mark it bears."""

from collections.abc import Callable
from typing import Final, NamedTuple

from commands.simulation.chance import Chance
from commands.simulation.clock import DAY, HOUR, Clock
from commands.simulation.events.drifts import Drifting
from commands.simulation.events.event import Mark
from commands.simulation.events.hosts import first_boot
from commands.simulation.events.script import Change, Opening, Released, Script, released
from commands.simulation.events.troubles import SORTS
from commands.simulation.hosts import FLEET, Host, Machine
from commands.simulation.story import Kind, Story
from commands.simulation.traffic import Traffic
from commands.simulation.volume import Volume

NORMAL: Final = Mark("normal", None)


class Said(NamedTuple):
    """A kind that is said, its mark, and whether a good monitor tells of it."""

    kind: Kind
    mark: Mark
    novel: bool


class Stage:
    """Stages a script in the traffic of a fleet; the traffic is consumed by whoever asks what was `said`."""

    def __init__(self, script: Script, volume: Volume, clock: Clock, chance: Chance) -> None:
        """Set everything that is planned on the traffic's agenda."""
        self._chance = chance
        self._marks = script.marks
        self._machines = [Machine(host, chance) for host in FLEET]
        self._newcomers: dict[Machine, Mark] = {}
        self._instead: dict[str, tuple[Kind | None, Mark]] = {}
        self._drifting: dict[str, tuple[Drifting, Mark]] = {}
        self._released: dict[str, list[Released]] = {}
        self._as_released: dict[Kind, tuple[Kind | None, Mark | None]] = {}
        self._seen: list[set[Kind]] = []
        self._known: set[Kind] | None = None
        self._volume = volume
        stories = list(volume.stories.values())
        self.traffic = Traffic(self._machines, clock, chance, stories)
        self._muted: set[tuple[str, Story | None]] = set()
        self._closed: set[Story] = set()
        for story, told_on in self.traffic.machines.items():
            hosts = volume.hosts[story]
            if len(hosts) < len(told_on):
                self._closed.add(story)
                told_on[:] = [machine for machine in told_on if machine.host.name in hosts]
        self._set_agenda(script)

    def said(self, story: Story, machine: Machine, kind: Kind, now: int) -> Said | None:
        """What is said when this kind is due; None: it is not said now, or was not known in time."""
        due = self._due(story, machine, kind, now)
        if due is None:
            return None
        last, mark = due
        novel = last in mark.news
        if last.program not in self._released:
            return Said(last, mark, novel)
        if last not in self._as_released:
            self._as_released[last] = released(last, self._released[last.program])
        other, of_release = self._as_released[last]
        if mark.cause in (*SORTS, "incident", "novelty"):
            # Troubles are said in any case, and are what they are in any form.
            return Said(other or last, mark, novel)
        return None if other is None else Said(other, of_release or mark, novel or of_release is not None)

    def _due(self, story: Story, machine: Machine, kind: Kind, now: int) -> tuple[Kind, Mark] | None:
        """What is said but for releases, and its mark."""
        if self._muted and not self._muted.isdisjoint({(machine.host.name, story), (machine.host.name, None)}):
            return None
        mark = self._marks.get(story)
        if mark is not None:
            return kind, mark
        if self._known is None:
            self._seen[-1].add(kind)
        elif kind not in self._known:
            return None
        changed = self._instead.get(kind.label)
        if changed is not None:
            other, mark = changed
            return None if other is None else (other, mark)
        drifting = self._drifting.get(kind.label)
        if drifting is not None:
            drift, mark = drifting
            other = drift.instead(now, self._chance)
            if other is not None:
                return other, mark
        return kind, self._newcomers.get(machine, NORMAL)

    def rehearse(self, begin: int, days: int) -> None:
        """
        Have every normal kind said in the first half of the days for learning, and in the second half again.

        A story that chance or the calendar has not brought by then is told in office hours of a random day of the half.
        From the end of these days on, only what was seen in both halves is said. A single day is one half.
        """
        halves = [(0, days // 2), (days // 2, days)] if days > 1 else [(0, 1)]
        for first, end in halves:
            self.traffic.at(begin + first * DAY, lambda _now: self._seen.append(set()))
            for story in self._volume.stories.values():
                day = self._chance.between(first, end - 1)
                time = begin + day * DAY + self._chance.between(8 * HOUR, 15 * HOUR)
                self.traffic.at(time, self._rehearsal(story))
        self.traffic.at(begin + days * DAY, lambda _now: self._learned())

    def _rehearsal(self, story: Story) -> Callable[[int], None]:
        """Tell a story once, if one of its kinds is not yet seen in this half."""

        def rehearsal(now: int) -> None:
            if any(step.kind not in self._seen[-1] for step in story.steps):
                self.traffic.rehearse(story, now)

        return rehearsal

    def _learned(self) -> None:
        """The days for learning are over."""
        self._known = set.intersection(*self._seen)

    def _set_agenda(self, script: Script) -> None:
        """Note when each part of the script is due."""
        at = self.traffic.at
        for change in script.changes:
            at(change.time, self._change(change))
        for time, host, mark in script.joins:
            at(time, self._join(host, mark))
        for span, drift, mark in script.drifts:
            at(span[0], self._drift(drift.label, Drifting(drift, *span), mark))
        for release in script.releases:
            at(release.time, self._release(release))
        for mute in script.mutes:
            key = mute.host, self._volume.stories.get(mute.story, mute.story) if mute.story else None
            at(mute.span[0], self._mute(key))
            at(mute.span[1], self._unmute(key))
        for opening in script.openings:
            at(opening.span[0], self._open(opening))
        for cue in script.cues:
            at(cue.time, self._tell(self._volume.stories.get(cue.story, cue.story), cue.host))

    def _change(self, change: Change) -> Callable[[int], None]:
        """Say other kinds from now on."""
        said = {label: (kind, change.mark) for label, kind in change.instead.items()}
        return lambda _now: self._instead.update(said)

    def _join(self, host: Host, mark: Mark) -> Callable[[int], None]:
        """A new host boots, and does from then on what all of its role do."""

        def join(now: int) -> None:
            machine = Machine(host, self._chance)
            self._machines.append(machine)
            self._newcomers[machine] = mark
            for story, told_on in self.traffic.machines.items():
                if host.role in story.roles and story not in self._closed:
                    told_on.append(machine)
            self.traffic.tell(first_boot(), machine, now)

        return join

    def _drift(self, label: str, drifting: Drifting, mark: Mark) -> Callable[[int], None]:
        """Lines of a kind begin to change."""
        return lambda _now: self._drifting.update({label: (drifting, mark)})

    def _release(self, each: Released) -> Callable[[int], None]:
        """A release is at work from now on."""

        def release(_now: int) -> None:
            self._released.setdefault(each.release.program, []).append(each)
            self._as_released.clear()

        return release

    def _mute(self, key: tuple[str, Story | None]) -> Callable[[int], None]:
        """A host does not tell a story from now on, or is silent."""
        return lambda _now: self._muted.add(key)

    def _unmute(self, key: tuple[str, Story | None]) -> Callable[[int], None]:
        """It does again."""
        return lambda _now: self._muted.discard(key)

    def _open(self, opening: Opening) -> Callable[[int], None]:
        """A further story is told from now on."""
        if opening.host is not None:
            self._closed.add(opening.story)
        return lambda now: self.traffic.add(
            opening.story, self._tellers(opening.story, opening.host), now, opening.span[1]
        )

    def _tell(self, story: Story, host: str | None) -> Callable[[int], None]:
        """Tell a story once, where it belongs."""
        return lambda now: self.traffic.tell(story, self._chance.pick(self._tellers(story, host)), now)

    def _tellers(self, story: Story, host: str | None) -> list[Machine]:
        """The machine of that name, or all that the story may be told on."""
        if host is not None:
            return [machine for machine in self._machines if machine.host.name == host]
        return [machine for machine in self._machines if machine.host.role in story.roles]
