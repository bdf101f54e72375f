"""Kafka goes away, or what was to be read is gone: the stream goes on, or it ends and says what is to be done."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import NewPartitions
from kafka.errors import TopicAlreadyExistsError
from kafka_server import KafkaServer, delete_topics
from live import Live
from stream_process import PATIENCE

pytestmark = [pytest.mark.servers, pytest.mark.spark]


@pytest.fixture(scope="module")
def broker() -> Iterator[KafkaServer]:
    """A Kafka of this module's own."""
    with KafkaServer() as server:
        yield server


@pytest.fixture
def on_broker(tmp_path: Path, broker: KafkaServer, elasticsearch: str, index_prefix: str) -> Live:
    """A stream's place between that Kafka and the shared Elasticsearch."""
    made = Live(tmp_path, broker.bootstrap_servers, elasticsearch, index_prefix, index_prefix)
    made.make_topic()
    made.set_up()
    made.publish("user *{1,1} left")
    return made


def lines(kind: str, number: int = 100) -> Iterator[bytes]:
    return (b"user %d %s" % (each, kind.encode()) for each in range(number))


def test_while_kafka_is_stopped_or_killed_the_stream_waits_and_then_goes_on_with_added_partitions_too(
    on_broker: Live, broker: KafkaServer
) -> None:
    live = on_broker
    live.send(lines("left"))
    with live.run() as stream:
        stream.wait_for_lines(100)
        for number, end in ((2, broker.stop), (3, broker.kill)):
            end()
            time.sleep(5)
            broker.start()
            live.send(lines("came"))
            stream.wait_for_lines(100 * number)
        with closing(KafkaAdminClient(bootstrap_servers=live.kafka)) as admin:
            admin.create_partitions({live.topic: NewPartitions(3)})
            stream.wait_until(lambda: len(admin.describe_topics([live.topic])[0]["partitions"]) == 3)
        live.send(lines("went"), partition=2)
        stream.wait_for_lines(400)
        assert stream.stop() == 0
    assert live.check() == Counter(events=400, outliers=300, alerts=2, letters=0)
    assert sum(event["kafka"]["partition"] == 2 for event in live.events()) == 100


def test_of_a_kafka_that_stays_away_the_stream_ends_and_goes_on_when_started_again(
    on_broker: Live, broker: KafkaServer
) -> None:
    live = on_broker
    # How long Spark's client bears it: a minute by default, several times.
    default, request = (f'source.kafka.options."kafka.{name}.timeout.ms"' for name in ("default.api", "request"))
    live.settings |= {default: "5000", request: "5000"}
    live.send(lines("left"))
    with live.run() as stream:
        stream.wait_for_lines(100)
        broker.stop()
        assert stream.end() == 1
        assert "Kafka does not answer: check that it runs" in stream.complaint()
    with live.run() as stream:
        assert stream.end() == 1
        assert f"Kafka at {live.kafka} does not answer" in stream.complaint()
    broker.start()
    del live.settings[default], live.settings[request]
    live.send(lines("came"))
    live.run_once()
    assert live.check() == Counter(events=200, outliers=100, alerts=1, letters=0)


def test_records_that_were_removed_before_they_were_read_are_told_and_can_be_passed_by(live: Live) -> None:
    live.publish("user *{1,1} left")
    live.send(lines("left"), partition=0)
    live.run_once()
    live.send(lines("came"), partition=0)
    with closing(KafkaAdminClient(bootstrap_servers=live.kafka)) as admin:
        # What retention does, at once.
        admin.delete_records({TopicPartition(live.topic, 0): 150})
    with live.run() as stream:
        assert stream.end() == 1
        assert "Kafka has no longer what the stream would read next" in stream.complaint()
        assert f"Could not read records in offset [100, 150) for topic partition {live.topic}-0" in stream.complaint()
    live.settings["source.kafka.fail_on_data_loss"] = False
    live.run_once()
    assert live.check(gone=100) == Counter(events=150, outliers=50, alerts=1, letters=0)


def test_a_topic_that_was_made_again_is_told_and_read_from_its_beginning_by_a_new_checkpoint(live: Live) -> None:
    live.publish("user *{1,1} left")
    live.send(lines("left"), partition=0)
    with live.run() as stream:
        stream.wait_for_lines(100)
        delete_topics(live.kafka, live.topic)
        assert stream.end() == 1
        assert "Kafka has no topic of this name" in stream.complaint()
    make_again(live)
    # More than were read: by its offsets alone nobody could tell.
    live.send(lines("came", 150), partition=0)
    with live.run() as stream:
        assert stream.end() == 1
        assert f"topic {live.topic!r} was deleted and made again" in stream.complaint()
    live.settings["checkpoint"] = str(live.folder / "new")
    live.run_once()
    # Of some offsets there are two events now: an id has the record's time in it.
    places = Counter((event["logwinnow"]["outlier"], event["kafka"]["offset"]) for event in live.events())
    assert places == Counter([(False, offset) for offset in range(100)] + [(True, offset) for offset in range(150)])
    (alert,) = live.alerts()
    assert alert["logwinnow"]["count"] == 150


def make_again(live: Live) -> None:
    """Make a topic whose deletion may not be over."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return live.make_topic()
        except TopicAlreadyExistsError:
            assert time.monotonic() < until
            time.sleep(0.1)
