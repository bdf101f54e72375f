"""
The normal traffic: all stories told on all machines at once, in time order and without end.

A label must be fair: a rare kind that is seen late for the first time would look novel, and the log would blame who
flags it. So each story that chance or the calendar has not brought often enough is *rehearsed* in the first part of
the log, and a kind that is still not known at its end is left out from there on.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

from commands.simulation.chance import Chance
from commands.simulation.clock import Clock
from commands.simulation.hosts import Machine
from commands.simulation.programs import STORIES
from commands.simulation.scene import Scene
from commands.simulation.story import Kind, Story

ENOUGH = 3
"""How often a normal kind is seen in the first part, so that it may occur in the second."""
LEAST_FIRST_PART = 2_500
"""The lines a first part needs to hold every kind `ENOUGH` times; a shorter one promises nothing."""
REHEARSALS = (0.40, 0.85)
"""The stretch of the first part for rehearsals: the calendar goes first, and long stories need time to end."""

Utterance = tuple[Scene, Kind]
Action = Callable[[int], None]
"""What is done when its time has come; it is given that time."""


@dataclass(slots=True)
class Telling:
    """A story being told: the scene, the kind that is said next, and what is left of it."""

    story: Story
    scene: Scene
    kind: Kind
    rest: Iterator[tuple[int, Kind]]


class Traffic:
    """Tells each story in its time; a heap holds what is due."""

    def __init__(
        self, machines: Sequence[Machine], clock: Clock, chance: Chance, stories: Sequence[Story] = STORIES
    ) -> None:
        """Begin at the clock's start, with the first telling of every story ahead."""
        self._clock = clock
        self._chance = chance
        self._due: list[tuple[int, int, Story | Telling | Action]] = []
        self._pushed = 0
        self._until: dict[Story, int] = {}
        self.machines = {
            story: [machine for machine in machines if machine.host.role in story.roles] for story in stories
        }
        self.told: Counter[Story] = Counter()
        for story in stories:
            self._push(story.when.next(clock.start, chance), story)

    def tellings(self) -> Iterator[Telling]:
        """Each telling when its kind is said, for ever; kind and time are right until the next one is asked for."""
        while True:
            time, _, due = heappop(self._due)
            if isinstance(due, Telling):
                due.scene.time = time
                yield due
                self._go_on(due)
            elif isinstance(due, Story):
                self._begin(due, time)
            else:
                due(time)

    def utterances(self) -> Iterator[Utterance]:
        """What is said, for ever; a scene's time is right until the next utterance is asked for."""
        for telling in self.tellings():
            yield telling.scene, telling.kind

    def rehearse(self, story: Story, now: int) -> None:
        """Tell a story out of its time."""
        self.tell(story, self._chance.pick(self.machines[story]), story.when.unplanned(now))

    def tell(self, story: Story, machine: Machine, time: int) -> None:
        """Begin a telling, not earlier than what was said last: its first line becomes due."""
        self.told[story] += 1
        rest = story.tell(self._chance)
        wait, kind = next(rest)
        scene = Scene(machine, self._clock, self._chance, story.given)
        self._push(time + wait, Telling(story, scene, kind, rest))

    def at(self, time: int, action: Action) -> None:
        """Do this when the time has come, before whatever is said then."""
        self._push(time, action)

    def add(self, story: Story, machines: Sequence[Machine], now: int, until: int) -> None:
        """Tell one more story in its time, on these machines: later than `now`, and not later than `until`."""
        self.machines[story] = list(machines)
        self._until[story] = until
        self._push(story.when.next(now, self._chance), story)

    def _begin(self, story: Story, time: int) -> None:
        """A recurring story is due."""
        if time > self._until.get(story, time):
            return
        machines = self.machines[story]
        for machine in machines if story.when.everywhere else [self._chance.pick(machines)]:
            self.tell(story, machine, time)
        self._push(story.when.next(time, self._chance), story)

    def _go_on(self, telling: Telling) -> None:
        """The next line of a telling becomes due, if there is one."""
        following = next(telling.rest, None)
        if following is not None:
            wait, telling.kind = following
            self._push(telling.scene.time + wait, telling)

    def _push(self, time: int, due: Story | Telling | Action) -> None:
        """Note what is due at `time`; of the same time, what was noted first comes first."""
        self._pushed += 1
        heappush(self._due, (time, self._pushed, due))


def normal_traffic(machines: Sequence[Machine], clock: Clock, chance: Chance, first_part: int) -> Iterator[Utterance]:
    """Normal lines for ever; those behind the first `first_part` are of kinds that these have shown `ENOUGH` times."""
    traffic = Traffic(machines, clock, chance)
    utterances = traffic.utterances()
    if first_part < LEAST_FIRST_PART:
        yield from utterances
    known: Counter[Kind] = Counter()
    rehearsals = _rehearsals(chance, first_part)
    for index in range(first_part):
        scene, kind = next(utterances)
        known[kind] += 1
        yield scene, kind
        while rehearsals and rehearsals[-1][0] <= index:
            _, times, _, story = rehearsals.pop()
            if traffic.told[story] < times:
                traffic.rehearse(story, scene.time)
    for scene, kind in utterances:
        if known[kind] >= ENOUGH:
            yield scene, kind


def _rehearsals(chance: Chance, first_part: int) -> list[tuple[int, int, int, Story]]:
    """Line index, how often the story should have been told by then, a tie-breaker, the story; the last first."""
    begin, end = REHEARSALS
    planned = []
    for number, story in enumerate(STORIES):
        for times in range(1, ENOUGH + 1):
            share = begin + (end - begin) * (times - chance.draw()) / ENOUGH
            planned.append((int(first_part * share), times, number, story))
    return sorted(planned, reverse=True)
