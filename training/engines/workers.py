"""Work on the pieces of a corpus by as many processes as there are cores; on few pieces by this process itself."""

import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from importlib import import_module
from multiprocessing import get_context, parent_process
from typing import Any, Final, TypeVar

from kernels.memory import keep_freed_memory
from training.corpus import Corpus, Progress
from training.errors import CorpusError
from training.pieces import Piece

Result = TypeVar("Result")
Given = TypeVar("Given")

SMALL: Final = 8 * 1024 * 1024
"""Bytes of a corpus below which starting processes takes longer than they save."""

_LEAST_PIECE_BYTES: Final = 2**22
_MOST_PIECE_BYTES: Final = 2**26
_SECONDS_BETWEEN_REPORTS: Final = 0.1


def cores() -> int:
    """Return how many cores this process may use."""
    # Only Linux can bind a process to some of them.
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


class Workers:
    """
    Processes that read a corpus, for all its passes; they end with this object.

    What is raised by a task is raised here; a process that was ended from outside is a CorpusError.
    """

    def __init__(self, corpus: Corpus, tasks: str) -> None:
        """
        Start the processes, and do not wait for them.

        Args:
            corpus: Cut into so many pieces that no process waits long for another's last one.
            tasks: The module of their tasks, which they import at once.
        """
        number = cores()
        wanted = corpus.size // (8 * number)
        self._pieces = corpus.pieces(min(max(wanted, _LEAST_PIECE_BYTES), _MOST_PIECE_BYTES))
        self._size = corpus.size
        self._number = min(number, len(self._pieces)) if corpus.size >= SMALL else 1
        if self._number < 2:
            return
        # Forked, a process could wait for ever on a lock that a thread of this one holds.
        context = get_context("spawn")
        self._taken, self._done = context.Value("q", 0), context.Value("q", 0)
        self._pool = ProcessPoolExecutor(self._number, context, _begin, (self._pieces, self._taken, self._done))
        with _one_thread_each():
            # One starts with each task that is given out while none is idle.
            for _ in range(self._number):
                self._pool.submit(import_module, tasks)

    def share(self, task: Callable[[Iterable[Piece]], Result], progress: Progress) -> list[Result]:
        """
        Give each process some of the pieces, one whenever it is done with one; return what each made of its own.

        Args:
            task: A function that pickles.
            progress: Called now and then with the bytes of pieces that were begun; lines are not known, 0.
        """
        if self._number < 2:
            made = [task(self._told(progress))]
        else:
            self._taken.value = self._done.value = 0
            futures = [self._submit(_work, task) for _ in range(self._number)]
            running = set(futures)
            try:
                while running:
                    ended, running = wait(running, _SECONDS_BETWEEN_REPORTS)
                    progress(0, self._done.value, self._size)
                    if any(future.exception() for future in ended):
                        # The others need not go on for nothing.
                        self._taken.value = len(self._pieces)
            except BaseException:
                self._taken.value = len(self._pieces)
                raise
            made = [_result(future) for future in futures]
        progress(0, self._size, self._size)
        return made

    def _told(self, progress: Progress) -> Iterator[Piece]:
        """Yield the pieces for this process itself, and tell how far it is."""
        done = 0
        for piece in self._pieces:
            if done:
                progress(0, done, self._size)
            yield piece
            done += piece.end - piece.start

    def in_order(self, task: Callable[[Piece], Result], progress: Progress) -> Iterator[Result]:
        """
        Yield what a task makes of each piece, in order, while the next ones are worked on.

        Args:
            task: A function that pickles.
            progress: Called with the bytes that are done; lines are not known, 0.
        """
        done = 0
        for piece, result in zip(self._pieces, self.each(task, self._pieces), strict=True):
            yield result
            done += piece.end - piece.start
            progress(0, done, self._size)

    def each(self, task: Callable[[Given], Result], given: Sequence[Given]) -> Iterator[Result]:
        """Yield what a task makes of each of some things, in order."""
        if self._number < 2:
            yield from map(task, given)
            return
        waiting: deque[Future[Result]] = deque()
        try:
            for one in given:
                waiting.append(self._submit(task, one))
                # Results take memory, so no more are made ahead than keep all processes busy.
                if len(waiting) == 2 * self._number:
                    yield _result(waiting.popleft())
            while waiting:
                yield _result(waiting.popleft())
        finally:
            for future in waiting:
                future.cancel()

    def _submit(self, task: Callable[[Given], Result], given: Given) -> Future[Result]:
        # Where a process has ended since the last result, it is seen here.
        with _none_ended():
            return self._pool.submit(task, given)


def _result(future: Future[Result]) -> Result:
    with _none_ended():
        return future.result()


@contextmanager
def _none_ended() -> Iterator[None]:
    try:
        yield
    except BrokenProcessPool:
        raise CorpusError(
            "a process that read a part of the corpus was ended from outside, most likely because the machine ran out "
            "of memory; give it more, or mine fewer lines"
        ) from None


class _NoPandas:
    """Hides pandas, which no task uses and which takes a third of a process's start."""

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> None:
        if name == "pandas":
            msg = "hidden by training.engines.workers"
            raise ModuleNotFoundError(msg, name=name)


_shared: Any = None


def _begin(pieces: Sequence[Piece], taken: Any, done: Any) -> None:
    global _shared  # noqa: PLW0603 (a process belongs to one pool for all its life)
    _shared = pieces, taken, done
    # Ctrl-C is told to all processes of a terminal; the one that gave the work says when it ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    keep_freed_memory()
    # polars only looks whether pandas is there; pyarrow would load it with its first array.
    import_module("polars")
    sys.meta_path.insert(0, _NoPandas())


def _end_with_parent() -> None:
    """End this process when the one that started it was killed, for nobody else would."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(task: Callable[[Iterable[Piece]], Result]) -> Result:
    return task(_next_pieces())


def _next_pieces() -> Iterator[Piece]:
    pieces, taken, done = _shared
    while True:
        with taken.get_lock():
            number = taken.value
            taken.value += 1
        if number >= len(pieces):
            return
        with done.get_lock():
            done.value += pieces[number].end - pieces[number].start
        yield pieces[number]


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Let the processes that are started meanwhile have one thread for their columns: there is one for each core."""
    names = ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
