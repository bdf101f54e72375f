"""Rows by columns are those of training.shapes, line by line: shapes, times, examples and what was counted."""

from collections import Counter
from pathlib import Path
from zlib import crc32

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernels import shapes
from mining.candidates import PositionKeys, WordKeys
from mining.words import words_of
from patterns.errors import RulesError
from patterns.judge import Shaper
from patterns.line import split_lines
from patterns.rules import FormatRule, Rules
from patterns.settings import load_formats
from patterns.shapes import EXAMPLE_CHARACTERS, SCHEMA
from patterns.timestamps import DAY, SECOND
from patterns.words import DEFAULT_CLASSES, WordRules
from training.corpus import CorpusLine
from training.fetched.time_range import TimeRange, Times
from training.kernels.rows import ShapeKernel
from training.lines import Coverage, Place
from training.shapes import count_shapes, tabulate
from training.tables import merged

NOON = 1_795_435_200 * SECOND
SHIPPED = load_formats(Path(__file__).parents[3] / "conf/training.toml")

# Two paths of one CRC-32, so that lines with them have the same shape and the same number.
ONE_CRC = ["/plumless", "/buckeroo"]

WORDS = st.sampled_from(
    [
        *("accepted", "a", "a=1", "a=b", "=", "==", "x1", "10.0.0.1", "/usr/bin", "a.b.c", "MB", "Jan", "deadbeefaf"),
        *("<*>", "<*>.", "onExtend:1514", "r24=0x0f", "é", "é1", "\x00", "\x1c", "\v", "\r", "(a,b)", "[]", "\u2028"),
        *("\x85", "\u0663", "1234567", "-", "", *ONE_CRC),
    ]
)
MESSAGES = st.lists(WORDS | st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=4), max_size=5).map(
    " ".join
)
HEADS = st.sampled_from(
    [
        *("", "", "Oct 11 22:14:15 web1 su[77]: ", "Oct 12 22:14:15 web1 su[78]: ", "Oct 11 22:14:16 h worker-17: "),
        *("2026-10-11T22:14:15Z web1 su: ", "1969-12-31T23:59:59Z h su: ", "0001-01-01T00:00:00Z h su: "),
        *("<34>1 2026-10-11T22:14:15Z h su 7 - - ", '<34>1 - h su 7 - [x k="v w"] ', "<34>1 - - - - - - \ufeff"),
        *("2026-01-02 10:00:00,123 INFO ", "17/06/09 20:10:40 WARN e.A: ", "t=12|INFO|", "t=-|-|", "Oct 11 22:14:15 "),
    ]
)
LINES = st.one_of(
    st.builds("{}{}".format, HEADS, MESSAGES).map(str.encode),
    st.builds("{}{}".format, HEADS, MESSAGES.map(lambda message: message * 9)).map(str.encode),
    st.binary(max_size=9),
)
CHUNKS = st.builds(
    lambda lines, end: b"\n".join(lines) + end, st.lists(LINES, max_size=8), st.sampled_from([b"", b"\n"])
)

OWN = FormatRule(r"t=(?P<timestamp>[^|]*)\|(?P<level>[^|]*)\|(?P<message>.*)", "epoch")
RULES = {
    "headers": [
        Rules(),
        Rules(zone="Europe/Berlin", formats={"own": OWN}),
        Rules(formats=SHIPPED),
        Rules(header="plain"),
    ],
    "short lines": [Rules(formats=SHIPPED, max_line_bytes=256)],
    "words": [
        Rules(words=WordRules(classes={})),
        Rules(words=WordRules(classes={"x": "[a-z]+1", "unit": DEFAULT_CLASSES["unit"]})),
        Rules(words=WordRules(classes={**DEFAULT_CLASSES, "number": "[0-9]+"})),
        Rules(words=WordRules(classes={"number": DEFAULT_CLASSES["number"], "é": "é|accepted"})),
    ],
}
ANY_RULES = st.sampled_from([rules for kind in RULES.values() for rules in kind])

# Around what lines without a time have, and what made-up headers say.
TIME = st.sampled_from([-(2**62), 0, NOON - DAY, NOON, NOON + 1_000, NOON + DAY, 2**62])


def each_line(chunk: bytes, record_time: int = NOON) -> list[CorpusLine]:
    return [CorpusLine(line, record_time) for line in split_lines(chunk)]


def by_hand(chunk: bytes, rules: Rules, record_time: int = NOON) -> pa.Table:
    table, _ = tabulate(each_line(chunk, record_time), rules)
    return pa.concat_tables([SCHEMA.empty_table(), *table.tables()])


def texts_of(chunk: bytes) -> list[list[str]]:
    """Return the examples of each row."""
    rows = merged(ShapeKernel(Rules()).rows(chunk, NOON))
    return [list(texts) for texts in rows["examples"].to_pylist()]


