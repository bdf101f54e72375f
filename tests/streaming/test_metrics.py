"""What Prometheus scrapes of given batches: as text, read again by its own parser."""

import logging
import re
import socket
import struct
import time
import urllib.request
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from pyspark import Broadcast
from ruamel.yaml import YAML

from patterns.decisions import Decision, Decisions
from patterns.rules import Rules
from patterns.store import Store
from streaming.config import MetricsConfig
from streaming.errors import MetricsError
from streaming.judging import Judged
from streaming.metrics import LOSSES, Metrics, serving
from streaming.notifying.outbox import Counts
from streaming.sets import JudgedBy, LiveSet

if TYPE_CHECKING:
    from tests.streaming.conftest import Site

_SET = "20261128T120000.000Z-0123456789ab"
_NOON = 1_795_867_200.0
"""2026-11-28T12:00Z, in seconds since 1970."""

Series = dict[tuple[str, ...], float]
"""Name of a series and the values of its labels but the source, in the order of their names → value."""


def live(version: str = _SET, *refused: str, decisions: Decisions | None = None) -> LiveSet:
    broadcast = cast("Broadcast[JudgedBy]", None)
    return LiveSet(version, broadcast, Rules(), decisions or Decisions(), 7, frozenset(refused))


def judged(record_time: float = 0, seconds: float = 0.2, **counts: int) -> Judged:
    return Judged(_SET, Counter(counts) + Counter(batches=1), [], int(record_time * 1e6), Decisions(), seconds)


@pytest.fixture
def metrics(site: "Site") -> Metrics:
    return Metrics('web "1"\n', Store(str(site.store)))


def scraped(metrics: Metrics) -> Series:
    registry = CollectorRegistry(auto_describe=True)
    registry.register(metrics)
    found: Series = {}
    for family in text_string_to_metric_families(generate_latest(registry).decode()):
        assert family.documentation
        for sample in family.samples:
            labels = dict(sample.labels)
            assert labels.pop("source") == 'web "1"\n'
            found[sample.name, *(labels[name] for name in sorted(labels))] = sample.value
    return found


def test_counts_of_batches_add_up_and_reasons_are_labels(metrics: Metrics) -> None:
    metrics.add(judged(lines=9, matched=4, outliers=2, unjudged_blank=2, dead_letters_refused=1, gone_bytes=70), live())
    metrics.add(judged(lines=3, outliers=3, outliers_too_old=1, alerts=2, alerts_held_back=1, undated=1), live())
    found = scraped(metrics)
    names = ("batches", "lines", "matched", "outliers", "outliers_too_old", "undated", "alerts", "alerts_held_back")
    assert [found[f"logwinnow_{name}_total",] for name in names] == [2, 12, 4, 5, 1, 1, 2, 1]
    assert found["logwinnow_unjudged_total", "blank"] == 2
    assert found["logwinnow_dead_letters_total", "refused"] == 1
    assert found["logwinnow_counts_total", "gone_bytes"] == 70


def test_before_the_first_batch_counters_are_there_and_zero_and_nothing_is_said_of_batch_and_set(
    metrics: Metrics,
) -> None:
    found = scraped(metrics)
    counters = {key: value for key, value in found.items() if key[0].endswith("_total")}
    assert len(counters) == 8 + 2 + 3 + 5 + len(LOSSES)
    assert set(counters.values()) == {0}
    assert not any("set" in name or "timestamp" in name or "lag" in name for name, *_ in found)


def test_a_count_of_a_name_that_is_not_known_makes_no_series(metrics: Metrics) -> None:
    before = scraped(metrics).keys()
    metrics.add(judged(lines=1, further=1), live())
    assert not {key for key in scraped(metrics).keys() - before if "further" in key}


def test_the_seconds_of_batches_are_a_histogram(metrics: Metrics) -> None:
    for seconds in (0.2, 0.3, 400):
        metrics.add(judged(seconds=seconds), live())
    found = scraped(metrics)
    assert [found["logwinnow_batch_seconds_bucket", edge] for edge in ("0.1", "0.25", "0.5", "300.0", "+Inf")] == [
        *(0, 1, 2, 2, 3)
    ]
    assert found["logwinnow_batch_seconds_sum",] == pytest.approx(400.5)


