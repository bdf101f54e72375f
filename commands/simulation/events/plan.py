"""
What happens over the weeks, and when: all of it follows from the seed, the days and the calendar.

The first days (`learning_days`) are for learning: nothing happens in them but what the calendar brings.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from commands.simulation.chance import Chance
from commands.simulation.clock import DAY, MINUTE, SECOND, Clock, Often
from commands.simulation.events.deployments import DEPLOYMENTS, Deployment
from commands.simulation.events.drifts import VALUES, WORDS, Drift
from commands.simulation.events.hosts import NEWCOMERS, SERVICES, Service, story_of
from commands.simulation.events.incidents import INCIDENTS, Incident
from commands.simulation.events.release_writer import ReleaseWriter
from commands.simulation.events.script import Change, Cue, Opening, Script, Span
from commands.simulation.events.seasons import SEASONS, Season
from commands.simulation.events.troubles import TroubleWriter
from commands.simulation.events.writer import Writer
from commands.simulation.hosts import FLEET, Host
from commands.simulation.novelty import BURSTS, MOST_TIMES, hostile_first
from commands.simulation.programs import STORIES
from commands.simulation.slots import strange_address
from commands.simulation.story import Kind, Step, Story

_FLOOD = 60
"""How many times more often than usual an incident's flood is told."""
_LEAST_FLOOD = 30
"""How often it is told at the least, in a quiet fleet too."""
_MOST_NOVELTIES = 4
"""Novel kinds a day at the most: more would be no single ones."""


def write(
    days: int, seed: int, clock: Clock, share: float, *, novel_kinds: int, troubles: int = 0, releases: int = 0
) -> Script:
    """What happens in so many days from the clock's start on, in a fleet of that share of the usual volume."""
    script = Script()
    writer = _Writer(script, days, clock, Chance(2 * seed + 1), share)
    writer.seasons(SEASONS)
    if writer.after:
        writer.deployments(DEPLOYMENTS)
        writer.newcomers(NEWCOMERS)
        writer.incidents(INCIDENTS)
        writer.decommissions(SERVICES)
        writer.drifts(WORDS)
        writer.drifts(VALUES)
        writer.novelties(novel_kinds)
        # By chances of their own: all else happens when it would without them.
        TroubleWriter(script, days, clock, Chance((2 * seed + 1) << 32), share).troubles(troubles)
        ReleaseWriter(script, days, clock, Chance((2 * seed + 1) << 33), share).releases(releases)
    script.events.sort(key=lambda event: event.windows[0])
    return script


