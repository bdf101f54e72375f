"""An event of the schedule, and the mark that the lines of one bear."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from commands.simulation.story import Kind

Cause = Literal[
    "normal", "deployment", "drift", "seasonal", "new_host", "incident", "novelty", "decommission",
    "burst", "stopped", "silence", "value", "release",
]  # fmt: skip
CAUSES: tuple[Cause, ...] = ("normal", "deployment", "drift", "seasonal", "new_host", "incident", "novelty")
"""
What a line comes from. No line comes from a `decommission`: it is what ends lines. Where there are troubles, a line may
come from a `burst` or a `value`, too, and `stopped` and `silence` have none; where there are releases, from one.
"""

Window = tuple[datetime, datetime]
"""From the first moment to the one after the last: aware, UTC, whole seconds."""


@dataclass(frozen=True, slots=True)
class Event:
    """
    Something that happens to the fleet.

    Attributes:
        id: Cause and number, as in `incident-1`: what the labels of its lines name.
        cause: What its lines come from.
        windows: When they are written, in order. What stays until the log ends has the end of the log for its end. The
            second window of an incident is where some of it recurs, on the next day.
        about: What happened, in a sentence.
        programs: Which programs say something else than before, or nothing any more.
        kinds: The kinds that only this event brings; lines of other kinds may belong to it too, as a flood of known
            ones does. Empty for drifts, which keep their kinds, and where nothing new is said.
        gone: The kinds that are said no more once it has begun; of `stopped`, on its host until it ends.
        hosts: Where it happens, if that is not everywhere.
    """

    id: str
    cause: Cause
    windows: tuple[Window, ...]
    about: str
    programs: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()

    def json(self) -> str:
        """The event as a JSON object on one line; the keys are the attributes, `id` being `event`, as in labels."""
        return json.dumps(
            {
                "event": self.id,
                "cause": self.cause,
                "windows": [[moment.isoformat(timespec="seconds") for moment in window] for window in self.windows],
                "about": self.about,
                "programs": self.programs,
                "kinds": self.kinds,
                "gone": self.gone,
                "hosts": self.hosts,
            }
        )


@dataclass(frozen=True, slots=True)
class Mark:
    """
    What the lines of an event are labelled with.

    Attributes:
        cause: As the event's.
        event: Its id; None of normal lines.
        news: The kinds that a good monitor tells of; the others that belong to the event are known.
    """

    cause: Cause
    event: str | None
    news: frozenset[Kind] = frozenset()
