"""Stack traces are joined by every engine, from whatever they are read, and mined as the records they are."""

import bz2
import gzip
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from corpora import quiet
from traces import INDENTED, NO_HEADER, file_of, records

from mining.clusters import Method
from patterns.errors import RulesError
from patterns.judge import Judge
from patterns.rules import Rules
from patterns.set_files import StoredSet
from patterns.store import Store
from training.classic import mine_corpus
from training.config import Lines, Mining, Patterns, TrainingConfig
from training.corpus import Corpus, CorpusLine
from training.engines import EngineName, TrainingSpark, engine, workers
from training.engines import spark as spark_engine
from training.errors import CorpusError
from training.job import train
from training.kernels.rows import ShapeKernel
from training.line_filter import Filter
from training.pieces import Piece
from training.shapes import count_shapes, tabulate
from training.tables import merged

RECORDS = records(400)
TIME = 1_795_435_200
ENGINES: list[EngineName] = ["python", "polars"]


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    os.utime(path, (TIME, TIME))
    return path


def trained(folder: Path, paths: list[Path], rules: Rules, name: EngineName = "polars") -> StoredSet:
    config = TrainingConfig(
        mining=Mining(engine=name),
        patterns=Patterns(str(folder / "store")),
        spark=TrainingSpark(master="local[2]"),
    )
    train([str(path) for path in paths], config, rules, force=True, progress=quiet)
    return Store(str(folder / "store")).read()


