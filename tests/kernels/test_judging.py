"""Lines judged by batches are judged as one by one; verdicts by the regular expressions of the patterns, too."""

import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hostile_headers import CHUNKS, RULES, SHIPPED
from hypothesis import example, given
from hypothesis import strategies as st

from commands.simulation.fleet import simulate
from kernels import judging, kinds, rows, shapes, vocabulary
from kernels.judging import BatchJudge, Judged
from kernels.spans import lines_of
from mining.clusters import Algorithm
from patterns.judge import Judge
from patterns.language import parse
from patterns.line import Line
from patterns.pattern_set import PENDING, KnownPattern, PatternSet
from patterns.rules import PLAIN, FormatRule, Rules
from patterns.timestamps import DAY, SECOND
from patterns.words import CLASS_RUN, WordRules
from training.config import Mining
from training.corpus import CorpusLine
from training.describe import describe
from training.job import mine_scopes
from training.shapes import tabulate

DATASETS = ["Apache", "BGL", "HDFS", "Linux", "OpenSSH", "Proxifier", "Spark", "Zookeeper"]
NOON = 1_795_435_200 * SECOND
TEXTS = ["accepted", "port *{1,1} open", "*{0,1} x", "a b *{0,}", "some *{1,2}", "(hello|text) *{1,1}", "[a *{1,}"]


def pattern_set(rules: Rules, texts: list[str] = TEXTS) -> PatternSet:
    """Return a set that has these patterns in some scopes, and some of them pending."""
    states = [PENDING if number % 3 == 2 else "known" for number in range(len(texts))]
    known = [
        KnownPattern(scope, parse(text), 2, 1, 1, state)
        for scope in ("", "su", "worker-<*>", "é")
        for text, state in zip(texts, states, strict=True)
    ]
    return PatternSet.of(rules, known)


def told(batches: BatchJudge, piece: Judged, index: int) -> tuple[object, ...]:
    """Return what the columns say of a line."""
    kind, fields = piece.kinds[piece.kind[index]], piece.fields
    header = [column.of(index) for column in (fields.host, fields.program, fields.pid, fields.level)]
    priority = int(fields.priority[index])
    form = fields.format.of(index) or PLAIN
    said = (kind.scope, kind.unjudged, batches.verdict(piece, index), piece.message(index))
    return (*said, int(piece.times[index]), form, priority, *header)


def agree(
    patterns: PatternSet, batches: BatchJudge, lines: list[bytes], times: list[int], pieces: list[Judged]
) -> None:
    """See to it that what the pieces say of each line is what Judge says."""
    judge = Judge(patterns)
    places = [(piece, index) for piece in pieces for index in range(len(piece.kind))]
    assert [piece.line(index) for piece, index in places] == lines
    for (piece, index), data, time in zip(places, lines, times, strict=True):
        shaped, verdict = judge.judge(data, time)
        line: Line = shaped.line
        header = (line.format, -1 if line.priority is None else line.priority)
        said = (shaped.scope, shaped.unjudged, verdict, line.message, line.time, *header)
        assert told(batches, piece, index) == (*said, line.host, line.program, line.pid, line.level)
        kind = piece.kinds[piece.kind[index]]
        assert kind.shape in {shaped.shape, None}
        assert kind.shape is not None or patterns.rules.words.raw
        assert (kind.known, kind.reason) == ((verdict.known, verdict.reason) if verdict else (None, None))
        assert kind.outlier == (index in piece.outliers())
    assert sum(number for piece in pieces for _, number in piece.counts()) == len(lines)
    assert batches.judge.rules == patterns.rules


