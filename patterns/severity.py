"""
Words that say how grave a line is, as the level of a header or at the start of a message: from TRACE to FATAL.

Software calls them differently: ``WARN`` (log4j), ``warning`` (syslog), ``W`` (klog, logcat), ``WRN`` (zerolog).
"""

from collections.abc import Iterator
from typing import Final

_SPELLED_THREE_WAYS: Final = (
    "trace verbose",
    "debug",
    "info information",
    "notice",
    "warn warning",
    "error err",
    "critical crit",
    "alert",
    "fatal emerg emergency",
)
"""Mildest first; in capitals, in small letters, and with a capital in front."""

_CAPITALS: Final = (
    "FINEST FINER FINE V VRB",
    "D DBG",
    "CONFIG LOG I INF",
    "",
    "W WRN",
    "SEVERE E ERR",
    "C CRI",
    "",
    "FAILURE PANIC F FTL",
)
"""As grave as those of the same place, and words of other meanings unless they are in capitals."""


def _severities() -> Iterator[tuple[str, int]]:
    for severity, (words, capitals) in enumerate(zip(_SPELLED_THREE_WAYS, _CAPITALS, strict=True)):
        for word in words.split():
            yield from ((spelled, severity) for spelled in (word, word.upper(), word.capitalize()))
        yield from ((word, severity) for word in capitals.split())


SEVERITIES: Final = dict(_severities())
"""Word → how grave it is, from 0."""


def split_severity(shape: str) -> tuple[str, str]:
    """Return the word of severity that a shape begins with, and what follows it; ``""`` and the shape where none is."""
    word, _, rest = shape.partition(" ")
    return (word, rest) if rest and word in SEVERITIES else ("", shape)
