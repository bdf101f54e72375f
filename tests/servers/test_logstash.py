"""Lines, as conf/logstash has Logstash cut and write them: by real grok, beside what stream and trainer read."""

import json
import os
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch
from elasticsearch.helpers import bulk
from elasticsearch_server import patient
from grok import Grok
from logstash_pipeline import MACHINE, RECEIVED, SHIPPED, Event, Pipeline, find, put_in, written

from patterns.envelope import Envelope, plain_line
from patterns.line import LineReader, split_lines
from patterns.rules import Rules
from patterns.settings import load
from patterns.timestamps import SECOND
from training.config import TrainingConfig
from training.job import train

pytestmark = pytest.mark.servers

LOGS = {
    "Linux": "rfc3164",
    "OpenSSH": "rfc3164",
    "Apache": "plain",
    "BGL": "plain",
    "HDFS": "plain",
    "Proxifier": "plain",
    "Spark": "plain",
    "Zookeeper": "plain",
}
"""Real logs, and what header their lines have."""

NOW = round(RECEIVED.timestamp()) * SECOND

FIELDS = {
    "timestamp": "timestamp",
    "host": "[host][hostname]",
    "program": "[process][name]",
    "pid": "[process][pid]",
    "priority": "[log][syslog][priority]",
    "message": "message",
}
"""Groups of a header's format in patterns/line.py, and what the pipelines make of them."""

STAMPS = ("Nov 24 10:00:00", "Nov  4 10:00:00", "2026-11-24T10:00:00", "2026-11-24T10:00:00.25+01:00")

LONG = 200_000
"""What takes the square of it, takes minutes."""

HOSTILE = [
    *(f"{stamp} {rest}" for stamp in STAMPS for rest in ("a" * LONG, " " * LONG, "a:" * LONG, "[" * LONG, "")),
    *(
        f"{stamp} {rest}"
        for stamp in STAMPS
        for rest in ("INFO x", "INFORM: x", "W x", "stdout F x", "12 [main] x", "12 x")
    ),
    *(f"{stamp} web1 {rest}" for stamp in STAMPS for rest in ("a[" * LONG, "su[" + "7" * LONG, "su[7]:" * LONG)),
    "<" * LONG,
    "<38>" * LONG,
    "Nov 24 " * LONG,
    "Nov 24 10:00:00 web1 su: \x00\x07\x1b[31m\u202e\ufeff\u2028\x85\xa0%{message}%{[host][name]}${HOME}",
    "Nov 24 10:00:00 we\x00b1 s\x1bu[\x1b]: x",
    "2026-11-24T10:00:00Z müller 程序[77]: \U0001f600",
    "%{[event][original]}",
    '"}, {"message": "x',
    "",
    " ",
]


@pytest.fixture(scope="module")
def grok() -> Iterator[Grok]:
    """Real grok."""
    with Grok() as compiled:
        yield compiled


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    """The shipped pipeline to Kafka; the other cuts lines alike (tests/test_logstash.py)."""
    return Pipeline((SHIPPED / "pipeline.conf").read_text())


@pytest.fixture(scope="module")
def direct() -> Pipeline:
    """The shipped pipeline to Elasticsearch."""
    return Pipeline((SHIPPED / "direct.conf").read_text())


def lines_of(loghub: Path, log: str) -> list[str]:
    """Return the lines of a real log."""
    data = (loghub / log / f"{log}_2k.log").read_bytes()
    return [line.decode(errors="replace") for line in split_lines(data)]


def cut(line: str) -> dict[str, str | int] | None:
    """Return what grok should capture of a line: what the stream's formats do; None for what has no header."""
    for header in LineReader(Rules()).formats:
        found = header.fullmatch(line) if header.name != "rfc5424" else None
        if found is not None:
            groups = {FIELDS[name]: value for name, value in found.groupdict().items() if value not in {None, "", "-"}}
            # A message may be a dash; empty, grok leaves it out.
            groups |= {"message": found["message"]} if found["message"] else {}
            return {name: int(value) if "priority" in name else value for name, value in groups.items()}
    return None


def compared(grok: Grok, pipeline: Pipeline, lines: Sequence[str]) -> list[object]:
    """Return what is cut otherwise than the stream cuts it."""
    found = grok.captures(*pipeline.grok(), lines)
    assert len(found) == len(lines)
    return [(line[:200], captures) for line, captures in zip(lines, found, strict=True) if captures != cut(line)]


@pytest.mark.parametrize(("log", "header"), LOGS.items())
def test_each_line_of_real_logs_is_cut_as_the_stream_cuts_it(
    log: str, header: str, grok: Grok, pipeline: Pipeline, loghub: Path
) -> None:
    lines = lines_of(loghub, log)
    assert len(lines) == 2000
    reader = LineReader(Rules())
    assert {reader.read(line.encode(), NOW).format for line in lines} == {header}
    assert compared(grok, pipeline, lines) == []


