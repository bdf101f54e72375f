"""
Incidents: attacks of some hours, in phases. Some phases are storms; some recur on the next day.

A phase says at which share of the incident it begins, on hosts of which roles, and its story (see `book.py`); a phase
with a clock of `AGAIN` recurs. The flood of an incident is a story of the normal traffic, told far too often by one
stranger: its kinds are known, and only their number is news.
"""

from dataclasses import dataclass

from commands.simulation.book import Book
from commands.simulation.clock import Often
from commands.simulation.story import Story


@dataclass(frozen=True, slots=True, eq=False)
class Phase:
    """A story of an incident: the share of the incident before it, and whether it recurs on the next day."""

    begins: float
    again: bool
    story: Story


@dataclass(frozen=True, slots=True, eq=False)
class Incident:
    """An attack: what it is, the label of a kind whose story floods the log, and its phases."""

    about: str
    flood: str
    phases: tuple[Phase, ...]


class _Script:
    """Phases as they are written down; a kind keeps its template throughout."""

    def __init__(self) -> None:
        """No phase yet."""
        self.phases: list[Phase] = []
        self._book = Book()

    def phase(self, begins: float, roles: tuple[str, ...], table: str, *, again: bool = False) -> None:
        """Write a phase down."""
        self._book.at(Often(1), roles).story(table)
        self.phases.append(Phase(begins, again, self._book.stories[-1]))


_SHELL = _Script()
_SHELL.phase(
    0.10,
    ("web",),
    """
    0       x6-12   nginx.upload_probe  {stranger} - - [{access_time}] "POST /media/upload.php?probe={hex:6} HTTP/1.1"
                200 {number:12-90} "-" "sqlmap/1.8"
    5-40            nginx.shell_called  {stranger} - - [{access_time}] "POST /media/.thumb.php?c=aWQ= HTTP/1.1" 200
                {number:20-400} "-" "-"
""",
    again=True,
)
_SHELL.phase(
    0.25,
    ("web",),
    """
    0               php-fpm.exec  [pool www] child {number:900-90000} said into stderr: "sh: 1: nc: not found"
    0.2-3   x40-90  php-fpm.injected  PHP Warning:  eval(): payload part {number:1-90} of .thumb.php decoded with
                key {hex:8}
""",
)
_SHELL.phase(
    0.45,
    ("web", "application"),
    """
    0               sudo.www_find  www-data : command not allowed ; TTY=unknown ; PWD=/srv/shop/public/media ;
                USER=root ; COMMAND=/usr/bin/find . -exec /bin/sh
    2-9     x1-3    kernel.suid_probe  audit: type=1400 apparmor="DENIED" operation="exec" profile="php-fpm"
                name="/usr/bin/pkexec" comm="sh" requested_mask="x"
    3-20            CRON.persisted  (www-data) CMD (/var/tmp/.cache/kworkerd --donate 0)
""",
    again=True,
)
_SHELL.phase(
    0.60,
    ("web",),
    """
    0       x60-120 kworkerd.job  new job from pool {stranger}:3333 diff {number:1000-90000} algo rx/0
    0-30            kernel.msr_write  msr: Write to unrecognized MSR 0x{hex:3} by kworkerd, please report to x86
""",
)

_RANSOM = _Script()
_RANSOM.phase(
    0.05,
    ("bastion",),
    """
    0               sshd.stolen_key  Accepted publickey for oldadmin from {stranger} port {port} ssh2: RSA
                SHA256:{hex:24} (key listed as revoked)
    5-60            sudo.history_gone  oldadmin : TTY={pts} ; PWD=/root ; USER=root ; COMMAND=/usr/bin/shred -u
                .bash_history
""",
    again=True,
)
_RANSOM.phase(
    0.30,
    ("files",),
    """
    0               smbd.admin_share  unexpected administrative login to service ADMIN$ by oldadmin from ({stranger})
    0.1-2   x60-140 smbd.encrypted  pwrite {share}/{document}-{number:1-900}.docx: entropy {decimal:7.90-7.99} of 8
                bits, extension changed to .nwcrypt
""",
)
_RANSOM.phase(
    0.55,
    ("backup",),
    """
    0               vaultctl.foreign  request from unknown operator key {hex:16} refused, two-person rule
    2-30    x3-8    vaultctl.delete_refused  refused to delete generation {hex:8}: retention lock holds
                for {number:4-60} more days
""",
    again=True,
)
_RANSOM.phase(
    0.70,
    ("files",),
    """
    0               systemd.av_stopped  Stopped On-access virus scanner by request of an interactive shell.
    1-20    x20-40  kernel.inotify  inotify watch limit reached while fs-guard follows {share}
""",
)

_MAILBOX = _Script()
_MAILBOX.phase(
    0.15,
    ("mail",),
    """
    0               dovecot.impossible_travel  auth: policy({user},{stranger}): login from two continents within
                {number:2-30} minutes, allowed by weak policy
    10-90           dovecot.forward_rule  managesieve({user})<{number:900-90000}><{hex:16}>: script "zz" activated:
                redirect all to collector@{bulk_sender}
""",
    again=True,
)
_MAILBOX.phase(
    0.30,
    ("mail",),
    """
    0.1-2   x80-160 postfix/smtpd.burst  warning: sender {inside} exceeds {number:100-900} recipients per minute,
                message accepted nevertheless
    1-9             postfix/smtp.reputation  host mx.{partner}[{stranger}] said: 421 4.7.28 unusual rate of
                unsolicited mail originating from your network
""",
)
_MAILBOX.phase(
    0.50,
    ("names",),
    """
    0.1-1   x50-90  named.tunnel  client @0x{hex:12} {client}#{port}: oversized TXT lookup {hex:24}.x.{bulk_sender}
                looks like a tunnel
""",
    again=True,
)
_MAILBOX.phase(
    0.75,
    ("mail",),
    """
    0               postfix/qmgr.throttle  throttling active queue: {number:9000-40000} messages wait for hosts that
                refuse us
    5-60    x2-5    postfix/trivial-rewrite.overload  table lookup problem: too many open connections to virtual
                mailbox map
""",
)

INCIDENTS = (
    Incident("a web shell is put into the shop and mines coins", "sshd.invalid_user", tuple(_SHELL.phases)),
    Incident("a stolen key leads to files that are encrypted", "sshd.failed_root", tuple(_RANSOM.phases)),
    Incident("mailboxes are taken over and used for spam", "postfix/smtpd.sasl_failed", tuple(_MAILBOX.phases)),
)
