"""Work on the pieces of a corpus by as many processes as there are cores; few pieces by this process itself."""

import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from typing import Any, Final, TypeVar

from training.corpus import Progress
from training.errors import CorpusError
from training.pieces import Piece

Result = TypeVar("Result")

SMALL: Final = 8 * 1024 * 1024
"""Bytes of a corpus below which starting processes takes longer than they save."""

_SECONDS_BETWEEN_REPORTS: Final = 0.1


def cores() -> int:
    """Return how many cores this process may use."""
    # Only Linux can bind a process to some of them.
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def spread(task: Callable[[Iterable[Piece]], Result], pieces: Sequence[Piece], progress: Progress) -> list[Result]:
    """
    Give each process a share of the pieces, whenever it is done with one; return what each makes of its share.

    Args:
        task: A function that pickles; what it raises is raised here.
        pieces: Of the corpus.
        progress: Called now and then with the bytes of pieces that were begun; lines are not known, 0.

    Raises:
        CorpusError: A process was ended from outside.
    """
    size = sum(piece.end - piece.start for piece in pieces)
    number = min(cores(), len(pieces))
    if number < 2 or size < SMALL:
        made = [task(pieces)]
    else:
        with _one_thread_each():
            made = _in_processes(task, pieces, number, lambda done: progress(0, done, size))
    progress(0, size, size)
    return made


def in_order(task: Callable[[Piece], Result], pieces: Sequence[Piece], progress: Progress) -> Iterator[Result]:
    """
    Yield what a task makes of each piece, in order, while processes work on the next ones.

    Args:
        task: A function that pickles; what it raises is raised here.
        pieces: Of the corpus.
        progress: Called with the bytes that are done; lines are not known, 0.

    Raises:
        CorpusError: A process was ended from outside.
    """
    size, done = sum(piece.end - piece.start for piece in pieces), 0
    number = min(cores(), len(pieces))
    with ExitStack() as stack:
        if number < 2 or size < SMALL:
            made: Iterator[Result] = map(task, pieces)
        else:
            stack.enter_context(_one_thread_each())
            pool = stack.enter_context(ProcessPoolExecutor(number, get_context("spawn")))
            made = _ahead(pool, task, pieces, 2 * number)
        for piece in pieces:
            yield next(made)
            done += piece.end - piece.start
            progress(0, done, size)


def _ahead(
    pool: ProcessPoolExecutor, task: Callable[[Piece], Result], pieces: Sequence[Piece], number: int
) -> Iterator[Result]:
    """Yield results in order; as many pieces as `number` are given out at a time, for results take memory."""
    waiting: deque[Future[Result]] = deque()
    try:
        for piece in pieces:
            waiting.append(pool.submit(task, piece))
            if len(waiting) == number:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool:
        raise _ended() from None
    finally:
        for future in waiting:
            future.cancel()


def _ended() -> CorpusError:
    return CorpusError(
        "a process that read a part of the corpus was ended from outside, most likely because the machine ran out of "
        "memory; give it more, or mine fewer lines"
    )


def _in_processes(
    task: Callable[[Iterable[Piece]], Result], pieces: Sequence[Piece], number: int, progress: Callable[[int], None]
) -> list[Result]:
    # Forked, a process could wait for ever on a lock that a thread of this one holds.
    context = get_context("spawn")
    taken, done = context.Value("q", 0), context.Value("q", 0)
    with ProcessPoolExecutor(number, context, _begin, (pieces, taken, done)) as pool:
        futures: list[Future[Result]] = [pool.submit(_work, task) for _ in range(number)]
        running = set(futures)
        while running:
            ended, running = wait(running, _SECONDS_BETWEEN_REPORTS)
            progress(done.value)
            if any(future.exception() for future in ended):
                # The others need not go on for nothing.
                taken.value = len(pieces)
        try:
            return [future.result() for future in futures]
        except BrokenProcessPool:
            raise _ended() from None


_share: Any = None


def _begin(pieces: Sequence[Piece], taken: Any, done: Any) -> None:
    global _share  # noqa: PLW0603 (a process belongs to one pool for all its life)
    _share = pieces, taken, done


def _work(task: Callable[[Iterable[Piece]], Result]) -> Result:
    return task(_next_pieces())


def _next_pieces() -> Iterator[Piece]:
    pieces, taken, done = _share
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
    names = ("POLARS_MAX_THREADS", "OMP_NUM_THREADS")
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
