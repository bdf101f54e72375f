"""
Judged line → event; outlier shape → alert: the documents that a sink gets, in ECS field names.

    event   @timestamp message event.{id,kind=event,dataset,created,original} host.name process.{name,pid}
            log.{level,file.path,offset,syslog.{priority,facility.code,severity.code}} kafka.{topic,partition,offset}
            source.ip
            logwinnow.{outlier,unjudged,reason,set,set_published,scope,
                       pattern.{id,text,label,state,first_day,name,severity,runbook},params,
                       shape.{id,text},nearest.{id,text,difference},cut,original_base64}
    alert   the same of the line that stands for the shape, but event.kind=alert, event.id by shape and bucket,
            event.first_event_id that of the line, and logwinnow.{bucket,count,untold,find,accept,explain}
    overflow  @timestamp message event.{id,kind=alert,dataset,created} logwinnow.{overflow,set,find}

An outlier has a pattern too where that is pending or rejected, which is its reason then; else what is nearest. Name,
severity and runbook are what the operator says of the pattern.

No field name comes from a log line. A value that is searched by is no longer than KEYWORD characters, cut with ``…``;
`message` and `event.original` are whole.
"""

import json
from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final

import msgspec
import pyarrow as pa

from patterns.judge import Judgement, shape_id
from patterns.language import hash_of
from patterns.line import Line
from patterns.matcher import NEW_PROGRAM, NO_PATTERN, Nearest, Verdict
from patterns.pattern_set import KnownPattern
from patterns.timestamps import iso
from patterns.versions import published_at
from streaming.source import SourceLine

KEYWORD: Final = 8_191
"""Characters of a keyword at most; at 4 bytes each they fit Elasticsearch's limit of 32,766 bytes."""


def keyword(text: str) -> str:
    """Return the text, cut with a mark where it is longer than KEYWORD."""
    return cut(text, KEYWORD)


def cut(text: str, most: int) -> str:
    """Return the text, cut with a mark where it is longer than that."""
    return text if len(text) <= most else text[: most - 1] + "…"


def file_event_ids(source: str, identity: str, offsets: Iterable[int]) -> list[str]:
    """Return the ids of lines at byte offsets of a file: 20 hexadecimal digits, the same on every replay."""
    return _ids((source, identity), (b"%d]" % offset for offset in offsets))


def shipped_event_id(source: str, host: str, identity: str, offset: int) -> str:
    """Return the id of the line at a byte offset of a file of another host, the same however often it is shipped."""
    return _ids((source, host, identity), [b"%d]" % offset])[0]


def record_event_ids(source: str, topic: str, partition: int, places: Iterable[tuple[int, int]]) -> list[str]:
    """
    Return the ids of records of Kafka, each given by its offset and record time: 20 hexadecimal digits.

    The record time is in it because a topic that is deleted and made again begins at offset 0.
    """
    return _ids((source, topic, partition), (b"%d,%d]" % place for place in places))


def message_event_ids(source: str, spool: str, segment: int, numbers: Iterable[int]) -> list[str]:
    """
    Return the ids of messages of a spool: 20 hexadecimal digits, the same on every replay.

    Args:
        source: Name of the source.
        spool: Id of the spool, made anew with each.
        segment: Number of its segment.
        numbers: The messages' in the segment.
    """
    return _ids((source, spool, segment), (b"%d]" % number for number in numbers))


def _ids(place: tuple[str | int, ...], rests: Iterable[bytes]) -> list[str]:
    """Return the hashes of what ids of one place have in common and the rest of each: the first is half the work."""
    begun, found = _begun(*place).copy, []
    for rest in rests:
        digest = begun()
        digest.update(rest)
        found.append(digest.hexdigest())
    return found


@lru_cache(maxsize=4096)
def _begun(*place: str | int) -> blake2b:
    """Return the hash of what the ids of one place have in common."""
    return blake2b(json.dumps(place, separators=(",", ":"))[:-1].encode() + b",", digest_size=10)


def event(
    judgement: Judgement, parameters: list[str], line_of: SourceLine, *, source: str, created: str, version: str
) -> dict[str, Any]:
    """
    Return the event of a line.

    Args:
        judgement: The line and its verdict.
        parameters: What the gaps of its pattern took.
        line_of: The same line as its source gave it.
        source: Name of the source; the event's dataset.
        created: When its batch was planned, RFC 3339.
        version: Of the pattern set that it was judged by.
    """
    shaped = judgement.shaped
    line = shaped.line
    document: dict[str, Any] = {
        "@timestamp": iso(line.time),
        "message": line.message,
        "event": {
            "id": line_of.event_id,
            "kind": "event",
            "dataset": source,
            "created": created,
            "original": line.text,
        },
        **_header(line, line_of.where),
        "logwinnow": {**of_set(version), **of_kind(shaped.scope, shaped.shape, shaped.unjudged, judgement.verdict)},
    }
    if parameters:
        document["logwinnow"]["params"] = [keyword(value) for value in parameters]
    if line.cut:
        document["logwinnow"]["cut"] = True
    if line.original is not None:
        document["logwinnow"]["original_base64"] = line.original
    return document


@lru_cache(maxsize=16)
def of_set(version: str) -> dict[str, str]:
    """Return the version of the set and, where its name says so, when it was published: dashboards show its age."""
    published = published_at(version)
    return {"set": version} if published is None else {"set": version, "set_published": iso(published)}


