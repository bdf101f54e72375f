"""Events made by columns, and what a task counts of them, are those of lines judged one by one."""

from base64 import b64decode
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from hostile_headers import ENCODED, RULES, SHIPPED
from hypothesis import example, given
from hypothesis import strategies as st

from commands.simulation.fleet import simulate
from kernels.documents import Escaped, bounds, joined, rfc3339
from kernels.judging import BatchJudge
from kernels.spans import Spans
from patterns.baselines import Heartbeat, Rate, Values
from patterns.judge import Judge
from patterns.language import parse
from patterns.pattern_set import ACCEPTED, PENDING, KnownPattern, PatternSet
from patterns.rules import Rules
from patterns.timestamps import DAY, SECOND, iso
from streaming import tally as tally_module
from streaming.columns import EventColumns
from streaming.documents import KEYWORD
from streaming.line_judge import LineJudge
from streaming.match import BatchEvents, Ready
from streaming.sink.events import Events
from streaming.source import Place, SourceLines
from streaming.tally import Tally
from streaming.unusual.counting import Counting
from streaming.unusual.usual import Usual
from training.config import Mining
from training.corpus import CorpusLine
from training.describe import describe
from training.job import mine_scopes
from training.shapes import tabulate

DATASETS = ["Apache", "BGL", "HDFS", "Linux", "OpenSSH", "Proxifier", "Spark", "Zookeeper"]
NOON = 1_795_435_200 * SECOND
HOUR = 3_600 * SECOND
TEXTS = [
    "accepted",
    "port *{1,1} open",
    "*{0,1} x",
    "a *{0,} b *{0,}",
    "some *{1,2}",
    "(hello|text) *{1,1}",
    "[a *{1,}",
]
TEXTS += ["user *{1,1} is *{0,3} gone *{0,1}", "onExtend: *{1,1}", "r1= *{1,1}"]
SCOPES = ("", "su", "worker-<*>", "é")


class Kept:
    """Keeps what is written; see `streaming.sink.EventWriter`."""

    def __init__(self) -> None:
        self.events: list[tuple[Any, ...]] = []

    def write(self, events: Events) -> None:
        """Keep events, each with all that a sink may ask of it."""
        for index, document in enumerate(events.documents.to_pylist()):
            assert b"\n" not in document
            about = events.ids[index], int(events.record_times[index]), bool(events.dated[index]), events.line(index)
            self.events.append((msgspec.json.decode(document), *about))


class Came(NamedTuple):
    """What lines came to: events, rows of the task, what was counted of lines of known kinds."""

    events: list[tuple[Any, ...]]
    rows: list[dict[str, Any]]


def pattern_set(rules: Rules) -> PatternSet:
    """Return a set that has TEXTS in some scopes, and some of them pending."""
    states = [PENDING if number % 3 == 2 else "known" for number in range(len(TEXTS))]
    known = [
        KnownPattern(scope, parse(text), 2, 1, 1, state)
        for scope in SCOPES
        for text, state in zip(TEXTS, states, strict=True)
    ]
    return PatternSet.of(rules, known)


def usual(patterns: PatternSet) -> bytes:
    """Return baselines of nearly all patterns, by which lines are counted."""
    ids = [known.id for known in patterns.patterns]
    gaps = {known.id: sum(gap != (0, 0) for gap in known.pattern.gaps) for known in patterns.patterns}
    rates = tuple(
        Rate(pattern=each, host=host, days=14, hours=((1.0, 1.0),) * 24) for each in ids[::2] for host in ("", "web1")
    )
    beats = tuple(
        Heartbeat(pattern=each, host=host, period=60.0, tolerance=1.0, times=9)
        for each in ids[::3]
        for host in ("", "web1", "peer")
    )
    values = tuple(
        Values(pattern=each, gap=gap, values=("", "22", "b"), lines=9) for each in ids for gap in range(gaps[each])
    )
    return Usual(rates, beats, values).encoded


def one_by_one(patterns: PatternSet, lines: SourceLines, max_age: int, counted_by: bytes) -> Came:
    writer, tally = Kept(), Tally(counting=Counting(counted_by, NOON) if counted_by else None)
    judge = LineJudge(Judge(patterns), "app", "20261117T040012.345Z-0123456789abcdef", NOON, max_age)
    judge.write([lines.line(index) for index in range(len(lines))], writer, tally)
    return Came(writer.events, list(map(readable, tally.rows())))


