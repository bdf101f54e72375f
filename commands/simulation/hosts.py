"""The fleet: which hosts there are, what they are for, and which process on them writes a line."""

from dataclasses import dataclass

from commands.simulation.chance import Chance

HIGHEST_PID = 4_194_303


@dataclass(frozen=True, slots=True)
class Host:
    """A server: its name, its role, its address in the server network."""

    name: str
    role: str
    address: str


FLEET = (
    Host("web1", "web", "10.10.1.11"),
    Host("web2", "web", "10.10.1.12"),
    Host("web3", "web", "10.10.1.13"),
    Host("app1", "application", "10.10.2.21"),
    Host("app2", "application", "10.10.2.22"),
    Host("db1", "database", "10.10.3.31"),
    Host("db2", "database", "10.10.3.32"),
    Host("mail1", "mail", "10.10.4.41"),
    Host("mail2", "mail", "10.10.4.42"),
    Host("bastion", "bastion", "10.10.0.5"),
    Host("ns1", "names", "10.10.0.53"),
    Host("files", "files", "10.10.5.51"),
    Host("build1", "build", "10.10.6.61"),
    Host("vault", "backup", "10.10.7.71"),
)

EVERY = ("web", "application", "database", "mail", "bastion", "names", "files", "build", "backup")

WITHOUT_PID = frozenset({"kernel", "sudo"})
FIXED_PID = {"systemd": 1}
LONG_RUNNING = frozenset({
    "chronyd", "containerd", "dhclient", "dhcpd", "dockerd", "dovecot", "fail2ban.actions", "fail2ban.filter",
    "mdadm", "named", "nginx", "opendkim", "ordermill", "php-fpm", "polkitd", "postfix/anvil", "postfix/master",
    "postfix/qmgr", "redis", "rsyncd", "rsyslogd", "shelfd", "smartd", "smbd", "snmpd", "spamd",
    "systemd-logind", "systemd-resolved",
})  # fmt: skip


class Machine:
    """A host at work: counts its processes and its login sessions."""

    __slots__ = ("_daemons", "_last_pid", "_last_session", "host")

    def __init__(self, host: Host, chance: Chance) -> None:
        """A host that has been up for a while, so its counters are somewhere."""
        self.host = host
        self._last_pid = chance.between(2_000, 900_000)
        self._last_session = chance.between(20, 9_000)
        self._daemons: dict[str, str] = {}

    def fork(self, chance: Chance) -> str:
        """The number of a new process."""
        self._last_pid += chance.mostly_low(1, 40)
        if self._last_pid > HIGHEST_PID:
            self._last_pid = chance.between(300, 900)
        return str(self._last_pid)

    def daemon(self, program: str, chance: Chance) -> str:
        """The number of the one process of a long-running program."""
        if program not in self._daemons:
            self._daemons[program] = str(chance.between(420, 1_990))
        return self._daemons[program]

    def new_session(self) -> str:
        """The number of a new login session."""
        self._last_session += 1
        return str(self._last_session)