def _header(line: Line, where: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of the header, and of where the line stands."""
    fields = dict(where)
    if line.host:
        fields["host"] = {"name": keyword(line.host)}
    if line.program:
        fields["process"] = process_of(line.program, line.pid)
    log = log_of(line.level, line.priority)
    if log:
        fields["log"] = {**log, **fields.get("log", {})}
    return fields


def process_of(program: str, pid: str | None) -> dict[str, Any]:
    """Return what an event says of a header's program and process id."""
    # A long holds 18 digits whatever they are; a pid that is none is in event.original.
    number = {"pid": int(pid)} if pid and pid.isdecimal() and len(pid) < 19 else {}
    return {"name": keyword(program), **number}


def log_of(level: str | None, priority: int | None) -> dict[str, Any]:
    """Return what an event says of a header's level and priority, nothing where there are none."""
    log: dict[str, Any] = {}
    if level:
        log["level"] = keyword(level)
    if priority is not None:
        facility, severity = divmod(priority, 8)
        log["syslog"] = {"priority": priority, "facility": {"code": facility}, "severity": {"code": severity}}
    return log


def of_kind(scope: str, shape: str, unjudged: str | None, verdict: Verdict | None) -> dict[str, Any]:
    """Return what the events of all lines of a scope and shape have below ``logwinnow``, but for what gaps took."""
    fields: dict[str, Any] = {"outlier": verdict is not None and verdict.outlier}
    if scope:
        fields["scope"] = keyword(scope)
    if verdict is None:
        return {**fields, "unjudged": unjudged}
    fields["shape"] = {"id": shape_id(scope, shape), "text": keyword(shape)}
    if verdict.reason is not None:
        fields["reason"] = verdict.reason
    if verdict.known is not None:
        fields["pattern"] = pattern(verdict.known)
    elif verdict.nearest:
        fields["nearest"] = nearest(verdict.nearest)
    return fields


def pattern(known: KnownPattern) -> dict[str, str]:
    """Return what documents say of a pattern."""
    fields = {"id": known.id, "text": keyword(known.pattern.text), "label": known.label, "state": known.state}
    if known.first_day is not None:
        fields["first_day"] = known.first_day
    if known.name is not None:
        fields["name"] = keyword(known.name)
    if known.severity is not None:
        fields["severity"] = known.severity
    if known.runbook is not None:
        fields["runbook"] = keyword(known.runbook)
    return fields


def brief(document: dict[str, Any]) -> dict[str, Any]:
    """Return an event with a line of megabytes cut, as an alert holds it."""
    shortened = {**document["event"], "original": keyword(document["event"]["original"])}
    ours = {name: value for name, value in document["logwinnow"].items() if name != "original_base64"}
    return {**document, "message": keyword(document["message"]), "event": shortened, "logwinnow": ours}


def decoded(documents: pa.Array, index: int) -> dict[str, Any]:
    """Return one of some events that are JSON."""
    document: dict[str, Any] = msgspec.json.decode(documents[index].as_py())
    return document


def nearest(found: Nearest) -> dict[str, str]:
    """Return the nearest pattern of an outlier and the first difference, in words."""
    return {
        "id": found.known.id,
        "text": keyword(found.known.pattern.text),
        "difference": keyword(str(found.difference)),
    }


def alert_id(scope: str, shape: str, bucket: int) -> str:
    """Return the id of the one alert of a shape in a bucket: 20 hexadecimal digits."""
    return hash_of([scope, shape, bucket], 10)


def alert(first: dict[str, Any], *, identity: str, bucket: str, count: int, untold: int) -> dict[str, Any]:
    """
    Return the alert of a shape.

    Args:
        first: The event of its first line in the batch.
        identity: What `alert_id` returned.
        bucket: Start of the interval in which the shape is told once, RFC 3339.
        count: Lines of the shape in the batch.
        untold: Lines of it since it was told last.
    """
    ours = {
        **first["logwinnow"],
        "bucket": bucket,
        "count": count,
        "untold": untold,
        "find": f'logwinnow.shape.id: "{first["logwinnow"]["shape"]["id"]}"',
        "accept": f"logwinnow patterns accept {identity}",
        "explain": explained(first["logwinnow"], identity),
    }
    return {
        **first,
        "event": {**first["event"], "id": identity, "kind": "alert", "first_event_id": first["event"]["id"]},
        "logwinnow": ours,
    }


def explained(ours: dict[str, Any], identity: str, alike: str = "") -> str:
    """
    Return in a sentence why a line is told, and by which command there is more to read.

    Args:
        ours: What its event has below ``logwinnow``.
        identity: Of the alert.
        alike: What is said before that: of how many lines are told with it.
    """
    program = f" of {ours['scope']}" if ours.get("scope") else ""
    said = {
        NO_PATTERN: f"no pattern{program} matches",
        NEW_PROGRAM: f"the set knows no line{program or ' without a program'}",
    }
    reason = ours.get("reason") or ours.get("pattern", {}).get("state")
    why = said.get(reason, f"a pattern{program} matches, and it is {reason}")
    near = ours.get("nearest")
    nearest_is = f"; nearest is {near['id']}, {near['difference']}" if near else ""
    return f"{keyword(alike + why + nearest_is)}; more: logwinnow explain {identity}"


def overflow(message: str, *, identity: str, source: str, time: str, version: str) -> dict[str, Any]:
    """Return the one alert that stands for those that are not told one by one; `message` says why."""
    return {
        "@timestamp": time,
        "message": f"{message}; their lines are events all the same",
        "event": {"id": identity, "kind": "alert", "dataset": source, "created": time},
        "logwinnow": {"overflow": True, "set": version, "find": "logwinnow.outlier: true"},
    }
