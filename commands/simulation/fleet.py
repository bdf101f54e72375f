"""The fleet at work: normal traffic, and novel lines put in later, as one stream of labelled lines."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from commands.simulation.chance import Chance
from commands.simulation.clock import Clock
from commands.simulation.hosts import FLEET, Machine
from commands.simulation.novelty import plan
from commands.simulation.scene import Scene
from commands.simulation.traffic import normal_traffic


@dataclass(frozen=True, slots=True)
class SimulatedLine:
    """
    One line, and what an operator would say of it.

    Attributes:
        time: When it was written: aware, UTC.
        text: The syslog line, without line end.
        kind: Program and name of its kind, as in `sshd.accepted_key`.
        novel: Whether a good monitor tells of the first line of this kind.
        cause: What it comes from: normal, novelty, and in `weeks` those of `events.event.CAUSES`.
        event: The id of the event that it belongs to; None for normal lines, and for all of `simulate`.
    """

    time: datetime
    text: str
    kind: str
    novel: bool
    cause: str = "normal"
    event: str | None = None


def simulate(
    lines: int, seed: int, *, start: datetime, novel_after: float = 0.5, novel_kinds: int = 40
) -> Iterator[SimulatedLine]:
    """
    Exactly `lines` lines in time order, about 20,000 a simulated day, the same for the same arguments.

    Novel lines, of at most `novel_kinds` kinds, stand behind the share `novel_after` of the lines. If the part before
    it has at least `traffic.LEAST_FIRST_PART` lines, every normal kind behind it has occurred three times in it.
    Raises ValueError for arguments that make no sense.
    """
    if lines < 0 or novel_kinds < 0 or not 0 <= novel_after <= 1 or start.tzinfo is None:
        raise ValueError(
            f"simulate(lines={lines}, novel_after={novel_after}, novel_kinds={novel_kinds}, start={start}): "
            "lines and novel_kinds must be 0 or more, novel_after a share from 0 to 1, and start needs a time zone"
        )
    return _stream(lines, seed, Clock(start), math.ceil(lines * novel_after), novel_kinds)


def _stream(lines: int, seed: int, clock: Clock, first_part: int, novel_kinds: int) -> Iterator[SimulatedLine]:
    """Novel lines at their planned places, at the time of the normal line before; normal lines at all others."""
    usual, unusual = Chance(2 * seed), Chance(2 * seed + 1)
    machines = [Machine(host, usual) for host in FLEET]
    planned = plan(unusual, machines, first_part, lines, novel_kinds)
    normal = normal_traffic(machines, clock, usual, first_part)
    time = clock.start
    for index in range(lines):
        if index in planned:
            machine, kind = planned[index]
            scene = Scene(machine, clock, unusual, {})
            scene.time = time
        else:
            scene, kind = next(normal)
            time = scene.time
        novel = index in planned
        cause = "novelty" if novel else "normal"
        yield SimulatedLine(clock.moment(time), kind.line(scene), kind.label, novel, cause)
