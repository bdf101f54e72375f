"""A running stream as Prometheus sees it: scraped by HTTP while batches go by."""

import logging
import socket
import threading
import urllib.request
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.parse import urlsplit

import msgspec
import pytest
from http_answers import Reply, answering
from prometheus_client.parser import text_string_to_metric_families

from streaming.config import MetricsConfig
from streaming.job import Stream
from streaming.notifying.config import NotifyConfig, WebhookConfig
from tests.streaming.running import running

if TYPE_CHECKING:
    from tests.streaming.conftest import Site

pytestmark = [pytest.mark.spark, pytest.mark.usefixtures("spark")]


@pytest.fixture
def url(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """Return the address that the log says."""
    monkeypatch.setattr(logging.getLogger("logwinnow"), "propagate", True)
    caplog.set_level(logging.INFO, logger="logwinnow")

    def said() -> str:
        return next((vars(each)["facts"]["url"] for each in caplog.records if each.getMessage() == "metrics"), "")

    return said


def scraped(url: str) -> dict[str, dict[str, float]]:
    """Return the name of each series → value of its labels but the source, with commas between → value."""
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 (http, of this machine)
        text = answer.read().decode()
    found: dict[str, dict[str, float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = {name: value for name, value in sorted(sample.labels.items()) if name != "source"}
            found.setdefault(sample.name, {})[",".join(labels.values())] = sample.value
    return found


def test_a_running_stream_is_scraped_and_a_set_that_is_published_is_the_label_from_its_first_batch(
    site: "Site", url: Callable[[], str]
) -> None:
    first = site.publish("user left")
    config = msgspec.structs.replace(site.config(), metrics=MetricsConfig("127.0.0.1:0"))
    with running(Stream(config, once=False)) as wait_until:
        site.append("user left", "all is lost")
        wait_until(lambda: url() and scraped(url())["logwinnow_lines_total"][""] == 2)
        found = scraped(url())
        assert found["logwinnow_matched_total"] == found["logwinnow_outliers_total"] == {"": 1}
        assert found["logwinnow_alerts_total"] == {"": 1}
        assert found["logwinnow_batch_seconds_count"] == found["logwinnow_batches_total"]
        assert 0 <= found["logwinnow_record_lag_seconds"][""] < 60
        assert found["logwinnow_set_info"] == {f"none,{first}": 1}
        assert found["logwinnow_set_patterns"] == {"": 1}
        # Nothing comes: no batch takes it, and it is seen all the same.
        second = site.publish("user left", "user came")
        found = scraped(url())
        assert (found["logwinnow_set_info"], found["logwinnow_newest_set_info"]) == ({f"none,{first}": 1}, {second: 1})
        site.append("user came")
        wait_until(lambda: scraped(url())["logwinnow_lines_total"][""] == 3)
        found = scraped(url())
        assert found["logwinnow_set_info"] == {f"none,{second}": 1}
        assert found["logwinnow_set_patterns"] == {"": 2}
        assert found["logwinnow_set_refused"] == {"": 0}
        # Neither what is gone nor a word that is no request is anything to a stream.
        where = urlsplit(url())
        socket.create_connection((where.hostname, where.port or 0)).close()
        (site.store / "CURRENT").write_text("nonsense\n")
        site.append("user came")
        wait_until(lambda: scraped(url())["logwinnow_set_refused"] == {"": 1})
        assert scraped(url())["logwinnow_set_info"] == {f"none,{second}": 1}
    with pytest.raises(URLError):
        scraped(url())


def test_what_waits_for_a_receiver_is_seen(site: "Site", url: Callable[[], str]) -> None:
    site.publish("user left")
    with answering(lambda _request: Reply(503, b"")) as hook:
        notify = NotifyConfig(webhook={"team": WebhookConfig(url=hook)})
        config = msgspec.structs.replace(site.config(), metrics=MetricsConfig("127.0.0.1:0"), notify=notify)
        with running(Stream(config, once=False)) as wait_until:
            site.append("all is lost")
            wait_until(lambda: url() and scraped(url()).get("logwinnow_notify_waiting") == {"webhook.team": 1})


def test_nothing_listens_unless_it_is_asked_for(site: "Site", monkeypatch: pytest.MonkeyPatch) -> None:
    site.publish("user left")
    site.append("user left")
    monkeypatch.setattr("streaming.metrics.start_http_server", lambda *_: pytest.fail("it listens"))
    before = {thread.name for thread in threading.enumerate()}
    assert site.stream_once().totals["lines"] == 1
    assert not [name for name in {thread.name for thread in threading.enumerate()} - before if "serve_forever" in name]
