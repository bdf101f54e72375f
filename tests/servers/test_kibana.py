"""
What conf/kibana shows, asked of a real Elasticsearch that the real stream has filled.

No Kibana runs here: each chart is the request that it stands for (lens_request.py), each session a search, each rule
what it looks for. What comes is held to the events themselves. That KQL means what lens_request.py makes of it, and
what ES|QL finds, says Elasticsearch, which knows both.
"""

import json
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from elasticsearch import Elasticsearch, helpers
from elasticsearch_server import ElasticsearchServer
from kafka_server import delete_topics
from kibana_charts import EXPECTED
from kibana_files import Json, Panel, of_type, panels, rules
from lens_request import kql, request, rows
from live import Live

from patterns.decisions import Decision
from patterns.store import Store
from streaming.config import ElasticsearchSinkConfig
from streaming.sink.installing import ElasticsearchInstallation

pytestmark = [pytest.mark.servers, pytest.mark.spark]

SINCE, UNTIL = "2026-11-22T00:00:00Z", "2026-11-22T23:59:59.999Z"


def log(day: int, hour: int, host: str, program: str, *messages: str) -> list[bytes]:
    """Return lines of one host and program, a minute apart."""
    return [
        f"2026-11-{day}T{hour:02}:{minute:02}:00Z {host} {program}[7]: {message}".encode()
        for minute, message in enumerate(messages)
    ]


