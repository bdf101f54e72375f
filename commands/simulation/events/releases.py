"""
Releases: what becomes of programs over months, beyond what a deployment changes of one at a time.

    form      a library is exchanged, and with it the form of every line of a program
    renamed   a program has another name from now on
    wording   fields, units and phrases are named otherwise wherever a program has them, and some kinds are said no more
    program   a program that nobody has seen is brought in, perhaps for one that is retired

A release says of a kind what is said instead of it. Several of one program follow on each other, whatever else changed
its lines before: a later one changes what an earlier one left.
"""

import re
from dataclasses import dataclass
from typing import Final

from commands.simulation.book import Book, rows
from commands.simulation.clock import OFFICE, STEADY, Often
from commands.simulation.hosts import EVERY
from commands.simulation.story import Kind, Story

_MESSAGE: Final = "MESSAGE"
_SLOT: Final = re.compile(r"(\{[^{}]*\})")


@dataclass(frozen=True, slots=True, eq=False)
class Release:
    """
    What changes of a program.

    Attributes:
        sort: One of the four.
        program: Of which one, as it was called at first.
        about: What happened, in a sentence.
        form: The form of its lines, with MESSAGE where there was all of them.
        name: How it is called from now on; ``""`` for as ever.
        wording: Phrases, and what is said instead; a slot is none.
        gone: Labels of kinds that are said no more, or ``{"*"}`` for all of them.
        stories: Those of a program that is brought in.
    """

    sort: str
    program: str
    about: str
    form: str = _MESSAGE
    name: str = ""
    wording: tuple[tuple[str, str], ...] = ()
    gone: frozenset[str] = frozenset()
    stories: tuple[Story, ...] = ()

    def instead(self, kind: Kind, first: Kind, number: int) -> Kind | None:
        """
        Return what is said instead of a kind: itself, where nothing changes, or None.

        Args:
            kind: What is said before the release.
            first: What was said before all of them.
            number: Of the release, for the name of the new kind.
        """
        if not self.gone.isdisjoint({"*", first.label}):
            return None
        parts = _SLOT.split(kind.template)
        for old, new in self.wording:
            # Slots are every second part.
            parts[::2] = [part.replace(old, new) for part in parts[::2]]
        template, program = self.form.replace(_MESSAGE, "".join(parts)), self.name or kind.program
        if (template, program) == (kind.template, kind.program):
            return kind
        return Kind(f"{program}.{first.label.rpartition('.')[2]}_{number}", template)


def _forms(table: str) -> list[Release]:
    """A row is: program, form of its lines."""
    return [
        Release("form", program, f"{program} logs by another library: the form of all its lines is new", form=form)
        for program, form in (row.split(maxsplit=1) for row in rows(table))
    ]


def _names(table: str) -> list[Release]:
    """A row is: program, its new name."""
    return [
        Release("renamed", program, f"{program} is called {name} from now on", name=name)
        for program, name in (row.split() for row in rows(table))
    ]


def _wording(program: str, table: str, gone: str = "") -> Release:
    """A row is a phrase, an arrow, and what is said instead."""
    pairs = [row.split(" => ") for row in rows(table)]
    return Release(
        "wording",
        program,
        f"a release of {program} names {', '.join(repr(old) for old, _ in pairs)} otherwise",
        wording=tuple((old, new) for old, new in pairs),
        gone=frozenset(gone.split()),
    )


def _program(name: str, about: str, book: Book, retired: str = "") -> Release:
    """Brought in for the retired one, if there is any."""
    gone = frozenset({"*"}) if retired else frozenset[str]()
    return Release("program", retired or name, about, gone=gone, stories=tuple(book.stories))


_TUNNELD = Book()
_TUNNELD.through(OFFICE, ("bastion",)).lines("""
    40      tunneld.handshake  peer {user} completed handshake from {client}:{port}, keys live for {number:90-180} s
    12      tunneld.idle  peer {user} is idle for {number:3-40} minutes, tearing the tunnel down
    6       tunneld.roamed  peer {user} roamed from {client} to {any:stranger}
    3       tunneld.stale_cookie  cookie reply to {stranger}:{port} not answered, load is {number:40-90}%
""")

