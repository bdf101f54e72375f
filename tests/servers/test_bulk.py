"""What becomes of documents in the real Elasticsearch: each is created, was there, or is handed back."""

import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing

import pytest
from elasticsearch_server import patient
from single_events import event_of

from clients.elasticsearch import Connection, ElasticsearchConfig
from clients.errors import ClientError
from streaming.config import ElasticsearchSinkConfig
from streaming.errors import SinkError
from streaming.sink.bulk import BulkWriter, Limits
from streaming.sink.elasticsearch import ElasticsearchSink
from streaming.sink.installing import ElasticsearchInstallation
from streaming.sink.sending import Rows
from streaming.sink.templates import VERSION, templates
from streaming.source import DeadLetter, SourceLine

pytestmark = pytest.mark.servers

_DAY = 86_400_000_000
_NOON = 20_410 * _DAY + _DAY // 2  # 2025-11-18


def line(number: int, record_time: int = _NOON) -> SourceLine:
    return SourceLine(b"x", f"raw {number}".encode(), record_time, f"{number:020x}", "logs/0", number, {})


def operation(target: str, number: int, **fields: object) -> Rows:
    return Rows.of(target, f"{number:020x}", json.dumps({"n": number, **fields}).encode(), line(number))


def write(elasticsearch: str, operations: Iterable[Rows], limits: Limits) -> tuple[int, list[DeadLetter]]:
    """Write operations; return how many were created, and what was refused."""
    refused: list[DeadLetter] = []
    with BulkWriter(Connection.of(ElasticsearchConfig(url=elasticsearch)), limits, refused.append) as bulk:
        for each in operations:
            bulk.add(each)
    return bulk.created, refused


def count(elasticsearch: str, index: str) -> int:
    with closing(patient(elasticsearch)) as client:
        client.indices.refresh(index=index)
        return int(client.count(index=index)["count"])


@pytest.mark.parametrize("limits", [Limits(7, 10**6, 5), Limits(10**6, 100, 5), Limits(10**6, 10**9, 5)])
def test_documents_are_created_once_however_they_are_cut_into_requests(
    limits: Limits, elasticsearch: str, index_prefix: str
) -> None:
    operations = [operation(index_prefix, number) for number in range(50)]
    assert write(elasticsearch, operations, limits) == (50, [])
    assert write(elasticsearch, [*operations, operation(index_prefix, 99)], limits) == (1, [])
    assert count(elasticsearch, index_prefix) == 51


def test_a_document_that_is_refused_is_handed_back_with_its_bytes_and_the_reason_and_the_others_are_created(
    elasticsearch: str, index_prefix: str
) -> None:
    with closing(patient(elasticsearch)) as client:
        client.indices.create(index=index_prefix, mappings={"properties": {"day": {"type": "date"}}})
    operations = [operation(index_prefix, number, day="no day" if number % 3 else "2026-11-18") for number in range(9)]
    created, refused = write(elasticsearch, operations, Limits(4, 10**6, 5))
    assert created == 3 == count(elasticsearch, index_prefix)
    assert [letter.offset for letter in refused] == [1, 2, 4, 5, 7, 8]
    assert refused[0].raw == b"raw 1"
    assert refused[0].reason == "refused"
    assert "HTTP 400: document_parsing_exception" in refused[0].detail
    assert "day" in refused[0].detail


def test_what_the_configuration_is_to_blame_for_ends_the_work_and_says_what_to_check(
    elasticsearch: str, index_prefix: str
) -> None:
    with closing(patient(elasticsearch)) as client:
        client.indices.create(index=index_prefix)
        client.indices.put_settings(index=index_prefix, settings={"index.blocks.write": True})
    with pytest.raises(ClientError, match=rf"refuses to write to '{index_prefix}' \(HTTP 403: .*check the rights"):
        write(elasticsearch, [operation(index_prefix, 1)], Limits(4, 10**6, 5))


def test_a_server_that_does_not_answer_is_waited_for_and_then_an_error(index_prefix: str) -> None:
    with pytest.raises(ClientError, match=r"does not answer .*; it was waited for [1-9] seconds"):
        write("http://127.0.0.1:9", [operation(index_prefix, 1)], Limits(4, 10**6, 1))


def test_work_that_failed_does_not_wait_for_a_server_that_is_away(index_prefix: str) -> None:
    def operations() -> Iterator[Rows]:
        yield operation(index_prefix, 1)
        yield operation(index_prefix, 2)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write("http://127.0.0.1:9", operations(), Limits(1, 10**6, 10**9))
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("bulk")]


def sink(elasticsearch: str, prefix: str) -> ElasticsearchSink:
    config = ElasticsearchSinkConfig(url=elasticsearch, index_prefix=prefix, replicas=0)
    return ElasticsearchSink.of(config)


def install(elasticsearch: str, prefix: str) -> list[str]:
    config = ElasticsearchSinkConfig(url=elasticsearch, index_prefix=prefix, replicas=0, refresh_seconds=1)
    return list(ElasticsearchInstallation(config).install())


def test_without_templates_the_sink_does_not_start_and_names_the_command(elasticsearch: str, index_prefix: str) -> None:
    with pytest.raises(SinkError, match=rf"'{index_prefix}-events' is not in .*; run: logwinnow setup elasticsearch"):
        sink(elasticsearch, index_prefix).start()


def test_templates_of_an_older_version_or_of_others_are_told_and_renewed_by_setup(
    elasticsearch: str, index_prefix: str
) -> None:
    with closing(patient(elasticsearch)) as client:
        for name, body in templates(index_prefix, replicas=0, refresh_seconds=1).items():
            client.indices.put_index_template(name=name, body={**body, "_meta": {}})
    with pytest.raises(SinkError, match=f"is of version 0, and {VERSION} is needed; run: logwinnow setup"):
        sink(elasticsearch, index_prefix).start()
    for _ in range(2):
        install(elasticsearch, index_prefix)
        sink(elasticsearch, index_prefix).start()


def test_an_event_lies_in_the_index_of_its_record_time_and_an_alert_in_that_of_its_bucket(
    elasticsearch: str, index_prefix: str
) -> None:
    install(elasticsearch, index_prefix)
    made = sink(elasticsearch, index_prefix)
    refused: list[DeadLetter] = []
    with made.part(0, 0, _NOON, refused.append) as writer:
        writer.write(event_of({"event": {"id": "a"}}, line(1), dated=True))
        writer.write(event_of({"event": {"id": "b"}}, line(2, _NOON - _DAY), dated=True))
        writer.write(event_of({"event": {"id": "c"}}, line(3, 0), dated=False))
    alert = {"event": {"id": "d"}}
    assert [made.write_alerts([(alert, _NOON)]) for _ in range(2)] == [1, 0]
    with closing(patient(elasticsearch)) as client:
        client.indices.refresh(index=f"{index_prefix}-*")
        events = client.search(index=f"{index_prefix}-events")["hits"]["hits"]
        alerts = client.search(index=f"{index_prefix}-alerts")["hits"]["hits"]
    assert {hit["_source"]["event"]["id"]: hit["_index"].removeprefix(index_prefix) for hit in events} == {
        "a": "-events-2025.11.18",
        "b": "-events-2025.11.17",
        "c": "-events-undated",
    }
    assert [hit["_index"].removeprefix(index_prefix) for hit in alerts] == ["-alerts-2025.11.18"]
    assert not refused
