"""
The same fleet with more or fewer lines a day: every story is still told, and as believably.

A busier fleet has more of what people and strangers do; jobs run on their minutes as before. In a quieter one there is
less of that, jobs run less often (a day apart at the most), and those that ran on all hosts run on some.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from commands.simulation.clock import DAY, HOUR, MINUTE, Every, Often
from commands.simulation.hosts import FLEET, Host
from commands.simulation.story import Story

_PERIODS = (10 * MINUTE, 20 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 6 * HOUR, 12 * HOUR, DAY)
_LEAST_OFTEN = 0.2
"""Of what the volume asks for, what is left to unplanned stories at least: else jobs would be all of a quiet log."""


@dataclass(frozen=True, slots=True)
class Volume:
    """
    Stories at a volume.

    Attributes:
        share: Of the lines of the fleet as the books tell of it, 1 being about 20,000 a working day.
        stories: Each story of the books to the one that is told instead.
        hosts: The names of those that tell it.
    """

    share: float
    stories: dict[Story, Story]
    hosts: dict[Story, frozenset[str]]


def at_volume(stories: Sequence[Story], lines_per_day: int) -> Volume:
    """The stories at about so many lines a working day, without what events bring."""
    planned = {story: story.when for story in stories if isinstance(story.when, Every)}
    unplanned = {story: story.when for story in stories if isinstance(story.when, Often)}
    often = sum(when.per_day * _lines(story) for story, when in unplanned.items())
    share = lines_per_day / (
        often + sum(_lines_by_the_clock(story, when, _hosts(story)) for story, when in planned.items())
    )
    told: dict[Story, Story] = {}
    hosts: dict[Story, frozenset[str]] = {}
    clock = 0.0
    for number, (story, when) in enumerate(planned.items()):
        chosen = _some(_hosts(story), min(share, 1), number)
        rarely = _rarer(when, share * len(_hosts(story)) / len(chosen))
        rarer = story if rarely is when else replace(story, when=rarely)
        told[story] = rarer
        hosts[rarer] = frozenset(host.name for host in chosen)
        clock += _lines_by_the_clock(rarer, rarely, chosen)
    factor = max((lines_per_day - clock) / often, _LEAST_OFTEN * share)
    for story, often_when in unplanned.items():
        told[story] = replace(story, when=replace(often_when, per_day=often_when.per_day * factor))
        hosts[told[story]] = frozenset(host.name for host in _hosts(story))
    return Volume(share, {story: told[story] for story in stories}, hosts)


def _hosts(story: Story) -> list[Host]:
    """All hosts that may tell it."""
    return [host for host in FLEET if host.role in story.roles]


def _some(hosts: list[Host], share: float, turn: int) -> list[Host]:
    """A share of the hosts, at least one; which ones depends on the turn, so that no host has all jobs."""
    first = 5 * turn % len(hosts)
    return (hosts[first:] + hosts[:first])[: max(1, round(share * len(hosts)))]


def _rarer(when: Every, share: float) -> Every:
    """This share of the times of a job by the clock, as far as its period can be a longer one."""
    longer = [known for known in _PERIODS if known >= when.period]
    if share >= 1 or not longer:
        return when
    return replace(when, period=min(longer, key=lambda known: abs(known - when.period / share)))


def _lines(story: Story) -> float:
    """The mean number of lines of one telling."""
    return sum(sum(step.times) / 2 for step in story.steps)


def _lines_by_the_clock(story: Story, when: Every, hosts: Sequence[Host]) -> float:
    """The lines a day of a job on these hosts."""
    return DAY / when.period * _lines(story) * len(hosts)
