"""The fleet over weeks: normal traffic by the day, and all that happens to a fleet in the meantime, labelled."""

from collections.abc import Iterator
from datetime import UTC, datetime, time

from commands.simulation.chance import Chance
from commands.simulation.clock import DAY, Clock
from commands.simulation.events.event import Event
from commands.simulation.events.plan import write
from commands.simulation.events.script import Script
from commands.simulation.events.writer import learning_days
from commands.simulation.fleet import SimulatedLine
from commands.simulation.programs import STORIES
from commands.simulation.stage import Stage
from commands.simulation.volume import Volume, at_volume

START = datetime(2026, 11, 16, tzinfo=UTC)
MOST_DAYS = 1_000
LEAST_LINES = 300
"""Fewer lines a day do not hold all stories of the fleet."""


def simulate_days(
    days: int,
    seed: int,
    *,
    start: datetime = START,
    lines_per_day: int = 20_000,
    novel_kinds: int = 40,
    troubles: int = 0,
    releases: int = 0,
) -> Iterator[SimulatedLine]:
    """
    The lines of whole days (UTC) in time order, the same for the same arguments, made as they are asked for.

    Args:
        days: How many, 1 to `MOST_DAYS`. From 7 days on all sorts of events occur; monthly ones need their day.
        seed: Other lines and events of the same fleet: 0 or more.
        start: The midnight (UTC) at which the first day begins.
        lines_per_day: About so many on a working day, without what events bring, and fewer at the weekend:
            `LEAST_LINES` or more. While days are for learning, there are up to some hundred more.
        novel_kinds: How many kinds of single novelties at the most; there are never more than four a day.
        troubles: How many troubles behind the days for learning that no new kind tells of (events/troubles.py), one
            sort after the other. With them all other events are as without.
        releases: How many releases there are behind the days for learning (events/releases.py), one sort after the
            other, and no more than there are. With them all else happens when it does without.

    Returns:
        Labelled lines. A normal kind occurs on two of the first `learning_days(days)` days, if these are two or more,
        or never: what is said later for the first time belongs to an event.

    Raises:
        ValueError: Arguments that make no sense.
    """
    script, volume, clock = _prepared(
        days, seed, start, lines_per_day, novel_kinds=novel_kinds, troubles=troubles, releases=releases
    )
    return _stream(script, volume, clock, days, seed)


def planned_events(
    days: int,
    seed: int,
    *,
    start: datetime = START,
    lines_per_day: int = 20_000,
    novel_kinds: int = 40,
    troubles: int = 0,
    releases: int = 0,
) -> tuple[Event, ...]:
    """
    What happens in the lines that `simulate_days` gives for the same arguments, by its beginning; no line is made.

    Raises:
        ValueError: As `simulate_days`.
    """
    script, _, _ = _prepared(
        days, seed, start, lines_per_day, novel_kinds=novel_kinds, troubles=troubles, releases=releases
    )
    return tuple(script.events)


def _prepared(
    days: int, seed: int, start: datetime, lines_per_day: int, *, novel_kinds: int, troubles: int, releases: int
) -> tuple[Script, Volume, Clock]:
    """What is staged, at which volume, from when on."""
    if not 1 <= days <= MOST_DAYS or lines_per_day < LEAST_LINES or min(novel_kinds, troubles, releases, seed) < 0:
        raise ValueError(
            f"simulate_days(days={days}, seed={seed}, lines_per_day={lines_per_day}, novel_kinds={novel_kinds}, "
            f"troubles={troubles}, releases={releases}): give 1 to {MOST_DAYS} days, {LEAST_LINES} lines a day or "
            "more, and a seed, novel_kinds, troubles and releases of 0 or more"
        )
    if start.tzinfo is None or start.astimezone(UTC).time() != time():
        raise ValueError(f"simulate_days(start={start}): days are whole days in UTC; give a midnight with its zone")
    clock = Clock(start)
    volume = at_volume(STORIES, lines_per_day)
    script = write(days, seed, clock, volume.share, novel_kinds=novel_kinds, troubles=troubles, releases=releases)
    return script, volume, clock


def _stream(script: Script, volume: Volume, clock: Clock, days: int, seed: int) -> Iterator[SimulatedLine]:
    """Stage it, and label what is said."""
    stage = Stage(script, volume, clock, Chance(2 * seed))
    stage.rehearse(clock.start, learning_days(days))
    end = clock.start + days * DAY
    for telling in stage.traffic.tellings():
        scene = telling.scene
        if scene.time >= end:
            return
        said = stage.said(telling.story, scene.machine, telling.kind, scene.time)
        if said is not None:
            kind, mark, novel = said
            moment = clock.moment(scene.time)
            yield SimulatedLine(moment, kind.line(scene), kind.label, novel, mark.cause, mark.event)
