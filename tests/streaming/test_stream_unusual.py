"""What is unusual of known kinds, through a whole stream: each kind of alert, restarts, and nothing where it is off."""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from pyspark.sql import DataFrame

from patterns.baselines import Baselines, Heartbeat, Rate, Row, Values
from patterns.language import parse
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.rules import Rules
from patterns.shapes import ShapeTable
from patterns.store import Store
from patterns.timestamps import SECOND, iso
from streaming import job
from streaming.alerts import HOUR
from streaming.batches import BatchLog
from streaming.config import AlertsConfig, HeartbeatConfig, RateConfig, StreamingConfig, ValueConfig
from streaming.job import Stream
from streaming.judging import Batches
from streaming.sink.files import FilesSink
from streaming.unusual import silence, watch
from streaming.unusual.state import StateFile
from tests.streaming.running import running

if TYPE_CHECKING:
    from tests.streaming.conftest import Site

pytestmark = [pytest.mark.spark, pytest.mark.usefixtures("spark")]

Told = Callable[[str], list[dict[str, Any]]]

_TEXTS = ("user *{1,1} left", "state is *{1,1} now", "beat *{1,1} of *{1,1}")
_LEFT, _STATE, _BEAT = (KnownPattern("app", parse(text), 2, 2, 2) for text in _TEXTS)

_ON = AlertsConfig(
    rate=RateConfig(enabled=True),
    heartbeat=HeartbeatConfig(enabled=True, late_seconds=1.0),
    value=ValueConfig(enabled=True),
)


def rate(usual: float) -> Rate:
    return Rate(pattern=_LEFT.id, host="web1", days=7, hours=((usual, 2.0),) * 24)


def beat(host: str, known: KnownPattern = _BEAT) -> Heartbeat:
    return Heartbeat(pattern=known.id, host=host, period=1.0, tolerance=0.2, times=99)


def publish(site: "Site", *rows: Row) -> str:
    """Publish the set with baselines of these rows."""
    patterns = PatternSet.of(Rules(), (_LEFT, _STATE, _BEAT))
    baselines = Baselines.of("2026-11-01", "2026-11-07", 7, rows)
    return Store(str(site.store)).publish(patterns, ShapeTable.of({}), {}, baselines=baselines)


def config(site: "Site", alerts: AlertsConfig = _ON) -> StreamingConfig:
    return msgspec.structs.replace(site.config(), alerts=alerts)


def line(message: str, host: str = "web1", at: int | None = None) -> str:
    return f"{iso(at or time.time_ns() // 1000)} {host} app: {message}"


