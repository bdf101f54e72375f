"""Dead letters with the real Kafka and Elasticsearch: kept, listed, and events in the end."""

import json
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import TopicAuthorizationFailedError
from kafka_server import create_topic
from live import Live

from commands.__main__ import main
from streaming.config import KafkaLettersConfig
from streaming.dead_letters.kafka import KafkaLetters, LetterTopic
from streaming.dead_letters.letter import KeptLetter, Sender
from streaming.errors import SinkError, StreamingError
from streaming.source import DeadLetter

pytestmark = pytest.mark.servers

_NOW = time.time_ns() // 1000


@pytest.fixture
def live(tmp_path: Path, kafka: str, elasticsearch: str, topic: str, index_prefix: str) -> Live:
    """A stream's place with a set and index templates."""
    made = Live(tmp_path, kafka, elasticsearch, topic, index_prefix)
    made.publish("user left", "job *{1,1} done")
    made.set_up()
    return made


def deadletters(live: Live, capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    """Run `logwinnow deadletters` by the configuration of a stream; return what it printed."""
    arguments = live._arguments()
    capsys.readouterr()
    assert main(["deadletters", *words, *arguments]) == code
    return capsys.readouterr().out


def facts(out: str) -> list[list[str]]:
    return [line.split(None, 1) for line in out.splitlines()]


@pytest.mark.spark
def test_a_document_that_was_refused_is_there_once_after_the_mend(
    live: Live, capsys: pytest.CaptureFixture[str]
) -> None:
    live.make_topic()
    wrong = {"mappings": {"properties": {"kafka": {"properties": {"offset": {"type": "ip"}}}}}}
    with closing(live.client()) as client:
        client.indices.put_index_template(
            name=f"{live.prefix}-wrong",
            index_patterns=[f"{live.prefix}-events-*"],
            priority=999,
            template=wrong | {"aliases": {f"{live.prefix}-events": {}}},
        )
        live.send([b"user left", b"job 7 done", b"odd thing", b"odd thing"])
        live.run_once()
        assert live.events() == []
        assert {letter["reason"] for letter in live.letters()} == {"refused"}
        out = deadletters(live, capsys, "replay", code=1)
        assert ["failed", "4 refused"] in facts(out)
        assert "HTTP 400: document_parsing_exception" in out
        for index in client.indices.get(index=f"{live.prefix}-events-*"):
            client.indices.delete(index=index)
        client.indices.delete_index_template(name=f"{live.prefix}-wrong")
    assert facts(deadletters(live, capsys, "replay"))[:2] == [["events", "4"], ["alerts", "0"]]
    assert live.letters() == []
    live.check()
    assert facts(deadletters(live, capsys, "replay"))[0] == ["events", "0"]
    assert live.check()["events"] == 4
    # The stream told it: a refused event is an outlier all the same.
    assert [alert["logwinnow"]["count"] for alert in live.alerts()] == [2]


def letter(number: int, reason: str = "no_line", raw: bytes | None = b"user left") -> DeadLetter:
    return DeadLetter(f"{number:020x}", "logs/0", number, _NOW, reason, f"detail {number}", raw)


class Letters:
    """Letters in a topic of their own."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self.config = KafkaLettersConfig(bootstrap_servers=live.kafka, topic=f"{live.topic}-letters")
        self.keeper = KafkaLetters(self.config, Sender("kafka", "live", "57ea0000"))
        live.settings |= {
            "dead_letters.kind": "kafka",
            "dead_letters.kafka.bootstrap_servers": live.kafka,
            "dead_letters.kafka.topic": self.config.topic,
        }

    def keep(self, *letters: DeadLetter, batch: int = 0) -> None:
        self.keeper.start()
        with self.keeper.part(batch, 0, _NOW) as bury:
            for each in letters:
                bury(each)

    def send(self, **record: Any) -> None:
        with closing(KafkaProducer(bootstrap_servers=self.config.bootstrap_servers)) as producer:
            producer.send(self.config.topic, **record).get(timeout=60)

    def read(self) -> tuple[list[KeptLetter], list[str]]:
        """Return the letters, and where others stand that are none."""
        damaged: list[str] = []
        found = list(LetterTopic(self.config).letters(lambda place, _why: damaged.append(place)))
        return found, damaged

    def size(self) -> int:
        with closing(KafkaConsumer(bootstrap_servers=self.config.bootstrap_servers)) as consumer:
            partitions = [
                TopicPartition(self.config.topic, n) for n in consumer.partitions_for_topic(self.config.topic)
            ]
            return sum(consumer.end_offsets(partitions).values())


@pytest.fixture
def letters(live: Live) -> Letters:
    """A topic of three partitions."""
    made = Letters(live)
    create_topic(live.kafka, made.config.topic, 3, max_message_bytes=str(2**24))
    return made


def test_letters_are_read_once_though_a_batch_wrote_them_again(letters: Letters) -> None:
    given = [letter(number) for number in range(20)] + [letter(20, "no_value", None)]
    for _ in range(2):
        letters.keep(*given, batch=3)
    assert letters.size() == 42
    found, damaged = letters.read()
    assert (sorted(each.letter for each in found), damaged) == (sorted(given), [])
    assert {(each.kind, each.source, each.stream, each.batch, each.planned_at) for each in found} == {
        ("kafka", "live", "57ea0000", 3, _NOW)
    }


def test_the_newest_letter_is_last_whatever_its_partition(letters: Letters) -> None:
    for number in range(9):
        letters.keep(letter(number))
    assert [each.offset for each in letters.read()[0]] == list(range(9))


def test_an_empty_topic_has_none(letters: Letters) -> None:
    assert letters.read() == ([], [])


def test_a_task_without_letters_needs_no_kafka() -> None:
    keeper = KafkaLetters(KafkaLettersConfig(bootstrap_servers="127.0.0.1:1"), Sender("kafka", "live", "a"))
    with keeper.part(0, 0, _NOW):
        pass


def test_letters_of_megabytes_come_whole(letters: Letters) -> None:
    huge = bytes(range(256)) * 40_000
    letters.keep(letter(1, raw=huge), letter(2, raw=huge), letter(3))
    assert {each.offset: each.raw for each in letters.read()[0]} == {1: huge, 2: huge, 3: b"user left"}


def test_records_of_others_are_told_and_passed_over(letters: Letters, capsys: pytest.CaptureFixture[str]) -> None:
    letters.keep(letter(1))
    letters.send(value=b"hello")
    letters.send(key=b'"}}', value=b"x", headers=[("reason", b"\x1b[31m")])
    letters.send(key=letter(1).event_id.encode(), value=b"x", headers=[("offset", b"\xff")])
    letters.keep(letter(2))
    found, damaged = letters.read()
    assert [each.offset for each in found] == [1, 2]
    assert len(damaged) == 2
    assert all(place.startswith(f"{letters.config.topic}/") for place in damaged)
    out = deadletters(letters.live, capsys, "list")
    assert out.endswith("2 dead letters: 2 no_line\n")


def test_what_is_an_event_now_is_marked_and_comes_no_more(letters: Letters, capsys: pytest.CaptureFixture[str]) -> None:
    live = letters.live
    live.settings["source.kafka.format"] = "json"
    letters.keep(letter(1), letter(2, raw=b'{"message": "odd"}'), letter(3, "no_value", None), letter(4, raw=b"odd"))
    assert facts(deadletters(live, capsys, "replay", code=1)) == [
        ["events", "1"],
        ["alerts", "1"],
        ["failed", "2 no_line"],
        ["logs/0", "offset 1: no JSON object: JSON is malformed: invalid character (byte 0)"],
        ["logs/0", "offset 4: no JSON object: JSON is malformed: invalid character (byte 0)"],
        ["left", "1 without bytes, so that nothing can be judged: `logwinnow deadletters drop --reason no_value`"],
    ]
    assert sorted(each.offset for each in letters.read()[0]) == [1, 3, 4]
    live.settings["source.kafka.format"] = "plain"
    assert facts(deadletters(live, capsys, "replay"))[:2] == [["events", "2"], ["alerts", "0"]]
    deadletters(live, capsys, "drop", "--reason", "no_value")
    assert letters.read() == ([], [])
    assert facts(deadletters(live, capsys, "replay"))[0] == ["events", "0"]
    assert sorted(event["kafka"]["offset"] for event in live.events()) == [1, 2, 4]
    # A batch that is replayed after all buries its letters again; its event is there.
    letters.keep(letter(1))
    assert [each.offset for each in letters.read()[0]] == [1]
    assert facts(deadletters(live, capsys, "replay"))[0] == ["events", "1"]
    assert len(live.events()) == 3


def test_a_replay_that_could_not_mark_them_is_repeated_without_harm(
    letters: Letters, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise TopicAuthorizationFailedError

    live = letters.live
    letters.keep(*(letter(number) for number in range(9)))
    with monkeypatch.context() as patch:
        patch.setattr("streaming.dead_letters.kafka.BUNDLE", 2)
        patch.setattr("streaming.dead_letters.kafka.done_record", refused)
        deadletters(live, capsys, "replay", code=1)
    assert (len(live.events()), len(letters.read()[0])) == (2, 9)
    assert facts(deadletters(live, capsys, "replay"))[0] == ["events", "9"]
    assert len(live.events()) == 9


def test_events_of_a_topics_letters_are_once_in_files(letters: Letters, capsys: pytest.CaptureFixture[str]) -> None:
    live = letters.live
    live.settings |= {"sink.kind": "files", "sink.files.path": str(live.folder / "out")}
    letters.keep(letter(1), letter(2))
    letters.keep(letter(1), letter(2))
    for number in ("2", "0"):
        assert facts(deadletters(live, capsys, "replay"))[0] == ["events", number]
    rows = [row for file in live.folder.glob("out/events/*/*") for row in file.read_bytes().splitlines()]
    assert sorted(json.loads(row)["kafka"]["offset"] for row in rows) == [1, 2]


def test_a_missing_topic_is_named_before_spark_starts(kafka: str, topic: str) -> None:
    config = KafkaLettersConfig(bootstrap_servers=kafka, topic=topic)
    with pytest.raises(
        SinkError, match=rf"^dead_letters.kafka.topic is '{topic}': Kafka at {kafka} has no such topic; make"
    ):
        KafkaLetters(config, Sender("kafka", "live", "a")).start()
    with pytest.raises(StreamingError, match="has no such topic"):
        next(LetterTopic(config).letters(lambda _place, _why: None))
