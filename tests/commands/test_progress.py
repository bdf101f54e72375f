"""How far a reading is, and how long it still takes: by the bytes read, where it is known how many there are."""

import sys
import time

import pytest

from commands import progress


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let time stand at what the list has."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.0)
    for name in ("FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return now


@pytest.mark.parametrize(
    ("seconds", "done", "size", "told"),
    [
        (10.0, 50, 100, "read 5 lines, 0/s, 50%, 10 s left"),
        (10.0, 1, 13, "read 5 lines, 0/s, 8%, 2 min left"),
        (60.0, 1, 100, "read 5 lines, 0/s, 1%, 1 h 39 min left"),
        (7_200.0, 1, 100, "read 5 lines, 0/s, 1%, 198 h 0 min left"),
        (1.0, 100, 100, "read 5 lines, 5/s"),
        (1.0, 0, 100, "read 5 lines, 5/s"),
        (1.0, 100, 0, "read 5 lines, 5/s"),
    ],
)
def test_what_is_left_follows_from_the_bytes_and_the_time(
    clock: list[float], capsys: pytest.CaptureFixture[str], seconds: float, done: int, size: int, told: str
) -> None:
    with progress.reading(quiet=False) as report:
        clock[0] = seconds
        report(5, done, size)
    assert capsys.readouterr().err == f"{told}\n"


def test_a_terminal_that_cannot_draw_gets_plain_lines(
    clock: list[float], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "dumb")
    with progress.reading(quiet=False) as report:
        clock[0] = 10.0
        report(50, 50, 100)
    assert capsys.readouterr().err == "read 50 lines, 5/s, 50%, 10 s left\n"
