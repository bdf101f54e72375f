"""Counts of a log that was counted by hand."""

import pytest
from operations_by_hand import TRUTH, at, on

from benchmarks.operations.detectors import Alert
from benchmarks.operations.figures import Found, Run, a_day, run, together

# Two false ones, three kinds of the incident (one twice on a day, once more on the next), a novelty, a change.
ALERTS = [on(1), on(4), on(5), on(6), on(7), on(9), on(11), on(15)]


def counted(*alerts: Alert, days: int = 2) -> Run:
    return run("somebody", 1, days, list(TRUTH.judge(alerts)), TRUTH)


def test_every_alert_is_counted_by_what_it_is_worth() -> None:
    assert counted(*ALERTS).alerts == {"trouble": 4, "change": 1, "repeated": 1, "false": 2}


def test_precision_is_the_share_that_tells_something_for_the_first_time() -> None:
    assert counted(*ALERTS).precision == 5 / 8
    assert counted().precision == 1


def test_false_alerts_a_day_are_those_of_live_days() -> None:
    assert a_day([counted(*ALERTS)], "false") == (1, 1, 1)
    assert a_day([counted(*ALERTS), counted(on(1), days=4)], "false") == (0.625, 0.25, 1)


def test_false_alerts_are_told_by_what_their_lines_come_from() -> None:
    found = counted(*ALERTS)

    assert found.false_causes == {"drift": 1, "normal": 1}
    assert found.false_kinds == {"drift": {"sshd.login": 1}, "normal": {"sshd.login": 1}}


def test_alerts_are_counted_by_what_they_tell() -> None:
    sorts = counted(on(4), on(1), Alert(at(6_000), None, "heartbeat", "db1")).sorts

    assert sorts["new"] == {"trouble": 1, "change": 0, "repeated": 0, "false": 1}
    assert sorts["heartbeat"] == {"trouble": 1, "change": 0, "repeated": 0, "false": 0}


def test_only_lines_of_live_days_are_judged() -> None:
    assert counted().lines == len(TRUTH.labels) - 1


def test_recall_is_of_events_and_of_the_new_kinds_that_they_bring() -> None:
    found = counted(*ALERTS).found

    assert {cause: (each.told, each.events) for cause, each in found.items()} == {
        "incident": (1, 1),
        "novelty": (1, 2),
        "deployment": (1, 1),
        "silence": (0, 1),
        "stopped": (0, 1),
        "burst": (0, 1),
    }
    assert (found["incident"].kinds_told, found["incident"].kinds) == (2, 2)
    assert (found["deployment"].kinds_told, found["deployment"].kinds) == (1, 2)


@pytest.mark.parametrize(
    ("alert", "cause", "seconds", "lines"),
    [
        (on(4), "incident", 60, 3),  # from the first line of the flood on
        (on(2), "incident", 0, 1),
        (on(7), "novelty", 0, 1),
        (Alert(at(2_090), None, "heartbeat", "web1"), "silence", 90, 0),
        (Alert(at(10_060), None, "rate", "web2", "sshd"), "burst", 60, 2),
    ],
)
def test_the_delay_is_from_the_first_line_of_an_event_or_its_begin(
    alert: Alert, cause: str, seconds: float, lines: int
) -> None:
    found = counted(alert).found[cause]

    assert (found.seconds, found.lines) == ([seconds], [lines])


def test_the_first_alert_of_an_event_makes_the_delay() -> None:
    assert counted(on(5), on(6)).found["incident"].seconds == [70]


def test_events_of_all_seeds_are_counted_together() -> None:
    both = together([counted(on(7)), counted(on(8))])["novelty"]

    assert both == Found(events=4, told=2, kinds=4, kinds_told=2, seconds=[0, 0], lines=[1, 1])