def in_text(lines: list[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


@pytest.mark.parametrize("kind", RULES)
@given(data=st.data(), lines=CHUNKS)
def test_what_is_judged_by_columns_is_what_the_judge_says(kind: str, data: st.DataObject, lines: list[bytes]) -> None:
    patterns = pattern_set(data.draw(st.sampled_from(RULES[kind])))
    batches = BatchJudge(patterns)
    times = [data.draw(st.sampled_from([NOON, NOON + DAY, NOON - 200 * DAY, 7])) for _ in lines]
    column = pa.array(times, pa.int64()).to_numpy()

    for record_times, own in ((NOON, [NOON] * len(lines)), (column, times)):
        agree(patterns, batches, lines, own, list(batches.judge_text(in_text(lines), record_times)))
        agree(patterns, batches, lines, own, list(batches.judge_values(pa.array(lines, pa.binary()), record_times)))


@pytest.mark.parametrize("kind", RULES)
@given(data=st.data(), lines=CHUNKS)
def test_what_is_forgotten_and_keys_that_collide_change_nothing(
    kind: str, data: st.DataObject, lines: list[bytes]
) -> None:
    patterns = pattern_set(data.draw(st.sampled_from(RULES[kind])))
    keys = vocabulary._keys
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judging, "LINES", 2)
        for module, name in ((shapes, "_REMEMBERED"), (kinds, "_REMEMBERED"), (kinds, "_REMEMBERED_NUMBERS")):
            patch.setattr(module, name, data.draw(st.sampled_from([0, 3, 500])))
        if data.draw(st.booleans()):
            patch.setattr(vocabulary, "_keys", lambda *given: keys(*given) & np.uint64(1))
            patch.setattr(rows, "mixed", lambda given: given & np.uint64(1))
        batches = BatchJudge(patterns)

        agree(patterns, batches, lines, [NOON] * len(lines), list(batches.judge_text(in_text(lines), NOON)))


RECORDS = st.lists(
    st.lists(
        st.sampled_from([b"Oct 11 22:14:15 web1 su[7]: accepted", b"", b" at x", b"\r", b"x\r", b"\xff", b"a b"])
    ).map(b"\n".join),
    max_size=5,
)


# A line feed could be taken for the one character in front of a message.
ANY_CHARACTER = Rules(formats={"own": FormatRule("(?:(?P<program>t)|.)(?P<message>.*)")})


@given(RECORDS, st.sampled_from([Rules(), Rules(formats=SHIPPED), Rules(max_line_bytes=256), ANY_CHARACTER]))
@example([b"", b"\n"], ANY_CHARACTER)
@example([b"a b\r\n", b"\r\n", b"x"], ANY_CHARACTER)
def test_a_value_with_line_feeds_is_a_record(records: list[bytes], rules: Rules) -> None:
    patterns = pattern_set(rules)
    batches = BatchJudge(patterns)

    pieces = list(batches.judge_values(pa.array(records, pa.binary()), NOON))

    agree(patterns, batches, records, [NOON] * len(records), pieces)


@pytest.mark.parametrize(
    "line",
    [
        b"<34>1 - - - - - - accepted",
        b"<34>1 - web1 - 7 - - accepted",
        b"Oct 11 22:14:15 - -: accepted",
        b"Oct 11 22:14:15 web1 su[-]: accepted",
        b"<191>Oct 11 22:14:15 web1 su[]: accepted",
        b"<192>Oct 11 22:14:15 web1 su: accepted",
    ],
)
def test_what_a_header_leaves_out_is_none(line: bytes) -> None:
    patterns = pattern_set(Rules())
    batches = BatchJudge(patterns)

    agree(patterns, batches, [line], [NOON], list(batches.judge_text(in_text([line]), NOON)))


@pytest.mark.parametrize("line", [b"Oct 11 22:14:15 web1 su: a", b"Feb 29 10:00:00 web1 su: a", b"t=Oct 11 10:00:00|a"])
def test_the_year_is_the_one_that_is_nearest_to_each_lines_own_record_time(line: bytes) -> None:
    rule = FormatRule(r"t=(?P<timestamp>[^|]*)\|(?P<message>.*)", "%b %d %X")
    patterns = pattern_set(Rules(formats={"own": rule}))
    batches = BatchJudge(patterns)
    times = [NOON + days * DAY for days in (0, 1, 170, 190, 365, 1500)]

    pieces = list(batches.judge_text(in_text([line] * len(times)), np.array(times)))

    agree(patterns, batches, [line] * len(times), times, pieces)
    assert len({time for piece in pieces for time in piece.times.tolist()}) > 1


def test_a_carriage_return_is_of_the_only_line_of_a_value_and_not_of_the_first_of_several() -> None:
    patterns = pattern_set(Rules(formats={"own": FormatRule(r"t=(?P<message>\w+)")}))
    batches = BatchJudge(patterns)
    values = [b"t=accepted\r", b"t=accepted\r\n at x", b"t=accepted"]

    pieces = list(batches.judge_values(pa.array(values, pa.binary()), NOON))

    agree(patterns, batches, values, [NOON] * 3, pieces)
    assert [pieces[0].fields.format.of(index) for index in range(3)] == [None, "own", "own"]


def test_records_of_a_text_are_judged_whole() -> None:
    patterns = pattern_set(Rules())
    batches = BatchJudge(patterns)
    records = [b"Oct 11 22:14:15 web1 su[7]: a b\n at c\n at d", b"Oct 11 22:14:15 web1 su[7]: accepted", b"x"]
    starts = lines_of(in_text(records)).starts[[0, 3, 4]]

    pieces = list(batches.judge_text(in_text(records), NOON, starts))

    agree(patterns, batches, records, [NOON] * 3, pieces)


WORDS = st.sampled_from(
    ["a", "b", "port", "open", "12", "longer_than_16_bytes_1", "longer_than_16_bytes_2", "é", CLASS_RUN]
)
RAW_TEXTS = ["a *{1,1} b", "port *{0,}", "longer_than_16_bytes_1 *{0,2}", "*{1,1} (a|é) *{0,}", "a", "<*> *{1,1}"]


HEADS = st.sampled_from(["", "Oct 11 22:14:15 web1 su[7]: ", "Oct 11 22:14:15 web1 worker-1: "])
LINES = st.lists(st.lists(WORDS, max_size=5).map("  ".join), max_size=8)


@given(LINES, st.sampled_from([PLAIN, "auto"]), st.data())
def test_raw_lines_are_judged_by_columns_as_one_by_one(lines: list[str], header: str, data: st.DataObject) -> None:
    patterns = pattern_set(Rules(WordRules(raw=True), header=header), RAW_TEXTS)
    encoded = [f"{data.draw(HEADS)}{line}".encode() for line in lines] + [b"\xff a"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judging, "LINES", data.draw(st.sampled_from([1, 100])))
        patch.setattr(kinds, "_REMEMBERED", data.draw(st.sampled_from([0, 3, 500])))
        batches = BatchJudge(patterns)

        agree(patterns, batches, encoded, [NOON] * len(encoded), list(batches.judge_text(in_text(encoded), NOON)))


CLASS_WORDS = st.sampled_from(
    [
        "a",
        "b",
        "c",
        "other",
        "Jan",
        "kB",
        "/x/y",
        "10.0.0.7",
        "cafe1234",
        "a.b.c",
        CLASS_RUN,
        "r24=0x0f",
        "onExtend:1514",
        "é1",
        "k=v",
    ]
)
SHAPE_TEXTS = [
    "a *{1,1} b",
    "r24= *{1,1}",
    "onExtend: <*>",
    "a <*> b *{0,}",
    "*{0,2} c *{1,2}",
    "k= v",
    "(a|b) *{0,1} (c|d)",
]
CLASSES = [
    WordRules(),
    WordRules(classes={}),
    WordRules(classes={"own": "[ab]", "number": r"\S*[0-9]\S*"}),
    WordRules(classes={"number": "[0-9]+", "path": r"/\S*|\W*/\S*/\S*"}),
]


@given(st.lists(st.lists(CLASS_WORDS, max_size=6).map(" ".join), max_size=12), st.sampled_from(CLASSES), st.data())
def test_lines_of_any_words_are_judged_by_columns_as_one_by_one(
    lines: list[str], words: WordRules, data: st.DataObject
) -> None:
    patterns = pattern_set(Rules(words), SHAPE_TEXTS)
    encoded = [f"{data.draw(HEADS)}{line}".encode() for line in lines] + [b"\xff a 1 b"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judging, "LINES", data.draw(st.sampled_from([1, 3, 100])))
        batches = BatchJudge(patterns)

        pieces = list(batches.judge_text(in_text(encoded), NOON))

    agree(patterns, batches, encoded, [NOON] * len(encoded), pieces)
    for piece in pieces:
        assert len({(kind.scope, kind.shape) for kind in piece.kinds}) == len(piece.kinds)
        assert list(dict.fromkeys(piece.kind.tolist())) == list(range(len(piece.kinds)))


@pytest.mark.parametrize("raw", [False, True])
def test_words_that_no_pattern_has_are_none_of_its_words_and_scopes_have_patterns_of_their_own(raw: bool) -> None:
    known = [("su", "a *{1,1} b"), ("cron", "a c b"), ("cron", "*{0,1} z")]
    rules = Rules(WordRules(raw=raw))
    patterns = PatternSet.of(rules, [KnownPattern(scope, parse(text), 2, 1, 1) for scope, text in known])
    batches = BatchJudge(patterns)
    messages = ["a c b", "other c b", "a other b", "a c other", "other z", "z", "a z"]
    lines = [f"Oct 11 22:14:15 web1 {name}: {text}".encode() for text in messages for name in ("su", "cron", "x", "su")]

    agree(patterns, batches, lines, [NOON] * len(lines), list(batches.judge_text(in_text(lines), NOON)))


@cache
def compiled(expression: str) -> re.Pattern[str]:
    return re.compile(expression)


def trained(lines: list[bytes], rules: Rules, algorithm: Algorithm = "logcluster") -> PatternSet:
    table, _ = tabulate([CorpusLine(line, NOON) for line in lines], rules)
    return describe(mine_scopes(table, Mining(algorithm=algorithm)), table, rules)


@pytest.mark.parametrize("share", [0.1, 1], ids=["from a tenth", "from all"])
@pytest.mark.parametrize("dataset", DATASETS)
def test_each_line_of_a_real_log_is_judged_as_one_by_one_and_by_its_regular_expression(
    dataset: str, share: float, loghub: Path
) -> None:
    text = (loghub / dataset / f"{dataset}_2k.log").read_bytes().replace(b"\r\n", b"\n")
    lines = text.removesuffix(b"\n").split(b"\n")
    patterns = trained(lines[: int(len(lines) * share)], Rules(formats=SHIPPED))
    batches = BatchJudge(patterns)

    pieces = list(batches.judge_text(text, NOON))

    agree(patterns, batches, lines, [NOON] * len(lines), pieces)
    for kind in (kind for piece in pieces for kind in piece.kinds if not kind.unjudged):
        shape, among = str(kind.shape), patterns.scopes.get(kind.scope, ())
        first = next((known for known in among if compiled(known.pattern.regex()).search(shape)), None)
        assert kind.known == first


def test_lines_of_a_fleet_are_judged_as_one_by_one() -> None:
    lines = [line.text.encode() for line in simulate(3_000, 1, start=datetime(2026, 11, 16, tzinfo=UTC))]
    patterns = trained(lines[:1_500], Rules())
    batches = BatchJudge(patterns)

    pieces = list(batches.judge_text(in_text(lines), NOON))

    agree(patterns, batches, lines, [NOON] * len(lines), pieces)
    assert sum(len(piece.odd) for piece in pieces) == 0


def test_pieces_have_so_many_lines_and_bytes_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "LINES", 3)
    monkeypatch.setattr(judging, "BYTES", 20)
    lines = [b"x" * size for size in (1, 1, 1, 1, 30, 9, 9, 9, 0, 0)]

    pieces = list(BatchJudge(pattern_set(Rules())).judge_text(in_text(lines), NOON))

    assert [len(piece.kind) for piece in pieces] == [3, 1, 1, 2, 3]
    assert [piece.line(index) for piece in pieces for index in range(len(piece.kind))] == lines


def test_no_lines_are_no_pieces() -> None:
    batches = BatchJudge(pattern_set(Rules()))

    assert list(batches.judge_text(b"", NOON)) == list(batches.judge_values(pa.array([], pa.binary()), NOON)) == []
