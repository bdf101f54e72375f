"""A stream that runs beside a test."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from streaming.job import Stream


@contextmanager
def running(stream: Stream) -> Iterator[Callable[[Callable[[], object]], None]]:
    """Run a stream meanwhile; gives what waits until something holds."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            stream.run()
        except BaseException as error:  # noqa: BLE001 (told below)
            failed.append(error)

    def wait_until(holds: Callable[[], object]) -> None:
        for _ in range(1200):
            if holds():
                return
            assert not failed, failed
            time.sleep(0.05)
        pytest.fail("it did not come")

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield wait_until
    finally:
        stream.stop()
        thread.join(60)
    assert not failed
    assert not thread.is_alive()
