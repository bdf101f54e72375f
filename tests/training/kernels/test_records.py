"""Chunks of whole records: those that are joined line by line, for any chunks and pieces."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from corpora import FILES, RULES
from hypothesis import given
from hypothesis import strategies as st

from kernels.spans import lines_of, records_of
from patterns import records as joining
from patterns.line import drop_carriage_return
from patterns.records import Records
from patterns.rules import FormatRule, Rules
from training.corpus import Corpus
from training.kernels import records as module
from training.kernels.records import Begins, record_chunks

SIZE = st.integers(1, 400)
JOINING = st.sampled_from([rules for rules in RULES.values() if rules.multiline != "off"])
BLOCK = 512
ANYTHING = Rules(formats={"any": FormatRule("(?P<message>.*)")}, multiline="no_header")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file to be written anew by each example."""
    return tmp_path_factory.mktemp("records") / "log"


@pytest.fixture(scope="module", autouse=True)
def _small_blocks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for each in (joining, module):
            patch.setattr(each, "BLOCK_BYTES", BLOCK)
            patch.setattr(each, "NOWHERE", -2 * BLOCK)
        yield


def first_line(record: bytes) -> bytes:
    """Return the first line of a record, which has lost the carriage return that may end it."""
    line, more, _ = record.partition(b"\n")
    return drop_carriage_return(line) if more else line


def located(data: bytes) -> list[tuple[bytes, int]]:
    lines, offset = [], 0
    for line in data.split(b"\n")[: data.count(b"\n") + (not data.endswith(b"\n") and bool(data))]:
        lines.append((line, offset))
        offset += len(line) + 1
    return lines


@given(FILES, JOINING)
def test_which_lines_begin_a_record_is_told_as_for_each_by_itself(files: list[bytes], rules: Rules) -> None:
    chunk = b"".join(files)

    found = Begins(rules).of(chunk, lines_of(chunk))

    assert found.tolist() == [Records(rules).begins(line) for line, _ in located(chunk)]


@pytest.mark.parametrize("rules", [ANYTHING, Rules(multiline="indented")], ids=lambda rules: rules.multiline)
def test_a_blank_line_is_told_from_one_that_begins_with_white_space(rules: Rules) -> None:
    lines = [b"", b"\v", b"\f\r", b"\r\r", b"\vx", b" ", b"\t", b"\t\r", b" x", b"x", b"\xff"]
    chunk = b"\n".join(lines) + b"\n"

    found = Begins(rules).of(chunk, lines_of(chunk))

    assert found.tolist() == [Records(rules).begins(line) for line in lines]
    assert found.tolist()[:5] == ([False] * 4 + [True] if rules is ANYTHING else [True] * 5)


@given(FILES, JOINING, SIZE, SIZE)
def test_the_records_of_all_chunks_are_those_that_are_joined_line_by_line(
    path: Path, files: list[bytes], rules: Rules, most_bytes: int, wanted: int
) -> None:
    data = b"".join(files)
    path.write_bytes(data)

    with Corpus([str(path)], rules=rules) as corpus:
        chunks = [chunk for piece in corpus.pieces(most_bytes) for chunk in record_chunks(piece, wanted)]
        by_python = list(corpus.data(lambda *_: None))

    found = []
    for text, starts in chunks:
        records, first_lines = records_of(text, starts)
        assert first_lines is not None
        found += [text[begin:end] for begin, end in zip(*records, strict=True)]
        first = [text[begin:end] for begin, end in zip(*first_lines, strict=True)]
        assert first == [first_line(record) for record in found[-len(first) :]]
    assert b"".join(text for text, _ in chunks) == data
    assert found == by_python == [record for record, _ in Records(rules).joined(located(data))]


@given(FILES, JOINING, SIZE, st.integers(100, 400))
def test_of_lines_that_are_too_long_the_start_is_joined_as_of_whole_ones(
    path: Path, files: list[bytes], rules: Rules, wanted: int, longest: int
) -> None:
    data = b"".join(files)
    path.write_bytes(data)
    # What is judged of a line must be there; more need not.
    longest = max(longest, Records(rules).enough if rules.max_line_bytes < 1000 else len(data))

    with Corpus([str(path)], rules=rules) as corpus:
        chunks = [chunk for piece in corpus.pieces() for chunk in record_chunks(piece, wanted, longest)]

    lines = [(line[:longest], offset) for line, offset in located(data)]
    whole = [offset for _, offset in Records(rules).joined(located(data))]
    expected = [record for record, _ in Records(rules).joined(lines)]
    assert [offset for _, offset in Records(rules).joined(lines)] == whole
    spans = [(text, records_of(text, starts)[0]) for text, starts in chunks]
    found = [text[begin:end] for text, records in spans for begin, end in zip(*records, strict=True)]
    assert found == expected


def test_lines_that_are_not_joined_are_chunks_as_they_were(path: Path) -> None:
    path.write_bytes(b"a\n b\nc")

    with Corpus([str(path)], rules=Rules()) as corpus:
        chunks = list(record_chunks(corpus.pieces()[0]))

    assert chunks == [(b"a\n b\n", None), (b"c", None)]


def test_a_record_that_spans_many_chunks_comes_as_one(path: Path) -> None:
    path.write_bytes(b"Nov 23 10:00:00 h su: up\n" + b"\tat a\n" * 40 + b"Nov 23 10:00:00 h su: down\n")

    with Corpus([str(path)], rules=Rules(multiline="indented")) as corpus:
        chunks = list(record_chunks(corpus.pieces()[0], 30))

    assert [np.asarray(starts).tolist() for _, starts in chunks] == [[0], [0]]
    assert chunks[0].text.count(b"\n") == 41
