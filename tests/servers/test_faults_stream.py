"""The stream itself is killed, at any moment, or finds no room for its checkpoint: afterwards all is there, once."""

import os
import random
import resource
import secrets
import signal
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import killed_at
import pytest
from kafka import KafkaProducer
from live import Live
from stream_process import StreamProcess

from patterns.timestamps import iso

pytestmark = [pytest.mark.servers, pytest.mark.spark]

_SETS = [("user *{1,1} left",), ("user *{1,1} left", "user *{1,1} came"), ("disk *{1,1} full",), ("user *{1,2}",)]
_LINES = ["user {} left", "user {} left", "user {} came", "disk {} full", "", "12 {}", "odd {} {}"]


class Writer(threading.Thread):
    """Goes on sending lines to both partitions of a topic."""

    def __init__(self, live: Live, chance: random.Random) -> None:
        super().__init__(daemon=True)
        self.sent = 0
        self.over = threading.Event()
        self._live = live
        self._chance = chance

    def run(self) -> None:
        with closing(KafkaProducer(bootstrap_servers=self._live.kafka, acks="all")) as producer:
            while not self.over.wait(0.02):
                for _ in range(self._chance.randrange(1, 6)):
                    text = self._chance.choice(_LINES).format(self.sent, self._chance.randrange(90))
                    producer.send(self._live.topic, text.encode(), partition=self._chance.randrange(2))
                    self.sent += 1

    def end(self) -> None:
        """Stop sending; all is in Kafka then."""
        self.over.set()
        self.join()


@pytest.mark.parametrize("kills", [2, pytest.param(100, marks=pytest.mark.slow)])
def test_killed_at_random_moments_it_makes_every_record_one_document_and_every_alert_once(
    kills: int, live: Live
) -> None:
    seed = int(os.environ.get("LOGWINNOW_SEED") or secrets.randbelow(2**32))
    print(f"LOGWINNOW_SEED={seed}")  # noqa: T201 (what a failure is reproduced by)
    chance = random.Random(seed)
    writer = Writer(live, random.Random(seed + 1))
    versions = [live.publish(*_SETS[0])]
    writer.start()
    for number in range(1, kills + 1):
        with live.run() as stream:
            stream.wait_for_batches(chance.randrange(4))
            time.sleep(chance.random() * (1 if stream.records("batch") else 8))
            stream.kill()
        versions.append(live.publish(*_SETS[number % len(_SETS)]))
    writer.end()
    live.run_once()

    found = live.check()
    assert found["events"] == writer.sent > 0
    events = live.events()
    assert {event["logwinnow"]["set"] for event in events} <= set(versions)
    check_sets_of_batches(live, events)


def check_sets_of_batches(live: Live, events: Sequence[dict[str, Any]]) -> None:
    """All events of a batch, which have the time of its planning in common, are of the set that its record says."""
    sets: dict[str, set[str]] = {}
    for event in events:
        sets.setdefault(event["event"]["created"], set()).add(event["logwinnow"]["set"])
    assert all(len(found) == 1 for found in sets.values())
    recorded = {iso(record["planned_at"]): record["set"] for record in live.batch_records()}
    assert all(found == {recorded[planned]} for planned, found in sets.items() if planned in recorded)
    assert sets.keys() & recorded.keys()


def test_killed_between_events_and_alerts_it_tells_what_the_recorded_set_says(live: Live) -> None:
    first = live.publish("user *{1,1} left")
    live.send(b"%s %d left" % (kind, number) for number in range(300) for kind in (b"user", b"disk", b"cat"))
    for moment in ("before_alerts", "after_alerts", "after_record"):
        with live.run(program=[killed_at.__file__], LOGWINNOW_TEST_MOMENT=moment) as stream:
            assert stream.end() == -signal.SIGKILL
        assert len(live.events()) == 900
        assert len(live.alerts()) == (0 if moment == "before_alerts" else 2)
        # By none of these a replay would find the same outliers.
        live.publish("cat *{1,1} left", moment)
    last = live.publish("disk *{1,1} left")
    live.send(b"%s %d left" % (kind, number) for number in range(300) for kind in (b"user", b"disk"))
    live.run_once()

    assert live.check() == Counter(events=1_500, outliers=900, alerts=3, letters=0)
    events = live.events()
    assert Counter(event["logwinnow"]["set"] for event in events) == {first: 900, last: 600}
    check_sets_of_batches(live, events)
    told = {alert["message"].split()[0]: alert["logwinnow"]["set"] for alert in live.alerts()}
    assert told == {"disk": first, "cat": first, "user": last}


def test_where_its_checkpoint_has_no_room_it_ends_and_says_so_and_with_room_goes_on(live: Live) -> None:
    # A storm of them would leave little state.
    live.settings["alerts.condense_above"] = 0
    live.publish("user *{1,1} left")
    live.send(b"user %d left" % number for number in range(100))
    # A limit on the size of files refuses as a full disk does, and needs no right to mount a small one.
    with live.run() as stream:
        stream.wait_for_lines(100)
        resource.prlimit(stream.process.pid, resource.RLIMIT_FSIZE, (8_192, 8_192))
        # The state of alerts of so many shapes is larger.
        live.send(b"odd%s left" % (b"ly" * number) for number in range(400))
        assert stream.end() == 1
        assert "cannot be written: File too large; check its rights and the room on the disk" in stream.complaint()
        # A batch may have begun before all were sent, with few enough shapes to be done.
        left = 500 - stream.lines()
    with live.run() as stream:
        stream.wait_for_lines(left)
        # Spark's smallest file is larger.
        resource.prlimit(jvm_of(stream), resource.RLIMIT_FSIZE, (16, 16))
        live.send(b"user %d left" % number for number in range(100))
        assert stream.end() == 1
        assert "the disk of the checkpoint is full: make room" in stream.complaint()
    live.run_once()
    assert live.check() == Counter(events=600, outliers=400, alerts=400, letters=0)


def jvm_of(stream: StreamProcess) -> int:
    """Return the process id of a stream's JVM."""
    children = Path(f"/proc/{stream.process.pid}/task/{stream.process.pid}/children").read_text().split()
    return next(int(child) for child in children if Path(f"/proc/{child}/comm").read_text() == "java\n")
