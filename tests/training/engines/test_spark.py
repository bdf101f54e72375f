"""Engine spark: what engine python finds, for any number of partitions, and from wherever Spark reads."""

import gzip
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from corpora import FILES, FILTERS, METHODS, RULES, SUPPORTS, methods, mined, opened, quiet
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from mining.clusters import Method
from mining.support import Support
from patterns.rules import Rules
from spark.errors import SparkError
from training.corpus import Corpus
from training.engines import Engine, TrainingSpark, engine, stages
from training.engines import spark as module
from training.engines.python import PythonEngine
from training.engines.spark import SparkEngine
from training.errors import CorpusError
from training.line_filter import Filter

pytestmark = pytest.mark.spark

LOGS = ["Linux", "Apache"]
LOCAL = TrainingSpark(master="local[2]")
A_RULE = st.sampled_from(list(RULES)).map(RULES.__getitem__)
A_METHOD = st.sampled_from(METHODS).flatmap(lambda kind: methods(kind, raw=False))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the files of an example."""
    return tmp_path_factory.mktemp("spark")


@pytest.fixture(scope="module", autouse=True)
def _no_session_stays() -> Iterator[None]:
    yield
    session = SparkSession.getActiveSession()
    if session:
        session.stop()


def cut(corpus: Corpus, partitions: int) -> SparkEngine:
    """Return the engine with about so many partitions, before and behind the shuffle."""
    with pytest.MonkeyPatch.context() as patch:
        size = max(1, -(-corpus.size // partitions))
        patch.setattr(module, "_LEAST_PIECE_BYTES", size)
        patch.setattr(module, "_MOST_PIECE_BYTES", size)
        settings = {"spark.sql.shuffle.partitions": str(partitions), "spark.sql.adaptive.enabled": "false"}
        return SparkEngine(corpus, TrainingSpark(master="local[2]", settings=settings))


def tabulated(by: Engine, rules: Rules | None = None) -> tuple[bytes, Any]:
    table, counts = by.tabulate(rules or Rules(), quiet)
    file = BytesIO()
    table.write(file)
    return file.getvalue(), counts


@pytest.mark.parametrize("partitions", [1, 7, *(pytest.param(more, marks=pytest.mark.slow) for more in (2, 64))])
def test_real_logs_give_the_bytes_of_engine_python_for_any_number_of_partitions(loghub: Path, partitions: int) -> None:
    with Corpus([str(loghub / name / f"{name}_2k.log") for name in LOGS]) as corpus:
        by, python = cut(corpus, partitions), PythonEngine(corpus)

        assert tabulated(by) == tabulated(python)
        method = Method("logcluster", anchored=False)
        assert mined(by.raw_lines(Filter(), quiet), 20, method) == mined(python.raw_lines(Filter(), quiet), 20, method)


@pytest.mark.parametrize(
    "method",
    [
        Method("slct", anchored=False),
        Method("slct", aggregate_supports=True, anchored=False),
        Method("logcluster", aggregate_supports=True),
        Method("logcluster", word_weight=0.6, weight_function=2, wildcard=True),
    ],
    ids=["slct", "slct aggregated", "aggregated", "joined"],
)
def test_real_logs_are_mined_as_by_engine_python_with_all_options(loghub: Path, method: Method) -> None:
    chosen = Filter(r"\]: (.+)", "$1")
    with Corpus([str(loghub / "Linux" / "Linux_2k.log")]) as corpus:
        by, python = cut(corpus, 3), PythonEngine(corpus)

        assert mined(by.raw_lines(chosen, quiet), 30, method) == mined(python.raw_lines(chosen, quiet), 30, method)


@pytest.mark.parametrize("algorithm", ["logcluster", "slct"])
def test_real_logs_are_mined_by_shape_as_by_engine_python(loghub: Path, algorithm: Any) -> None:
    method, rules = Method(algorithm), Rules()
    with Corpus([str(loghub / name / f"{name}_2k.log") for name in LOGS]) as corpus:
        by, python = cut(corpus, 5), PythonEngine(corpus)

        assert mined(by.shaped_lines(Filter(), rules, quiet), 10, method) == mined(
            python.shaped_lines(Filter(), rules, quiet), 10, method
        )


HOSTILE = (
    b"\xff\xfe broken\n\n \n\r\n"
    b"Nov  3 04:05:06 web1 su[7]: a \xc3\xa9 b\x00c\x1b[31m\n"
    b'<34>1 2003-10-11T22:14:15.003Z h su - ID [x y="]"] \xef\xbb\xbfup 7\n'
    b"up 7\r\nup 8\nup\x1c9\n" + b"x" * 300 + b"\n<*> <*>\nonExtend:15\nup 7"
)


def unpacked(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def as_gzip(path: Path, data: bytes) -> None:
    path.write_bytes(gzip.compress(data))


def as_zstd(path: Path, data: bytes) -> None:
    with pa.CompressedOutputStream(str(path), "zstd") as file:
        file.write(data)


@pytest.mark.parametrize(("name", "write"), [("a.log", unpacked), ("a.log.gz", as_gzip), ("a.log.zst", as_zstd)])
def test_what_spark_reads_by_uri_is_what_a_file_has(tmp_path: Path, name: str, write: Any) -> None:
    path = tmp_path / name
    write(path, HOSTILE * 3)
    method = Method("logcluster")

    with Corpus([str(path)]) as local, Corpus([f"file://{path}"]) as remote:
        python, by = PythonEngine(local), engine("spark", remote, LOCAL)
        assert tabulated(by) == tabulated(python)
        assert mined(by.raw_lines(Filter(), quiet), 3, method) == mined(python.raw_lines(Filter(), quiet), 3, method)


def test_no_lines_are_no_error(tmp_path: Path) -> None:
    (tmp_path / "empty.log").touch()

    with Corpus([str(tmp_path / "empty.log")]) as corpus:
        by = engine("spark", corpus, LOCAL)
        assert tabulated(by) == tabulated(PythonEngine(corpus))
        assert mined(by.raw_lines(Filter(), quiet), 1, Method())[:3] == ([], 0, 0)


def test_a_uri_that_is_not_there_is_named() -> None:
    with (
        Corpus(["file:///nowhere/a.log"]) as corpus,
        pytest.raises(SparkError, match=r"Path does not exist: file:/nowhere/a\.log"),
    ):
        engine("spark", corpus, LOCAL)


@pytest.mark.parametrize("name", ["python", "polars"])
def test_other_engines_read_no_uri(name: Any) -> None:
    with Corpus(["s3a://bucket/a.log"]) as corpus, pytest.raises(CorpusError, match=f"engine {name} does not read"):
        engine(name, corpus, LOCAL)


def test_an_error_of_a_task_arrives_as_what_it_says(tmp_path: Path) -> None:
    path = tmp_path / "cut.gz"
    path.write_bytes(gzip.compress(HOSTILE * 999)[:-20])

    with Corpus([str(path)]) as corpus, pytest.raises(CorpusError, match=r"is no whole gzip file"):
        engine("spark", corpus, LOCAL).tabulate(Rules(), quiet)


@given(FILES, st.integers(1, 3), FILTERS, SUPPORTS, A_METHOD)
@settings(max_examples=max(5, settings().max_examples // 20))
def test_raw_lines_are_mined_as_by_engine_python(
    folder: Path, files: list[bytes], partitions: int, chosen: Filter, support: Support, method: Method
) -> None:
    with opened(folder, files) as corpus:
        by, python = cut(corpus, partitions), PythonEngine(corpus)
        assert mined(by.raw_lines(chosen, quiet), support, method) == mined(
            python.raw_lines(chosen, quiet), support, method
        )


@given(FILES, st.integers(1, 3), FILTERS, A_RULE, SUPPORTS, A_METHOD)
@settings(max_examples=max(5, settings().max_examples // 20))
def test_lines_are_tabulated_and_mined_by_shape_as_by_engine_python(
    folder: Path, files: list[bytes], partitions: int, chosen: Filter, rules: Rules, support: Support, method: Method
) -> None:
    with opened(folder, files, rules) as corpus:
        by, python = cut(corpus, partitions), PythonEngine(corpus)
        assert tabulated(by, rules) == tabulated(python, rules)
        assert mined(by.shaped_lines(chosen, rules, quiet), support, method) == mined(
            python.shaped_lines(chosen, rules, quiet), support, method
        )


def test_what_is_between_two_steps_goes_through_a_shared_folder_and_leaves_it_empty(tmp_path: Path) -> None:
    log, shared = tmp_path / "a.log", tmp_path / "shared"
    log.write_bytes(HOSTILE * 3)
    shared.mkdir()
    config = TrainingSpark(master="local[2]", staging=f"file://{shared}/")
    method, used = Method("logcluster"), set[str]()

    with Corpus([str(log)]) as corpus, pytest.MonkeyPatch.context() as patch:
        stored = stages.stored

        def told(folder: str, number: int) -> pa.Table:
            used.add(folder)
            return stored(folder, number)

        patch.setattr(stages, "stored", told)
        by, python = SparkEngine(corpus, config), PythonEngine(corpus)
        assert tabulated(by) == tabulated(python)
        assert mined(by.raw_lines(Filter(), quiet), 3, method) == mined(python.raw_lines(Filter(), quiet), 3, method)

    assert all(folder.startswith(f"file://{shared}/logwinnow-") for folder in used)
    assert len(used) == 5
    assert list(shared.iterdir()) == []


@pytest.mark.parametrize("master", ["yarn", "spark://host:7077", "k8s://https://host"])
def test_a_cluster_needs_a_folder_that_all_machines_reach(tmp_path: Path, master: str) -> None:
    (tmp_path / "a.log").write_bytes(b"a\n")

    with (
        Corpus([str(tmp_path / "a.log")]) as corpus,
        pytest.raises(SparkError, match=r"\$\.spark\.staging is not set: set it to a folder or URL"),
    ):
        engine("spark", corpus, TrainingSpark(master=master))
