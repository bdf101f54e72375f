"""How the page of `logwinnow report` writes things down: marks in lines and patterns, bins of time, numbers."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from commands.reporting.figures import CHART_BINS, Bins, ShapeDetail, drawn
from commands.reporting.marks import GAP, MARKED, marked, of_pattern
from commands.reporting.page import number, share
from patterns.timestamps import DAY, SECOND
from training.fetched.time_range import TimeRange


def test_a_gap_is_told_from_a_word_that_reads_like_one() -> None:
    assert of_pattern(r"a *{1,2} \*{1,2} b*{1,1}") == [[("a ", ""), ("*{1,2}", GAP), (r" \*{1,2} b*{1,1}", "")]]


@pytest.mark.parametrize("seconds", [0, 1, 119, 120, 86_399, 86_400, 31 * 86_400, 400 * 86_400, 9_998 * 365 * 86_400])
def test_bins_hold_a_span_and_are_no_more_than_asked_for(seconds: int) -> None:
    first = int(datetime(2026, 11, 27, 10, 11, 12, tzinfo=UTC).timestamp()) * SECOND - 2_000 * 365 * DAY
    bins = Bins.of((first, first + seconds * SECOND), CHART_BINS)
    assert bins.number <= CHART_BINS
    assert bins.start <= first // SECOND
    assert first // SECOND + seconds < bins.end
    assert bins.start % bins.width == 0


def test_what_was_asked_for_is_drawn_with_its_silence() -> None:
    days = {20_784: 5}
    first = 20_784 * DAY
    assert drawn(TimeRange(first - DAY, first + 2 * DAY), days, first, first + 5) == (first - DAY, first + 2 * DAY - 1)


@pytest.mark.parametrize(
    ("value", "said"),
    [(1.0, "100.00%"), (0.99999, "> 99.99%"), (0.5, "50.00%"), (0.00001, "< 0.01%"), (0.0, "0.00%")],
)
def test_all_and_nothing_are_said_only_of_all_and_nothing(value: float, said: str) -> None:
    assert share(value) == said


def test_numbers_are_in_groups() -> None:
    assert number(1_234_567) == "1,234,567"


def test_a_record_of_several_lines_keeps_its_rows_and_its_mark() -> None:
    difference = "word 2: expected in, found at"
    message = "failed at\n\tboot\x1b"
    detail = ShapeDetail("java", "failed at boot", message, "no_pattern", "failed in boot", difference, (), 0)
    example, nearest = marked(replace(detail, shape="failed at boot\x1b"))
    assert example == [[("failed ", ""), ("at", MARKED)], [("    boot\\x1b", "")]]
    assert nearest == [[("failed ", ""), ("in", MARKED), (" boot", "")]]
    # By other word rules it has another shape: then no word of it is marked.
    assert marked(detail)[0] == [[("failed at", "")], [("    boot\\x1b", "")]]


def test_what_is_far_into_a_long_line_is_shown_around_its_mark() -> None:
    message = " ".join(["word"] * 400) + " odd " + " ".join(["word"] * 400)
    nearest = message.replace("odd", "even")
    detail = ShapeDetail("x", message, message, "no_pattern", nearest, "word 401: expected even, found odd", (), 0)
    [row], [near] = marked(detail)
    assert ("odd", MARKED) in row
    assert ("even", MARKED) in near
    assert row[0][0].startswith("…")
    assert row[-1][0].endswith("…")
