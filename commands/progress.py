"""How far a long reading is and how long it still takes: a bar on a terminal, else a plain line now and then."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from commands.console import stderr

Report = Callable[[int, int, int], None]
"""Called with (lines read, bytes read, bytes in all); the last is 0 where it is not known."""

SECONDS_BETWEEN_LINES: Final = 10.0
"""Of plain progress: a job in a log file says a few lines, a short one none."""

_SAID_IN_SECONDS: Final = 120.0


@contextmanager
def reading(*, quiet: bool) -> Iterator[Report]:
    """Show how far the reading is, until the block ends; nothing if `quiet`."""
    if quiet:
        yield lambda _lines, _done, _size: None
    elif stderr().is_interactive:
        with _bar() as report:
            yield report
    else:
        yield _plain()


@contextmanager
def _bar() -> Iterator[Report]:
    # Takes a while to load, and only a terminal needs it.
    from rich.progress import BarColumn, Progress, TextColumn

    clock = _Clock()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[read]}"),
    )
    with Progress(*columns, console=stderr(), transient=True) as progress:
        task = progress.add_task("reading", total=None, read="")

        def report(lines: int, done: int, size: int) -> None:
            # All is read, and mining begins: how long that takes depends on the lines, so the bar only moves.
            mining = 0 < size == done
            seconds = clock.seconds(done)
            progress.update(
                task,
                description="mining" if mining else "reading",
                completed=done,
                total=None if mining else size or None,
                read=_read(lines, done, None) if mining else _read(lines, done, seconds) + _left(done, size, seconds),
            )

        yield report


class _Clock:
    """Times a reading. One that has read less than before is the next: of what was fetched, or one more pass."""

    def __init__(self) -> None:
        self._began, self._done = time.monotonic(), 0

    def seconds(self, done: int) -> float:
        """Return for how long it has been read, of which so much is read."""
        now = time.monotonic()
        if done < self._done:
            self._began = now
        self._done = done
        return now - self._began


def _plain() -> Report:
    clock, said = _Clock(), time.monotonic()

    def report(lines: int, done: int, size: int) -> None:
        nonlocal said
        now, seconds = time.monotonic(), clock.seconds(done)
        if now - said < SECONDS_BETWEEN_LINES:
            return
        said = now
        print(f"read {_read(lines, done, seconds)}{_left(done, size, seconds)}", file=sys.stderr, flush=True)

    return report


def _read(lines: int, done: int, seconds: float | None) -> str:
    """Say how much was read and, given the seconds, how fast; in bytes where lines are not counted yet."""
    amount, unit = (lines, " lines") if lines else (done / 1_000_000, " MB")
    rate = "" if seconds is None else f", {amount / max(seconds, 0.001):,.0f}{'' if lines else unit}/s"
    return f"{amount:,.0f}{unit}{rate}"


def _left(done: int, size: int, seconds: float) -> str:
    """Say which share of the bytes is read, and how long the rest takes if it goes on so; nothing of unknown sizes."""
    if not 0 < done < size:
        return ""
    left = seconds * (size / done - 1)
    if left < _SAID_IN_SECONDS:
        return f", {done / size:.0%}, {left:,.0f} s left"
    hours, minutes = divmod(round(left / 60), 60)
    return f", {done / size:.0%}, {f'{hours:,} h {minutes} min' if hours else f'{minutes} min'} left"
