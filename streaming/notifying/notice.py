"""
What leaves: an alert, an overflow or a digest as receivers get it, of closed fields, masked where that is asked for.

    alert      kind id source time created summary set count untold bucket find first_event_id link
               message host program scope shape shape_id reason nearest difference pattern name severity runbook
               of a provisional pattern pattern_id shapes examples, and no shape shape_id nearest difference
    unusual    kind id source time created summary set untold bucket find link message unusual observed usual spread
               host scope pattern name severity runbook value count first_event_id
    overflow   kind id source time created summary set find link message
    digest     kind id source time created summary set link digest.{since,until,lines,outliers,new_kinds,told_again,
               held_back,accepted}

An unusual one is about lines of a known kind; `unusual` says what: rate, heartbeat, silent_host, silent_source, value.

Masked (`redact_below`), an alert has no host, difference, examples, shape_id and pattern_id; `message` is its shape, or
its provisional pattern, in which each word of less lines is `<*>`, as in `nearest` and `pattern`; `program` and `scope`
are the scope, or `<*>`. Its id follows from where its first line stands, and `find` names that line: the ids of the
sink are hashes of scope and shape, by which somebody who has the rest could try what a masked word is. An unusual one
has no host and no value, its message has numbers alone, and its id follows from when it was told.
"""

import re
from collections.abc import Callable
from typing import Any, Final, Literal

import msgspec

from patterns.language import hash_of
from patterns.terminal import printable
from streaming.notifying.redaction import Frequent
from streaming.unusual.documents import HEARTBEAT, RATE, SILENT_HOST, SILENT_SOURCE, VALUE, lasting, sentence_of

_SUMMARY_CHARACTERS = 300

UNUSUAL: Final = {
    RATE: "Unusual rate",
    HEARTBEAT: "Heartbeat stopped",
    SILENT_HOST: "Silent host",
    SILENT_SOURCE: "Silent source",
    VALUE: "New value",
}
"""What is told of lines of known kinds, in words."""


class DigestNumbers(msgspec.Struct, frozen=True, kw_only=True):
    """
    What happened between two times, RFC 3339.

    Attributes:
        since: The former.
        until: The latter.
        lines: That were judged, or unjudged for one of the reasons.
        outliers: Of them.
        new_kinds: Shapes that were told for the first time.
        told_again: Alerts of shapes that had been told before.
        held_back: Outliers that no alert counted: of shapes told in the same interval, or above the cap.
        accepted: Shapes and patterns that the operator accepted; None where that cannot be read.
        unusual: Alerts of what was unusual of lines of known kinds; None for none.
    """

    since: str
    until: str
    lines: int = 0
    outliers: int = 0
    new_kinds: int = 0
    told_again: int = 0
    held_back: int = 0
    accepted: int | None = None
    unusual: int | None = None


