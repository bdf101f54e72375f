"""Simulated weeks as the tests look at them: their size, what is normal in them, which events they have."""

from collections import defaultdict
from datetime import date, datetime, timedelta

from commands.simulation.events.event import Event
from commands.simulation.events.writer import learning_days
from commands.simulation.fleet import SimulatedLine
from commands.simulation.programs import STORIES
from commands.simulation.weeks import START

DAYS = 21
VOLUME = 500
LONG_TIMES = [(7, 1), (14, 2), (14, 3), (30, 4)]
NORMAL = {step.kind.label: step.kind for story in STORIES for step in story.steps}


def within(event: Event, moment: datetime) -> bool:
    return any(begin <= moment < end for begin, end in event.windows)


def of_cause(events: dict[str, Event], cause: str) -> list[Event]:
    return [event for event in events.values() if event.cause == cause]


def days_of(lines: list[SimulatedLine]) -> dict[str, set[date]]:
    seen = defaultdict(set)
    for line in lines:
        seen[line.kind].add(line.time.date())
    return seen


def learned_before(days: int) -> datetime:
    return START + timedelta(days=learning_days(days))
