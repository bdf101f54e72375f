"""Some minutes of a made-up log with labels and a schedule, small enough to count by hand."""

from datetime import UTC, datetime, timedelta

from benchmarks.operations.detectors import Alert
from benchmarks.operations.truth import Truth
from benchmarks.operations.weeks import Label
from commands.simulation.events.event import Cause, Event
from patterns.timestamps import DAY, SECOND, microseconds

BEGIN = datetime(2026, 11, 17, tzinfo=UTC)


def at(seconds: float, day: int = 0) -> int:
    return microseconds(BEGIN) + day * DAY + int(seconds * SECOND)


def event(name: str, cause: Cause, first: float, last: float, *, host: str = "", program: str = "") -> Event:
    window = (BEGIN + timedelta(seconds=first), BEGIN + timedelta(seconds=last))
    hosts, programs = (tuple(filter(None, [each])) for each in (host, program))
    return Event(name, cause, (window,), "made up", programs=programs, hosts=hosts)


EVENTS = (
    event("incident-1", "incident", 100, 1_000),
    event("novelty-1", "novelty", 200, 201),
    event("novelty-2", "novelty", 300, 301),
    event("deployment-1", "deployment", 400, 10 * 86_400, program="nginx"),
    event("drift-1", "drift", 0, 10 * 86_400),
    event("silence-1", "silence", 2_000, 3_000, host="web1"),
    event("stopped-1", "stopped", 5_000, 9_000, host="db1", program="CRON"),
    event("burst-1", "burst", 9_990, 11_000, host="web2"),
)

# Seconds, kind, novel, event.
_LINES: list[tuple[float, str, bool, str | None]] = [
    (-50, "sshd.login", False, None),  # 0: while all is learned
    (10, "sshd.login", False, None),  # 1
    (100, "sshd.failed", False, "incident-1"),  # 2: the flood
    (130, "sshd.failed", False, "incident-1"),  # 3
    (160, "php-fpm.shell", True, "incident-1"),  # 4
    (170, "php-fpm.shell", True, "incident-1"),  # 5
    (180, "kernel.msr", True, "incident-1"),  # 6
    (200, "kernel.oops", True, "novelty-1"),  # 7
    (300, "kernel.panic", True, "novelty-2"),  # 8
    (450, "nginx.http3", True, "deployment-1"),  # 9
    (460, "nginx.cache", True, "deployment-1"),  # 10
    (500, "sshd.login", False, "drift-1"),  # 11
    (10_000, "sshd.failed", False, "burst-1"),  # 12
    (10_060, "sshd.failed", False, "burst-1"),  # 13
    (10_120, "sshd.failed", False, "burst-1"),  # 14
    (86_400 + 20, "php-fpm.shell", True, "incident-1"),  # 15: on the next day
    (86_400 + 30, "nginx.http3", True, "deployment-1"),  # 16
]

_CAUSES = {each.id: each.cause for each in EVENTS}
LABELS = [
    Label(at(time), kind, novel, _CAUSES[event] if event else "normal", event) for time, kind, novel, event in _LINES
]

TRUTH = Truth.of(LABELS, EVENTS, microseconds(BEGIN))


def on(line: int) -> Alert:
    """An alert on a line, when it came."""
    return Alert(LABELS[line].time, line)
