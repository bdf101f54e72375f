"""What tests of the verbs share: a small log, a store trained on it, and the command line in this process."""

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from simulated_weeks import DAYS, LONG_TIMES, VOLUME

from commands.__main__ import main
from commands.simulation.events.event import Event
from commands.simulation.fleet import SimulatedLine
from commands.simulation.weeks import planned_events, simulate_days
from patterns.store import Store

LOG = b"".join(
    b"Nov  3 04:05:%02d web%d sshd[%d]: Accepted password for alice from 10.0.0.%d port %d\n"
    % (n, n % 3, n, n, 4000 + n)
    + b"Nov  3 04:05:%02d web1 sshd[%d]: Connection closed by 10.0.0.%d\n" % (n, n, n)
    + b"Nov  3 04:05:%02d web1 cron[%d]: job rotate started\n" % (n, n)
    for n in range(20)
)

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run each test in an empty folder, with no setting of this machine and no terminal's width."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.startswith("LOGWINNOW_") or name in {"COLUMNS", "NO_COLOR", "FORCE_COLOR"}:
            monkeypatch.delenv(name)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `logwinnow` with words, and bytes as standard input; return exit code, output, and what was told."""

    def run(*words: str | Path, stdin: bytes = b"") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        try:
            code = main([str(word) for word in words])
        except SystemExit as ended:
            code = int(ended.code or 0)
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log of 60 lines of three kinds."""
    path = tmp_path / "app.log"
    path.write_bytes(LOG)
    return path


@pytest.fixture
def store(run: Run, log: Path, tmp_path: Path) -> Path:
    """A store with one set, trained on `log`."""
    folder = tmp_path / "store"
    assert run("train", log, "--store", folder, "--quiet") == (0, "", "")
    return folder


@pytest.fixture
def ids(store: Path) -> dict[str, str]:
    """The store's patterns: first word → id."""
    return {known.pattern.text.split()[0]: known.id for known in Store(str(store)).read().patterns.patterns}


@pytest.fixture
def hostile(run: Run, tmp_path: Path) -> Path:
    """A store whose programs and patterns try to steer a terminal."""
    line = "Nov  3 04:05:06 h evil\x1b\u202e[1]: \x1b[31mred \x9b2J [bold]b[/] \u2066x \x00 \x7f 漢字 größe\n"
    (tmp_path / "evil.log").write_text(line * 4, encoding="utf-8")
    assert run("train", "evil.log", "--store", "evil", "--quiet")[0] == 0
    return tmp_path / "evil"


@pytest.fixture(scope="session")
def three_weeks() -> list[SimulatedLine]:
    return list(simulate_days(DAYS, 1, lines_per_day=VOLUME))


@pytest.fixture(scope="session")
def schedule() -> dict[str, Event]:
    return {event.id: event for event in planned_events(DAYS, 1, lines_per_day=VOLUME)}


@pytest.fixture(scope="session", params=LONG_TIMES, ids=lambda param: f"{param[0]} days, seed {param[1]}")
def long_time(request: pytest.FixtureRequest) -> tuple[int, dict[str, Event], list[SimulatedLine]]:
    days, seed = request.param
    events = {event.id: event for event in planned_events(days, seed, lines_per_day=VOLUME)}
    return days, events, list(simulate_days(days, seed, lines_per_day=VOLUME))