@pytest.mark.parametrize("kind", RULES)
@given(data=st.data(), chunk=CHUNKS, record_time=st.sampled_from([NOON, 0, -1]))
def test_rows_and_counts_are_those_of_the_lines_one_by_one(
    kind: str, data: st.DataObject, chunk: bytes, record_time: int
) -> None:
    rules = data.draw(st.sampled_from(RULES[kind]))
    kernel = ShapeKernel(rules)

    rows = kernel.rows(chunk, record_time)

    assert rows.schema.equals(SCHEMA)
    assert merged(rows).equals(by_hand(chunk, rules, record_time))
    assert kernel.counts == tabulate(each_line(chunk, record_time), rules)[1]


@given(
    rules=ANY_RULES,
    chunk=CHUNKS,
    wanted=st.tuples(TIME, TIME).map(sorted),
    excluded=st.lists(st.tuples(TIME, TIME).map(sorted), max_size=2),
)
def test_of_some_times_rows_and_counts_are_those_of_the_lines_one_by_one(
    rules: Rules, chunk: bytes, wanted: list[int], excluded: list[list[int]]
) -> None:
    times = Times(TimeRange(*wanted), tuple(TimeRange(*each) for each in excluded))
    kernel = ShapeKernel(rules, times=times)
    rows = kernel.rows(chunk, NOON)

    table, counts = tabulate(each_line(chunk, NOON), rules, times)

    assert merged(rows).equals(pa.concat_tables([SCHEMA.empty_table(), *table.tables()]))
    assert kernel.counts == counts
    assert counts.lines == counts.judged + counts.unjudged.total() + counts.outside


@given(ANY_RULES, CHUNKS)
def test_without_examples_rows_are_the_counted_shapes(rules: Rules, chunk: bytes) -> None:
    kernel = ShapeKernel(rules, examples=False)
    scopes, counts = count_shapes(each_line(chunk), rules)

    rows = merged(kernel.rows(chunk, NOON))

    found = zip(*(rows[name].to_pylist() for name in ("scope", "shape", "count")), strict=True)
    assert sorted(found) == [(scope, shape, n) for scope, counted in scopes.items() for shape, n in counted.items()]
    assert set(rows["day"].to_pylist()) <= {""}
    assert rows["first"].cast(pa.int64()).to_pylist() == rows["last"].cast(pa.int64()).to_pylist() == [0] * len(rows)
    assert rows["examples"].to_pylist() == [[]] * len(rows)
    assert kernel.counts == counts


@given(ANY_RULES, CHUNKS)
def test_places_are_scope_and_shape_of_each_line(rules: Rules, chunk: bytes) -> None:
    shaper = Shaper(rules)
    shaped = [shaper.shape(line, 0) for line in split_lines(chunk)]

    of_line, places = ShapeKernel(rules).places(chunk)

    assert [places[at] for at in of_line] == [None if each.unjudged else (each.scope, each.shape) for each in shaped]
    assert len(set(places)) == len(places)


@given(CHUNKS)
def test_outliers_are_the_lines_whose_keys_are_not_covered(chunk: bytes) -> None:
    words = WordKeys(frozenset(["accepted", "a"]))
    positions = PositionKeys(frozenset([(0, "accepted"), (1, "a")]), anchored=True)
    coverage = Coverage(
        {"": words, "su": positions}, {"": {("accepted",), ("a", "a")}, "su": {(1, ("accepted",)), (2, (None, "a"))}}
    )
    of_line, places = ShapeKernel(Rules()).places(chunk)
    of_words = [place and Place(place[0], words_of(place[1])) for place in places]

    found = ShapeKernel(Rules()).outliers(chunk, coverage)

    assert found.tolist() == [coverage.is_outlier(of_words[at]) for at in of_line]


@given(st.lists(st.tuples(CHUNKS.map(lambda chunk: chunk + b"\n"), st.sampled_from([NOON, NOON + DAY])), max_size=4))
def test_a_kernel_adds_up_chunks_with_record_times_of_their_own(chunks: list[tuple[bytes, int]]) -> None:
    kernel, rules = ShapeKernel(Rules()), Rules()
    lines = [line for chunk, record_time in chunks for line in each_line(chunk, record_time)]
    table, counts = tabulate(lines, rules)

    rows = pa.concat_tables([SCHEMA.empty_table(), *(kernel.rows(*chunk) for chunk in chunks)])

    assert merged(rows).equals(pa.concat_tables([SCHEMA.empty_table(), *table.tables()]))
    assert kernel.counts == counts


@pytest.mark.parametrize("examples", [True, False])
@given(chunks=st.lists(CHUNKS, min_size=1, max_size=2), most=st.sampled_from([0, 1, 2]))
def test_words_and_shapes_that_are_forgotten_are_decided_again(
    chunks: list[bytes], most: int, *, examples: bool
) -> None:
    forgetful, other = ShapeKernel(Rules(), examples=examples), ShapeKernel(Rules(), examples=examples)

    for chunk in [*chunks, *chunks]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(shapes, "_REMEMBERED", most)
            rows = forgetful.rows(chunk, NOON)
        assert merged(rows).equals(merged(other.rows(chunk, NOON)))