KNOWN = [
    *log(20, 9, "web1", "sshd", *(f"session of user{number} closed" for number in range(40))),
    *log(20, 10, "web2", "cron", *(f"job {number} done" for number in range(20))),
    *log(21, 9, "web2", "cron", *(f"job {number} took 3 tries" for number in range(20))),
    *log(20, 11, "web4", "kernel", *(f"disk sd{number} has bad sectors" for number in range(20))),
]
# What the operator says of a pattern, by the start of its text.
REJECTED = "disk "
NAME = {"name": "disk trouble", "severity": "high"}
LIVE = [
    *log(22, 9, "web1", "sshd", *(f"session of user{number} closed" for number in range(45))),
    *log(22, 9, "web3", "sshd", *(f"session of user{number} closed" for number in range(12))),
    *log(22, 11, "web2", "cron", *(f"job {number} done" for number in range(30))),
    *log(22, 12, "web2", "cron", "job 7 took 3 tries", "job 8 took 4 tries"),
    *log(22, 9, "web1", "sshd", *["segmentation fault at address unknown"] * 3),
    *log(22, 20, "web3", "sshd", "segmentation fault at address unknown"),
    *log(22, 13, "web2", "cron", "no crontab for nobody", "job lost"),
    *log(22, 14, "web4", "kernel", "oom-killer invoked"),
    *log(22, 15, "web4", "kernel", "4711 42"),  # not judged: it has no constant
    *log(22, 16, "web4", "kernel", "disk sd7 has bad sectors", "disk sd8 has bad sectors"),
    *log(23, 9, "web1", "sshd", "of another day"),
    b"of no host, no program and no time",
]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of an Elasticsearch that knows KQL and ES|QL."""
    with ElasticsearchServer(languages=True) as started:
        yield started.url


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, kafka: str, server: str) -> Iterator[Live]:
    """A stream that has judged LIVE by what it learned of KNOWN, of which one pattern is rejected."""
    name = f"test-{secrets.token_hex(6)}"
    live = Live(tmp_path_factory.mktemp("kibana"), kafka, server, name, name)
    live.make_topic()
    live.set_up()
    known = live.folder / "known.log"
    known.write_bytes(b"".join(line + b"\n" for line in KNOWN))
    live.train(known)
    store = Store(str(live.store))
    [disk] = [each for each in store.read().patterns.patterns if each.pattern.text.startswith(REJECTED)]
    about = {"scope": disk.scope, "pattern": disk.pattern.text}
    said = [{"do": "reject", **about}, {"do": "name", **about, **NAME}]
    store.decide(add=[msgspec.convert(each, Decision) for each in said])
    live.send(LIVE)
    live.run_once()
    assert live.check()["events"] == len(LIVE)
    yield live
    delete_topics(kafka, name)


@pytest.fixture(scope="module")
def client(filled: Live) -> Iterator[Elasticsearch]:
    with closing(filled.client()) as made:
        made.indices.refresh(index=f"{filled.prefix}-*")
        yield made


@pytest.fixture(scope="module")
def shown(filled: Live) -> list[Json]:
    """The events of the time that is shown."""
    return [event for event in filled.events() if SINCE <= event["@timestamp"] <= UNTIL]


def answer(panel: Panel, live: Live, client: Elasticsearch) -> list[Json]:
    """Return the rows that a chart shows."""
    [(name, layer)] = panel.layers.items()
    [view] = [row for row in of_type("index-pattern") if row["id"] == panel.lens["references"][0]["id"]]
    assert panel.lens["references"][0]["name"].endswith(name)
    index = view["attributes"]["title"].replace("logwinnow-", f"{live.prefix}-")
    query = panel.lens["state"]["query"]["query"]
    found = client.search(index=index, body=request(query, layer, view["attributes"]["timeFieldName"], SINCE, UNTIL))
    assert found["_shards"]["failed"] == 0
    return rows(found.body, layer)


def in_order(found: list[Json]) -> list[list[tuple[str, str]]]:
    """Return rows so that those of equal content are equal, whatever their order."""
    return sorted(sorted((name, str(value)) for name, value in row.items()) for row in found)


def typed(found: list[Json]) -> list[Json]:
    """Return rows with numbers as floats."""
    return [
        {name: float(value) if isinstance(value, int | float) else value for name, value in row.items()}
        for row in found
    ]


@pytest.mark.parametrize("panel", panels("lens"), ids=lambda panel: panel.title)
def test_a_chart_shows_what_the_events_say(
    panel: Panel, filled: Live, client: Elasticsearch, shown: list[Json]
) -> None:
    found = answer(panel, filled, client)
    # Empty bars are drawn as nothing.
    drawn = [row for row in found if "time" not in row or row["count"]]
    expected = EXPECTED[panel.title](shown)
    assert expected
    assert in_order(typed(drawn)) == in_order(typed(expected))


def test_the_numbers_are_those_of_the_lines_that_were_sent(filled: Live, client: Elasticsearch) -> None:
    def only(title: str) -> Json:
        [panel] = [panel for panel in panels("lens") if panel.title == title]
        return answer(panel, filled, client)[0]

    # Of the 99 lines of the day one is not judged; 7 of 4 shapes are new, 2 of a rejected pattern, and a sixth shape is
    # on another day.
    assert only("Share of unmatched lines")["share"] == pytest.approx(9 / 98)
    assert only("Outliers")["count"] == 9
    assert only("Shapes of outliers")["shapes"] == 5


@pytest.mark.parametrize(
    ("title", "by"),
    [("Shapes of outliers by when they were first seen", "first"), ("Newest patterns", "since")],
)
def test_a_table_has_the_latest_rows_first(title: str, by: str, filled: Live, client: Elasticsearch) -> None:
    [panel] = [panel for panel in panels("lens") if panel.title == title]
    times = [row[by] for row in answer(panel, filled, client)]
    assert len(set(times)) > 1
    assert times == sorted(times, reverse=True)


def test_the_pattern_that_was_learned_last_is_the_newest(filled: Live, client: Elasticsearch) -> None:
    [panel] = [panel for panel in panels("lens") if panel.title == "Newest patterns"]
    first = answer(panel, filled, client)[0]
    assert "took" in first["pattern"]
    assert datetime.fromtimestamp(first["since"] / 1000, UTC).date().isoformat() == "2026-11-21"


_WANTED: dict[str, Callable[[Json], bool]] = {
    "logwinnow-lines": lambda event: "event" in event,
    "logwinnow-outlier-lines": lambda event: bool(event["logwinnow"]["outlier"]),
    "logwinnow-pattern-lines": lambda event: "pattern" in event["logwinnow"],
    "logwinnow-told-alerts": lambda alert: bool(alert["event"]["kind"] == "alert") and "kind" not in alert["logwinnow"],
    "logwinnow-unusual": lambda alert: "kind" in alert["logwinnow"],
}


@pytest.mark.parametrize("session", of_type("search"), ids=lambda session: session["id"])
def test_a_session_has_the_documents_that_it_names_newest_first_with_its_columns(
    session: Json, filled: Live, client: Elasticsearch
) -> None:
    view = session["references"][0]["id"]
    source = json.loads(session["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])
    [[field, direction]] = session["attributes"]["sort"]
    found = client.search(
        index=view.replace("logwinnow-", f"{filled.prefix}-") + "-*",
        query=kql(source["query"]["query"]),
        sort=[{field: direction}],
        size=1_000,
        fields=session["attributes"]["columns"],
    )["hits"]["hits"]
    documents = filled.events() if view.endswith("events") else filled.alerts()
    expected = Counter(event["event"]["id"] for event in documents if _WANTED[session["id"]](event))
    assert Counter(hit["_id"] for hit in found) == expected
    if session["id"] == "logwinnow-unusual":
        # The stream that filled the indices has no baselines.
        assert not found
        return
    times = [hit["_source"]["@timestamp"] for hit in found]
    assert times == sorted(times, reverse=True)
    # No alert here is of a storm.
    columns = set(session["attributes"]["columns"]) - {"logwinnow.shapes"}
    assert {name for hit in found for name in hit.get("fields", {})} == columns


def looked_for(body: Json, live: Live, client: Elasticsearch, until: str) -> int:
    """Return how many documents a rule of type esQuery finds in its window, seen at a time."""
    params = body["params"]
    window = f"{until}||-{params['timeWindowSize']}{params['timeWindowUnit']}"
    period = {"range": {params["timeField"]: {"gte": window, "lte": until}}}
    return int(
        client.search(
            index=[index.replace("logwinnow-", f"{live.prefix}-") for index in params["index"]],
            query={"bool": {"filter": [json.loads(params["esQuery"])["query"], period]}},
            size=0,
            track_total_hits=True,
        )["hits"]["total"]["value"]
    )


def test_the_rule_of_new_shapes_finds_each_alert_that_was_told(filled: Live, client: Elasticsearch) -> None:
    judged = max(alert["event"]["created"] for alert in filled.alerts())
    assert looked_for(rules()["new-shape"], filled, client, judged) == len(filled.alerts()) == 7
    assert looked_for(rules()["new-shape"], filled, client, "2026-01-01T00:00:00Z") == 0


def test_the_rule_of_silence_finds_lines_while_there_are_some_and_none_later(
    filled: Live, client: Elasticsearch
) -> None:
    body = rules()["silent"]
    assert body["params"]["thresholdComparator"] == "<"
    judged = max(event["event"]["created"] for event in filled.events())
    assert looked_for(body, filled, client, judged) >= body["params"]["threshold"][0]
    assert looked_for(body, filled, client, "2099-01-01T00:00:00Z") < body["params"]["threshold"][0]


def test_no_chart_and_no_session_is_without_an_expectation() -> None:
    assert EXPECTED.keys() == {panel.title for panel in panels("lens")}
    assert _WANTED.keys() == {session["id"] for session in of_type("search")}


def test_what_is_asked_of_a_stream_that_has_nothing_yet_is_no_error(client: Elasticsearch) -> None:
    for panel in panels("lens"):
        [layer] = panel.layers.values()
        body = request(panel.lens["state"]["query"]["query"], layer, "@timestamp", SINCE, UNTIL)
        assert client.search(index="nothing-yet-events-*", body=body)["hits"]["total"]["value"] == 0


def queries() -> set[str]:
    """Return all KQL that there is: of charts, of their columns, of sessions."""
    found = {panel.lens["state"]["query"]["query"] for panel in panels("lens")}
    columns = [
        column for panel in panels("lens") for layer in panel.layers.values() for column in layer["columns"].values()
    ]
    found |= {column["filter"]["query"] for column in columns if "filter" in column}
    sources = [session["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"] for session in of_type("search")]
    return found | {json.loads(source)["query"]["query"] for source in sources}


@pytest.mark.parametrize("query", sorted(queries() - {""}))
def test_kql_means_to_elasticsearch_what_these_tests_take_it_for(
    query: str, filled: Live, client: Elasticsearch
) -> None:
    def ids(asked: Json) -> set[str]:
        found = client.search(index=f"{filled.prefix}-events-*", query=asked, size=1_000, source=False)
        return {hit["_id"] for hit in found["hits"]["hits"]}

    assert ids({"kql": {"query": query}}) == ids(kql(query))
    if "logwinnow.kind" not in query:
        # Which no event has.
        assert 0 < len(ids(kql(query))) < len(LIVE)


@pytest.mark.parametrize(
    ("recent", "before", "tells"),
    [
        (30, 24, True),  # thirty in the last hour, one in each of the hours before
        (30, 0, True),
        (19, 0, False),  # too few to be told
        (30, 24 * 10, False),  # three times the ten of an hour is no more than three times
        (31, 24 * 10, True),
        (0, 500, False),
    ],
)
def test_the_rule_of_more_outliers_than_usual_compares_the_last_hour_with_the_day_before(
    recent: int, before: int, tells: bool, client: Elasticsearch, server: str
) -> None:
    prefix = f"usual-{secrets.token_hex(4)}"
    list(ElasticsearchInstallation(ElasticsearchSinkConfig(url=server, index_prefix=prefix, replicas=0)).install())
    now = datetime.now(UTC)
    ages = [timedelta(minutes=30)] * recent + [timedelta(hours=2 + number % 22) for number in range(before)]
    days_old = [timedelta(hours=30)] * 1_000
    events = [(age, True) for age in ages + days_old] + [(timedelta(minutes=5), False)] * 500
    documents = [
        {"logwinnow": {"outlier": is_outlier}, "event": {"created": (now - age).isoformat()}}
        for age, is_outlier in events
    ]
    helpers.bulk(
        client, [{"_index": f"{prefix}-events-2026.11.28", "_source": each} for each in documents], refresh=True
    )
    body = rules()["more-outliers"]["params"]
    # As Kibana has a rule's window in the query: beside it, as a filter.
    window = {"gt": f"now-{body['timeWindowSize']}{body['timeWindowUnit']}", "lte": "now"}
    esql = body["esqlQuery"]["esql"].replace("logwinnow-events-", f"{prefix}-events-")
    found = client.esql.query(query=f"{esql} | LIMIT 10", filter={"range": {body["timeField"]: window}})
    assert bool(found["values"]) is tells
    if tells:
        row = dict(zip([column["name"] for column in found["columns"]], found["values"][0], strict=True))
        assert row == {"recent": recent, "outliers": recent + before, "usual": before / 24}