def by_columns(patterns: PatternSet, lines: SourceLines, max_age: int, counted_by: bytes) -> Came:
    writer, tally = Kept(), Tally(counting=Counting(counted_by, NOON) if counted_by else None)
    judge = BatchJudge(patterns)
    ready = Ready(judge, EventColumns(judge))
    BatchEvents(ready, "app", "20261117T040012.345Z-0123456789abcdef", NOON, max_age).write(lines, writer, tally)
    return Came(writer.events, list(map(readable, tally.rows())))


def readable(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of RESULT with its JSON decoded, and without counts of nothing."""
    found = {name: msgspec.json.decode(value) if isinstance(value, bytes) else value for name, value in row.items()}
    if found.get("counts") is not None:
        counts = msgspec.json.decode(found["counts"])
        found["counts"] = {name: count for name, count in counts.items() if count}
    if found.get("unusual"):
        for value in found["unusual"]["values"]:
            value[-1] = msgspec.json.decode(b64decode(value[-1]))
    return found


def source_lines(kind: str, data: Sequence[bytes], times: Sequence[int]) -> SourceLines:
    """Return lines as a source of a kind has them: of two places in turn."""
    number = len(data)
    place = np.arange(number) % 2
    origins = None
    if kind == "kafka":
        places = [Place(f"t/{n}", {"kafka": {"topic": 't"\\', "partition": n}}) for n in (0, 1)]
    elif kind == "shipped":
        fields: dict[str, dict[str, Any]] = {"kafka": {"topic": "t", "partition": 0}}
        shipped: dict[str, dict[str, Any]] = {"log": {"file": {"path": "/a\n"}}, "host": {"name": 'peer"'}}
        places, origins = [Place("t/0", fields), Place("t/0", {**fields, **shipped})], np.where(place, 7, -1)
    elif kind == "socket":
        log = {"log": {"file": {"path": "/spool/0"}}}
        places = [
            Place(f"s/0/{peer}", {**log, "source": {"ip": peer}, "host": {"name": peer}}) for peer in ("peer", "::1")
        ]
    else:
        places = [Place(path, {"log": {"file": {"path": path}}}) for path in ('/var/"b.log', "/a.log")]
    lines = pa.array(data, pa.binary())
    ids = [f"{n:020x}" for n in range(number)]
    numbered = "kafka" if kind in {"kafka", "shipped"} else "log"
    # Whoever comes first is not the first to come.
    offsets = np.arange(number)[::-1].copy()
    return SourceLines(lines, lines, np.array(times, np.int64), ids, places, place, offsets, numbered, origins)


WORDS = st.sampled_from(
    [
        *(
            "accepted",
            "port",
            "open",
            "22",
            "x",
            "a",
            "b",
            "some",
            "hello",
            "user",
            "is",
            "gone",
            "r1=0x1",
            "onExtend:15",
        ),
        *(
            '"',
            "\\",
            '\\"',
            "\t",
            "\x00",
            "\x1f",
            "\x7f",
            "\u2028",
            "é",
            "😀",
            "1é2",
            "=",
            "k=1",
            "k=v",
            "(",
            "<*>",
            "1 2",
        ),
        *("\b\f\r", "1" * (KEYWORD + 1), "é" * KEYWORD + "1", "/p/" + "é" * KEYWORD, "\x85", "\ufeff", "</script>"),
    ]
)
HEADS = st.sampled_from(
    [
        *("", "Oct 11 22:14:15 web1 su[7]: ", "<34>Oct 11 22:14:15 web1 su[007]: ", "Nov 17 02:14:15 h worker-1[x]: "),
        *(
            "<34>1 2026-10-11T22:14:15.003Z web1 su 7 - - ",
            "2026-11-17T22:14:15Z é: ",
            "2026-11-23T12:14:15Z web1 su: ",
        ),
        *("2026-01-02 10:00:00,123 INFO ", 't=1.5|su|WA"RN|', "t=1.5|é||", "t=-|su|é|"),
    ]
)
FITTING = st.builds(
    lambda text, words: text.format(*words),
    st.sampled_from(
        [
            "port {} open",
            "a {} {} b {}",
            "a b",
            "user {} is {}, ({}) gone {}",
            "hello {}",
            "[a {} ",
            "onExtend:15{}",
            "x",
        ]
    ),
    st.tuples(WORDS, WORDS, WORDS, WORDS),
)
SPACED = st.builds(
    lambda head, message: (head + message).encode(), HEADS, FITTING | st.lists(WORDS, max_size=9).map(" ".join)
)
BROKEN = st.builds(lambda line, at: line[:at] + b"\xff" + line[at:], SPACED, st.integers(0, 20))
LINES = st.one_of(SPACED, SPACED, ENCODED, BROKEN)
MOMENTS = st.sampled_from(
    [NOON, NOON, NOON - HOUR, NOON + HOUR, NOON - 3 * DAY, NOON + 3 * DAY, 0, 2**63 - 1, NOON - 9]
)
KINDS = ("files", "kafka", "shipped", "socket")


@pytest.mark.parametrize("kind", [kind for kind in RULES if kind != "raw"])
@given(data=st.data(), lines=st.lists(st.tuples(LINES, MOMENTS), min_size=1, max_size=12))
def test_what_is_made_by_columns_is_what_is_made_one_by_one(
    kind: str, data: st.DataObject, lines: list[tuple[bytes, int]]
) -> None:
    rules = data.draw(st.sampled_from(RULES[kind]))
    patterns = pattern_set(replace(rules, max_line_bytes=data.draw(st.sampled_from([256, 65_536]))))
    given = source_lines(data.draw(st.sampled_from(KINDS)), *zip(*lines, strict=True))
    counted_by = usual(patterns) if data.draw(st.booleans()) else b""
    for max_age in (DAY, 400 * DAY):
        expected = one_by_one(patterns, given, max_age, counted_by)
        assert by_columns(patterns, given, max_age, counted_by) == expected


@lru_cache
def fleet() -> list[bytes]:
    return [line.text.encode() for line in simulate(3_000, 1, start=datetime(2026, 11, 16, tzinfo=UTC))]


def trained(lines: Sequence[bytes], rules: Rules) -> PatternSet:
    table, _ = tabulate([CorpusLine(line, NOON) for line in lines], rules)
    return describe(mine_scopes(table, Mining()), table, rules)


@pytest.mark.parametrize("kind", KINDS)
def test_lines_of_a_fleet_make_the_same_events_and_counts(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally_module, "SHAPES_A_TASK", 30)
    patterns = trained(fleet()[:1_000], Rules())
    # Some are too old to raise an alert.
    given = source_lines(kind, fleet(), [NOON - n - (3 * DAY if n % 5 == 0 else 0) for n in range(len(fleet()))])
    counted_by = usual(patterns)
    expected = one_by_one(patterns, given, DAY, counted_by)
    assert by_columns(patterns, given, DAY, counted_by) == expected
    assert expected.rows[0]["counts"]["outliers_of_further_shapes"] > 0
    assert expected.rows[0]["counts"]["outliers_too_old"] > 0
    assert expected.rows[0]["unusual"]["further"] > 0


@pytest.mark.parametrize("dataset", DATASETS)
def test_each_line_of_a_real_log_makes_the_same_event(dataset: str, loghub: Path) -> None:
    lines = (
        (loghub / dataset / f"{dataset}_2k.log").read_bytes().replace(b"\r\n", b"\n").removesuffix(b"\n").split(b"\n")
    )
    patterns = trained(lines[: len(lines) // 4], Rules(formats=SHIPPED))
    given = source_lines("kafka", lines, [NOON] * len(lines))
    counted_by = usual(patterns)
    assert by_columns(patterns, given, DAY, counted_by) == one_by_one(patterns, given, DAY, counted_by)


def test_what_stays_of_a_class_word_is_no_part_of_a_parameter() -> None:
    patterns = PatternSet.of(Rules(), [KnownPattern("", parse("*{1,1} onExtend: *{1,1}"), 2, 1, 1)])
    given = source_lines("kafka", ["é1 onExtend:15é 2".encode(), b"1 onExtend:15"], [NOON] * 2)
    expected = one_by_one(patterns, given, DAY, b"")
    assert by_columns(patterns, given, DAY, b"") == expected
    assert [document["logwinnow"]["params"] for document, *_ in expected.events] == [["é1", "15é 2"], ["1", "15"]]


def test_an_accepted_shape_that_has_the_place_of_a_pattern_has_none_of_its_values() -> None:
    accepted = KnownPattern("su", parse("a b"), 0, 0, 0, ACCEPTED, decided=1)
    patterns = PatternSet.of(Rules(), [accepted, KnownPattern("su", parse("a *{0,} b *{0,}"), 2, 1, 1)])
    lines = [b"Nov 17 22:14:15 %s su: %s" % each for each in ((b"h", b"a b"), (b"\xff", b"a b"), (b"h", b"a 7 b 22"))]
    given = source_lines("kafka", lines, [NOON] * 3)
    expected = one_by_one(patterns, given, DAY, usual(patterns))
    assert by_columns(patterns, given, DAY, usual(patterns)) == expected
    assert [value[2] for value in expected.rows[0]["unusual"]["values"]] == ["7"]


def test_of_lines_that_are_too_old_for_alerts_no_value_is_new_also_where_one_is_not_utf_8() -> None:
    patterns = PatternSet.of(Rules(), [KnownPattern("su", parse("a *{1,1}"), 2, 1, 1)])
    lines = [b"Nov 17 22:14:15 %s su: a %d" % each for each in ((b"h", 1), (b"\xff", 2), (b"h", 3), (b"\xff", 4))]
    given = source_lines("kafka", lines, [NOON - 3 * DAY] * 2 + [NOON] * 2)
    expected = one_by_one(patterns, given, DAY, usual(patterns))
    assert by_columns(patterns, given, DAY, usual(patterns)) == expected
    assert [value[2] for value in expected.rows[0]["unusual"]["values"]] == ["3", "4"]


def test_a_parameter_that_is_too_long_to_be_searched_by_is_cut_with_a_mark() -> None:
    patterns = pattern_set(Rules())
    lengths = (KEYWORD - 1, KEYWORD, KEYWORD + 1, 2 * KEYWORD)
    lines = [f"port {letter * number}1 open".encode() for number in lengths for letter in ("1", "é", '"')]
    given = source_lines("files", lines, [NOON] * len(lines))
    expected = one_by_one(patterns, given, DAY, usual(patterns))
    assert by_columns(patterns, given, DAY, usual(patterns)) == expected
    assert {len(document["logwinnow"]["params"][0]) for document, *_ in expected.events} == {KEYWORD}


def test_a_record_of_several_lines_is_one_event() -> None:
    patterns = pattern_set(Rules(formats=SHIPPED))
    lines = [b'Oct 11 22:14:15 web1 su[7]: a b\r\n\tat "c"\n at d', b"accepted", b"a\n\nb\r", b"\xff\nx", b"\n", b""]
    given = source_lines("files", lines, [NOON] * len(lines))
    assert by_columns(patterns, given, DAY, b"") == one_by_one(patterns, given, DAY, b"")


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=5))
@example(["".join(map(chr, range(256)))])
def test_what_is_escaped_reads_as_it_was(texts: list[str]) -> None:
    encoded = [text.encode() for text in texts]
    ends = np.cumsum(np.array([len(each) for each in encoded], np.int64))
    spans = Spans(ends - np.array([len(each) for each in encoded], np.int64), ends)
    quoted = joined(b'"', Escaped(b"".join(encoded)).parts(spans), b'"') if texts else pa.array([])
    assert [msgspec.json.decode(each) for each in quoted.to_pylist()] == texts


@given(st.lists(st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999), min_size=1))
def test_a_time_is_written_as_one_by_one(times: list[int]) -> None:
    assert rfc3339(np.array(times)).to_pylist() == [iso(time).encode() for time in times]


def test_the_edges_of_a_column_are_where_its_texts_are() -> None:
    edges, data = bounds(joined(pa.array([b"a", b"", b"bcd"]), b"!"))
    assert [bytes(data[start:end]) for start, end in pairwise(edges)] == [b"a!", b"!", b"bcd!"]
