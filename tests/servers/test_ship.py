"""`logwinnow ship` into the real Kafka: killed and started again, with Kafka away, from files and standard input."""

import os
import random
import secrets
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer, TopicPartition
from kafka_server import KafkaServer, create_topic
from live import Live, original
from stream_process import StreamProcess, stream_process

from streaming.origin import origin_of

pytestmark = pytest.mark.servers

_ROOT = Path(__file__).parents[2]


def ship(live: Live, *arguments: str, **options: Any) -> AbstractContextManager[StreamProcess]:
    """Run the shipper into the topic."""
    given = ["--bootstrap-servers", live.kafka, "--topic", live.topic, "--set", f"position={live.folder}/position"]
    return stream_process(live.folder, [*given, "--set", "host=web1", *arguments], verb="ship", **options)


def shipped(live: Live) -> Iterator[Any]:
    """Yield the records of the topic."""
    with closing(KafkaConsumer(bootstrap_servers=live.kafka)) as consumer:
        partitions = [TopicPartition(live.topic, number) for number in consumer.partitions_for_topic(live.topic) or ()]
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        left = sum(consumer.end_offsets(partitions).values())
        while left:
            for each in consumer.poll(timeout_ms=1_000).values():
                left -= len(each)
                yield from each


def test_lines_of_files_come_in_order_with_host_file_and_place_however_they_are_packed(live: Live) -> None:
    log = live.folder / "app.log"
    lines = [b"line %d \xff" % number for number in range(2_000)]
    log.write_bytes(b"".join(line + b"\r\n" for line in lines))
    for compression in ("none", "gzip", "snappy", "lz4", "zstd"):
        with ship(live, str(log), "--once", "--set", f"kafka.compression={compression}") as shipper:
            assert shipper.end() == 0, shipper.said.read_text()
        with log.open("ab") as file:
            lines.append(compression.encode())
            file.write(lines[-1] + b"\n")
    with ship(live, str(log), "--once") as shipper:
        assert shipper.end() == 0, shipper.said.read_text()
    records = list(shipped(live))
    assert [record.value for record in records] == lines
    assert len({record.partition for record in records}) == 1
    assert {record.key for record in records} == {b"web1"}
    content = log.read_bytes()
    for record in records:
        origin = origin_of(record.headers)
        assert origin is not None
        assert (origin.host, origin.path) == ("web1", str(log))
        assert content[origin.offset :].startswith(record.value)
        assert origin.time // 1000 == record.timestamp


@pytest.mark.spark
@pytest.mark.parametrize("kills", [2, pytest.param(40, marks=pytest.mark.slow)])
def test_killed_and_started_again_it_loses_no_line_and_what_comes_twice_is_one_document(kills: int, live: Live) -> None:
    seed = int(os.environ.get("LOGWINNOW_SEED") or secrets.randbelow(2**32))
    print(f"LOGWINNOW_SEED={seed}")  # noqa: T201 (what a failure is reproduced by)
    chance = random.Random(seed)
    live.publish("user *{1,1} left")
    live.settings["source.kafka.trust_origin"] = True
    log = live.folder / "app.log"
    lines: list[str] = []
    for number in range(kills):
        log.write_text("")
        with ship(live, f"{live.folder}/*.log") as shipper:
            # What is rotated before the shipper has ever looked is nothing that it knows of.
            shipper.wait_until((live.folder / "position" / "position.json").exists)
            until = time.monotonic() + chance.random() * 3
            while time.monotonic() < until:
                more = [f"user {len(lines) + each} left" for each in range(200)]
                lines += more
                with log.open("a") as file:
                    file.write("\n".join([*more, ""]))
                time.sleep(0.01)
            shipper.kill()
            assert shipper.process.returncode == -signal.SIGKILL
        log.rename(f"{log}.{kills - number}")
    with ship(live, f"{live.folder}/*.log", "--once") as shipper:
        assert shipper.end() == 0, shipper.said.read_text()
    sent = Counter(record.value.decode() for record in shipped(live))
    assert sent.keys() == set(lines)
    live.run_once()
    events = live.events()
    assert sorted(original(event).decode() for event in events) == sorted(lines)
    assert {event["host"]["name"] for event in events} == {"web1"}
    assert all(event["log"]["file"]["path"] == str(log) for event in events)
    # A topic that others write to as well has their records as they are.
    live.send([b"user 1 left"])
    live.run_once()
    assert len(live.events()) == len(lines) + 1


