"""What Spark says when a stream ends; the texts are those of Spark 4.2 as the tests of tests/servers meet them."""

import pytest

from streaming.errors import CheckpointError, SinkError, SourceError, StreamingError
from streaming.failures import explained


def test_an_error_of_ours_stays_as_it_is() -> None:
    error = SinkError("sink.files.path is …")
    assert explained(error) is error


def test_an_error_of_ours_that_spark_carried_is_told_whatever_spark_adds() -> None:
    carried = "Job aborted\nstreaming.errors.SinkError: Elasticsearch is away\n  failOnDataLoss somewhere"
    assert str(explained(RuntimeError(carried))) == "Elasticsearch is away"


@pytest.mark.parametrize(
    ("text", "kind", "mend"),
    [
        ("[KAFKA_DATA_LOSS.START_OFFSET_RESET] Some data may have been lost", SourceError, "new checkpoint"),
        ("x: org.apache.kafka.common.errors.TimeoutException: Timed out", SourceError, "check that it runs"),
        ("org.apache.kafka.common.errors.SaslAuthenticationException: no", SourceError, "the login"),
        ("org.apache.kafka.common.errors.UnknownTopicOrPartitionException: no", SourceError, "make it"),
        ("java.io.IOException: No space left on device", CheckpointError, "make room"),
    ],
)
def test_what_can_be_mended_is_said_with_sparks_own_line(text: str, kind: type[Exception], mend: str) -> None:
    found = explained(RuntimeError(f"first\n{text}\nlast"))
    assert type(found) is kind
    assert mend in str(found)
    assert text[:200] in str(found)


def test_what_nobody_knows_is_told_as_sparks() -> None:
    assert type(explained(RuntimeError("odd"))) is StreamingError