def test_any_mixture_of_what_headers_are_made_of_is_cut_as_the_stream_cuts_it(grok: Grok, pipeline: Pipeline) -> None:
    chance = random.Random(20261124)
    pieces = [
        *(
            "<38>",
            "<999>",
            "<1234>",
            "<>",
            "-",
            ":",
            "[",
            "]",
            "[7]",
            "su",
            "web1",
            "fe80::1",
            "a.b-c_d",
            "é",
            "7:",
            "x:",
        ),
        *(
            " ",
            " ",
            " ",
            "  ",
            "\t",
            "\v",
            "\f",
            "\r",
            "\n",
            "\xa0",
            "\u2003",
            "\x85",
            "\x1f",
            "Z",
            "+0100",
            "-02:30",
            ",5",
        ),
    ]
    stamps = [
        *STAMPS * 4,
        "Nov 4 10:00:00",
        "nov 24 10:00:00",
        "Nov 24 10:00",
        "2026-11-24 10:00:00",
        "٢٠٢٦-11-24T10:00:00",
    ]

    def line() -> str:
        front = (
            chance.choice([*[""] * 6, "<38>", "<38> ", " ", "\ufeff"])
            + chance.choice(stamps)
            + chance.choice([" ", " ", " ", ""])
        )
        return front + "".join(chance.choices(pieces, k=chance.randrange(12)))

    lines = [line() for _ in range(20_000)]
    headers = sum(cut(each) is not None for each in lines)
    assert 8_000 < headers < 16_000
    assert compared(grok, pipeline, lines) == []


def test_hostile_lines_are_cut_as_the_stream_cuts_them_and_hang_nothing(grok: Grok, pipeline: Pipeline) -> None:
    assert compared(grok, pipeline, HOSTILE) == []


DIFFERENT: Mapping[str, tuple[str, dict[str, object], dict[str, object]]] = {
    "RFC 5424 is no header here, and stays whole": (
        "<34>1 2026-11-24T10:00:00Z web1 su 77 ID47 - failed",
        {"host": MACHINE, "program": None, "message": "<34>1 2026-11-24T10:00:00Z web1 su 77 ID47 - failed"},
        {"host": "web1", "program": "su", "message": "failed"},
    ),
    "a host that is not said is the machine's": (
        "Nov 24 10:00:00 - su: failed",
        {"host": MACHINE, "program": "su", "message": "failed"},
        {"host": None, "program": "su", "message": "failed"},
    ),
    "an empty message is not captured, so that the field keeps the line": (
        "Nov 24 10:00:00 web1 su:",
        {"host": "web1", "program": "su", "message": "Nov 24 10:00:00 web1 su:"},
        {"host": "web1", "program": "su", "message": ""},
    ),
    "a priority that there is none of is a number still": (
        "<999>Nov 24 10:00:00 web1 su: failed",
        {"priority": 999},
        {"priority": None},
    ),
}


@pytest.mark.parametrize(("line", "logstash", "stream"), DIFFERENT.values(), ids=DIFFERENT)
def test_what_differs_from_what_the_stream_reads(
    line: str, logstash: dict[str, object], stream: dict[str, object], grok: Grok, pipeline: Pipeline
) -> None:
    [event] = pipeline.events(grok, [line])
    assert {name: find(event, FIELDS[name]) for name in logstash} == logstash
    read = LineReader(Rules()).read(line.encode(), NOW)
    assert {name: getattr(read, name) for name in stream} == stream


def test_what_has_no_header_stays_whole_and_is_tagged(grok: Grok, pipeline: Pipeline) -> None:
    [event] = pipeline.events(grok, ["panic: no header"])
    assert event["message"] == "panic: no header"
    assert event["tags"] == ["_grokparsefailure"]
    assert event["@timestamp"] == RECEIVED


# To Kafka.


@pytest.mark.parametrize("log", [*LOGS, None])
def test_the_record_is_the_line_and_its_key_the_host(
    log: str | None, grok: Grok, pipeline: Pipeline, loghub: Path
) -> None:
    lines = lines_of(loghub, log) if log else HOSTILE
    kafka = pipeline.plugin("output", "kafka")
    for line, event in zip(lines, pipeline.events(grok, lines), strict=True):
        assert plain_line(put_in(event, kafka["codec"]["plain"]["format"]).encode()) == line.encode()
        host = (cut(line) or {}).get("[host][hostname]")
        assert put_in(event, kafka["message_key"]) == (host or MACHINE)


@pytest.mark.parametrize("log", [*LOGS, None])
def test_as_json_the_stream_reads_the_line_from_event_original(
    log: str | None, grok: Grok, pipeline: Pipeline, loghub: Path
) -> None:
    lines = lines_of(loghub, log) if log else HOSTILE
    envelope, reader = Envelope(Rules(), "event.original"), LineReader(Rules())
    for line, event in zip(lines, pipeline.events(grok, lines), strict=True):
        found = envelope.line(json.dumps(written(event)).encode(), NOW)
        if reader.read(line.encode(), NOW).format != "plain":
            assert found == line.encode()
        else:
            # What is known of it comes in front.
            read = reader.read(found, NOW)
            assert found.endswith(line.encode())
            assert (read.host, read.program) == (MACHINE, None)
            assert read.time == find(event, "@timestamp").timestamp() * SECOND