def test_while_kafka_is_away_it_waits_and_says_so_and_goes_on_when_it_is_back(
    own_kafka: Callable[..., KafkaServer], tmp_path: Path
) -> None:
    kafka = own_kafka()
    create_topic(kafka.bootstrap_servers, "logs", 1)
    live = Live(tmp_path, kafka.bootstrap_servers, "", "logs", "")
    log = tmp_path / "app.log"
    log.write_bytes(b"first\n")
    with ship(live, str(log)) as shipper:
        shipper.wait_until(lambda: [record.value for record in shipped(live)] == [b"first"])
        kafka.stop()
        with log.open("ab") as file:
            file.write(b"second\n")
        shipper.wait_until(lambda: shipper.records("kafka_away"))
        kafka.start()
        shipper.wait_until(lambda: shipper.records("kafka_back"))
        shipper.wait_until(lambda: {record.value for record in shipped(live)} == {b"first", b"second"})
        before = len(shipper.records("kafka_away"))
        kafka.stop()
        with log.open("ab") as file:
            file.write(b"third\n")
        shipper.wait_until(lambda: len(shipper.records("kafka_away")) > before)
        # It can be told to end all the same, and goes on later.
        assert shipper.stop() == 0, shipper.said.read_text()
    kafka.start()
    with ship(live, str(log), "--once") as shipper:
        assert shipper.end() == 0
    assert {record.value for record in shipped(live)} == {b"first", b"second", b"third"}


def test_standard_input_is_shipped_line_by_line_until_it_ends(live: Live) -> None:
    with ship(live, "-", standard_input=subprocess.PIPE) as shipper:
        assert shipper.process.stdin is not None
        shipper.process.stdin.write(b"one\r\ntwo\nthr")
        shipper.process.stdin.flush()
        shipper.wait_until(lambda: len(list(shipped(live))) == 2)
        shipper.process.stdin.write(b"ee\n\nend")
        shipper.process.stdin.close()
        assert shipper.end() == 0, shipper.said.read_text()
    records = list(shipped(live))
    assert [record.value for record in records] == [b"one", b"two", b"three", b"", b"end"]
    origins = [origin_of(record.headers) for record in records]
    assert [(origin.path, origin.offset) for origin in origins if origin] == [
        ("-", 0), ("-", 5), ("-", 9), ("-", 15), ("-", 16)
    ]  # fmt: skip


def test_a_line_that_brokers_would_refuse_is_cut_and_counted(live: Live) -> None:
    log = live.folder / "app.log"
    log.write_bytes(b"x" * 3_000_000 + b"\nnext\n")
    with ship(live, str(log), "--once") as shipper:
        assert shipper.end() == 0, shipper.said.read_text()
        told = shipper.records("shipped")
    assert [sum(each.get(name, 0) for each in told) for name in ("lines", "cut_lines")] == [2, 1]
    assert [len(record.value) for record in shipped(live)] == [1_000_000, 4]


def test_a_login_that_kafka_refuses_ends_it_with_what_to_mend(
    own_kafka: Callable[..., KafkaServer], tmp_path: Path
) -> None:
    live = Live(tmp_path, own_kafka().bootstrap_servers, "", "logs", "")
    (tmp_path / "app.log").write_bytes(b"one\n")
    login = ("security_protocol=SASL_PLAINTEXT", "username=u", 'password="env:SECRET"')
    settings = [part for each in login for part in ("--set", f"kafka.{each}")]
    with ship(live, f"{tmp_path}/app.log", *settings, SECRET="wrong") as shipper:
        assert shipper.end() == 1
        assert "username, password and sasl_mechanism" in shipper.complaint()


def test_what_cannot_be_shipped_together_is_wrong_use(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "commands", "ship", "-", str(tmp_path)], cwd=_ROOT, capture_output=True, check=False
    )
    assert done.returncode == 1
    assert b"- is standard input, and stands alone" in done.stderr
