"""
The commands that README and docs show, run as they stand.

A block may have a mark before it: `<!-- needs: kafka, elasticsearch -->` names servers, and its section is run against
the real ones (tests/servers); anything else that a mark names cannot be had by a test, and its commands are listed in
`tests/test_docs_commands.py`. Each section is run in a folder of its own, in which sample logs stand for those of the
machine by the table that the sandbox is given.
"""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from server_process import free_ports

from commands.simulation.fleet import simulate

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SERVERS: Final = {"kafka", "elasticsearch"}
_LEARNED_BEFORE: Final = {"The loop", "From Kafka to Elasticsearch", "Which engine", "Prepare", "Dead letters"}
"""Sections that say, in words, that there is a pattern set already."""

_START: Final = datetime(2026, 11, 26, tzinfo=UTC)
_PATIENCE: Final = 240
_BLOCK: Final = re.compile(r"(?:<!-- needs: (?P<needs>[^>]*) -->\n+)?```console\n(?P<text>.*?)```", re.DOTALL)
_SHELL: Final = re.compile(r"[|<>&;*]")
_ENDLESS: Final = {"stream", "ship", "receive"}


@dataclass(frozen=True)
class Block:
    """Commands as they are shown, and what their mark says that they need."""

    commands: tuple[str, ...]
    needs: frozenset[str]

    @property
    def can_run(self) -> bool:
        return self.needs <= SERVERS


@dataclass(frozen=True)
class Section:
    """What stands below a heading of a page."""

    page: str
    heading: str
    blocks: tuple[Block, ...]

    @property
    def needs_servers(self) -> bool:
        return any(block.can_run and block.needs for block in self.blocks)

    @property
    def commands(self) -> list[str]:
        """Those that can be run, in order."""
        return [command for block in self.blocks if block.can_run for command in block.commands]


def sections_to_run(*, with_servers: bool) -> list[Section]:
    """Return those that need servers, or those that do not; none whose commands all stand in earlier ones."""
    found, seen = [], set[str]()
    for section in sections():
        commands = {command.split(" #", maxsplit=1)[0].rstrip() for command in section.commands}
        if section.needs_servers == with_servers and not commands <= seen:
            found.append(section)
        seen |= commands
    return found


def sections() -> Iterator[Section]:
    """Yield the sections that show commands."""
    for page in PAGES:
        for part in re.split(r"^## ", page.read_text(), flags=re.MULTILINE):
            found = []
            for match in _BLOCK.finditer(part):
                needs = frozenset(filter(None, (need.strip() for need in (match["needs"] or "").split(","))))
                shown = tuple(line[2:] for line in match["text"].splitlines() if line.startswith("$ "))
                found.append(Block(shown, needs))
            if found:
                yield Section(page.name, part.split("\n", 1)[0], tuple(found))


