"""
A document of Elasticsearch → the line it holds.

Written by Logstash, Filebeat or others, it is an envelope: see patterns/envelope.py. Written by our own stream it is an
event, whose line is known exactly: `event.original`, or the bytes of `logwinnow.original_base64` where they are not
UTF-8. It is taken as it was, with no header put in front, so that what was streamed trains as its file would. An alert
of ours is no line: that of which it tells is an event too.
"""

import base64
from collections.abc import Mapping
from typing import Any, Final

from patterns.envelope import FIELDS, Envelope
from patterns.errors import EnvelopeError
from patterns.rules import Rules
from training.fetched.counts import FetchCounts
from training.fetched.spool import LATEST, Spool

_OURS: Final = ("event.kind", "event.original", "logwinnow.set", "logwinnow.original_base64")


class IsAlert(Exception):
    """Raised for a document that is an alert of ours."""


def is_ours(document: Mapping[str, Any]) -> bool:
    """Tell whether our own stream wrote a document, event or alert."""
    ours = document.get("logwinnow")
    return isinstance(ours, dict) and isinstance(document.get("event"), dict) and "set" in ours


class DocumentReader:
    """Takes lines out of documents. Not thread-safe."""

    def __init__(self, rules: Rules, message_field: str | None) -> None:
        """
        Make one.

        Args:
            rules: How the lines are read afterwards.
            message_field: The one field that has the line, whoever wrote the document; None for what is said above.

        Raises:
            RulesError: A format cannot be compiled.
        """
        self._envelope = Envelope(rules, message_field)
        self._any_writer = message_field is not None
        self.fields = sorted({*FIELDS, *_OURS, *([message_field] if message_field else [])})
        """What is needed of a document: names of fields, or of objects with all that is in them."""

    def line(self, document: Mapping[str, Any], record_time: int) -> bytes:
        """
        Return the line of a document.

        Args:
            document: At least those of its fields that `fields` names.
            record_time: In microseconds since 1970.

        Raises:
            EnvelopeError: It has none.
            IsAlert: It is an alert of ours.
        """
        if self._any_writer or not is_ours(document):
            return self._envelope.line(document, record_time)
        ours, event = document["logwinnow"], document["event"]
        if event.get("kind") == "alert":
            raise IsAlert
        try:
            exact = ours.get("original_base64")
            return base64.b64decode(exact, validate=True) if exact else event["original"].encode()
        except (KeyError, AttributeError, TypeError, ValueError):
            raise EnvelopeError("no text in field event.original") from None


def spool_document(
    document: Mapping[str, Any],
    record_time: int,
    chosen_by: int,
    reader: DocumentReader,
    counts: FetchCounts,
    spool: Spool,
) -> None:
    """
    Put the line of a document into the spool, or count why it is none.

    Args:
        document: At least the fields that `reader` names.
        record_time: Its time, in microseconds since 1970.
        chosen_by: The time by which it was selected, and of whose day it is.
        reader: Takes the line out.
        counts: What became of it is counted there.
        spool: Takes the line.
    """
    if counts.excludes(record_time, chosen_by):
        counts.leave_out("excluded")
        return
    try:
        line = reader.line(document, min(max(record_time, 0), LATEST))
    except EnvelopeError:
        counts.leave_out("no_line")
    except IsAlert:
        counts.leave_out("alert")
    else:
        spool.add(line, record_time, chosen_by)
        counts.lines += 1
