"""Many processes: they find what one finds, tell how far they are and what went wrong, and leave nothing behind."""

import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from mining.clusters import Method
from patterns.errors import RulesError
from patterns.rules import Rules
from training.classic import mine_corpus
from training.corpus import Corpus
from training.engines import Engine, EngineName, TrainingSpark, engine, workers
from training.engines.polars import PolarsEngine
from training.errors import CorpusError
from training.line_filter import Filter
from training.lines import Lines

LINES = [
    line
    for n in range(40)
    for program in (b"sshd", b"cron", b"worker-7")
    for line in (
        b"Nov  3 04:05:%02d web%d %s[%d]: session opened for root\n" % (n, n % 3, program, n),
        b"Nov  3 04:05:%02d web%d %s[%d]: session closed \xff%s\n" % (n, n % 3, program, n, b"x" * (n % 3)),
        b"%d-%s\n" % (n, program),
    )
]


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files, empty at first."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def _several(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start processes for a corpus of any size, and cut it into many pieces."""
    monkeypatch.setattr(workers, "SMALL", 0)
    monkeypatch.setattr(workers, "_LEAST_PIECE_BYTES", 600)
    monkeypatch.setattr(workers, "cores", lambda: 3)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Three files of the lines; the first has half of them."""
    paths = [tmp_path / name for name in ("a.log", "b.log", "c.log")]
    for path, lines in zip(paths, (LINES[:180], LINES[180:300], LINES[300:]), strict=True):
        path.write_bytes(b"".join(lines))
        os.utime(path, (1_700_000_000, 1_700_000_000))
    return paths


@pytest.fixture
def corpus(files: list[Path]) -> Iterator[Corpus]:
    """The files, opened."""
    with Corpus([str(path) for path in files]) as opened:
        yield opened


@pytest.fixture(autouse=True)
def _none_is_left() -> Iterator[None]:
    """Wait for the processes to end, which they do with the engine that has them."""
    yield
    gc.collect()
    until = time.monotonic() + 20
    while multiprocessing.active_children() and time.monotonic() < until:
        time.sleep(0.02)
    assert multiprocessing.active_children() == []


def started(corpus: Corpus, name: EngineName = "polars") -> Engine:
    return engine(name, corpus, TrainingSpark())


def quiet(_lines: int, _done: int, _size: int) -> None:
    """Show no progress."""


def end_one(_lines: int = 0, _done: int = 0, _size: int = 0) -> None:
    """End a process of this one's as the machine does that runs out of memory."""
    running = multiprocessing.active_children()
    if len(running) == 3:
        os.kill(int(running[0].pid or 0), signal.SIGKILL)
        running[0].join()


def mined(lines: Lines, method: Method) -> Any:
    found = mine_corpus(lines, 20, method)
    return (
        found.clusters,
        found.candidates,
        found.lines,
        dict(lines.left_out),
        list(lines.outliers(found.coverage, quiet)),
    )


@pytest.mark.usefixtures("_several")
def test_many_processes_that_share_many_pieces_find_what_engine_python_finds(corpus: Corpus) -> None:
    chosen = Filter("[^1]$|xx")
    found = []
    for by in (started(corpus, "python"), started(corpus)):
        table, counts = by.tabulate(Rules(), quiet)
        file = BytesIO()
        table.write(file)
        found.append(
            [
                (file.getvalue(), counts),
                mined(by.raw_lines(chosen, quiet), Method()),
                mined(by.raw_lines(chosen, quiet), Method("slct", aggregate_supports=True, anchored=False)),
                mined(by.shaped_lines(chosen, Rules(), quiet), Method()),
            ]
        )

    assert len(multiprocessing.active_children()) == 3
    assert found[0] == found[1]
    assert all(clusters and rest for clusters, *_, rest in found[0][1:])


@pytest.mark.usefixtures("_several")
def test_progress_never_goes_back_in_a_pass_and_ends_with_all_bytes(corpus: Corpus) -> None:
    told: list[list[tuple[int, int, int]]] = []

    def tell(lines: int, done: int, size: int) -> None:
        told[-1].append((lines, done, size))

    by = started(corpus)
    told.append([])
    by.tabulate(Rules(), tell)
    told.append([])
    lines = by.raw_lines(Filter(), tell)
    keys = lines.keys("", 20, Method())
    told.append([])
    lines.candidates("", keys, 20, Method())
    told.append([])
    found = mine_corpus(by.shaped_lines(Filter(), Rules(), tell), 20, Method())
    told.append([])
    list(by.shaped_lines(Filter(), Rules(), quiet).outliers(found.coverage, tell))

    for of_pass in told:
        done = [bytes_read for _, bytes_read, _ in of_pass]
        assert done == sorted(done)
        assert of_pass[-1] == (0, corpus.size, corpus.size)
        assert {(lines, size) for lines, _, size in of_pass} == {(0, corpus.size)}
    # Whoever waits for outliers is told after each piece.
    assert len(told[-1]) > 10


