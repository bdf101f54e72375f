"""
Lines of an hour, compared with what is usual at that hour of the day.

Too many is told as soon as it is so; too few when the hour is over, `late_minutes` ago. For this an hour must have been
listened to whole: from its first minute on, by a stream that ran and had read all there was, and of a pair whose lines
the stream has had before. Hours that were not are closed without a word. Pairs without any line on one host are one
alert, and so are those of all hosts.
"""

from collections import defaultdict
from math import sqrt
from typing import Final, NamedTuple

from patterns.baselines import HOURS, Rate
from patterns.timestamps import SECOND, iso
from streaming.config import RateConfig
from streaming.unusual.counting import HOUR, HOURS_KEPT, Counted
from streaming.unusual.documents import RATE, SILENT_HOST, SILENT_SOURCE, lines_of, listed, said
from streaming.unusual.telling import Telling
from streaming.unusual.usual import Usual, key_of

HEARD: Final = "rates"
"""Table: pair → the first hour that it can have too few lines in, the one after it was heard first."""

_MANY: Final = "many"
"""Table: pair → the last hour that had too many lines: told, or told before in its bucket."""

_NEVER: Final = 2**62
_CLOSED: Final = "closed"


class Bounds(NamedTuple):
    """What is usual in an hour, and the numbers of lines beyond which it is told."""

    usual: float
    spread: float
    low: float
    high: float


class _Few(NamedTuple):
    rate: Rate
    lines: int
    bounds: Bounds


def bounds(rate: Rate, hour: int, config: RateConfig) -> Bounds:
    """Return the bounds of a rate in an hour since 1970; chance alone spreads as the root of what is usual."""
    usual, spread = rate.hours[hour % HOURS]
    width = max(config.factor * max(spread, sqrt(usual)), config.least_lines)
    return Bounds(usual, spread, usual - width, usual + width)


