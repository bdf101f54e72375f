"""A stream that runs beside a test."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from stream_process import PATIENCE

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
        until = time.monotonic() + PATIENCE
        while not holds():
            assert not failed, failed
            assert time.monotonic() < until, "it did not come"
            time.sleep(0.05)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield wait_until
    finally:
        stream.stop()
        thread.join(PATIENCE)
    assert not failed
    assert not thread.is_alive()
