"""What is read of Kafka, from where on, and how much at once."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from live import Live

pytestmark = [pytest.mark.servers, pytest.mark.spark]


def lines(number: int) -> list[bytes]:
    return [b"user %d left" % each for each in range(number)]


def test_a_new_stream_begins_where_it_is_told_and_a_batch_has_no_more_than_it_may(live: Live, tmp_path: Path) -> None:
    live.publish("user *{1,1} left")
    for partition in (0, 1):
        live.send(lines(300), partition=partition)
    live.settings["source.kafka.starting_offsets"] = json.dumps({live.topic: {"0": 50, "1": -1}})
    live.settings["source.kafka.max_offsets_per_batch"] = 100
    # From partition 0 alone; -1 is behind the last of partition 1.
    assert [batch["lines"] for batch in live.run_once()] == [100, 100, 50]
    assert min(event["kafka"]["offset"] for event in live.events()) == 50
    # Where it begins is of a new stream; this one goes on. With the connector in a folder it needs no home.
    live.settings["spark.jars"] = str(connector(tmp_path / "jars"))
    live.send(lines(10), partition=1)
    with live.run("--once", HOME="/nowhere", XDG_CACHE_HOME="") as stream:
        assert stream.end() == 0, stream.said.read_text()
        assert [batch["lines"] for batch in stream.records("batch")] == [10]
    # Its checkpoint is of its topic: with another one Spark is not even started.
    topic, live.topic = live.topic, f"{live.topic}-other"
    live.make_topic()
    with live.run() as stream:
        assert stream.end() == 1
        assert f"it belongs to source kind kafka, topics ['{topic}'], and the source is" in stream.complaint()


def connector(folder: Path) -> Path:
    """Have the connector fetched into a folder."""
    command = [sys.executable, "-m", "commands", "setup", "connector", str(folder)]
    subprocess.run(command, check=True, cwd=Path(__file__).parents[2], stdout=subprocess.DEVNULL)
    return folder


def test_a_stream_of_a_pattern_finds_topics_that_are_made_later_and_waits_for_enough_or_long_enough(live: Live) -> None:
    live.publish("user *{1,1} left")
    live.send(lines(10))
    live.settings |= {
        "source.kafka.topic_pattern": f"{live.topic}.*",
        "source.kafka.starting_offsets": "latest",
        "source.kafka.min_offsets_per_batch": 100,
        # Counted from the first look: what is sent now must be there by then.
        "source.kafka.longest_wait_seconds": 40,
    }
    with live.run() as stream:
        # An empty one: Spark has looked where the topic ends.
        stream.wait_for_batches(1)
        live.topic += "-later"
        live.make_topic(1)
        # Of a topic that comes later all is read.
        live.send(lines(40))
        live.send(lines(60))
        stream.wait_for_batches(2)
        live.send(lines(5))
        stream.wait_for_batches(3)
        assert [batch["lines"] for batch in stream.records("batch")] == [0, 100, 5]
        assert stream.stop() == 0
    assert len(live.events()) == 105