def add(counted: Counted, usual: Usual, telling: Telling) -> None:
    """Add what a batch counted, and tell what is too many by now."""
    tables, config = telling.tables, telling.config.rate
    closed = tables.get("at", _CLOSED, -1)
    if closed < 0:
        closed = telling.now // HOUR - HOURS_KEPT - 1
        tables.put("at", _CLOSED, closed)
    for hour in sorted(counted.hours):
        name = _table(hour)
        for number, lines in sorted(counted.hours[hour].items()):
            rate = usual.rates[number]
            key = key_of(rate.pattern, rate.host)
            if hour <= closed:
                # Others of this pair may be late as well: the hours that are open now say nothing of it.
                tables.put(HEARD, key, telling.now // HOUR + 1)
                continue
            before = tables.get(name, key, 0)
            tables.put(name, key, before + lines)
            if tables.get(HEARD, key, _NEVER) == _NEVER:
                tables.put(HEARD, key, max(hour, tables.get("at", "taken", 0)) + 1)
            found = bounds(rate, hour, config)
            if before + lines > found.high and tables.get(_MANY, key, -1) < hour:
                _tell_pair(telling, rate, "many", hour, before + lines, found)
                if not telling.was_held:
                    tables.put(_MANY, key, hour)


def close(usual: Usual, telling: Telling, sure_until: int, *, since: int, idle_since: int | None = None) -> None:
    """
    Close the hours that are over, and tell what has had too few lines in them.

    Args:
        usual: What is usual.
        telling: Of this step.
        sure_until: All lines that came before are read, in microseconds since 1970; 0 for it is not known.
        since: From when on the stream has listened without a gap.
        idle_since: Since when nothing at all has come; None where the batch has lines.
    """
    tables, config = telling.tables, telling.config.rate
    oldest = telling.now // HOUR - HOURS_KEPT - 1
    sure = (sure_until - config.late_minutes * 60 * SECOND) // HOUR - 1
    closed = tables.get("at", _CLOSED, oldest)
    last = max(sure, oldest)
    for hour in range(max(closed, oldest - 1) + 1, last + 1):
        if hour <= sure and since <= hour * HOUR:
            few = _few(usual, telling, hour)
            if idle_since is not None and idle_since < hour * HOUR:
                _tell_source(telling, few, hour)
            else:
                _tell_few(telling, few, hour)
    for name in [name for name in tables.names() if name.startswith(_table(""))]:
        if int(name.removeprefix(_table(""))) <= last:
            tables.clear(name)
    if last > closed:
        tables.put("at", _CLOSED, last)
        telling.forget()


def keep_known(usual: Usual, telling: Telling) -> None:
    """Forget pairs of which nothing is usual any more."""
    tables = telling.tables
    for name in (HEARD, _MANY, *(name for name in tables.names() if name.startswith(_table("")))):
        for key in [key for key in tables.table(name) if key not in usual.rate_of]:
            tables.drop(name, key)


def _few(usual: Usual, telling: Telling, hour: int) -> dict[str, list[_Few]]:
    """Return by host the pairs that could have too few lines in an hour."""
    tables = telling.tables
    lines, heard, silent = tables.table(_table(hour)), tables.table(HEARD), tables.table("hosts")
    by_host: dict[str, list[_Few]] = defaultdict(list)
    for rate in usual.rates:
        key = key_of(rate.pattern, rate.host)
        found = bounds(rate, hour, telling.config.rate)
        if found.low > 0 and heard.get(key, _NEVER) <= hour and rate.host not in silent:
            by_host[rate.host].append(_Few(rate, lines.get(key, 0), found))
    return by_host


def _tell_few(telling: Telling, by_host: dict[str, list[_Few]], hour: int) -> None:
    if len(by_host) > 1 and all(each.lines == 0 for pairs in by_host.values() for each in pairs):
        _tell_source(telling, by_host, hour)
        return
    least = telling.config.heartbeat.host_silent_from
    for host, pairs in by_host.items():
        few = [each for each in pairs if each.lines < each.bounds.low]
        none = [each for each in few if each.lines == 0]
        if len(none) >= least:
            _tell_host(telling, host, none, len(pairs), hour)
            few = [each for each in few if each.lines]
        for each in few:
            _tell_pair(telling, each.rate, "few", hour, each.lines, each.bounds)


def _tell_pair(telling: Telling, rate: Rate, direction: str, hour: int, lines: int, found: Bounds) -> None:
    due = telling.due(RATE, direction, rate.pattern, rate.host, at=hour * HOUR)
    if due is None:
        return
    known = telling.find(rate.pattern)
    message = (
        f"{lines:,} line{'' if lines == 1 else 's'} in the hour from {_clock(hour)}, usual are {found.usual:,.0f} ± "
        f"{found.spread:,.0f} in {rate.days} days: {said(known, rate.pattern, rate.host)}"
    )
    telling.tell(
        RATE,
        message,
        due,
        host=rate.host,
        known=known,
        find=lines_of(rate.host, rate.pattern),
        direction=direction,
        hour=iso(hour * HOUR),
        observed=float(lines),
        usual=float(found.usual),
        spread=float(found.spread),
    )


def _tell_host(telling: Telling, host: str, none: list[_Few], of: int, hour: int) -> None:
    due = telling.due(SILENT_HOST, host, at=hour * HOUR)
    if due is None:
        return
    message = (
        f"host {host or 'without a name'} is silent: no line of {len(none):,} of {of:,} usual patterns in the hour "
        f"from {_clock(hour)}: {listed(telling.name_of(each.rate.pattern) for each in none)}"
    )
    numbers = {"hour": iso(hour * HOUR), "observed": float(of - len(none)), "usual": float(of)}
    telling.tell(SILENT_HOST, message, due, host=host, find=lines_of(host), **numbers)


def _tell_source(telling: Telling, by_host: dict[str, list[_Few]], hour: int) -> None:
    if not by_host or any(each.lines for pairs in by_host.values() for each in pairs):
        return
    due = telling.due(SILENT_SOURCE, at=hour * HOUR)
    if due is None:
        return
    pairs = sum(map(len, by_host.values()))
    message = (
        f"source {telling.source} is silent: in the hour from {_clock(hour)} no line of {pairs:,} usual patterns of "
        f"{len(by_host):,} hosts: {listed(by_host)}"
    )
    numbers = {"hour": iso(hour * HOUR), "observed": 0.0, "usual": float(len(by_host))}
    telling.tell(SILENT_SOURCE, message, due, find="*", **numbers)


def _table(hour: int | str) -> str:
    return f"hour {hour}"


def _clock(hour: int) -> str:
    return f"{iso(hour * HOUR)[:16].replace('T', ' ')} UTC"
