"""What the stream's view says of given batches, at given times, in given room."""

from collections import Counter
from typing import Any

import pytest

from commands.live.figures import Figures
from patterns.decisions import Decision, Decisions
from streaming.judging import Judged

_SET = "20261128T120000.000Z-0123456789ab"
_NOON = 1_795_867_200.0
"""2026-11-28T12:00Z, in seconds since 1970."""

_NONE = Decisions()


def judged(*alerts: dict[str, Any], record_time: float = _NOON, decisions: Decisions = _NONE, **counts: int) -> Judged:
    counted = Counter(counts) + Counter(batches=1)
    return Judged(_SET, counted, list(alerts), int(record_time * 1_000_000), decisions, 0.1)


def alert(message: str, count: int = 1) -> dict[str, Any]:
    named = {"process": {"name": "sshd"}, "host": {"name": "web1"}}
    return {"message": message, **named, "logwinnow": {"count": count}}


def facts(figures: Figures, now: float, wall: float = _NOON) -> dict[str, str]:
    lines = figures.lines(200, 50, now, wall)[1:]
    return {line.plain[:13].strip(): line.plain[13:] for line in lines if not line.plain.startswith("  ")}


def test_before_the_first_batch_nothing_is_said_of_lines() -> None:
    assert facts(Figures("logs", 0), 5) == {"lines": "none yet"}


def test_counts_add_up_over_batches() -> None:
    figures = Figures("logs", 0)
    figures.add(judged(lines=100, matched=98, outliers=1, unjudged_blank=1, dead_letters_no_line=2), 1, _NOON)
    figures.add(judged(lines=900, matched=900, alerts=3, alerts_held_back=7), 2, _NOON)
    assert facts(figures, 10) == {
        "lines": "100/s, 1,000 in all",
        "matched": "99.8 %",
        "outliers": "1",
        "dead letters": "2: no_line 2",
        "lag": "0.0 s",
        "set": f"new, {_SET}",
        "alerts": "3, 7 held back",
    }


def test_what_the_operator_decided_is_told_by_its_number_and_revision() -> None:
    figures = Figures("logs", 0)
    decisions = Decisions((Decision(do="accept", shape="a b"), Decision(do="reject", pattern="c d")))
    figures.add(judged(lines=1, decisions=decisions), 1, _NOON)
    assert facts(figures, 10)["decisions"] == f"2 entries, revision {decisions.revision}"


def test_an_alert_has_what_the_operator_calls_its_pattern() -> None:
    figures = Figures("logs", 0)
    named = alert("disk full")
    named["logwinnow"]["pattern"] = {"name": "disk\x1b trouble", "severity": "high"}
    figures.add(judged(named, lines=1, alerts=1), 1, _NOON)
    assert figures.lines(200, 50, 2, _NOON)[-1].plain.endswith(r" sshd web1 high: disk\x1b trouble: disk full")


def test_the_rate_is_that_of_the_last_half_minute() -> None:
    figures = Figures("logs", 0)
    figures.add(judged(lines=30_000), 10, _NOON)
    assert facts(figures, 20)["lines"].startswith("1,500/s")
    figures.add(judged(lines=300), 45, _NOON)
    assert facts(figures, 50)["lines"].startswith("10/s, 30,300")
    assert facts(figures, 500)["lines"].startswith("0/s, 30,300")


def test_all_is_said_of_all_alone() -> None:
    figures = Figures("logs", 0)
    figures.add(judged(lines=100_000, matched=99_999, outliers=1), 1, _NOON)
    assert facts(figures, 1)["matched"] == "99.9 %"


@pytest.mark.parametrize(
    ("later", "said"),
    [(0, "new"), (59, "new"), (60, "1 minute old"), (7_300, "2 hours old"), (86_400, "1 day old"), (-5, "new")],
)
def test_the_age_of_the_set_is_told(later: int, said: str) -> None:
    figures = Figures("logs", 0)
    figures.add(judged(lines=1), 1, _NOON)
    assert facts(figures, 1, _NOON + later)["set"] == f"{said}, {_SET}"


def test_a_set_whose_name_has_no_time_has_no_age() -> None:
    figures = Figures("logs", 0)
    figures.add(judged(lines=1)._replace(set="mine"), 1, _NOON)
    assert facts(figures, 1)["set"] == "mine"


def test_lag_is_from_the_latest_record_to_the_end_of_its_batch() -> None:
    figures = Figures("logs", 0)
    figures.add(judged(lines=1, record_time=_NOON - 12.5), 1, _NOON)
    assert facts(figures, 99)["lag"] == "12.5 s"
    figures.add(judged(record_time=0), 1, _NOON)
    assert facts(figures, 99)["lag"] == "12.5 s"
    figures.add(judged(lines=1, record_time=_NOON + 3_600), 2, _NOON)
    assert facts(figures, 99)["lag"] == "0.0 s"


def test_the_alert_of_a_storm_says_how_many_shapes_and_by_which_pattern() -> None:
    figures = Figures("logs", 0)
    storm = alert("user bob of tenant eve is over quota", 1_200)
    storm["logwinnow"] |= {"shapes": 412, "pattern": {"text": "user *{1,1} of tenant *{1,1} is over quota"}}
    figures.add(judged(storm, lines=1, alerts=1), 1, _NOON)
    last = figures.lines(200, 50, 2, _NOON)[-1].plain
    assert last.endswith(" 1,200× 412 new shapes: user *{1,1} of tenant *{1,1} is over quota")


def test_the_last_alert_stands_first_and_what_has_no_room_is_left_out() -> None:
    figures = Figures("logs", 0)
    figures.add(judged(alert("first"), alert("second", 12)), 1, _NOON)
    lines = [line.plain for line in figures.lines(200, 50, 2, _NOON)]
    assert [line[11:] for line in lines if line.startswith("  ")] == ["sshd web1 12× second", "sshd web1 first"]
    assert len(figures.lines(200, 3, 2, _NOON)) == 3


def test_an_overflow_alert_has_neither_program_nor_count() -> None:
    figures = Figures("logs", 0)
    figures.add(judged({"message": "more than 3", "logwinnow": {"overflow": True}}), 1, _NOON)
    assert figures.lines(200, 50, 2, _NOON)[-1].plain[11:] == " more than 3"


def test_an_alert_about_known_kinds_says_what_it_is() -> None:
    figures = Figures("logs", 0)
    figures.add(
        judged({"message": "no line", "host": {"name": "web1"}, "logwinnow": {"kind": "silent_host"}}), 1, _NOON
    )
    assert figures.lines(200, 50, 2, _NOON)[-1].plain[11:] == "web1 silent host: no line"


@pytest.mark.parametrize("width", [1, 2, 9, 20, 79])
@pytest.mark.parametrize(
    "message", ["\u4e16" * 1_000, "\x1b[2J" * 1_000, "a\u0301" * 500, "\U0001f469\u200d\U0001f52c" * 90]
)
def test_no_line_is_wider_than_the_room_there_is(width: int, message: str) -> None:
    figures = Figures("a long name of a source", 0)
    figures.add(judged(alert(message), lines=1), 1, _NOON)
    for line in figures.lines(width, 50, 2, _NOON):
        assert line.cell_len <= width
        assert "\x1b" not in line.plain
