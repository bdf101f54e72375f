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


def test_a_new_stream_begins_where_it_is_told_and_a_batch_has_no_more_than_it_may(live: Live) -> None:
    live.publish("user *{1,1} left")
    for partition in (0, 1):
        live.send(lines(300), partition=partition)
    live.settings["source.kafka.starting_offsets"] = json.dumps({live.topic: {"0": 50, "1": -1}})
    live.settings["source.kafka.max_offsets_per_batch"] = 100
    # From partition 0 alone; -1 is behind the last of partition 1.
    assert [batch["lines"] for batch in live.run_once()] == [100, 100, 50]
    assert min(event["kafka"]["offset"] for event in live.events()) == 50
    # Where it begins is of a new stream; this one goes on.
    live.send(lines(10), partition=1)
    assert [batch["lines"] for batch in live.run_once()] == [10]


def test_a_stream_of_a_pattern_finds_topics_that_are_made_later_and_waits_for_enough_or_long_enough(live: Live) -> None:
    live.publish("user *{1,1} left")
    live.send(lines(10))
    live.settings |= {
        "source.kafka.topic_pattern": f"{live.topic}.*",
        "source.kafka.starting_offsets": "latest",
        "source.kafka.min_offsets_per_batch": 100,
        "source.kafka.longest_wait_seconds": 15,
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


def test_with_the_connector_in_a_folder_neither_a_network_nor_a_home_is_needed(live: Live, tmp_path: Path) -> None:
    live.publish("user *{1,1} left")
    live.send(lines(10))
    jars = tmp_path / "jars"
    command = [sys.executable, "-m", "commands", "setup", "connector", str(jars)]
    subprocess.run(command, check=True, cwd=Path(__file__).parents[2], stdout=subprocess.DEVNULL)
    live.settings["spark.jars"] = str(jars)
    empty = tmp_path / "empty"
    empty.mkdir(mode=0o500)
    with live.run("--once", HOME=str(empty), XDG_CACHE_HOME="") as stream:
        assert stream.end() == 0, stream.said.read_text()
    assert live.check()["events"] == 10
