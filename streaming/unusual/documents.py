"""
What is told of lines of known kinds, as documents: alerts with `logwinnow.kind`, which an alert of a new shape has not.

    rate            pattern and host: logwinnow.{direction,hour,observed,usual,spread}
    heartbeat       pattern and host: logwinnow.{last,period,observed}, seconds since it was heard
    silent_host     host: logwinnow.{observed,usual}, of its lines those that are missed and all
    silent_source   no host: the same of hosts, or of what is missed
    value           the event of the first line: logwinnow.{gap,value,count}

All have event.kind=alert, the id by what is told and bucket, event.sequence, `message` a sentence (of a value the line:
explain has the sentence), and logwinnow.{kind,set,bucket,untold,find,explain}; those with a pattern
logwinnow.{scope,pattern}.
"""

import re
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from patterns.pattern_set import KnownPattern
from patterns.timestamps import iso
from patterns.words import CLASS_RUN
from streaming.documents import cut, keyword, pattern

RATE: Final = "rate"
HEARTBEAT: Final = "heartbeat"
SILENT_HOST: Final = "silent_host"
SILENT_SOURCE: Final = "silent_source"
VALUE: Final = "value"

KINDS: Final = (RATE, HEARTBEAT, SILENT_HOST, SILENT_SOURCE, VALUE)

NAMED: Final = 3

_TEXT: Final = 120

_ANY: Final = "*"
_KQL: Final = re.compile(r'[\\():<>"*{}]')
"""What means something in KQL where it is not quoted."""


class Stamp(NamedTuple):
    """
    What each alert has.

    Attributes:
        identity: Of the alert.
        source: Name of the source.
        time: When it is told, in microseconds since 1970.
        version: Of the pattern set.
        bucket: Start of the interval in which it is told once, RFC 3339.
        untold: How often it was so since it was told last.
    """

    identity: str
    source: str
    time: int
    version: str
    bucket: str
    untold: int


def unusual(
    kind: str,
    message: str,
    stamp: Stamp,
    *,
    find: str,
    host: str = "",
    known: KnownPattern | None = None,
    **numbers: str | float,
) -> dict[str, Any]:
    """
    Return an alert that is about no single line.

    Args:
        kind: One of KINDS.
        message: What is told, in a sentence.
        stamp: When, of what, and which.
        find: What finds the lines in Kibana.
        host: ``""`` for none.
        known: The pattern, None for none.
        numbers: Further fields below ``logwinnow``.
    """
    of_pattern = {} if known is None else {"scope": keyword(known.scope), "pattern": pattern(known)}
    explain = keyword(message) + _more(stamp.identity)
    return {
        "@timestamp": iso(stamp.time),
        "message": keyword(message),
        "event": {"id": stamp.identity, "kind": "alert", "dataset": stamp.source, "created": iso(stamp.time)},
        **({"host": {"name": keyword(host)}} if host else {}),
        "logwinnow": {
            "kind": kind,
            "set": stamp.version,
            **of_pattern,
            **numbers,
            "bucket": stamp.bucket,
            "untold": stamp.untold,
            "find": find,
            "explain": explain,
        },
    }


def new_value(
    first: dict[str, Any],
    *,
    identity: str,
    bucket: str,
    count: int,
    untold: int,
    gap: int,
    value: str,
    known: Iterable[str],
) -> dict[str, Any]:
    """
    Return the alert of a value that a parameter never had.

    Args:
        first: The event of its first line in the batch.
        identity: Of the alert.
        bucket: Start of the interval in which it is told once, RFC 3339.
        count: Lines that have it in the batch.
        untold: Lines that have it since it was told last.
        gap: Which parameter, from 0.
        value: The value, cut where it is long.
        known: The values that were usual.
    """
    message = (
        f"{value!r} is new as parameter {gap + 1} of {_named(first['logwinnow']['pattern']['text'])}, which was "
        f"{listed(known)}; the next training learns it"
    )
    ours = {
        **first["logwinnow"],
        "kind": VALUE,
        "gap": gap,
        "value": value,
        "bucket": bucket,
        "count": count,
        "untold": untold,
        "find": f'logwinnow.pattern.id: "{first["logwinnow"]["pattern"]["id"]}" and logwinnow.params: {_wanted(value)}',
        "explain": keyword(message) + _more(identity),
    }
    return {
        **first,
        "event": {**first["event"], "id": identity, "kind": "alert", "first_event_id": first["event"]["id"]},
        "logwinnow": ours,
    }


def sentence_of(document: dict[str, Any]) -> str:
    """Return what such an alert says, without where there is more; of a new value `message` is the line instead."""
    return str(document["logwinnow"]["explain"]).removesuffix(_more(document["event"]["id"]))


def said(known: KnownPattern | None, identity: str, host: str) -> str:
    """Return a pattern on a host in words: what the operator calls it, or its text."""
    of = f"pattern {identity}" if known is None else known.name or _named(known.pattern.text)
    program = f"{known.scope}: " if known is not None and known.scope else ""
    return f"{program}{of}{f' on {host}' if host else ''}"


def lines_of(host: str, pattern: str | None = None) -> str:
    """Return what finds the lines of a host in Kibana, of a pattern alone where one is given; ``""`` for no host."""
    if pattern is None:
        return f"host.name: {quoted(host)}" if host else "not host.name: *"
    return f'logwinnow.pattern.id: "{pattern}"' + (f" and host.name: {quoted(host)}" if host else "")


def listed(names: Iterable[str]) -> str:
    """Return some names in words, the first few of them."""
    every = list(names)
    more = f" and {len(every) - NAMED:,} more" if len(every) > NAMED else ""
    return ", ".join(repr(_named(each)) for each in every[:NAMED]) + more


def lasting(seconds: float) -> str:
    """Return a time for people: in the two largest units that it has."""
    whole, found = round(seconds), []
    for unit, name in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        number, whole = divmod(whole, unit)
        if number:
            found.append(f"{number} {name}")
    return " ".join(found[:2]) or "0 s"


def quoted(text: str) -> str:
    """Return a text as a value in KQL."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _wanted(value: str) -> str:
    """Return what finds a value in KQL: where class words are left open in it, whatever stands there."""
    words = value.split(" ")
    if CLASS_RUN not in words:
        return quoted(value)
    return _ANY.join(["" if word == CLASS_RUN else _KQL.sub(r"\\\g<0>", word) for word in words])


def _more(identity: str) -> str:
    return f"; more: logwinnow explain {identity}"


def _named(text: str) -> str:
    return cut(text, _TEXT)
