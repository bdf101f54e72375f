"""Looking at something again and again while something else runs."""

import threading
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Looking(ABC):
    """Looks in a thread of its own from the begin of a block to its end, once at least."""

    def __init__(self, seconds: float) -> None:
        """
        Prepare.

        Args:
            seconds: Between two looks.
        """
        self._seconds = seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)

    @abstractmethod
    def look(self) -> None:
        """Look once."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _look_on(self) -> None:
        self.look()
        while not self._ended.wait(self._seconds):
            self.look()
