"""Records that carry a line, and the lines that are read of them, as the tests of envelopes share them."""

from datetime import UTC, datetime
from typing import Any

from patterns.envelope import Envelope
from patterns.line import Line, LineReader
from patterns.rules import Rules
from patterns.timestamps import microseconds

RECORD = microseconds(datetime(2026, 11, 24, 12, tzinfo=UTC))
"""When every record of these tests reached us."""
AT_RECORD = "2026-11-24T12:00:00.000000+00:00"

ENVELOPE = Envelope(Rules())
READER = LineReader(Rules())


def line(document: dict[str, Any] | bytes, envelope: Envelope = ENVELOPE) -> str:
    return envelope.line(document, RECORD).decode()


def read(document: dict[str, Any], envelope: Envelope = ENVELOPE) -> Line:
    return READER.read(envelope.line(document, RECORD), RECORD)