@pytest.mark.parametrize("log", [log for log, header in LOGS.items() if header != "plain"])
def test_as_json_the_stream_reads_the_same_from_the_fields_too(
    log: str, grok: Grok, pipeline: Pipeline, loghub: Path
) -> None:
    lines = lines_of(loghub, log)
    envelope, reader = Envelope(Rules()), LineReader(Rules())
    for line, event in zip(lines, pipeline.events(grok, lines), strict=True):
        read = reader.read(envelope.line(json.dumps(written(event)).encode(), NOW), NOW)
        right = reader.read(line.encode(), NOW)
        assert (read.host, read.program, read.pid, read.message) == (
            right.host,
            right.program,
            right.pid,
            right.message,
        )
        assert read.time == find(event, "@timestamp").timestamp() * SECOND


# To Elasticsearch.


def test_time_recive_is_when_logstash_got_the_line_and_no_line_chooses_its_index(grok: Grok, direct: Pipeline) -> None:
    lines = ["Nov 23 10:00:00 web1 su: x", "9999-01-01T00:00:00Z web1 su: x", "Feb 31 10:00:00 web1 su: x", "no header"]
    events = direct.events(grok, lines)
    assert [f"{event['@timestamp']:%Y-%m-%d}" for event in events] == [
        "2026-11-23",
        "9999-01-01",
        "2026-11-24",
        "2026-11-24",
    ]
    assert [event.get("tags") for event in events] == [None, None, ["_dateparsefailure"], ["_grokparsefailure"]]
    for event in events:
        assert event["time_recive"] == event["event"]["created"] == RECEIVED
        assert put_in(event, direct.plugin("output", "elasticsearch")["index"]) == "logstash-2026.11.24"


def quiet(*_: object) -> None:
    """Tell nobody of progress."""


def store(url: str, index: str, events: Sequence[Event]) -> None:
    """Store events in an index without a template, as Logstash does; a document that is refused is an error."""
    with closing(Elasticsearch(url, request_timeout=120)) as client:
        documents = ({"_index": index, "_source": written(event)} for event in events)
        bulk(client, documents)
        client.indices.refresh(index=index)


def test_elasticsearch_takes_each_document_and_knows_time_recive_as_a_time(
    elasticsearch: str, index_prefix: str, grok: Grok, direct: Pipeline
) -> None:
    pids = [f"Nov 24 10:00:00 web1 su[{pid}]: x" for pid in ("7", "main", "7" * 64)]
    lines = [*pids, *HOSTILE]
    store(elasticsearch, f"{index_prefix}-a", direct.events(grok, lines))
    with closing(patient(elasticsearch)) as client:
        assert client.count(index=f"{index_prefix}-a")["count"] == len(lines)
        mapping = client.indices.get_mapping(index=f"{index_prefix}-a")[f"{index_prefix}-a"]["mappings"]["properties"]
    assert mapping["time_recive"] == mapping["@timestamp"] == {"type": "date"}


@pytest.mark.parametrize("field", [None, "event.original"])
@pytest.mark.parametrize("log", ["Linux", "OpenSSH"])
def test_what_went_straight_to_elasticsearch_trains_as_the_file_does(
    field: str | None,
    log: str,
    elasticsearch: str,
    index_prefix: str,
    grok: Grok,
    direct: Pipeline,
    loghub: Path,
    tmp_path: Path,
) -> None:
    lines = lines_of(loghub, log)
    store(elasticsearch, f"{index_prefix}-a", direct.events(grok, lines))
    file = tmp_path / "syslog"
    file.write_bytes(b"".join(line.encode() + b"\n" for line in lines))
    os.utime(file, (NOW // SECOND, NOW // SECOND))

    def trained(name: str, path: str, *settings: str) -> list[dict[str, Any]]:
        config = load(TrainingConfig, None, {}, [f"patterns.store={tmp_path / name}", *settings])
        version: str = train([path], config, config.rules({}), force=True, progress=quiet)["version"]
        rows = (tmp_path / name / version / "patterns.jsonl").read_bytes().splitlines()
        patterns: list[dict[str, Any]] = [json.loads(row) for row in rows]
        for pattern in patterns:
            if field is None:
                # Whole lines, whose headers are made anew of the fields.
                assert pattern.pop("examples")
        return patterns

    place = [f"corpus.elasticsearch.url={elasticsearch}"]
    place += [f"corpus.elasticsearch.message_field={field}"] if field else []
    found = trained("a", f"elasticsearch:{index_prefix}-*", *place)
    assert len(found) > 10
    assert found == trained("b", str(file))