@pytest.mark.parametrize("chunk", [b"", b"\n", b"\r\n\r\n", b" \n\t\n", b"\n \n\v", b",;\n()"])
def test_a_chunk_of_blank_lines_alone_has_no_rows_but_is_counted(chunk: bytes) -> None:
    kernel = ShapeKernel(Rules())

    assert kernel.rows(chunk, NOON).equals(SCHEMA.empty_table())
    assert kernel.counts.lines == len(split_lines(chunk))
    assert kernel.counts.unjudged == Counter({"blank": len(split_lines(chunk))} if chunk else {})
    assert kernel.outliers(chunk, Coverage({}, {})).tolist() == [True] * len(split_lines(chunk))


@pytest.mark.parametrize(
    "message",
    [
        "1 2 3",
        "<*>",
        "Jan",
        "onExtend:1514",
        "r24=0x0f r25=0x03",
        "onExtend:1514 12",
        "/a/b1 12",
        "<*>1 <*>",
        "=1",
        "é1",
    ],
)
def test_a_message_of_class_words_alone_keeps_what_the_splitter_keeps(message: str) -> None:
    chunk = f"{message}\nOct 11 22:14:15 h su: {message}\nand {message}\n".encode()

    assert merged(ShapeKernel(Rules()).rows(chunk, NOON)).equals(by_hand(chunk, Rules()))


def test_of_many_lines_those_with_the_least_numbers_stand_for_a_shape() -> None:
    lines = [f"port {number} open" for number in range(100)]

    found = texts_of("\n".join(lines).encode())

    assert found == [sorted(lines, key=lambda line: crc32(line.encode()))[:3]]


def test_lines_with_the_same_text_are_one_example() -> None:
    assert texts_of(b"port 1 open\n" * 9 + b"port 2 open\r\nport 2 open\n") == [["port 1 open", "port 2 open"]]


def test_of_lines_with_the_same_number_the_least_text_is_first() -> None:
    lines = [f"open {path} {number}" for path in ONE_CRC for number in (1, 2)]
    numbers = {line: crc32(line.encode()) for line in lines}
    assert len(set(numbers.values())) == 2

    assert texts_of("\n".join(lines).encode()) == [sorted(lines, key=lambda line: (numbers[line], line))[:3]]


@pytest.mark.parametrize("character", ["x", "é", "\U0001f600"])
def test_a_long_line_is_an_example_by_its_first_characters(character: str) -> None:
    start = "open " + character * (EXAMPLE_CHARACTERS - 6)
    chunk = "\n".join(f"{start}{end}" for end in ("1", "12", "13", "14 15")).encode()

    assert texts_of(chunk) == [[start + "1"]]
    assert merged(ShapeKernel(Rules()).rows(chunk, NOON)).equals(by_hand(chunk, Rules()))


@pytest.mark.parametrize("length", [254, 255, 256, 257, 258])
@pytest.mark.parametrize("character", [b"x", b"1", b"x ", "é".encode(), b"\xff", b", "])
def test_a_line_about_as_long_as_the_limit_is_cut_where_the_reader_cuts(length: int, character: bytes) -> None:
    rules = Rules(max_line_bytes=256)
    line = (b"open " + character * 256)[:length]
    kernel = ShapeKernel(rules)

    rows = kernel.rows(line + b"\nopen\n", NOON)

    assert merged(rows).equals(by_hand(line + b"\nopen\n", rules))
    assert kernel.counts == tabulate(each_line(line + b"\nopen\n"), rules)[1]
    assert kernel.counts.cut == (length > 256)


def test_a_row_has_the_first_and_the_last_time_of_its_lines() -> None:
    times = ["2026-10-11T22:14:15.5Z", "2026-10-11T00:00:00Z", "2026-10-11T23:59:59.999999Z", "2026-10-12T00:00:00Z"]

    rows = merged(ShapeKernel(Rules()).rows("".join(f"{time} h su: x\n" for time in times).encode(), NOON))

    found = zip(*(rows[name].cast(pa.string()).to_pylist() for name in ("day", "first", "last")), strict=True)
    assert list(found) == [
        ("2026-10-11", "2026-10-11 00:00:00.000000Z", "2026-10-11 23:59:59.999999Z"),
        ("2026-10-12", "2026-10-12 00:00:00.000000Z", "2026-10-12 00:00:00.000000Z"),
    ]


def test_rules_that_cannot_be_used_are_refused() -> None:
    with pytest.raises(RulesError):
        ShapeKernel(Rules(header="nosuch"))
    with pytest.raises(RulesError):
        ShapeKernel(Rules(words=WordRules(classes={"x": "(?=a)"})))


@pytest.mark.parametrize("dataset", ["Linux", "BGL", "Spark", "Zookeeper"])
def test_the_rows_of_a_real_log_are_those_of_its_lines(dataset: str, loghub: Path) -> None:
    chunk, rules = (loghub / dataset / f"{dataset}_2k.log").read_bytes(), Rules(formats=SHIPPED)
    kernel = ShapeKernel(rules)

    assert merged(kernel.rows(chunk, NOON)).equals(by_hand(chunk, rules))
    assert kernel.counts == tabulate(each_line(chunk), rules)[1]
