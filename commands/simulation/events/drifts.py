"""
Drifts: a kind stays what it is, and its lines change by degrees.

    more_words('''
        tool.read  read {number:1-900} files without haste
    ''')
    more_values('''
        tool.slow  tundra|lichen|moss  NEW is slow
    ''')

A row of `more_words` is the kind and its other wording, used by ever more of its lines. A row of `more_values` is the
kind, the values that come up one after the other, and its template with `NEW` where they stand.
"""

from dataclasses import dataclass

from commands.simulation.book import rows
from commands.simulation.chance import Chance
from commands.simulation.story import Kind


@dataclass(frozen=True, slots=True)
class Drift:
    """A kind that drifts, what its lines become, in the order in which they come up, and the largest share of them."""

    label: str
    variants: tuple[Kind, ...]
    most: float


class Drifting:
    """A drift at work, between two moments (milliseconds)."""

    __slots__ = ("_begin", "_drift", "_length", "_owed")

    def __init__(self, drift: Drift, begin: int, end: int) -> None:
        """The first line of its kind from `begin` on has changed; at `end` the share `drift.most` has."""
        self._drift = drift
        self._begin = begin
        self._length = end - begin
        self._owed = 1.0

    def instead(self, now: int, chance: Chance) -> Kind | None:
        """What the next line of the kind is said as; None when it is said as ever."""
        progress = (now - self._begin) / self._length
        self._owed += progress * self._drift.most
        if self._owed < 1:
            return None
        self._owed -= 1
        variants = self._drift.variants
        return variants[chance.below(min(1 + int(progress * len(variants)), len(variants)))]


def more_words(table: str) -> tuple[Drift, ...]:
    """Drifts towards another wording, which three quarters of the lines have in the end."""
    found = []
    for row in rows(table):
        label, template = row.split(maxsplit=1)
        found.append(Drift(label, (Kind(label, template),), 0.75))
    return tuple(found)


def more_values(table: str) -> tuple[Drift, ...]:
    """Drifts towards new values, which a third of the lines have in the end."""
    found = []
    for row in rows(table):
        label, values, template = row.split(maxsplit=2)
        variants = tuple(Kind(label, template.replace("NEW", value)) for value in values.split("|"))
        found.append(Drift(label, variants, 0.34))
    return tuple(found)


WORDS = more_words("""
    ordermill.search  somebody signed in looked for {article} and found {number:0-90} articles
    sshd.failed_invalid_user  Failed password for invalid user {guess} from {stranger} port {port} ssh2 via keyboard
    dhcpd.ack  DHCPACK on {client} to {mac} ({laptop}) via eth1 relay office uid set
    postfix/smtpd.disconnect  disconnect from mx.{partner}[{stranger}] ehlo=2 starttls=1 mail=1 rcpt=1 data=1 quit=1
                chunking commands=7
""")

VALUES = more_values("""
    ordermill.accepted  Blum|Ankerplatz|Sommer|Wiesengrund|Waldkinder  order {order} of NEW accepted: {number:1-12}
                items, {decimal:4.90-2400.00} EUR
    postfix/smtpd.lost_connection  BDAT|RSET|UNKNOWN|VRFY  lost connection after NEW from unknown[{stranger}]
    smbd.connect  videos|archive|templates|training  {laptop} ({client}) connect to service NEW initially as user {user}
                (uid={uid}, gid=100) (pid {number:900-90000})
    named.denied  wpad|gitlab|intranet|_ldap  client @0x{hex:12} {stranger}#{port} (NEW): query (cache)
                'NEW/A/IN' denied
""")