ENDED = "a process that read a part of the corpus was ended from outside, most likely because the machine ran out"


@pytest.mark.usefixtures("_several")
def test_a_process_that_is_ended_within_a_pass_is_a_clear_error(corpus: Corpus, temporary: Path) -> None:
    by = started(corpus)

    with pytest.raises(CorpusError, match=ENDED):
        by.raw_lines(Filter(), end_one).keys("", 20, Method())
    assert list(temporary.iterdir()) == []


@pytest.mark.usefixtures("_several")
def test_a_process_that_is_ended_between_passes_is_a_clear_error(corpus: Corpus) -> None:
    lines = started(corpus).raw_lines(Filter(), quiet)
    keys = lines.keys("", 20, Method())
    end_one()
    # The pool needs a moment to notice.
    time.sleep(0.5)

    with pytest.raises(CorpusError, match=ENDED):
        lines.candidates("", keys, 20, Method())


@pytest.mark.usefixtures("_several")
def test_a_process_that_is_ended_while_outliers_are_read_is_a_clear_error(corpus: Corpus) -> None:
    lines = started(corpus).raw_lines(Filter(), quiet)
    found = mine_corpus(lines, 20, Method())
    rest = lines.outliers(found.coverage, quiet)
    next(rest)
    end_one()
    time.sleep(0.5)

    with pytest.raises(CorpusError, match=ENDED):
        list(rest)


@pytest.mark.parametrize("how", ["_several", "temporary"], ids=["several processes", "one process"])
def test_what_a_task_raises_is_raised_here_and_no_temporary_file_stays(
    corpus: Corpus, files: list[Path], temporary: Path, how: str, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue(how)
    by = started(corpus)
    lines = by.raw_lines(Filter(), quiet)
    keys = lines.keys("", 20, Method())
    os.truncate(files[1], 1000)

    for wrong in (
        lambda: lines.keys("", 20, Method()),
        lambda: lines.candidates("", keys, 20, Method()),
        lambda: by.tabulate(Rules(), quiet),
        lambda: by.shaped_lines(Filter(), Rules(), quiet),
    ):
        with pytest.raises(CorpusError, match=r"b\.log' was replaced or cut while it was mined; mine a copy"):
            wrong()
    with pytest.raises(RulesError, match="header is 'klingon': there is no such format"):
        by.tabulate(Rules(header="klingon"), quiet)
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("how", ["_several", "temporary"], ids=["several processes", "one process"])
def test_mining_leaves_no_temporary_file(
    corpus: Corpus, temporary: Path, how: str, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue(how)
    by = started(corpus)

    mined(by.raw_lines(Filter(), quiet), Method("slct", anchored=False))
    mined(by.shaped_lines(Filter(), Rules(), quiet), Method())
    table, _ = by.tabulate(Rules(), quiet)

    # A table keeps its file open, without a name.
    assert table.lines
    assert list(temporary.iterdir()) == []


@pytest.mark.usefixtures("_several")
def test_the_settings_of_the_processes_are_not_those_of_this_one(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POLARS_MAX_THREADS", "7")
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)

    by = started(corpus)

    assert os.environ["POLARS_MAX_THREADS"] == "7"
    assert "OMP_NUM_THREADS" not in os.environ
    by.tabulate(Rules(), quiet)


@pytest.mark.usefixtures("_several")
def test_each_process_has_one_thread_for_its_columns(corpus: Corpus) -> None:
    by = engine("polars", corpus, TrainingSpark())

    assert isinstance(by, PolarsEngine)
    assert len(by._workers._pool._processes) == 3
    assert by._workers.share(partial(os.getenv, "POLARS_MAX_THREADS"), quiet) == ["1"] * 3


_MINE_UNTIL_KILLED = """
import sys, time
from training.engines import TrainingSpark, engine, workers
from training.corpus import Corpus

if __name__ == "__main__":
    workers.SMALL, workers._LEAST_PIECE_BYTES, workers.cores = 0, 600, lambda: 2
    by = engine("polars", Corpus(sys.argv[1:]), TrainingSpark())
    print(*by._workers._pool._processes, flush=True)
    time.sleep(60)
"""


def test_processes_end_with_one_that_is_killed(files: list[Path], tmp_path: Path) -> None:
    script = tmp_path / "mine.py"
    script.write_text(_MINE_UNTIL_KILLED)
    command = [sys.executable, str(script), *map(str, files)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        started = [int(number) for number in process.stdout.readline().split()]
        # They watch only when they are up.
        time.sleep(2)
        process.kill()
    assert len(started) == 2

    until = time.monotonic() + 20
    while any(_runs(number) for number in started):
        assert time.monotonic() < until
        time.sleep(0.05)


def _runs(process: int) -> bool:
    status = Path("/proc", str(process), "stat")
    return status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] != "Z"
