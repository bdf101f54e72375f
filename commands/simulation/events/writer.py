"""What all who write the script have: its days, its chance, and how an event is noted in it."""

from collections.abc import Sequence
from dataclasses import replace

from commands.simulation.chance import Chance
from commands.simulation.clock import DAY, HOUR, MINUTE, SATURDAY, SECOND, WEEK, Clock, Often
from commands.simulation.events.event import Cause, Event, Mark
from commands.simulation.events.script import Cue, Script, Span
from commands.simulation.story import Kind, Story


def learning_days(days: int) -> int:
    """How many of so many days are for learning: a third, at least 1 and at most 7."""
    return min(7, max(1, days // 3))


class Writer:
    """Writes a script; what is written, those who are one say."""

    def __init__(self, script: Script, days: int, clock: Clock, chance: Chance, share: float) -> None:
        """Go on with a script; `after` counts the days behind those for learning."""
        self.script = script
        self._days = days
        self._learning = learning_days(days)
        self.after = days - self._learning
        self._clock = clock
        self._chance = chance
        self._share = share
        self._end = clock.start + days * DAY - 1
        self._counts: dict[Cause, int] = {}

    def _event(
        self,
        cause: Cause,
        spans: Sequence[Span],
        about: str,
        *,
        kinds: Sequence[Kind] = (),
        news: frozenset[Kind] = frozenset(),
        gone: Sequence[str] = (),
        hosts: Sequence[str] = (),
        programs: Sequence[str] = (),
    ) -> Mark:
        """Note an event, and give the mark of its lines."""
        self._counts[cause] = self._counts.get(cause, 0) + 1
        name = f"{cause}-{self._counts[cause]}"
        said = [kind.program for kind in kinds] + [label.rpartition(".")[0] for label in gone] + list(programs)
        moment = self._clock.moment
        windows = tuple(
            (moment(begin // SECOND * SECOND), moment((end // SECOND + 1) * SECOND)) for begin, end in spans
        )
        labels = tuple(dict.fromkeys(kind.label for kind in kinds))
        places = tuple(dict.fromkeys(hosts))
        self.script.events.append(
            Event(name, cause, windows, about, tuple(dict.fromkeys(said)), labels, tuple(gone), places)
        )
        return Mark(cause, name, news)

    def _at_volume(self, story: Story) -> Often:
        """How often a story is told in this fleet; those of events, about twice in three days at the least."""
        if not isinstance(story.when, Often):
            raise TypeError(f"{story.steps[0].kind.label} goes by the clock: an event's table has `through` alone")
        return replace(story.when, per_day=max(story.when.per_day * self._share, 0.7))

    def _soon_and_on_the_next_day(self, story: Story, time: int) -> None:
        """Tell it within two hours, and on the next day, so that it has been seen on two days if there are two."""
        self.script.cues.append(Cue(time + MINUTE + self._time(0, 2), story))
        next_day = time - time % DAY + DAY + self._time(9, 16)
        if next_day < self._end:
            self.script.cues.append(Cue(next_day, story))

    def _spread(self, count: int) -> list[int]:
        """So many days behind those for learning, evenly spread; not the last one, if there are others."""
        span = max(1, self.after - 1)
        return [self._learning + int((number + self._chance.draw()) * span / count) for number in range(count)]

    def _working(self, day: int) -> int:
        """The beginning of that day, or of the Monday after it, or the Friday before it, if it is at a weekend."""
        begin = self._day(day)
        weekday = begin % WEEK // DAY
        if weekday < SATURDAY:
            return begin
        monday, friday = begin + (7 - weekday) * DAY, begin - (weekday - 4) * DAY
        if monday < self._day(self._days - 1):
            return monday
        return friday if friday >= self._day(self._learning) else begin

    def _day(self, number: int) -> int:
        """The midnight at which that day begins, the first being 0."""
        return self._clock.start + number * DAY

    def _time(self, first_hour: int, last_hour: int) -> int:
        """A time of day between these hours, or so long a time."""
        return self._chance.between(first_hour * HOUR, last_hour * HOUR)