@dataclass
class Sandbox:
    """
    A folder in which a section is run.

    Attributes:
        folder: Has conf/, as shipped but for the table, and what the table leads to.
        table: What is replaced in commands and in the configuration.
        main: Runs `logwinnow` in this process, with words.
        instead: What is done in the place of a command that cannot be run.
    """

    folder: Path
    table: dict[str, str]
    main: Callable[[list[str]], int]
    instead: dict[str, Callable[[], None]] = field(default_factory=dict)
    _running: "subprocess.Popen[bytes] | None" = None
    _said: Path = Path()

    def prepare(self) -> None:
        """Make the sample logs, the configuration, and `logwinnow` as a program on the path."""
        rows = [line.text for line in simulate(8_000, 7, start=_START, novel_after=0.5, novel_kinds=20)]
        logs = self.folder / "var" / "log"
        logs.mkdir(parents=True)
        for name, lines in (("syslog.1", rows[:4_000]), ("syslog", rows[4_000:6_000]), ("messages", rows[6_000:])):
            (logs / name).write_text("".join(f"{line}\n" for line in lines))
            other = logs / name.replace("syslog", "auth.log")
            other.write_text("".join(f"{line}\n" for line in lines if "sshd" in line or name == "messages"))
        (self.folder / "srv" / "app").mkdir(parents=True)
        (self.folder / "srv" / "app" / "app.log").write_text("".join(f"{line}\n" for line in rows[:100]))
        (self.folder / "conf").mkdir()
        for file in (ROOT / "conf").glob("*.toml"):
            (self.folder / "conf" / file.name).write_text(self._mapped(file.read_text()))
        program = self.folder / "bin" / "logwinnow"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m commands "$@"\n')
        program.chmod(0o755)

    def run_section(self, section: Section) -> None:
        """Run what can be run of a section, in order; fail at the first command that fails."""
        if section.heading in _LEARNED_BEFORE:
            self.run("logwinnow train /var/log/syslog.1 --quiet")
        try:
            for block in section.blocks:
                for command in block.commands:
                    if block.can_run:
                        self.run(command)
                    elif command in self.instead:
                        self.instead[command]()
        finally:
            self._end()

    def run(self, command: str) -> None:
        """Run one; what goes on until it is told to end goes on until the next such one, or the end of the section."""
        words = shlex.split(command, comments=True)
        if words[0] == "logwinnow" and words[1] in _ENDLESS and "--once" not in words:
            self._start(command)
        # A stream has a JVM of its own: that of the tests has another working folder, where its checkpoint would be.
        elif (
            words[0] == "logwinnow"
            and words[1] != "stream"
            and not _SHELL.search(re.sub(r"'[^']*'", "", command.split(" #", maxsplit=1)[0]))
        ):
            assert self.main(shlex.split(self._mapped(command), comments=True)[1:]) == 0, command
        else:
            self._run_in_shell(command)

    def _mapped(self, text: str) -> str:
        for shown, ours in self.table.items():
            text = text.replace(shown, ours)
        return text

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}

    def _run_in_shell(self, command: str) -> None:
        """Run it by bash; beside a stream it may be that what it looks for comes soon."""
        until = time.monotonic() + (_PATIENCE if self._running else 0)
        while True:
            words = ["/bin/bash", "-o", "pipefail", "-c", self._mapped(command)]
            done = subprocess.run(
                words, cwd=self.folder, env=self._environment(), capture_output=True, check=False, timeout=_PATIENCE
            )
            # An Elasticsearch that has found nothing yet says so with success.
            if done.returncode == 0 and b'"hits" : [ ]' not in done.stdout:
                return
            assert time.monotonic() < until, (command, done.stdout[-2_000:], done.stderr[-2_000:])
            time.sleep(0.2)

    def _start(self, command: str) -> None:
        """Start it, and see it at work."""
        self._end()
        self._said = self.folder / "said"
        with self._said.open("wb") as said:
            self._running = subprocess.Popen(
                ["/bin/bash", "-c", f"exec {self._mapped(command)}"],
                cwd=self.folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stderr=said,
                start_new_session=True,
            )
        until = time.monotonic() + _PATIENCE
        while not self._is_at_work():
            said_so_far = self._said.read_text()[-3_000:]
            assert self._running.poll() is None, (command, said_so_far)
            assert time.monotonic() < until, (command, said_so_far)
            if "source.kind=socket" in command and '"receiving"' in said_so_far:
                self._send_datagram()
            time.sleep(0.1)

    def _is_at_work(self) -> bool:
        rows = [row for row in self._said.read_text().splitlines(keepends=True) if row.startswith("{")]
        records: list[dict[str, Any]] = [json.loads(row) for row in rows if row.endswith("\n")]
        return any(record["event"] in {"batch", "shipped"} and record["lines"] for record in records)

    def _send_datagram(self) -> None:
        port = int(self.table[":5514"].removeprefix(":"))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"<13>Nov 28 17:00:00 switch1 kernel: link of port 7 is up", ("127.0.0.1", port))

    def _end(self) -> None:
        """End what goes on by Ctrl-C; that is no failure."""
        if self._running is None:
            return
        running, self._running = self._running, None
        try:
            running.send_signal(signal.SIGINT)
            assert running.wait(_PATIENCE) == 0, self._said.read_text()[-3_000:]
        finally:
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGKILL)
                running.wait()


@contextmanager
def sandbox(folder: Path, main: Callable[[list[str]], int], **servers: str) -> Iterator[Sandbox]:
    """
    Make a sandbox, prepared; the working folder is it until the block ends.

    Args:
        folder: Empty.
        main: Of the product.
        servers: `kafka`, `topic`, `elasticsearch` (host:port) and `prefix`, of a section that needs them.
    """
    table = {
        "/var/log/": f"{folder}/var/log/",
        "/srv/app": f"{folder}/srv/app",
        ":5514": f":{free_ports(1)[0]}",
        # Two cores are not more than one test's.
        'master = "local[*]"': 'master = "local[2]"',
    }
    if servers:
        prefix = servers["prefix"]
        table |= {
            "kafka:logs": f"kafka:{servers['topic']}",
            'topics = ["logs"]': f'topics = ["{servers["topic"]}"]',
            'topic = "logs"': f'topic = "{servers["topic"]}"',
            "kafka:9092": servers["kafka"],
            "127.0.0.1:9092": servers["kafka"],
            "127.0.0.1:9200": servers["elasticsearch"],
            'index_prefix = "logwinnow"': f'index_prefix = "{prefix}"',
            "elasticsearch:logwinnow-": f"elasticsearch:{prefix}-",
            "elasticsearch:logstash-": f"elasticsearch:{prefix}-logstash-",
            "/logwinnow-alerts/": f"/{prefix}-alerts/",
        }
    made = Sandbox(folder, table, main)
    made.prepare()
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield made
    finally:
        os.chdir(before)
