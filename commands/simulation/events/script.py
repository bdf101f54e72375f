"""What is to be staged over the weeks, in simulated milliseconds: the plan writes it, the stage does it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from commands.simulation.events.drifts import Drift
from commands.simulation.events.event import Event, Mark
from commands.simulation.events.releases import Release
from commands.simulation.hosts import Host
from commands.simulation.story import Kind, Story

Span = tuple[int, int]
"""The first and the last millisecond of something."""


@dataclass(frozen=True, slots=True)
class Cue:
    """A story that is told once, at a time; `host` is the name of who tells it, None for any of its hosts."""

    time: int
    story: Story
    host: str | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """A story that is told again and again within a span, on the host of that name or on all of its hosts."""

    span: Span
    story: Story
    host: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """From a time on, other kinds are said for some, or none; `mark` is for the lines of the other kinds."""

    time: int
    instead: dict[str, Kind | None]
    mark: Mark


@dataclass(frozen=True, slots=True)
class Mute:
    """In a span the host of that name does not tell a story, or says nothing at all if there is none."""

    span: Span
    host: str
    story: Story | None = None


@dataclass(frozen=True, slots=True)
class Released:
    """A release, from when on it is at work, its number, and the mark of the lines that it changes."""

    time: int
    release: Release
    number: int
    mark: Mark


def released(first: Kind, releases: Iterable[Released]) -> tuple[Kind | None, Mark | None]:
    """Return what releases make of a kind, one after the other, and the mark of the last one that changed it."""
    kind, mark = first, None
    for each in releases:
        other = each.release.instead(kind, first, each.number)
        if other is None:
            return None, each.mark
        kind, mark = other, mark if other is kind else each.mark
    return kind, mark


@dataclass(frozen=True, slots=True)
class Script:
    """What is to be staged: the events, by their beginning, and what they do."""

    events: list[Event] = field(default_factory=list)
    cues: list[Cue] = field(default_factory=list)
    openings: list[Opening] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    joins: list[tuple[int, Host, Mark]] = field(default_factory=list)
    drifts: list[tuple[Span, Drift, Mark]] = field(default_factory=list)
    mutes: list[Mute] = field(default_factory=list)
    releases: list[Released] = field(default_factory=list)
    marks: dict[Story, Mark] = field(default_factory=dict)
