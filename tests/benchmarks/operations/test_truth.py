"""What an alert is worth."""

from dataclasses import replace

import pytest
from operations_by_hand import TRUTH, at, on

from benchmarks.operations.detectors import Alert
from benchmarks.operations.truth import Worth


def worths(*alerts: Alert) -> list[Worth]:
    return [verdict.worth for verdict in TRUTH.judge(alerts)]


@pytest.mark.parametrize("line", [2, 4, 7, 12])
def test_a_line_of_trouble_is_worth_an_alert_also_if_its_kind_is_known(line: int) -> None:
    (verdict,) = TRUTH.judge([on(line)])

    assert verdict.worth == "trouble"
    assert verdict.event == TRUTH.labels[line].event


@pytest.mark.parametrize("line", [1, 11])
def test_a_line_of_a_known_kind_is_none_also_if_its_wording_drifts(line: int) -> None:
    assert worths(on(line)) == ["false"]


def test_each_kind_of_a_trouble_is_told_once_a_day() -> None:
    assert worths(on(4), on(5), on(6), on(15)) == ["trouble", "repeated", "trouble", "trouble"]


def test_each_kind_of_a_change_is_told_once_for_ever() -> None:
    assert worths(on(9), on(10), on(16)) == ["change", "change", "repeated"]


@pytest.mark.parametrize(
    ("alert", "worth"),
    [
        (Alert(at(2_500), None, "heartbeat", "web1"), "trouble"),
        (Alert(at(2_500), None, "heartbeat", "web1", "nginx"), "trouble"),
        (Alert(at(2_500), None, "heartbeat", "web2"), "false"),
        (Alert(at(3_000), None, "heartbeat", "web1"), "false"),
        (Alert(at(6_000), None, "heartbeat", "db1", "CRON"), "trouble"),
        (Alert(at(6_000), None, "heartbeat", "db1", "sshd"), "false"),
        (Alert(at(10_500), None, "rate", "web2", "sshd"), "trouble"),
        (Alert(at(10_500), None, "rate", "web2", "nginx"), "change"),
        (Alert(at(500, day=3), None, "rate", "web2", "nginx"), "false"),
        (Alert(at(2_500), None), "false"),
    ],
)
def test_an_alert_without_a_line_is_of_what_happens_at_its_place_and_time(alert: Alert, worth: Worth) -> None:
    assert worths(alert) == [worth]


def test_what_is_told_late_is_of_what_happened_since_it_is_so() -> None:
    late = Alert(at(3_100), None, "rate", "web1", "sshd", at(2_900))
    after = Alert(at(3_100), None, "rate", "web1", "sshd", at(3_000))

    assert worths(late) == ["trouble"]
    assert worths(after) == ["false"]


@pytest.mark.parametrize(("line", "worth"), [(12, "trouble"), (9, "change"), (11, "false"), (1, "false")])
def test_an_unusual_value_is_of_the_event_of_its_line_also_if_its_kind_is_known(line: int, worth: Worth) -> None:
    truth = replace(TRUTH, labels=[label._replace(novel=False) for label in TRUTH.labels])
    (verdict,) = truth.judge([on(line)._replace(kind="value")])

    assert (verdict.worth, verdict.kind) == (worth, "value")


def test_a_rate_is_of_what_the_event_says_though_the_schedule_names_no_program() -> None:
    alert = Alert(at(150), None, "rate", "bastion", "sshd")
    (verdict,) = TRUTH.judge([alert])

    assert verdict.event == "incident-1"
