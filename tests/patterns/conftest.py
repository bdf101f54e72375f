"""What tests of patterns have in common: a bound on time that only a defect meets, and stores."""

import signal
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import FrameType

import fsspec
import pytest

from patterns.store import Store

Within = Callable[[float], AbstractContextManager[None]]


class TooSlow(AssertionError):
    """Raised inside what takes too long."""


@pytest.fixture
def within() -> Within:
    """`with within(10): …` fails after ten seconds: far above what linear time takes, far below anything worse."""

    @contextmanager
    def bound(seconds: float) -> Generator[None]:
        def stop(_signal: int, _frame: FrameType | None) -> None:
            raise TooSlow(f"not done within {seconds} s")

        before = signal.signal(signal.SIGALRM, stop)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    return bound


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "not" / "there" / "yet"))


@pytest.fixture
def in_memory() -> Generator[Store]:
    yield Store("memory://store/sets")
    fsspec.filesystem("memory").rm("/store", recursive=True)
