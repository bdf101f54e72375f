"""What a batch of Kafka has, by Spark's own plan in the checkpoint; files as Spark 4.2 writes them."""

from pathlib import Path

import pytest

from streaming.errors import CheckpointError
from streaming.source.reread import UNREADABLE, ranges

_SETTINGS = '{"batchWatermarkMs":0,"batchTimestampMs":1,"conf":{}}'


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A checkpoint with two planned batches."""
    for name, text in {
        "sources/0/0": '\0v1\n{"a":{"0":0,"1":7}}',
        "offsets/0": f'v1\n{_SETTINGS}\n{{"a":{{"0":100,"1":7}}}}',
        "offsets/1": f'v1\n{_SETTINGS}\n{{"a":{{"0":150,"1":9,"2":3}},"b":{{"0":5}}}}',
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_the_first_batch_begins_where_the_stream_did(checkpoint: Path) -> None:
    assert ranges(str(checkpoint), 0) == [("a", 0, 0, 100)]


def test_a_later_one_begins_where_the_last_ended_and_what_was_added_at_its_first_record(checkpoint: Path) -> None:
    assert ranges(str(checkpoint), 1) == [("a", 0, 100, 150), ("a", 1, 7, 9), ("a", 2, 0, 3), ("b", 0, 0, 5)]


@pytest.mark.parametrize("text", [None, "", "v2\n{}\n[1]"])
def test_a_plan_that_cannot_be_read_is_an_error_with_its_path(text: str | None, checkpoint: Path) -> None:
    path = checkpoint / "offsets" / "1"
    path.unlink() if text is None else path.write_text(text)
    with pytest.raises(CheckpointError, match=f"{path}', in which Spark keeps what it planned, cannot be read"):
        ranges(str(checkpoint), 1)


def test_the_text_of_spark_is_known() -> None:
    assert UNREADABLE.search(
        ": org.apache.spark.sql.kafka010.KafkaIllegalStateException: Record at topic test partition 1 offset 0 has "
        "timestamp value -4611686018427387904 that overflows when converting to Spark's microsecond-precision "
        "TimestampType.\nKafka record timestamps must be in milliseconds"
    )