def in_small_pieces(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    for module in (workers, spark_engine):
        monkeypatch.setattr(module, "_LEAST_PIECE_BYTES", size)
        monkeypatch.setattr(module, "_MOST_PIECE_BYTES", size)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log with stack traces."""
    return written(tmp_path_factory.mktemp("log") / "app.log", file_of(RECORDS))


@pytest.fixture(scope="module")
def expected(log: Path) -> StoredSet:
    """What engine python makes of the log in one piece."""
    return trained(log.parent, [log], NO_HEADER, "python")


def test_the_table_of_shapes_is_that_of_the_records(log: Path) -> None:
    by_hand, counts = tabulate((CorpusLine(record, TIME * 1_000_000) for record in RECORDS), NO_HEADER)

    with Corpus([str(log)], rules=NO_HEADER) as corpus:
        for name in ENGINES:
            table, found = engine(name, corpus, TrainingSpark()).tabulate(NO_HEADER, quiet)
            assert (list(table.rows()), found) == (list(by_hand.rows()), counts)
    assert counts.lines == len(RECORDS)
    assert counts.formats.keys() == {"log4j", "rfc3164"}


@pytest.mark.parametrize(
    "head",
    [
        "Nov 23 10:00:00 web1",
        "Nov 23 10:00:00 web1 ",
        "Nov 23 10:00:00 web1 su:",
        "Nov 23 10:00:00",
        "2026-11-23T10:00:00Z web1",
        "2026-11-23T10:00:00Z web1 su[7]:",
        "<34>1 2026-11-23T10:00:00Z web1 su 7 ID -",
        '<34>1 2026-11-23T10:00:00Z web1 su 7 ID [x k="v"',
        "2026-11-23 10:00:00,123 ERROR [shop]",
        "2026-11-23 10:00:00,123 ERROR [shop] ",
        "",
    ],
)
@pytest.mark.parametrize("rest", ["java.lang.Error: no cart", 'su[8]: "] up', "\tat a", " \r\nx: y"])
def test_a_header_that_ends_with_its_line_takes_nothing_of_the_next_one(head: str, rest: str) -> None:
    record = f"{head}\r\n{rest}".encode()
    by_hand, counts = tabulate([CorpusLine(record, TIME)] * 2, NO_HEADER)
    kernel = ShapeKernel(NO_HEADER)

    rows = kernel.rows(record + b"\n" + record, TIME, np.array([0, len(record) + 1]))

    assert merged(rows).to_pylist() == pa.concat_tables(by_hand.tables()).to_pylist() if counts.judged else not rows
    assert kernel.counts == counts


@pytest.mark.parametrize("size", [700, 5_000, 1_000_000])
@pytest.mark.parametrize("name", [*ENGINES, pytest.param("spark", marks=pytest.mark.spark)])
def test_each_engine_gives_the_same_bytes_for_any_pieces(
    log: Path, expected: StoredSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: EngineName, size: int
) -> None:
    in_small_pieces(monkeypatch, size)

    found = trained(tmp_path, [log], NO_HEADER, name)

    assert found.rows == expected.rows
    assert found.patterns == expected.patterns


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
def test_a_packed_log_gives_the_same_patterns(
    expected: StoredSet, tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    packed = written(tmp_path / "app.log.packed", pack(file_of(RECORDS)))

    assert trained(tmp_path, [packed], NO_HEADER).rows == expected.rows


@pytest.mark.parametrize("name", ENGINES)
def test_standard_input_gives_the_same_patterns(
    log: Path, expected: StoredSet, monkeypatch: pytest.MonkeyPatch, name: EngineName
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(log.read_bytes())))
    with Corpus(["-"], rules=NO_HEADER) as corpus:
        table, _ = engine(name, corpus, TrainingSpark()).tabulate(NO_HEADER, quiet)

    assert table.lines == sum(known.support for known in expected.patterns.patterns)


def test_line_ends_of_windows_give_the_same_patterns_but_for_the_examples(expected: StoredSet, tmp_path: Path) -> None:
    found = trained(tmp_path, [written(tmp_path / "log", file_of(RECORDS, b"\r\n"))], NO_HEADER)

    assert found.patterns.fingerprint == expected.patterns.fingerprint
    assert any("\r\n\tat " in text for known in found.patterns.patterns for text in known.examples)


def test_every_record_that_was_mined_matches_and_its_trace_is_part_of_the_pattern(expected: StoredSet) -> None:
    judge = Judge(expected.patterns)

    assert not any(judge.judge(record, 0).outlier for record in RECORDS)
    patterns = {known.scope: known.pattern.text for known in expected.patterns.patterns}
    assert patterns["billing"] == (
        "Unhandled exception while invoice *{1,1} was written "
        "Traceback most recent call last : File *{1,1} line *{1,1} in write "
        "total = sum item.price for item in items *{1,1} len items ZeroDivisionError: division by zero "
        "During handling of the above exception another exception occurred: "
        "Traceback most recent call last : File *{1,1} line *{1,1} in main write invoice *{1,1} invoice is empty"
    )
    assert patterns["kernel"] == "Call Trace: *{1,1}"


def test_where_only_indented_lines_are_joined_a_cause_is_a_record_of_its_own(log: Path, tmp_path: Path) -> None:
    found = trained(tmp_path, [log], INDENTED)

    firsts = {known.pattern.text.split(" ")[0] for known in found.patterns.patterns if not known.scope}
    assert {"Caused", "Traceback"} <= firsts
    assert "Call Trace: *{1,1}" in [known.pattern.text for known in found.patterns.patterns]


def test_a_trace_is_many_lines_by_default(log: Path, tmp_path: Path) -> None:
    rules = Rules(formats=NO_HEADER.formats)
    config = TrainingConfig(patterns=Patterns(str(tmp_path)))

    summary = train([str(log)], config, rules, force=True, progress=quiet)

    assert summary["corpus"]["lines"] == file_of(RECORDS).count(b"\n")


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("size", [700, 1_000_000])
def test_lines_are_mined_and_filtered_as_records(
    log: Path, monkeypatch: pytest.MonkeyPatch, name: EngineName, size: int
) -> None:
    in_small_pieces(monkeypatch, size)
    chosen = Filter("(?s)^Nov.*Caused by: (.*)", "$0")
    wanted = [record for record in RECORDS if record.startswith(b"Nov") and b"Caused by: " in record]

    with Corpus([str(log)], rules=NO_HEADER) as corpus:
        lines = engine(name, corpus, TrainingSpark()).shaped_lines(chosen, NO_HEADER, quiet)
        found = mine_corpus(lines, 1_000, Method())
        rest = list(lines.outliers(found.coverage, quiet))

    assert found.lines == len(wanted)
    assert lines.left_out == {"filter": len(RECORDS) - len(wanted)}
    assert rest == wanted
    assert lines.scopes() == count_shapes([CorpusLine(record, 0) for record in wanted], NO_HEADER)[0].keys()


def test_what_was_fetched_is_never_joined(tmp_path: Path) -> None:
    path = written(tmp_path / "fetched", b"Nov 23 10:00:00 h su: up\n\tat a\n")
    status = path.stat()
    fetched = Piece(str(path), "", 0, status.st_size, 0, status.st_ino)

    with Corpus([str(path)], [fetched], NO_HEADER) as corpus:
        assert list(corpus.data(quiet)) == [b"Nov 23 10:00:00 h su: up\n\tat a", b"Nov 23 10:00:00 h su: up", b"\tat a"]
        for name in ENGINES:
            table, counts = engine(name, corpus, TrainingSpark()).tabulate(NO_HEADER, quiet)
            assert (counts.lines, table.lines) == (3, 3)


def test_lines_of_a_uri_are_not_joined_and_that_is_an_error() -> None:
    with pytest.raises(CorpusError, match=r"is a URI, which Spark reads line by line .* copy the file here, or set"):
        Corpus(["s3a://bucket/app.log"], rules=NO_HEADER)


def test_rules_by_which_nothing_can_be_joined_are_refused_before_anything_is_read(log: Path) -> None:
    with pytest.raises(RulesError, match="no line would begin a record"):
        Corpus([str(log)], rules=Rules(header="plain", multiline="no_header"))


def test_the_configuration_says_which_lines_are_joined() -> None:
    assert TrainingConfig(lines=Lines(multiline="indented")).rules({}).multiline == "indented"
    assert TrainingConfig().rules({}).multiline == "off"
