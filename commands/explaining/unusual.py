"""What an alert about no single line says: a rate, a heartbeat, a host or source that fell silent."""

import shlex
from collections.abc import Iterator
from typing import Any

import msgspec

from streaming.unusual.documents import sentence_of


class Unusual(msgspec.Struct):
    """
    What `logwinnow explain --json` prints of such an alert.

    Attributes:
        id: Of the alert.
        kind: What is unusual.
        time: When it was told, RFC 3339.
        message: It in a sentence.
        host: None where it is of no host.
        pattern: Id of the pattern; None where it is of none.
        observed: What was counted, in the unit of `usual`; None where nothing was.
        usual: What is usual.
        untold: How often it was so since it was told before.
        find: What finds its lines in Kibana.
        baselines: The command that shows what is usual of the pattern, for the set that it was told by.
    """

    id: str
    kind: str
    time: str
    message: str
    host: str | None
    pattern: str | None
    observed: float | None
    usual: float | None
    untold: int
    find: str
    baselines: str | None


def is_about_no_line(document: dict[str, Any]) -> bool:
    """Tell whether a document is such an alert."""
    return "kind" in document["logwinnow"] and "original" not in document["event"]


def of_document(document: dict[str, Any]) -> Unusual:
    """Return what an alert says; raises KeyError where a field is missing."""
    ours = document["logwinnow"]
    pattern = ours.get("pattern", {}).get("id")
    show = None if pattern is None else shlex.join(["logwinnow", "patterns", "show", pattern, "--version", ours["set"]])
    return Unusual(
        id=document["event"]["id"],
        kind=ours["kind"],
        time=document["@timestamp"],
        message=document["message"],
        host=document.get("host", {}).get("name"),
        pattern=pattern,
        observed=ours.get("observed"),
        usual=ours.get("usual", ours.get("period")),
        untold=ours["untold"],
        find=ours["find"],
        baselines=show,
    )


def of_line(document: dict[str, Any]) -> str | None:
    """Return what an alert of a known kind says of its line, in a sentence; None where a document is none."""
    return sentence_of(document) if "kind" in document["logwinnow"] else None


def facts(alert: Unusual) -> Iterator[tuple[str, str]]:
    """Yield what is said below the sentence: name and text."""
    yield "told", alert.time if not alert.untold else f"{alert.time}; {alert.untold:,} times since it was told before"
    if alert.host is not None:
        yield "host", alert.host
    yield "find", alert.find
    if alert.baselines is not None:
        yield "usual", alert.baselines