def kinds(alerts: Iterable[dict[str, Any]]) -> Counter[tuple[str, str]]:
    """Return kind and host of alerts."""
    return Counter((alert["logwinnow"].get("kind", "new"), alert.get("host", {}).get("name", "")) for alert in alerts)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at heartbeats with each batch, and at the clock all the time."""
    monkeypatch.setattr(silence, "LOOK_SECONDS", 0)
    monkeypatch.setattr(job, "LOOK_SECONDS", 0.2)
    monkeypatch.setattr(job, "_LOOK_AGAIN_SECONDS", 0)


def test_rates_and_values_are_told_beside_new_kinds_exactly_over_a_restart_in_the_hour(
    site: "Site", told: Told
) -> None:
    publish(site, rate(10), Values(pattern=_STATE.id, gap=0, values=("off", "on"), lines=99))
    at = time.time_ns() // 1000
    if at % HOUR > HOUR - 120 * SECOND:
        # The hour shall not end in between.
        at -= 180 * SECOND
    site.append(*[line("user 7 left", at=at)] * 20, line("state is on now", at=at), line("what is this", at=at))
    site.stream_once(config(site))
    assert kinds(site.alerts()) == {("new", "web1"): 1}
    site.append(*[line("user 7 left", at=at)] * 11, line("state is broken now", at=at))
    stream = site.stream_once(config(site))
    assert kinds(site.alerts()) == {("new", "web1"): 1, ("rate", "web1"): 1, ("value", "web1"): 1}
    [alert] = [each for each in site.alerts() if each["logwinnow"].get("kind") == "rate"]
    assert (alert["logwinnow"]["observed"], alert["logwinnow"]["pattern"]["text"]) == (31, "user *{1,1} left")
    assert (stream.totals["unusual_rate"], stream.totals["unusual_value"], stream.totals["alerts"]) == (1, 1, 2)
    assert told("usual")[-1]["rates"] == 1
    [value] = [each for each in site.alerts() if each["logwinnow"].get("kind") == "value"]
    assert value["event"]["first_event_id"] in {event["event"]["id"] for event in site.events()}
    # The alerts of newness count outliers alone.
    assert len([event for event in site.events() if event["logwinnow"]["outlier"]]) == 1


@pytest.mark.usefixtures("hasty")
def test_a_heartbeat_that_stops_and_a_host_that_falls_silent_are_told_while_others_go_on(site: "Site") -> None:
    every = [_LEFT, _STATE, _BEAT]
    messages = ("user 7 left", "state is on now", "beat 7 of 9")
    publish(site, *[beat("web1", known) for known in every], beat("web2"), beat("web3"))

    def others() -> list[str]:
        return [line("beat 7 of 9", "web3")]

    def everyone() -> list[str]:
        return [*others(), *(line(message) for message in messages), line(messages[2], "web2")]

    def while_written(lines: Callable[[], list[str]], holds: Callable[[], object]) -> Callable[[], object]:
        def written() -> object:
            site.append(*lines())
            time.sleep(0.2)
            return holds()

        return written

    with running(Stream(config(site), once=False)) as wait_until:
        rounds = iter(range(10))
        wait_until(while_written(everyone, lambda: next(rounds, None) is None))
        wait_until(while_written(others, lambda: len(site.alerts()) == 2))
    assert kinds(site.alerts()) == {("silent_host", "web1"): 1, ("heartbeat", "web2"): 1}


@pytest.mark.usefixtures("hasty")
def test_where_nothing_comes_at_all_the_source_is_told_as_silent_without_a_batch(site: "Site", told: Told) -> None:
    publish(site, beat("web1"), beat("web2"))
    stream = Stream(config(site), once=False)
    with running(stream) as wait_until:
        site.append(line("beat 7 of 9"), line("beat 7 of 9", "web2"))
        wait_until(site.alerts)
        batches = len(site.records())
        # And no more, however long it lasts.
        time.sleep(2)
        assert len(site.records()) == batches
    assert kinds(site.alerts()) == {("silent_source", ""): 1}
    assert stream.totals["unusual_silent_source"] == 1
    assert [facts["alerts"] for facts in told("look")] == [1]
    # Started again while it lasts, it tells nothing anew; and lines that come again are no news.
    with running(Stream(config(site), once=False)) as wait_until:
        time.sleep(2)
        site.append(line("beat 7 of 9"), line("beat 7 of 9", "web2"))
        wait_until(lambda: len(site.events()) == 4)
    assert kinds(site.alerts()) == {("silent_source", ""): 1}


@pytest.mark.usefixtures("hasty")
def test_behind_a_long_batch_what_was_not_read_yet_is_no_silence(site: "Site", monkeypatch: pytest.MonkeyPatch) -> None:
    publish(site, beat("web1"), beat("web2"))
    judge = Batches.judge

    def slowly(self: Batches, given: DataFrame, number: int) -> object:
        judged = judge(self, given, number)
        time.sleep(4)
        return judged

    monkeypatch.setattr(Batches, "judge", slowly)
    with running(Stream(config(site), once=False)) as wait_until:

        def written() -> bool:
            site.append(line("beat 7 of 9"), line("beat 7 of 9", "web2"))
            time.sleep(0.3)
            return len(site.records()) > 3

        wait_until(written)
    assert site.alerts() == []


@pytest.mark.usefixtures("hasty")
def test_what_comes_after_the_stream_was_down_is_no_silence(site: "Site", monkeypatch: pytest.MonkeyPatch) -> None:
    publish(site, beat("web1"), beat("web2"))
    monkeypatch.setattr(watch, "GAP_SECONDS", 1)
    site.append(line("beat 7 of 9"), line("beat 7 of 9", "web2"))
    site.stream_once(config(site))
    time.sleep(4)
    # Two batches: the first takes the lines of one host alone.
    site.append(line("beat 7 of 9"))
    site.stream_once(config(site))
    site.append(line("beat 7 of 9", "web2"))
    site.stream_once(config(site))
    assert site.alerts() == []


@pytest.mark.parametrize("done", ["alerts", "state", "record"])
def test_a_batch_that_failed_once_something_of_it_was_written_tells_the_same_again(
    done: str, site: "Site", monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(site, rate(10))
    at = time.time_ns() // 1000
    if at % HOUR > HOUR - 120 * SECOND:
        at -= 180 * SECOND
    site.append(*[line("user 7 left", at=at)] * 40)
    owner: type = {"alerts": FilesSink, "state": StateFile, "record": BatchLog}[done]
    name = {"alerts": "write_alerts", "state": "keep", "record": "write"}[done]
    written = getattr(owner, name)

    def broken(self: object, given: object) -> object:
        found = written(self, given)
        if done != "record" or given.alerts is not None:  # type: ignore[attr-defined]
            raise OSError("the disk is gone")
        return found

    monkeypatch.setattr(owner, name, broken)
    with pytest.raises(Exception, match="the disk is gone"):
        site.stream_once(config(site))
    monkeypatch.setattr(owner, name, written)
    before = site.alerts()
    site.append(*[line("user 7 left", at=at)] * 40)
    site.stream_once(config(site))
    assert site.alerts() == before
    [alert] = before
    assert alert["logwinnow"]["observed"] == 40
    counted = StateFile(site.checkpoint / "logwinnow").after_last()[1].whole()
    assert [list(rows.values()) for name, rows in counted.items() if name.startswith("hour")] == [[80]]


def test_other_baselines_of_an_equal_set_are_taken_up(site: "Site") -> None:
    publish(site, rate(1_000))
    at = time.time_ns() // 1000
    if at % HOUR > HOUR - 120 * SECOND:
        at -= 180 * SECOND
    with running(Stream(config(site), once=False)) as wait_until:
        site.append(*[line("user 7 left", at=at)] * 40)
        wait_until(lambda: len(site.events()) == 40)
        publish(site, rate(1))
        site.append(*[line("user 7 left", at=at)] * 40)
        wait_until(lambda: len(site.events()) == 80)
    [alert] = site.alerts()
    assert (alert["logwinnow"]["observed"], alert["logwinnow"]["usual"]) == (80, 1.0)


def test_where_it_is_off_nothing_is_read_counted_or_kept(site: "Site", monkeypatch: pytest.MonkeyPatch) -> None:
    publish(site, rate(1), beat("web1"), Values(pattern=_STATE.id, gap=0, values=("on",), lines=9))

    def refused(_store: Store, _version: str) -> None:
        pytest.fail("baselines are read")

    monkeypatch.setattr(Store, "read_baselines", refused)
    site.append(*[line("user 7 left")] * 60, line("state is broken now"))
    stream = site.stream_once(config(site, AlertsConfig()))
    assert site.alerts() == []
    assert not (site.checkpoint / "logwinnow" / "unusual").exists()
    assert not any(name.startswith("unusual") for name in stream.totals)


def test_a_set_without_baselines_or_with_broken_ones_is_judged_by_and_that_is_said(site: "Site", told: Told) -> None:
    site.publish("user *{1,1} left", scope="app")
    site.append(*[line("user 7 left")] * 60)
    site.stream_once(config(site))
    assert told("usual")[-1]["baselines"] is False
    version = publish(site, rate(1))
    (site.store / version / "baselines.jsonl").write_bytes(b"nonsense\n")
    site.append(*[line("user 7 left")] * 60)
    site.stream_once(config(site))
    assert "is damaged" in told("baselines_refused")[-1]["error"]
    assert len(site.events()) == 120
    assert site.alerts() == []
