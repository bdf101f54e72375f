"""Records → lines, without a Kafka: rows as Spark's source has them."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from single_events import each_line

from patterns.errors import SettingsError
from patterns.rules import Rules
from patterns.settings import load
from streaming.config import KafkaSourceConfig, StreamingConfig
from streaming.source import DeadLetter, SourceLine
from streaming.source.kafka import KafkaSource

_AT = datetime(2026, 11, 18, 11, 6, 40, 123000, tzinfo=UTC)
_TIME = 1_795_000_000_123_000


def read(*values: bytes | None, at: datetime = _AT, **config: Any) -> list[SourceLine | DeadLetter]:
    """Return what the source yields of records of a topic's partition 1, the first of offset 7."""
    rows = [
        {"topic": "logs", "partition": 1, "offset": 7 + number, "timestamp": at, "value": value}
        for number, value in enumerate(values)
    ]
    schema = pa.schema(
        [
            ("topic", pa.string()),
            ("partition", pa.int32()),
            ("offset", pa.int64()),
            ("timestamp", pa.timestamp("us", "UTC")),
            ("value", pa.binary()),
        ]
    )
    source = KafkaSource("live", msgspec.convert(config, KafkaSourceConfig))
    found = each_line(source.lines(pa.RecordBatch.from_pylist(rows, schema=schema), Rules(), Counter()))
    return sorted(found, key=lambda each: each.offset)


def test_a_record_is_a_line_with_its_place_and_its_time() -> None:
    first, second = read(b"user left\n", b"to be")
    assert isinstance(first, SourceLine)
    assert isinstance(second, SourceLine)
    assert (first.data, first.raw, second.data) == (b"user left", b"user left\n", b"to be")
    assert (first.place, first.offset, first.record_time) == ("logs/1", 7, _TIME)
    assert second.where == {"kafka": {"topic": "logs", "partition": 1, "offset": 8}}


def test_an_id_follows_from_name_topic_partition_offset_and_record_time_alone() -> None:
    first, second = read(b"a", b"a")
    assert first.event_id == read(b"b")[0].event_id
    assert first.event_id != second.event_id
    # A topic that is made anew begins at offset 0 again.
    assert first.event_id != read(b"a", at=_AT.replace(hour=12))[0].event_id
    assert len(first.event_id) == 20


def test_a_record_without_a_value_is_a_dead_letter_and_an_empty_one_a_line() -> None:
    missing, empty = read(None, b"")
    assert isinstance(missing, DeadLetter)
    assert (missing.reason, missing.raw, missing.place, missing.offset) == ("no_value", None, "logs/1", 7)
    assert isinstance(empty, SourceLine)
    assert empty.data == b""


def test_of_json_records_the_line_is_taken_and_what_has_none_is_a_dead_letter_with_its_bytes() -> None:
    good, broken, other = read(b'{"message": "user left"}', b'{"message', b'{"x": 1}', format="json")
    assert isinstance(good, SourceLine)
    assert (good.data, good.raw) == (b"user left", b'{"message": "user left"}')
    assert isinstance(broken, DeadLetter)
    assert isinstance(other, DeadLetter)
    assert (broken.reason, broken.raw) == ("no_line", b'{"message')
    assert "message" in other.detail


def test_the_field_of_the_line_can_be_named() -> None:
    (line,) = read(b'{"event": {"original": "user left"}}', format="json", message_field="event.original")
    assert isinstance(line, SourceLine)
    assert line.data == b"user left"


@pytest.mark.parametrize("at", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)])
def test_a_producer_may_set_any_time(at: datetime) -> None:
    (line,) = read(b'{"message": "user left", "host": "web1"}', at=at, format="json")
    assert isinstance(line, SourceLine)
    assert line.data.endswith(b"user left")


@pytest.mark.parametrize(
    ("assignment", "path"),
    [
        ("source.kafka.topics=[]", r"\$\.source\.kafka\.topics"),
        ("source.kafka.format=xml", r"\$\.source\.kafka\.format"),
        ("source.kafka.max_offsets_per_batch=0", r"\$\.source\.kafka\.max_offsets_per_batch"),
        ("source.kafka.security_protocol=SASL_SSL", r"\$\.source\.kafka is .*username and password"),
        ('source.kafka.options={"fetch.max.bytes" = "1"}', r"begin with kafka\."),
        ("source.kafka.password=secret", r"\$\.source\.kafka\.password: a secret is not written"),
        ("sink.elasticsearch.index_prefix=Upper", r"\$\.sink\.elasticsearch\.index_prefix"),
        ("sink.elasticsearch.index_prefix=_x", r"\$\.sink\.elasticsearch\.index_prefix"),
        ("sink.elasticsearch.api_key=abc", r"\$\.sink\.elasticsearch\.api_key: a secret is not written"),
        ("sink.elasticsearch.username=u", r"username and password go together"),
        ("dead_letters.kind=mail", r"\$\.dead_letters\.kind"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_with_its_path(assignment: str, path: str) -> None:
    with pytest.raises(SettingsError, match=path):
        load(StreamingConfig, None, {}, [assignment])
