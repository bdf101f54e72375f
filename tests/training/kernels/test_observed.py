"""Observations by columns are those of the observer, line by line, and those of a plain reading of what is asked."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patterns.baselines import MOST_VALUES
from patterns.decided import decided
from patterns.decisions import Decision, Decisions
from patterns.judge import Judge
from patterns.language import NO_GAP, parse
from patterns.line import split_lines
from patterns.matcher import gap_words
from patterns.observed import LONGEST_HOST, LONGEST_VALUE, MOST_SECONDS, SCHEMA
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.rules import Rules
from patterns.shapes import bucket_of
from patterns.timestamps import SECOND
from patterns.words import CLASS_RUN
from tests.training.kernels.test_rows import CHUNKS, NOON, RULES
from training.baselines.observing import Observer, observed_lines
from training.baselines.rows import merged
from training.config import Mining
from training.corpus import CorpusLine
from training.describe import describe
from training.fetched.time_range import ALL_TIMES, TimeRange, Times
from training.job import mine_scopes
from training.kernels.observed import ObserveKernel
from training.shapes import tabulate

HOUR = 3_600 * SECOND


def mined(chunk: bytes, rules: Rules) -> PatternSet:
    """Return the patterns of some lines."""
    table, _ = tabulate([CorpusLine(line, NOON) for line in split_lines(chunk)], rules)
    return describe(mine_scopes(table, Mining(seen_once=True)), table, rules)


def plainly(chunk: bytes, patterns: PatternSet, times: Times) -> list[dict[str, Any]]:
    """Return the rows that are asked for, as simply as they can be made."""
    judge, lines, had = Judge(patterns), defaultdict[tuple[Any, ...], int](int), defaultdict[tuple[Any, ...], Any](set)
    for data in split_lines(chunk):
        judgement = judge.judge(data, NOON)
        line, verdict = judgement.shaped.line, judgement.verdict
        if verdict is None or verdict.outlier or verdict.known is None or not times.holds(line.time):
            continue
        host = line.host if line.host and len(line.host) <= LONGEST_HOST else ""
        key: tuple[Any, ...] = (verdict.known.id, -1, host, line.time // HOUR)
        lines[key] += 1
        had[key].add(line.time // SECOND % 3_600)
        gaps = [place for place, gap in enumerate(verdict.known.pattern.gaps) if gap != NO_GAP]
        words = judgement.shaped.shape.split(" ")
        spans = gap_words(verdict.known, words)
        for gap, span, parameter in zip(gaps, spans, judge.parameters(judgement), strict=True):
            taken = words[slice(*span)]
            value = " ".join(taken) if CLASS_RUN in taken and set(taken) != {CLASS_RUN} else parameter
            key = (verdict.known.id, gap, "", line.time // HOUR // 24 * 24)
            lines[key] += 1
            had[key].add(value)
    rows = []
    for key, number in lines.items():
        pattern, gap, host, hour = key
        seconds: list[Any] | None = []
        values: list[Any] | None = []
        if gap < 0:
            seconds = None if len(had[key]) > MOST_SECONDS else sorted(had[key])
        else:
            many = len(had[key]) > MOST_VALUES or max(map(len, had[key])) > LONGEST_VALUE
            values = None if many else sorted(had[key], key=str.encode)
        names = ("pattern", "gap", "host", "hour", "lines", "seconds", "values")
        rows.append(dict(zip(names, (pattern, gap, host, hour, number, seconds, values), strict=True)))
    return sorted(
        rows, key=lambda row: (bucket_of(row["pattern"]), row["pattern"], row["gap"], row["host"].encode(), row["hour"])
    )


def rows_of(tables: Iterable[pa.Table]) -> list[dict[str, Any]]:
    return list(merged(pa.concat_tables(tables)).to_pylist())


def by_columns(chunks: list[bytes], patterns: PatternSet, times: Times = ALL_TIMES) -> list[dict[str, Any]]:
    kernel = ObserveKernel(patterns, times)
    return rows_of(kernel.rows(chunk, NOON) for chunk in chunks)


def by_lines(chunk: bytes, patterns: PatternSet, times: Times = ALL_TIMES) -> list[dict[str, Any]]:
    lines = (CorpusLine(line, NOON) for line in split_lines(chunk))
    return rows_of(observed_lines(lines, patterns, times))


@pytest.mark.parametrize("kind", RULES)
@given(st.data())
def test_whatever_the_lines_both_ways_give_the_rows_that_are_asked_for(kind: str, data: st.DataObject) -> None:
    rules = data.draw(st.sampled_from(RULES[kind]))
    trained, more = data.draw(CHUNKS), data.draw(st.lists(CHUNKS, max_size=3))
    patterns = mined(trained, rules)
    chunks = [trained, *more]
    times = data.draw(st.sampled_from([ALL_TIMES, Times(TimeRange(end=NOON), (TimeRange(None, 0),))]))
    whole = b"".join(chunk if chunk.endswith(b"\n") or not chunk else chunk + b"\n" for chunk in chunks)

    expected = plainly(whole, patterns, times)
    assert by_lines(whole, patterns, times) == expected
    assert by_columns(chunks, patterns, times) == expected


def test_of_a_gap_with_class_words_and_others_the_shape_is_observed_and_else_what_it_took() -> None:
    patterns = PatternSet.of(Rules(), [KnownPattern("app", parse("open by *{1,2} done"), 2, 1, 1)])
    said = ["root 10:01", "root 10:02", "anna 7", "root", "10:03 10:04", "root anna"]
    lines = b"".join(f"2026-10-01T00:00:00Z h app: open by {who} done\n".encode() for who in said)

    for rows in (by_lines(lines, patterns), by_columns([lines], patterns), plainly(lines, patterns, ALL_TIMES)):
        (values,) = (row["values"] for row in rows if row["gap"] >= 0)
        assert values == ["10:03 10:04", "anna <*>", "root", "root <*>", "root anna"]


PARTS = st.builds(
    "2026-10-{:02}T{:02}:{:02}:{:02}Z {} app[1]: job {} of {} done".format,
    st.integers(1, 3),
    st.integers(0, 2),
    st.integers(0, 59),
    st.integers(0, 59),
    st.sampled_from(["web1", "web2", "-", "ü", "h" * 256]),
    st.sampled_from(["10", "9", "x1" * 200, "1é", "x1" * 100]) | st.integers(0, 40).map(str),
    st.integers(0, 3),
)
JOBS = mined(b"Oct 11 22:14:15 h app: job 1 of 2 done\n" * 3, Rules())


@given(st.lists(PARTS, max_size=120), st.randoms())
def test_neither_order_nor_partition_is_seen(lines: list[str], random: Any) -> None:
    encoded = [line.encode() for line in lines]
    expected = plainly(b"\n".join(encoded), JOBS, ALL_TIMES)
    random.shuffle(encoded)
    cuts = sorted(random.randint(0, len(encoded)) for _ in range(3))
    chunks = [b"".join(line + b"\n" for line in encoded[a:b]) for a, b in zip([0, *cuts], [*cuts, None], strict=True)]

    assert by_columns(chunks, JOBS) == expected
    # What is merged may be merged again.
    parts = [by_line.take() for by_line in map(observed_alone, encoded)]
    assert merged(pa.concat_tables([SCHEMA.empty_table(), *map(merged, parts)])).to_pylist() == expected


def observed_alone(line: bytes) -> Observer:
    observer = Observer(JOBS)
    observer.add(line, NOON)
    return observer


def test_what_is_an_outlier_for_the_operator_is_not_observed() -> None:
    line = b"Oct 11 22:14:15 h app: job 1 of 2 done\n"
    (known,) = JOBS.patterns
    rejected = Decision(do="reject", scope="app", pattern=known.pattern.text, by="me", at="2026-10-01T00:00:00Z")

    assert len(by_columns([line], JOBS)) == 3
    assert by_columns([line], decided(JOBS, Decisions((rejected,)))) == []
    assert by_lines(line, decided(JOBS, Decisions((rejected,)))) == []
