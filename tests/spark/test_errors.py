"""What is made of Spark's errors, whose texts are those of Spark 4.2."""

from spark.errors import ours, said

_CARRIED = """An exception was thrown from the Python worker:
Traceback (most recent call last):
  File "/streaming/match.py", line 122, in __call__
    self._judge(batch, writer, bury, tally)
{}
"""


def test_an_error_of_ours_that_spark_carried_is_told_alone() -> None:
    error = RuntimeError(_CARRIED.format("streaming.errors.SinkError: there is no room\n\nJVM stacktrace:\n\tat x"))
    assert ours(error) == said(error) == "there is no room"


def test_of_another_error_in_a_worker_its_last_line_is_told() -> None:
    error = RuntimeError(_CARRIED.format("OverflowError: date value out of range"))
    assert ours(error) is None
    assert said(error) == "Spark failed: OverflowError: date value out of range; its log above says more"


def test_of_sparks_own_its_first_line_is_told() -> None:
    assert said(RuntimeError("Job aborted\n\tat org.apache")) == "Spark failed: Job aborted; its log above says more"
    assert said(RuntimeError()) == "Spark failed: RuntimeError; its log above says more"