class _Writer(Writer):
    """Writes one sort of event after the other."""

    def seasons(self, seasons: Iterable[Season]) -> None:
        """Jobs of the calendar, on the first host of each role; one that runs while all is learned is no news."""
        for season in seasons:
            begun = [
                day for day in map(self._day, range(self._days)) if season.falls_on(self._clock.moment(day).date())
            ]
            if not begun:
                continue
            kinds = _kinds(season.story)
            own = frozenset() if begun[0] < self._day(self._learning) else frozenset(kinds)
            spans = [(day + season.time, day + season.time + season.story.longest) for day in begun]
            hosts = [next(host.name for host in FLEET if host.role == role) for role in season.story.roles]
            mark = self._event("seasonal", spans, season.about, kinds=kinds, news=own, hosts=hosts)
            self.script.marks[season.story] = mark
            self.script.cues.extend(Cue(begin, season.story, host) for begin, _ in spans for host in hosts)

    def deployments(self, deployments: Sequence[Deployment]) -> None:
        """One every four days, of another program each; what is new is said at once, and on the next day again."""
        chosen = self._chance.shuffled(deployments)[: max(1, self.after // 4)]
        for day, deployed in zip(self._spread(len(chosen)), chosen, strict=True):
            time = self._working(day) + self._time(9, 15)
            kinds = [kind for story in deployed.stories for kind in _kinds(story)] + list(deployed.reworded.values())
            gone = [*deployed.reworded, *deployed.gone]
            news = frozenset(kinds)
            span = (time, self._end)
            mark = self._event("deployment", [span], deployed.about, kinds=kinds, news=news, gone=gone)
            self.script.changes.append(Change(time, dict.fromkeys(gone) | deployed.reworded, mark))
            for story in deployed.stories:
                rarer = replace(story, when=self._at_volume(story))
                self.script.marks[rarer] = mark
                self.script.openings.append(Opening(span, rarer))
                self._soon_and_on_the_next_day(rarer, time)
            for label in deployed.reworded:
                self._soon_and_on_the_next_day(story_of(label), time)

    def newcomers(self, hosts: Sequence[Host]) -> None:
        """One a week."""
        chosen = self._chance.shuffled(hosts)[: max(1, self.after // 7)]
        for day, host in zip(self._spread(len(chosen)), chosen, strict=True):
            time = self._working(day) + self._time(8, 17)
            about = f"{host.name} ({host.address}) joins the hosts of role {host.role}"
            mark = self._event("new_host", [(time, self._end)], about, hosts=[host.name])
            self.script.joins.append((time, host, mark))

    def incidents(self, incidents: Sequence[Incident]) -> None:
        """One a month, within one day (UTC), and some of it on the next."""
        chosen = self._chance.shuffled(incidents)[: max(1, self.after // 30)]
        for number, incident in enumerate(chosen):
            among = (number + 0.25 + self._chance.draw() / 2) / len(chosen)
            day = self._learning + int(among * max(1, self.after - 1))
            begin = self._day(day) + self._time(1, 15)
            spans = [(begin, begin + self._time(3, 6))]
            if day + 1 < self._days:
                again = self._day(day + 1) + self._time(2, 20)
                spans.append((again, again + 90 * MINUTE))
            self._incident(incident, spans)

    def _incident(self, incident: Incident, spans: Sequence[Span]) -> None:
        """One stranger does it all, to one host of each role."""
        given = {"stranger": strange_address(self._chance)}
        hosts = {host.role: host.name for host in self._chance.shuffled(FLEET)}
        phases = [(phase, replace(phase.story, given=given)) for phase in incident.phases]
        kinds = [kind for _, story in phases for kind in _kinds(story)]
        base = story_of(incident.flood)
        begin, end = spans[0]
        often = self._at_volume(base).per_day * _FLOOD
        flood = replace(base, when=Often(max(often, _LEAST_FLOOD * DAY / (end - begin))), given=given)
        target = hosts[self._chance.pick(base.roles)]
        told = [(story, hosts[self._chance.pick(phase.story.roles)], phase) for phase, story in phases]
        named = [target, *(host for _, host, _ in told)]
        mark = self._event("incident", spans, incident.about, kinds=kinds, news=frozenset(kinds), hosts=named)
        self.script.marks[flood] = mark
        self.script.openings.append(Opening((begin, end - flood.longest), flood, target))
        for story, host, phase in told:
            self.script.marks[story] = mark
            for first, last in spans if phase.again else spans[:1]:
                time = min(first + int(phase.begins * (last - first)), last - story.longest)
                self.script.cues.append(Cue(time, story, host))

    def decommissions(self, services: Sequence[Service]) -> None:
        """One in two months, late in them."""
        chosen = self._chance.shuffled(services)[: max(1, self.after // 60)]
        for number, service in enumerate(chosen):
            among = (number + 0.5 + 0.4 * self._chance.draw()) / len(chosen)
            time = self._day(self._learning + int(among * self.after)) + self._time(10, 16)
            labels = {step.kind.label: step.kind for story in STORIES for step in story.steps}
            gone = [
                label for label, kind in labels.items() if kind.program in service.programs or label in service.more
            ]
            span = (time, self._end)
            mark = self._event("decommission", [span], service.about, gone=gone)
            self.script.changes.append(Change(time, dict.fromkeys(gone), mark))

    def drifts(self, drifts: Sequence[Drift]) -> None:
        """One a fortnight, each from the first third on to the end."""
        for drift in self._chance.shuffled(drifts)[: max(1, self.after // 14)]:
            begin = self._day(self._learning) + int(self._chance.draw() * self.after * DAY / 3)
            about = f"{drift.label} changes by degrees: at last {drift.most:.0%} of its lines are other ones"
            mark = self._event("drift", [(begin, self._end)], about, programs=[drift.variants[0].program])
            self.script.drifts.append(((begin, self._end), drift, mark))
            self.script.cues.append(Cue(begin + self._time(0, 1), story_of(drift.label)))

    def novelties(self, kinds: int) -> None:
        """Single novel kinds, each on one host, 1 to `MOST_TIMES` times: in a burst, or whenever."""
        first = self._day(self._learning)
        chosen = hostile_first(self._chance)[: min(kinds, _MOST_NOVELTIES * self.after)]
        told = sorted((self._novel_times(first), number) for number in range(len(chosen)))
        for times, number in told:
            roles, kind = chosen[number]
            host = self._chance.pick([host.name for host in FLEET if host.role in roles])
            story = Story(Often(1), roles, (Step(kind),))
            about = f"{kind.program} says something that it never says"
            span = (times[0], times[-1])
            mark = self._event("novelty", [span], about, kinds=[kind], news=frozenset({kind}), hosts=[host])
            self.script.marks[story] = mark
            self.script.cues.extend(Cue(time, story, host) for time in times)

    def _novel_times(self, first: int) -> list[int]:
        """When one novel kind is said."""
        chance = self._chance
        drawn = chance.draw()
        count = 1 + min(int(drawn * drawn * drawn * MOST_TIMES), MOST_TIMES - 1)
        time = first + int(chance.draw() * (self._end - first))
        times = [time]
        burst = chance.draw() < BURSTS
        for _ in range(1, count):
            time = time + chance.mostly_low(SECOND, 20 * MINUTE) if burst else chance.between(times[0], self._end)
            times.append(min(time, self._end))
        return sorted(times)


def _kinds(story: Story) -> list[Kind]:
    """The kinds that a story tells, each once."""
    return list(dict.fromkeys(step.kind for step in story.steps))