_SECRETD = Book()
_SECRETD.through(STEADY, ("application",)).lines("""
    60      secretd.lease  lease {hex:12} for role {one:shop|shelf|reports} granted for {number:10-60} min
    20      secretd.renewed  renewed lease {hex:12} before expiry
    8       secretd.rotated  rotated credentials of {database}, old ones valid for {number:1-9} more min
    1.5     secretd.sealed  backend sealed for {number:1-4} s during leader change
""")

_METRICSD = Book()
_METRICSD.through(STEADY, EVERY).lines("""
    80      metricsd.scraped  scraped by 10.10.0.5 in {number:2-90} ms, {number:200-900} series
    6       metricsd.slow  collector {one:disk|network|systemd} took {number:900-4000} ms
    2       metricsd.dropped  dropped {number:1-40} series with too many labels
""")

_QUEUED = Book()
_QUEUED.at(Often(30, STEADY), ("application",)).story("""
    0             queued.published  published {number:1-90} messages to topic {queue} partition {number:0-7}
    0.1-4   x1-2  queued.acked  consumer {worker} acknowledged offset {number:1000-900000} of {queue}
    1-9           queued.lag  lag of {queue} is {number:0-400} after rebalance
""")
_QUEUED.through(STEADY, ("application",)).lines("""
    4       queued.segment  segment {number:1000-900000}.log of {queue} deleted by retention
    2       queued.rebalance  group shop rebalances, generation {number:10-900}, members {number:2-6}
""")

RELEASES: Final = {
    "form": _forms("""
        ordermill  level=info logger=mill msg="MESSAGE"
        vaultctl   {{"level":"info","time":"{date}","message":"MESSAGE"}}
        named      general: info: MESSAGE
        dovecot    [main] MESSAGE trace={hex:16}
        pipeline   INFO pipeline.runner - MESSAGE
    """),
    "renamed": _names("""
        sshd           sshd-session
        spamd          rspamd
        dhcpd          kea-dhcp4
        redis          valkey
        smbd           samba
        chronyd        ntpd-rs
    """),
    "wording": [
        _wording("shelfd", """
            took= => duration=
            sku= => article=
            level=warn => level=warning
            shelf= => store=
        """),
        _wording("systemd", """
            .service: Deactivated successfully. => .service: Deactivated, consumed little CPU time.
            Starting => Start of
        """),
        _wording("nginx", """
            HTTP/1.1 => HTTP/2.0
            Mozilla/5.0 => Mozilla/6.0
        """, "nginx.keepalive nginx.directory_index"),
        _wording("postfix/smtpd", """
            unknown[ => unverified[
            Anonymous TLS connection => Untrusted TLS session
            NOQUEUE: reject: => NOQUEUE: reject_warning:
        """),
        _wording("ordermill", """
            worker => agent
            queue => lane
            order => sales order
        """, "ordermill.queue_empty ordermill.coupon"),
        _wording("CRON", """
            CMD => EXEC
            session opened for user => opened session of user
        """),
        _wording("postgres", """
            connection received: => new connection:
            LOG: => INFO:
        """, "postgres.analyze"),
        _wording("kernel", """
            entered => now in
            veth => vnet
        """),
    ],
    "program": [
        _program("tunneld", "remote work goes through a new gateway of tunnels: tunneld", _TUNNELD),
        _program("metricsd", "hosts are asked by another agent: metricsd comes, snmpd goes", _METRICSD, "snmpd"),
        _program("secretd", "secrets are leased by a new service: secretd", _SECRETD),
        _program("queued", "the shop gets a broker of messages: queued", _QUEUED),
    ],
}  # fmt: skip
"""Sort → the releases there are of it."""

MOST_RELEASES: Final = sum(map(len, RELEASES.values()))
"""How many there are."""
