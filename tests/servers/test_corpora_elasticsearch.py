"""Corpora out of the real Elasticsearch: what is fetched, of which time, and what is told."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch
from elasticsearch_server import ElasticsearchServer, patient
from fetching import NOON, documents_of, fetched, index, quiet, toml

from clients.elasticsearch import Connection
from clients.errors import ClientError, ServerAway
from patterns.rules import Rules
from patterns.settings import load
from patterns.timestamps import SECOND, iso
from training.config import TrainingConfig
from training.errors import CorpusError
from training.fetched import elasticsearch as from_elasticsearch
from training.fetched.config import ElasticsearchCorpus
from training.fetched.counts import FetchCounts
from training.fetched.point_in_time import PointInTime, Wanted
from training.fetched.spool import HOUR, Spool
from training.fetched.time_range import ANY_TIME, TimeRange

pytestmark = pytest.mark.servers


def numbered(number: int) -> dict[str, Any]:
    return {"@timestamp": iso(NOON + number * SECOND), "message": f"Nov 24 12:00:00 web1 su: number {number}"}


def line_of(number: int) -> bytes:
    return f"Nov 24 12:00:00 web1 su: number {number}".encode()


@pytest.mark.parametrize(("page", "slices"), [(100, 1), (100, 3), (1_000, 4), (7, 10), (10_000, 2)])
def test_each_document_is_fetched_once_while_others_come_and_go(
    page: int, slices: int, elasticsearch: str, index_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"{index_prefix}-a"
    index(elasticsearch, name, map(numbered, range(1_000)))
    pages = PointInTime.pages

    def changed_meanwhile(point: PointInTime) -> Iterator[list[dict[str, Any]]]:
        with closing(patient(elasticsearch)) as client:
            for number, hits in enumerate(pages(point)):
                client.delete(index=name, id=str(999 - number))
                client.index(index=name, id=str(500 - number), document={"@timestamp": iso(NOON), "message": "changed"})
                client.index(index=name, document={"@timestamp": iso(NOON), "message": "new"}, refresh=True)
                yield hits

    if page >= 100:
        monkeypatch.setattr(PointInTime, "pages", changed_meanwhile)
    found, counts = documents_of(elasticsearch, name, page_documents=page, slices=slices)

    assert found == Counter(map(line_of, range(1_000)))
    assert counts.records == 1_000


def test_exactly_the_documents_of_a_time_and_a_query_are_fetched(elasticsearch: str, index_prefix: str) -> None:
    index(elasticsearch, f"{index_prefix}-a", map(numbered, range(600)))
    index(elasticsearch, f"{index_prefix}-b", map(numbered, range(600, 1_200)))

    found, _ = documents_of(elasticsearch, f"{index_prefix}-*", TimeRange(NOON + 100 * SECOND, NOON + 700 * SECOND))
    assert found == Counter(map(line_of, range(100, 700)))
    found, _ = documents_of(elasticsearch, f"{index_prefix}-*", TimeRange(end=NOON + 700 * SECOND + 1_000))
    assert found == Counter(map(line_of, range(701)))
    query = '{"match": {"message": "17 19 1100"}}'
    found, _ = documents_of(elasticsearch, f"{index_prefix}-*", TimeRange(NOON + 18 * SECOND), query=query)
    assert found == Counter(map(line_of, (19, 1_100)))


def test_of_nights_our_events_are_of_when_they_were_planned_and_other_documents_of_their_own_time(
    elasticsearch: str, index_prefix: str
) -> None:
    day = 24 * HOUR

    def ours(text: str, created: int) -> dict[str, Any]:
        event = {"kind": "event", "created": iso(created), "original": text}
        return {"@timestamp": iso(NOON), "event": event, "logwinnow": {"set": "v"}, "message": text}

    def other(text: str, time: int) -> dict[str, Any]:
        # Its `created` says something else.
        return {"@timestamp": iso(time), "event": {"created": iso(NOON + day)}, "message": text}

    ours_of = [ours("early", NOON - day), ours("late", NOON + day), ours("later", NOON + 2 * day)]
    index(elasticsearch, f"{index_prefix}-ours", ours_of)
    index(elasticsearch, f"{index_prefix}-other", [other("today", NOON + day), other("before", NOON)])
    config = ElasticsearchCorpus(url=elasticsearch)
    excluded = (TimeRange(NOON + 2 * day - 1_000, NOON + 3 * day),)
    counts = FetchCounts("made up", TimeRange(NOON + day - 1_000), excluded=excluded, by_batch=True)
    with Spool() as spool:
        from_elasticsearch.fetch(f"{index_prefix}-*", config, Rules(), counts, spool, quiet)
        lines = {Path(piece.path).read_text().split(": ")[-1].strip() for piece in spool.pieces()}
        days = spool.days()

    assert lines == {"late", "today"}
    assert days == [(NOON + day) // day]
    assert (counts.records, counts.left_out) == (3, {"excluded": 1})


def test_an_alias_and_several_names_with_commas_are_read(elasticsearch: str, index_prefix: str) -> None:
    for part in "ab":
        index(elasticsearch, f"{index_prefix}-{part}", [{"@timestamp": iso(NOON), "message": part}])
    with closing(patient(elasticsearch)) as client:
        client.indices.put_alias(index=f"{index_prefix}-a", name=f"{index_prefix}-alias")

    header = b"2026-11-24T12:00:00.000000+00:00 - -: "
    assert documents_of(elasticsearch, f"{index_prefix}-alias")[0] == Counter([header + b"a"])
    both = documents_of(elasticsearch, f"{index_prefix}-a,{index_prefix}-b")[0]
    assert both == Counter([header + b"a", header + b"b"])


def test_fields_of_other_names_forms_and_depths_are_found(elasticsearch: str, index_prefix: str) -> None:
    name = f"{index_prefix}-a"
    with closing(patient(elasticsearch)) as client:
        times = {"type": "date", "format": "epoch_second||yyyy/MM/dd HH:mm"}
        nanoseconds = {"type": "date_nanos"}
        client.indices.create(
            index=name,
            mappings={"properties": {"at.seen": times, "at.exact": nanoseconds, "text.raw": {"type": "keyword"}}},
        )
        client.index(
            index=name,
            refresh=True,
            document={
                "at": {"seen": str(NOON // SECOND), "exact": "2026-11-24T12:00:00.123456789Z"},
                "text.raw": "failed",
                "host.name": "web1",
                "process": {"name": "su", "pid": 7},
            },
        )

    # The time in front is the document's, for none of its fields has a name that is a time's.
    line = b"2026-11-24T12:00:00.000000+00:00 web1 su[7]: failed"
    settings = {"message_field": "text.raw"}
    found, _ = documents_of(elasticsearch, name, TimeRange(NOON, NOON + 1_000), time_field="at.seen", **settings)
    assert found == Counter([line])
    found, _ = documents_of(elasticsearch, name, TimeRange(NOON), time_field="at.exact", **settings)
    assert found == Counter([line.replace(b".000000", b".123000")])


def test_documents_without_a_time_or_a_line_are_counted(elasticsearch: str, index_prefix: str) -> None:
    name = f"{index_prefix}-a"
    of = [
        numbered(0),
        {"message": "without a time"},
        {"@timestamp": iso(NOON)},
        {"@timestamp": iso(NOON), "message": 5},
    ]
    index(elasticsearch, name, of)

    found, counts = documents_of(elasticsearch, name)
    assert found == Counter([line_of(0)])
    assert (counts.records, counts.left_out) == (4, {"no_time": 1, "no_line": 2})
    # Of no time, it is of none that is asked for.
    assert documents_of(elasticsearch, name, TimeRange(NOON))[1].left_out == {"no_line": 2}


@pytest.mark.parametrize(
    ("name", "settings", "told"),
    [
        ("{}-none", {}, "has no such index .*no such index"),
        ("{}-none-*", {}, "has no index that '.*' names and that this login may read"),
        ("{}-a,{}-none", {}, "has no such index"),
        ("{}-a", {"time_field": "time"}, r"no document .* has a field 'time'.*\$\.corpus\.elasticsearch\.time_field"),
        ("{}-a", {"time_field": "message"}, "field 'message' .* is of type text"),
        ("{}-a", {"query": '{"termm": {}}'}, r"unknown query \[termm\].*check \$\.corpus\.elasticsearch"),
    ],
)
def test_what_cannot_be_fetched_is_told_with_the_mend(
    name: str, settings: dict[str, Any], told: str, elasticsearch: str, index_prefix: str
) -> None:
    index(elasticsearch, f"{index_prefix}-a", [numbered(0)])

    with pytest.raises(CorpusError, match=told):
        documents_of(elasticsearch, name.format(index_prefix, index_prefix), **settings)


def test_an_index_that_is_deleted_meanwhile_is_told(elasticsearch: str, index_prefix: str) -> None:
    name = f"{index_prefix}-a"
    index(elasticsearch, name, map(numbered, range(10)))
    wanted = Wanted({"match_all": {}}, ["message"], ["@timestamp"], 2, 1)

    with (
        closing(patient(elasticsearch)) as client,
        PointInTime(Connection.of(ElasticsearchCorpus(url=elasticsearch)), name, wanted) as point,
    ):
        pages = point.pages()
        next(pages)
        client.indices.delete(index=name)
        with pytest.raises(CorpusError, match=r"has lost the point in time that was read .*start again"):
            list(pages)


def test_a_point_in_time_is_closed_in_the_end(elasticsearch: str, index_prefix: str) -> None:
    def open_contexts(client: Elasticsearch) -> int:
        nodes = client.nodes.stats(metric="indices", index_metric="search")["nodes"]
        return sum(node["indices"]["search"]["open_contexts"] for node in nodes.values())

    name = f"{index_prefix}-a"
    index(elasticsearch, name, map(numbered, range(10)))
    with closing(patient(elasticsearch)) as client:
        before = open_contexts(client)
        documents_of(elasticsearch, name)
        with pytest.raises(CorpusError):
            documents_of(elasticsearch, name, query='{"termm": {}}')
        assert open_contexts(client) == before


def test_a_login_that_is_wrong_or_may_not_read_is_told_and_one_that_may_only_read_is_enough(
    own_elasticsearch: Callable[..., ElasticsearchServer], tmp_path: Path
) -> None:
    server = own_elasticsearch(secured=True)
    with closing(server.client()) as client:
        client.index(index="logs", document=numbered(0), refresh=True)
        client.index(index="other", document=numbered(0), refresh=True)
        reader = {"logs": {"indices": [{"names": ["logs*"], "privileges": ["read"]}]}}
        key = client.security.create_api_key(name="reader", role_descriptors=reader)["encoded"]

    def secured(key: str) -> ElasticsearchCorpus:
        (tmp_path / "key").write_text(key)
        place = {"url": server.url, "ca_certs": str(server.certificate.ca), "api_key": f"file:{tmp_path}/key"}
        return load(TrainingConfig, None, {}, [f"corpus.elasticsearch={toml(place)}"]).corpus.elasticsearch

    def fetch(name: str, config: ElasticsearchCorpus) -> Counter[bytes]:
        found, _ = fetched(
            lambda counts, spool: from_elasticsearch.fetch(name, config, Rules(), counts, spool, quiet), ANY_TIME
        )
        return found

    assert key not in repr(secured(key))
    assert fetch("logs*", secured(key)) == Counter([line_of(0)])
    with pytest.raises(ClientError, match=r"HTTP 401.*does not know the login: check api_key"):
        fetch("logs", secured(key[:-8] + "AAAAAAA="))
    with pytest.raises(ClientError, match=r"HTTP 403.*lacks a right"):
        fetch("other", secured(key))
    server.stop()
    with pytest.raises(ServerAway, match=r"does not answer .*check that it runs"):
        fetch("logs", secured(key))
