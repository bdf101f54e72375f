"""
Heartbeats that stopped: of one pair, of a host, of the whole source.

A heartbeat is *missed* when it was not heard for its period and what it is usually late by, and *late* a margin after
that. It is heard when a batch has a line of it, by the time at which the batch was planned: a wrong clock on the host
changes nothing, and lines that come late are heard when they come. Nothing is missed for time in which the stream did
not listen. What comes in lumps, many at once after a pause, is waited for as long as its longest pause and half of it.

One that is late is told once, until it is heard again. Where it is late, all that its host misses counts: several, or
all of two and more, are the silent host; all of all hosts are the silent source.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple

from patterns.baselines import Heartbeat
from patterns.timestamps import SECOND, iso
from streaming.unusual.counting import Counted
from streaming.unusual.documents import HEARTBEAT, SILENT_HOST, SILENT_SOURCE, lasting, lines_of, listed, said
from streaming.unusual.telling import Telling
from streaming.unusual.usual import Usual, key_of

HEARD: Final = "heartbeats"
"""Table: pair → when it was heard and the time of its last line in seconds since 1970, seconds of its longest pause of
late, and 1 while it is told."""

HOSTS: Final = "hosts"
"""Table: host → when it was told as silent, in seconds since 1970, until it is not."""

LOOK_SECONDS: Final = 10
"""Between two looks at all heartbeats: 50,000 cost some 50 ms."""

LONGEST_PAUSE: Final = 86_400

_SURE_BEATS: Final = 3
_AGAIN: Final = 0.95
_LUMP: Final = 1.5

Row = tuple[int, int, int, int]


class Missed(NamedTuple):
    """A heartbeat, its row, for how many seconds it was not heard, and whether it is late."""

    beat: Heartbeat
    row: Row
    seconds: float
    is_late: bool


class Host(NamedTuple):
    """Of the heartbeats of a host that were ever heard: how many there are, and which are missed."""

    heartbeats: int
    missed: list[Missed]

    @property
    def is_out(self) -> bool:
        """Whether all are missed, one of them late."""
        return len(self.missed) == self.heartbeats and self.is_late

    @property
    def is_late(self) -> bool:
        """Whether one is late."""
        return any(each.is_late for each in self.missed)


def hear(counted: Counted, usual: Usual, telling: Telling, gap: int) -> None:
    """
    Note what a batch has of heartbeats.

    Args:
        counted: What tasks counted.
        usual: What is usual.
        telling: Of this step.
        gap: When the stream began to listen after it did not run, in microseconds since 1970.
    """
    tables, now = telling.tables, telling.now // SECOND
    for number, (lines, latest) in sorted(counted.beats.items()):
        beat = usual.heartbeats[number]
        key = key_of(beat.pattern, beat.host)
        heard, seen, pause, told = tables.get(HEARD, key, (now, 0, 0, 0))
        rest = now - max(heard, gap // SECOND)
        if lines > 1 and rest > _LUMP * beat.period and 2 * lines * beat.period >= rest:
            pause = min(max(pause, rest), LONGEST_PAUSE)
        else:
            pause = int(pause * _AGAIN)
        if told:
            telling.counts["heard_again"] += 1
        tables.put(HEARD, key, (now, max(seen, latest // SECOND), pause, 0))


def look(usual: Usual, telling: Telling, sure_until: int, since: int) -> None:
    """
    Tell what is late, host by host.

    Args:
        usual: What is usual.
        telling: Of this step.
        sure_until: All lines that came before are read, in microseconds since 1970.
        since: From when on the stream has listened without a gap.
    """
    tables, now = telling.tables, telling.now // SECOND
    if now - tables.get("at", "looked", 0) < LOOK_SECONDS:
        return
    tables.put("at", "looked", now)
    hosts = missed(usual, telling, sure_until, since)
    least = telling.config.heartbeat.host_silent_from
    silent = {
        name
        for name, host in hosts.items()
        if host.is_late and (len(host.missed) >= least or (host.is_out and host.heartbeats > 1))
    }
    for name in [name for name in tables.table(HOSTS) if name not in silent]:
        tables.drop(HOSTS, name)
    all_out = len(hosts) > 1 and all(host.is_out for host in hosts.values())
    if not all_out:
        tables.drop("at", "all_out")
    new = {name: [each for each in host.missed if each.is_late and not each.row[3]] for name, host in hosts.items()}
    new = {name: late for name, late in new.items() if late}
    if all_out and tables.get("at", "all_out", 0) == 0 and new:
        if tell_source(telling, hosts):
            tables.put("at", "all_out", now)
            for name in silent:
                tables.put(HOSTS, name, now)
            _mark(telling, (each for late in new.values() for each in late))
        return
    for name, late in new.items():
        if name in silent:
            if tables.get(HOSTS, name, 0) == 0 and not _tell_host(telling, name, hosts[name]):
                continue
            tables.put(HOSTS, name, tables.get(HOSTS, name, now))
            _mark(telling, late)
        else:
            _mark(telling, [each for each in late if _tell_beat(telling, each)])


def look_at_source(usual: Usual, telling: Telling, sure_until: int, since: int, idle_since: int) -> bool:
    """
    Tell that the source is silent, if heartbeats show it; return whether they do.

    That nothing came for a while is no silence of the source where little comes, and that a heartbeat is late none
    where it had stopped before. So those count that fell due since the last line came: one must be late, and beats be
    missed as often as there are heartbeats, or _SURE_BEATS times.

    Args:
        usual: What is usual.
        telling: Of this step.
        sure_until: All lines that came before are read, in microseconds since 1970.
        since: From when on the stream has listened without a gap.
        idle_since: When the last line came.
    """
    hosts = missed(usual, telling, sure_until, since)
    idle, until = idle_since / SECOND, sure_until / SECOND
    due = [
        each
        for host in hosts.values()
        for each in host.missed
        if until - each.seconds + each.beat.period + each.beat.tolerance >= idle
    ]
    beats = sum(int((until - max(idle, since / SECOND)) / each.beat.period) for each in due)
    if not any(each.is_late for each in due) or beats < min(_SURE_BEATS, sum(h.heartbeats for h in hosts.values())):
        return False
    tell_source(telling, hosts, idle_since)
    return True


def missed(usual: Usual, telling: Telling, sure_until: int, since: int) -> dict[str, Host]:
    """Return by host what is missed of the heartbeats that were ever heard. Cost: a pass over them."""
    rows, config, until = telling.tables.table(HEARD), telling.config.heartbeat, sure_until / SECOND
    listened = since / SECOND
    numbers: Counter[str] = Counter()
    found: dict[str, list[Missed]] = {}
    for key, beat in usual.heartbeat_of.items():
        row = rows.get(key)
        if row is None:
            continue
        numbers[beat.host] += 1
        heard, _, pause, _ = row
        rest = until - max(heard, listened) - _LUMP * pause
        if rest > beat.period + beat.tolerance:
            is_late = rest > beat.period + config.late_factor * beat.tolerance + config.late_seconds
            found.setdefault(beat.host, []).append(Missed(beat, tuple(row), until - heard, is_late))
    return {name: Host(number, found.get(name, [])) for name, number in numbers.items()}


def keep_known(usual: Usual, telling: Telling) -> None:
    """Forget pairs of which nothing is usual any more, and hosts without one."""
    tables = telling.tables
    for key in [key for key in tables.table(HEARD) if key not in usual.heartbeat_of]:
        tables.drop(HEARD, key)
    names = {beat.host for beat in usual.heartbeats}
    for name in [name for name in tables.table(HOSTS) if name not in names]:
        tables.drop(HOSTS, name)


def tell_source(telling: Telling, hosts: dict[str, Host], idle_since: int | None = None) -> bool:
    """Tell that the source is silent; return whether that is said, now or before in this bucket."""
    due = telling.due(SILENT_SOURCE, at=telling.now)
    if due is None:
        return not telling.was_held
    late = sum(len(host.missed) for host in hosts.values())
    of = sum(host.heartbeats for host in hosts.values())
    beats = f"{late:,} of {of:,} heartbeats of {len(hosts):,} host{'' if len(hosts) == 1 else 's'}"
    none = "" if idle_since is None else f"no line at all since {_moment(idle_since // SECOND)}, "
    message = f"source {telling.source} is silent: {none}{beats} are missed: {listed(sorted(hosts))}"
    telling.tell(SILENT_SOURCE, message, due, find="*", observed=float(of - late), usual=float(of))
    return True


def _tell_host(telling: Telling, name: str, host: Host) -> bool:
    due = telling.due(SILENT_HOST, name, at=telling.now)
    if due is None:
        return not telling.was_held
    last = max(each.row[1] for each in host.missed)
    silent = "silent" if len(host.missed) == host.heartbeats else "partly silent"
    names = listed(telling.name_of(each.beat.pattern) for each in host.missed)
    message = (
        f"host {name or 'without a name'} is {silent}: {len(host.missed):,} of {host.heartbeats:,} heartbeats are "
        f"missed, their last line is of {_moment(last)}: {names}"
    )
    numbers = {"observed": float(host.heartbeats - len(host.missed)), "usual": float(host.heartbeats)}
    telling.tell(SILENT_HOST, message, due, host=name, find=lines_of(name), last=_iso(last), **numbers)
    return True


def _tell_beat(telling: Telling, late: Missed) -> bool:
    beat, (heard, seen, _, _) = late.beat, late.row
    due = telling.due(HEARTBEAT, beat.pattern, beat.host, at=telling.now)
    if due is None:
        return not telling.was_held
    known = telling.find(beat.pattern)
    message = (
        f"no line for {lasting(late.seconds)}, usual is one every {lasting(beat.period)}; the last is of "
        f"{_moment(seen or heard)}: {said(known, beat.pattern, beat.host)}"
    )
    telling.tell(
        HEARTBEAT,
        message,
        due,
        host=beat.host,
        known=known,
        find=lines_of(beat.host, beat.pattern),
        last=_iso(seen or heard),
        period=float(beat.period),
        observed=round(float(late.seconds), 3),
    )
    return True


def _mark(telling: Telling, late: Iterable[Missed]) -> None:
    for each in late:
        key = key_of(each.beat.pattern, each.beat.host)
        telling.tables.put(HEARD, key, (*each.row[:3], 1))


def _iso(seconds: int) -> str:
    return iso(seconds * SECOND)


def _moment(seconds: int) -> str:
    return f"{_iso(seconds)[:19].replace('T', ' ')} UTC"