class Notice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message to a receiver; see the module. What is None is not there."""

    kind: Literal["alert", "unusual", "overflow", "digest"]
    id: str
    source: str
    time: str
    created: str
    summary: str
    redacted: bool = False
    set: str | None = None
    link: str | None = None
    find: str | None = None
    first_event_id: str | None = None
    message: str | None = None
    host: str | None = None
    program: str | None = None
    scope: str | None = None
    shape: str | None = None
    shape_id: str | None = None
    reason: str | None = None
    nearest: str | None = None
    difference: str | None = None
    pattern: str | None = None
    pattern_id: str | None = None
    shapes: int | None = None
    examples: tuple[str, ...] | None = None
    name: str | None = None
    severity: str | None = None
    runbook: str | None = None
    count: int | None = None
    untold: int | None = None
    bucket: str | None = None
    unusual: str | None = None
    observed: float | None = None
    usual: float | None = None
    spread: float | None = None
    value: str | None = None
    digest: DigestNumbers | None = None


Noticed = Callable[[dict[str, Any]], Notice]
"""Document of an item → notice."""


def notice_of(document: dict[str, Any], link: str | None, frequent: Frequent | None) -> Notice:
    """
    Return what leaves.

    Args:
        document: Of an alert or an overflow as the sink has it, or a digest (`digest_document`).
        link: Where people look further.
        frequent: What may leave of words; None for all.
    """
    event, ours = document["event"], document["logwinnow"]
    given: dict[str, Any] = {
        "id": event["id"],
        "source": event["dataset"],
        "time": document["@timestamp"],
        "created": event["created"],
        "set": ours.get("set"),
        "find": ours.get("find"),
        "link": link,
    }
    if "digest" in ours:
        numbers = msgspec.convert(ours["digest"], DigestNumbers)
        return Notice(kind="digest", summary=digest_summary(numbers), digest=numbers, **given)
    if "overflow" in ours:
        return Notice(kind="overflow", summary=document["message"], message=document["message"], **given)
    if "kind" in ours:
        return _unusual(document, given, frequent)
    given |= {
        "first_event_id": event["first_event_id"],
        "reason": ours.get("reason"),
        "count": ours["count"],
        "untold": ours["untold"],
        "bucket": ours["bucket"],
        "shapes": ours.get("shapes"),
        # What the operator called it, in a file of his own.
        **{name: ours.get("pattern", {}).get(name) for name in ("name", "severity", "runbook")},
    }
    given |= _whole(document) if frequent is None else _masked(document, frequent)
    return Notice(kind="alert", summary=_summary(given), redacted=frequent is not None, **given)


def _unusual(document: dict[str, Any], given: dict[str, Any], frequent: Frequent | None) -> Notice:
    event, ours = document["event"], document["logwinnow"]
    own = ours.get("pattern", {})
    given |= {
        "unusual": ours["kind"],
        "first_event_id": event.get("first_event_id"),
        **{name: ours.get(name) for name in ("count", "untold", "bucket", "observed", "usual", "spread")},
        **{name: own.get(name) for name in ("name", "severity", "runbook")},
    }
    if frequent is None:
        said = sentence_of(document)
        given |= {
            "message": document["message"],
            "host": document.get("host", {}).get("name"),
            "value": ours.get("value"),
            "scope": ours.get("scope"),
            "pattern": own.get("text"),
        }
    else:
        said = _numbers_alone(ours)
        created, sequence = event["created"], event["sequence"]
        given |= {
            "id": hash_of(["unusual", given["source"], created, sequence], 10),
            "find": f'event.kind: "alert" and event.created: "{created}" and event.sequence: {sequence}',
            "message": said,
            "scope": frequent.scope(ours["scope"]) if ours.get("scope") else None,
            "pattern": frequent.pattern(own["text"]) if own else None,
        }
    what = UNUSUAL[ours["kind"]].lower()
    summary = printable(re.sub(r"\s+", " ", f"{what} in {given['source']}: {said}"), _SUMMARY_CHARACTERS)
    return Notice(kind="unusual", summary=summary, redacted=frequent is not None, **given)


def _numbers_alone(ours: dict[str, Any]) -> str:
    """Return what is told without a word of a log, or a host."""
    if ours["kind"] == RATE:
        return f"{ours['observed']:,.0f} lines in an hour, usual are {ours['usual']:,.0f} ± {ours['spread']:,.0f}"
    if ours["kind"] == HEARTBEAT:
        return f"no line for {lasting(ours['observed'])}, usual is one every {lasting(ours['period'])}"
    if ours["kind"] == VALUE:
        return f"parameter {ours['gap'] + 1} of a pattern has a value that no training saw"
    return f"{ours['observed']:,.0f} came of {ours['usual']:,.0f} that are usual"


def _whole(document: dict[str, Any]) -> dict[str, Any]:
    ours = document["logwinnow"]
    of = {"shape": ours["shape"]["text"], "shape_id": ours["shape"]["id"]} if "shape" in ours else {}
    if "shapes" in ours:
        of = {"pattern_id": ours["pattern"]["id"], "examples": tuple(ours["examples"])}
    return {
        **of,
        "message": document["message"],
        "host": document.get("host", {}).get("name"),
        "program": document.get("process", {}).get("name"),
        "scope": ours.get("scope"),
        "nearest": ours.get("nearest", {}).get("text"),
        "difference": ours.get("nearest", {}).get("difference"),
        "pattern": ours.get("pattern", {}).get("text"),
    }


def _masked(document: dict[str, Any], frequent: Frequent) -> dict[str, Any]:
    event, ours = document["event"], document["logwinnow"]
    first = event["first_event_id"]
    nearest, pattern = (ours.get(name, {}).get("text") for name in ("nearest", "pattern"))
    shape = frequent.shape(ours["shape"]["text"]) if "shape" in ours else None
    scope = frequent.scope(ours["scope"]) if ours.get("scope") else None
    return {
        "id": hash_of(["alert", first, ours["bucket"]], 10),
        "find": f'event.id: "{first}"',
        "message": shape if shape is not None else frequent.pattern(pattern or ""),
        "shape": shape,
        "program": scope,
        "scope": scope,
        "nearest": frequent.pattern(nearest) if nearest else None,
        "pattern": frequent.pattern(pattern) if pattern else None,
    }


def _summary(given: dict[str, Any]) -> str:
    """Return one line for people, in which nothing of a log moves a cursor."""
    new = f"{given['shapes']:,} new shapes that are alike" if given["shapes"] else "new kind"
    what = given["name"] or {"pending": "pending kind", "rejected": "rejected kind"}.get(given["reason"], new)
    of = " ".join(filter(None, (given.get("host"), given["program"])))
    number = f"{given['count']:,} line{'s' if given['count'] > 1 else ''}"
    line = given["pattern"] if given["shapes"] else given["message"]
    text = f"{what} in {given['source']}{of and f', {of}'} ({number}): {line}"
    return printable(re.sub(r"\s+", " ", text), _SUMMARY_CHARACTERS)


def digest_summary(numbers: DigestNumbers) -> str:
    """Return a digest in one sentence."""
    said = [f"{numbers.new_kinds:,} new kind{'' if numbers.new_kinds == 1 else 's'}"]
    if numbers.told_again:
        said.append(f"{numbers.told_again:,} told again")
    if numbers.unusual is not None:
        said.append(f"{numbers.unusual:,} unusual")
    if numbers.accepted is not None:
        said.append(f"{numbers.accepted:,} accepted")
    said += [
        f"{numbers.held_back:,} line{'' if numbers.held_back == 1 else 's'} held back",
        f"{numbers.outliers:,} outliers of {numbers.lines:,} lines",
    ]
    return f"since {numbers.since[:16].replace('T', ' ')} UTC: {', '.join(said)}"