def test_the_lag_is_that_of_the_last_batch_with_lines_and_never_below_zero(
    metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time", lambda: _NOON)
    metrics.add(judged(_NOON - 2.5), live())
    metrics.add(judged(), live())
    assert scraped(metrics)["logwinnow_record_lag_seconds",] == 2.5
    metrics.add(judged(_NOON + 60), live())
    found = scraped(metrics)
    assert found["logwinnow_record_lag_seconds",] == 0
    assert found["logwinnow_last_batch_timestamp_seconds",] == _NOON


def test_the_set_of_the_last_batch_alone_is_said_with_its_decisions_and_when_it_was_published(metrics: Metrics) -> None:
    metrics.judges_by(live("20261101T000000.000Z-000000000000"))
    assert ("logwinnow_set_info", "none", "20261101T000000.000Z-000000000000") in scraped(metrics)
    decisions = Decisions((Decision(do="accept", shape="user left"),))
    metrics.add(judged(), live(_SET, "set_refused", decisions=decisions))
    found = scraped(metrics)
    assert [key for key in found if key[0] == "logwinnow_set_info"] == [
        ("logwinnow_set_info", decisions.revision, _SET)
    ]
    assert found["logwinnow_set_patterns",] == 7
    assert found["logwinnow_set_published_timestamp_seconds",] == _NOON
    assert (found["logwinnow_set_refused",], found["logwinnow_decisions_refused",]) == (1, 0)
    metrics.judges_by(live("by hand"))
    assert ("logwinnow_set_published_timestamp_seconds",) not in scraped(metrics)


def test_the_newest_set_of_the_store_is_said_before_a_batch_takes_it(metrics: Metrics, site: "Site") -> None:
    first = site.publish("user left")
    metrics.add(judged(), live(first))
    second = site.publish("user left", "user came")
    found = scraped(metrics)
    assert {key for key in found if key[0].endswith("set_info")} == {
        ("logwinnow_set_info", "none", first),
        ("logwinnow_newest_set_info", second),
    }
    published = found["logwinnow_set_published_timestamp_seconds",]
    assert 0 < found["logwinnow_newest_set_published_timestamp_seconds",] - published < 600


def test_a_store_or_an_outbox_that_cannot_be_read_costs_its_own_series_alone(metrics: Metrics, site: "Site") -> None:
    (site.store / "CURRENT").mkdir(parents=True)
    metrics.watch(lambda: 1 / 0)  # type: ignore[arg-type, return-value]
    metrics.add(judged(lines=1), live())
    found = scraped(metrics)
    assert found["logwinnow_lines_total",] == 1
    assert not any("newest" in name or "notify" in name for name, *_ in found)


def test_each_receiver_of_alerts_has_its_numbers(metrics: Metrics) -> None:
    metrics.watch(lambda: {"email": Counts(3, 4, 1, 0), "webhook.team": Counts(0, 8, 0, 2)})
    found = scraped(metrics)
    assert found["logwinnow_notify_waiting", "email"] == 3
    assert found["logwinnow_notify_sent_total", "webhook.team"] == 8
    assert found["logwinnow_notify_failed_total", "email"] == 1
    assert found["logwinnow_notify_dropped_total", "webhook.team"] == 2


def test_an_address_that_another_one_has_is_named_with_the_mend(site: "Site") -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with (
            pytest.raises(MetricsError) as refused,
            serving(MetricsConfig(address), "app", Store(str(site.store))),
        ):
            pytest.fail("it listens")
    assert str(refused.value) == (
        f"metrics.listen is '{address}': Address already in use: another program has it; stop that one, or take "
        "another port"
    )


def test_an_address_that_this_machine_does_not_have_is_named(site: "Site") -> None:
    with (
        pytest.raises(MetricsError, match=r"metrics.listen is '192\.0\.2\.1:0': .*this machine has no such address"),
        serving(MetricsConfig("192.0.2.1:0"), "app", Store(str(site.store))),
    ):
        pytest.fail("it listens")


def test_a_scrape_that_is_given_up_prints_nothing_and_the_next_is_answered(
    site: "Site", caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("logwinnow"), "propagate", True)
    caplog.set_level(logging.INFO, logger="logwinnow")
    with serving(MetricsConfig("[::1]:0"), "app", Store(str(site.store))):
        (url,) = [vars(record)["facts"]["url"] for record in caplog.records]
        address = (urlsplit(url).hostname, urlsplit(url).port)
        for _ in range(5):
            with socket.create_connection(address) as scrape:
                scrape.sendall(b"GET /metr")
                # It is reset, not closed.
                scrape.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 (http, of this machine)
            assert b'logwinnow_lines_total{source="app"} 0.0\n' in answer.read()
    assert capfd.readouterr() == ("", "")


def test_the_operators_page_names_every_series_and_its_rules_no_other(metrics: Metrics) -> None:
    names = {each.name + "_total" * (each.type == "counter") for each in metrics.collect()}
    page = (Path(__file__).parents[2] / "docs" / "OPERATIONS.md").read_text()
    in_table = set(re.findall(r"`(logwinnow_\w+)", page))
    assert in_table == names
    scraping, rules = map(YAML(typ="safe").load, re.findall(r"```yaml\n(.*?)```", page, re.DOTALL))
    (job,) = scraping["scrape_configs"]
    alerts = {rule["alert"]: rule["expr"] for rule in rules["groups"][0]["rules"]}
    assert f'up{{job="{job["job_name"]}"}}' in alerts["LogwinnowSilent"]
    assert set(re.findall(r"logwinnow_\w+", " ".join(alerts.values()))) <= names
