"""Elasticsearch goes away, has no room, or refuses: nothing is lost or there twice, and what is wrong is said."""

import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from elastic_transport import TransportError
from elasticsearch import ApiError
from elasticsearch_server import ElasticsearchServer
from live import Live

from streaming.sink.templates import templates

pytestmark = [pytest.mark.servers, pytest.mark.spark]

_LARGEST_REQUEST = 2_000_000


@pytest.fixture(scope="module")
def small() -> Iterator[ElasticsearchServer]:
    """An Elasticsearch of this module's own, that is easily swamped and takes no large requests."""
    settings = {
        "thread_pool.write.size": 1,
        "thread_pool.write.queue_size": 1,
        "http.max_content_length": f"{_LARGEST_REQUEST}b",
    }
    with ElasticsearchServer(settings) as server:
        yield server


@pytest.fixture
def on_small(tmp_path: Path, kafka: str, topic: str, small: ElasticsearchServer) -> Live:
    """A stream's place between the shared Kafka and the small Elasticsearch."""
    made = Live(tmp_path, kafka, small.url, topic, topic)
    made.make_topic()
    made.set_up()
    made.publish("user *{1,1} left")
    return made


def test_while_elasticsearch_is_stopped_or_killed_the_stream_waits_and_then_goes_on(
    on_small: Live, small: ElasticsearchServer
) -> None:
    live = on_small
    # Small requests, so that there are many in a batch.
    live.settings["sink.elasticsearch.bulk_documents"] = 50
    live.send(b"user %d left" % number for number in range(100))
    with live.run() as stream:
        stream.wait_for_lines(100)
        small.stop()
        live.send(b"user %d came" % number for number in range(100))
        stream.wait_until(lambda: "does not answer" in stream.said.read_text())
        time.sleep(5)
        small.start()
        stream.wait_for_lines(200)
        live.send(b"user %d left" % number for number in range(4_000))
        # In the midst of its batch.
        stream.wait_until(lambda: indexed(live) > 400)
        small.kill()
        time.sleep(5)
        small.start()
        stream.wait_for_lines(4_200)
        assert stream.stop() == 0
    assert live.check() == Counter(events=4_200, outliers=100, alerts=1, letters=0)


def indexed(live: Live) -> int:
    """Return how many events were written since Elasticsearch was started, searchable or not yet."""
    with closing(live.client()) as client:
        stats = client.indices.stats(index=f"{live.prefix}-events-*", metric="indexing")
    return int(stats["_all"]["primaries"]["indexing"]["index_total"])


def test_away_for_longer_than_is_waited_it_ends_the_stream_which_goes_on_when_started_again(
    on_small: Live, small: ElasticsearchServer
) -> None:
    live = on_small
    live.settings["sink.elasticsearch.give_up_after_seconds"] = 1
    live.send(b"user %d left" % number for number in range(100))
    with live.run() as stream:
        stream.wait_for_lines(100)
        small.stop()
        live.send(b"user %d came" % number for number in range(100))
        assert stream.end() == 1
        told = r"it was waited for [1-9] seconds: started again, the stream goes on where it was"
        assert re.search(told, stream.complaint())
    # What is away as the stream starts is said at once.
    with live.run() as stream:
        assert stream.end() == 1
        assert f"Elasticsearch at {small.url} does not answer" in stream.complaint()
    small.start()
    live.run_once()
    assert live.check() == Counter(events=200, outliers=100, alerts=1, letters=0)


def test_answers_of_429_cost_time_alone(on_small: Live, small: ElasticsearchServer) -> None:
    live = on_small
    # Small requests, so that there are many to refuse.
    live.settings["sink.elasticsearch.bulk_documents"] = 50
    live.send(b"user %d left" % number for number in range(2_000))
    with live.run() as stream:
        with swamped(small, f"{live.prefix}-load"):
            # Its own requests are among those that are refused.
            stream.wait_until(lambda: stream.said.read_text().count("HTTP 429") > 2)
        stream.wait_for_lines(2_000)
        assert stream.stop() == 0
    assert live.check() == Counter(events=2_000, outliers=0, alerts=0, letters=0)


@contextmanager
def swamped(server: ElasticsearchServer, index: str) -> Iterator[None]:
    """Have a server refuse requests, for its one thread and the one place in its queue are taken, again and again."""
    over = threading.Event()

    def load() -> None:
        operations: list[dict[str, Any]] = [{"index": {}}, {"message": "x " * 500}] * 500
        with closing(server.client()) as client:
            while not over.is_set():
                try:
                    client.bulk(index=index, operations=operations)
                except (ApiError, TransportError):
                    continue

    threads = [threading.Thread(target=load, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()
    with closing(server.client()) as client:
        nodes = client.nodes.stats(metric="thread_pool")["nodes"].values()
        assert sum(node["thread_pool"]["write"]["rejected"] for node in nodes) > 0
        client.indices.delete(index=index)


def test_what_is_larger_than_a_request_may_be_is_a_dead_letter_and_the_rest_of_its_batch_is_not(on_small: Live) -> None:
    live = on_small
    live.publish("user *{0,2}")
    # Each is twice in its document, as message and as original.
    sizes = [40_000] * 200 + [_LARGEST_REQUEST] + [900_000] * 3
    live.send(b"user %d%s left" % (number, b"x" * size) for number, size in enumerate(sizes))
    live.run_once()
    assert live.check() == Counter(events=203, outliers=0, alerts=0, letters=1)
    (letter,) = live.letters()
    assert letter["reason"] == "refused"
    assert letter["detail"].startswith("HTTP 413")


def test_documents_that_do_not_fit_the_mapping_are_dead_letters_with_their_bytes(live: Live) -> None:
    live.publish("session of *{1,1} closed", scope="su")
    bodies = templates(live.prefix, replicas=0, refresh_seconds=1)
    for name, body in bodies.items():
        body["template"]["mappings"]["properties"]["process"]["properties"]["pid"] = {"type": "byte"}
        with closing(live.client()) as client:
            client.indices.put_index_template(name=name, body=body)
    pids = [number % 256 for number in range(1_000)]
    lines = [b"Nov 25 10:00:00 web1 su[%d]: session of u%d closed" % (pid, pid) for pid in pids]
    live.send(lines)
    live.run_once()
    assert live.check()["letters"] == sum(pid > 127 for pid in pids)
    letters = live.letters()
    assert {letter["reason"] for letter in letters} == {"refused"}
    assert all("HTTP 400" in letter["detail"] and "process.pid" in letter["detail"] for letter in letters)


def test_without_its_templates_no_index_is_made_and_the_stream_says_how_to_make_them(live: Live) -> None:
    live.prefix += "-bare"
    live.publish("user *{1,1} left")
    live.send([b"user 1 left"])
    with live.run("--once") as stream:
        assert stream.end() == 1
        assert "is not in Elasticsearch; run: logwinnow setup elasticsearch" in stream.complaint()
    assert not live.indices()
