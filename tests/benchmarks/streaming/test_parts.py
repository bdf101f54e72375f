import pickle
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest

from benchmarks.streaming.programs.parts import (
    TASKS,
    DiscardingSink,
    NotingConnection,
    _NotingClient,
    identity,
    noting,
)
from patterns.language import parse
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.rules import Rules
from patterns.shapes import ShapeTable
from patterns.store import Store
from streaming.config import ElasticsearchSinkConfig, KafkaSourceConfig
from streaming.match import JudgeTask
from streaming.sink.elasticsearch import ElasticsearchSink
from streaming.sink.events import Events
from streaming.source.kafka import KafkaSource
from streaming.tally import RESULT


class Value:
    """Stands for a broadcast."""

    def __init__(self, value: Any) -> None:
        self.value = value


class Letters:
    """Keeps no letter, for there is none."""

    def part(self, *_: Any) -> Any:
        raise AssertionError


@pytest.fixture
def facts(tmp_path: Path) -> dict[str, Any]:
    """What the product makes a task of."""
    store = Store(str(tmp_path))
    known = [KnownPattern("", parse("a *{1,1}"), level=2, support=2, mined_support=2)]
    version = store.publish(PatternSet.of(Rules(), known), ShapeTable.of({}), {})
    stored = store.read(version)
    return {
        "judged_by": Value((version, stored.manifest, stored.rows, b"")),
        "version": version,
        "place": str(tmp_path),
        "name": "logs",
        "source": KafkaSource("logs", KafkaSourceConfig()),
        "sink": DiscardingSink(),
        "letters": Letters(),
        "batch": 0,
        "planned_at": 1_795_000_000_000_000,
    }


def batch(number: int) -> pa.RecordBatch:
    times = pa.array([1_795_000_000_000_000] * number, pa.timestamp("us", "UTC"))
    columns = {"topic": ["t"] * number, "partition": [0] * number, "offset": list(range(number))}
    return pa.RecordBatch.from_pydict({**columns, "timestamp": times, "value": [b"a b"] * number})


@pytest.mark.parametrize("part", sorted(TASKS))
def test_a_part_counts_all_lines(part: str, facts: dict[str, Any]) -> None:
    (found,) = TASKS[part](**facts)([batch(3), batch(2)])
    assert found.schema == RESULT
    assert [msgspec.json.decode(row) for row in found.column("counts").to_pylist()] == [{"lines": 5}]


def test_parts_take_what_the_products_own_task_takes() -> None:
    assert all(issubclass(task, JudgeTask) for task in TASKS.values())


def test_the_sink_that_keeps_nothing_takes_all() -> None:
    with DiscardingSink().part(0, 0, 0, lambda _letter: None) as writer:
        writer.write(Events.of([], [], dated=[]))
    assert DiscardingSink().write_alerts([({}, 0)] * 2) == 2


def test_what_is_acknowledged_is_noted_and_what_is_not_is_not(tmp_path: Path) -> None:
    class Client:
        def bulk(self, **_: Any) -> Any:
            return {"items": [{"create": {"status": status}} for status in (201, 409, 429, 400)]}

    lines = [line for name in "abcd" for line in (b'{"create":{"_index":"i","_id":"%s"}}' % name.encode(), b"{}")]
    client: Any = Client()
    _NotingClient(client, tmp_path).bulk(operations=b"".join(b"%b\n" % line for line in lines), filter_path="x")
    (file,) = tmp_path.iterdir()
    began, ended, *identities = file.read_text().split()
    assert identities == ["a", "b"]
    assert int(began) <= int(ended)


def test_an_id_is_read_from_its_action() -> None:
    assert identity(b'{"create":{"_index":"i","_id":"0f"}}') == "0f"


def test_a_connection_that_notes_goes_to_workers() -> None:
    sink = noting(ElasticsearchSink.of(ElasticsearchSinkConfig(url="http://here:1")), "/there")
    assert isinstance(sink, ElasticsearchSink)
    assert pickle.loads(pickle.dumps(sink)) == sink
    assert sink.connection == NotingConnection(("http://here:1",), sink.connection.settings, "/there")


def test_other_sinks_acknowledge_nothing() -> None:
    with pytest.raises(TypeError, match="DiscardingSink acknowledges nothing"):
        noting(DiscardingSink(), "/there")
