"""What `logwinnow patterns show` says of a pattern's baselines: what is usual of its lines."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from commands.console import Column, counted, print_table, shown, stdout

if TYPE_CHECKING:
    from patterns.baselines import Baselines, Heartbeat, Rate, Values
    from patterns.pattern_set import KnownPattern

_HOSTS: Final = 10
"""Hosts that are shown of a pattern; it may have thousands."""

_VALUE_SHOWN: Final = 60
_DAY: Final = 86_400.0


def show_usual(known: "KnownPattern", baselines: "Baselines | None") -> None:
    """Print what is usual of a pattern, in tables of at most some hosts each; nothing where nothing was learned."""
    if baselines is None:
        return
    console = stdout()
    rates = [rate for rate in baselines.rates if rate.pattern == known.id]
    beats = [beat for beat in baselines.heartbeats if beat.pattern == known.id]
    values = [each for each in baselines.values if each.pattern == known.id]
    if not (rates or beats or values):
        console.print(shown(f"usual: nothing of it, in {counted(baselines.days, 'day')}"))
    if rates:
        console.print(shown("usual lines an hour, from 0 to 23 o'clock UTC, each ± its spread:", "bold"))
        columns = [Column("host"), Column("days", right=True), Column("lines", ratio=1)]
        print_table(console, columns, [_rate(rate) for rate in rates[:_HOSTS]])
        _say_more(len(rates))
    if beats:
        console.print(shown("heartbeats:", "bold"))
        columns = [
            Column("host"),
            Column("every", right=True),
            Column("late by", right=True),
            Column("seen", right=True),
        ]
        print_table(console, columns, [_beat(beat) for beat in beats[:_HOSTS]])
        _say_more(len(beats))
    if values:
        console.print(shown("all values of a parameter:", "bold"))
        columns = [Column("parameter", right=True), Column("lines", right=True), Column("values", ratio=1)]
        print_table(console, columns, [_values(each) for each in values])


def _say_more(hosts: int) -> None:
    if hosts > _HOSTS:
        stdout().print(shown(f"and {counted(hosts - _HOSTS, 'host')} more"))


def _rate(rate: "Rate") -> Sequence[str]:
    hours = " ".join(f"{middle:g}±{spread:.1f}" for middle, spread in rate.hours)
    return rate.host or "-", f"{rate.days:,}", hours


def _beat(beat: "Heartbeat") -> Sequence[str]:
    return beat.host, _duration(beat.period), _duration(beat.tolerance), f"{beat.times:,}"


def _values(values: "Values") -> Sequence[str]:
    some = ", ".join(
        repr(value if len(value) <= _VALUE_SHOWN else f"{value[:_VALUE_SHOWN]}…") for value in values.values
    )
    return f"{values.gap + 1}", f"{values.lines:,}", some


def _duration(seconds: float) -> str:
    """Say some seconds in the largest unit of which they are one or more."""
    for unit, size in (("d", _DAY), ("h", 3_600.0), ("min", 60.0)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"
