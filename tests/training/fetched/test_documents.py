"""A document of Elasticsearch → its line: of any writer's, and of our own stream's the very line that it judged."""

from typing import Any

import pytest

from patterns.errors import EnvelopeError
from patterns.judge import Judge
from patterns.language import parse
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.rules import Rules
from streaming import documents
from streaming.source import SourceLine
from training.fetched.documents import DocumentReader, IsAlert

NOON = 1_795_521_600_000_000
LINE = "Nov 24 11:59:58 web1 su[77]: failed for root"


def reader(field: str | None = None) -> DocumentReader:
    return DocumentReader(Rules(), field)


def event_of(line: bytes) -> dict[str, Any]:
    """Return the event that the stream writes of a line."""
    known = PatternSet.of(Rules(), [KnownPattern("", parse("job *{1,1} done"), level=2, support=2, mined_support=2)])
    judgement = Judge(known).judge(line, NOON)
    where = SourceLine(line, line, NOON, "id", "place", 0, {"kafka": {"topic": "logs", "partition": 0, "offset": 0}})
    return documents.event(judgement, [], where, source="logs", created="now", version="v1")


@pytest.mark.parametrize(
    ("document", "line"),
    [
        ({"message": LINE}, LINE),
        ({"message": LINE, "@timestamp": "2020-01-01T00:00:00Z", "host": {"name": "shipper"}}, LINE),
        ({"message": LINE, "@timestamp": "2020-01-01T00:00:00Z", "host": "shipper"}, LINE),
        (
            {"message": "failed", "@timestamp": "2026-11-24T10:00:00.5Z", "host": {"name": "web1"}},
            "2026-11-24T10:00:00.500000+00:00 web1 -: failed",
        ),
        ({"message": "failed", "event": {"original": LINE}}, "failed"),
        ({"message": "failed", "event": {"original": LINE}, "logwinnow": "somebody else's"}, "failed"),
        ({"message": "failed", "logwinnow": {"set": "v1"}}, "failed"),
        ({"message": [LINE, "failed for root"]}, LINE),
    ],
)
def test_of_others_it_is_what_the_envelope_says(document: dict[str, Any], line: str) -> None:
    assert reader().line(document, NOON) == line.encode()


def test_a_field_that_is_named_is_the_line_of_any_document() -> None:
    assert reader("event.original").line({"message": "failed", "event": {"original": LINE}}, NOON) == LINE.encode()
    assert reader("event.original").line(event_of(LINE.encode()), NOON) == LINE.encode()
    with pytest.raises(EnvelopeError, match="no text in field text"):
        reader("text").line(event_of(LINE.encode()), NOON)


@pytest.mark.parametrize(
    "line",
    [
        LINE.encode(),
        b"",
        b"job 1 done",
        b"a line without a header",
        b"<34>1 2026-11-24T10:00:00Z web1 su 77 - - failed",
        b"not UTF-8: \xff\xfe",
        "größe 漢字 \u2028 \x00".encode(),
        b"word " * 20_000,
    ],
    ids=lambda line: repr(line[:20]),
)
def test_of_our_own_it_is_the_very_line_that_was_judged(line: bytes) -> None:
    document = event_of(line)

    assert reader().line(document, NOON) == line


def test_an_alert_of_ours_is_told_apart() -> None:
    first = event_of(LINE.encode())
    alert = documents.alert(first, identity="id", bucket="2026-11-24", count=1, untold=0)
    overflow = documents.overflow("more than 5 alerts", identity="id", source="logs", time="now", version="v1")

    for document in (alert, documents.brief(alert), overflow):
        with pytest.raises(IsAlert):
            reader().line(document, NOON)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"message": None},
        {"message": {"text": "a"}},
        {"logwinnow": {"set": "v1"}, "event": {}},
        {"logwinnow": {"set": "v1"}, "event": {"original": 5}},
        {"logwinnow": {"set": "v1", "original_base64": "no base64!"}, "event": {"original": "a"}},
        {"logwinnow": {"set": "v1", "original_base64": 5}, "event": {"original": "a"}},
    ],
)
def test_a_document_without_a_line_is_told(document: dict[str, Any]) -> None:
    with pytest.raises(EnvelopeError, match="no text in field"):
        reader().line(document, NOON)


def test_no_more_is_asked_for_than_is_looked_at() -> None:
    fields = reader("text.of.it").fields

    assert {"message", "@timestamp", "host.name", "event.original", "logwinnow.original_base64"} <= set(fields)
    assert "text.of.it" in fields
    assert "event" not in fields
    whole = {
        "message": "failed",
        "@timestamp": "2026-11-24T10:00:00Z",
        "logsource": "web1",
        "program": "su",
        "pid": "7",
    }
    asked = {name: value for name, value in whole.items() if name in fields}
    assert asked == whole
