"""
The rules by which lines are read and taken apart: given to the trainer, stored with the set, used by every judge.

    header formats ─► line.py     multiline ─► records.py     word classes ─► words.py
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from patterns.errors import RulesError
from patterns.words import WordRules

AUTO: Final = "auto"
PLAIN: Final = "plain"
BUILT_IN_FORMATS: Final = ("rfc5424", "iso", "rfc3164")
DEFAULT_MAX_LINE_BYTES: Final = 65_536

Multiline = Literal["off", "indented", "no_header"]
OFF: Final = "off"
INDENTED: Final = "indented"
NO_HEADER: Final = "no_header"
MULTILINE: Final = (OFF, INDENTED, NO_HEADER)


@dataclass(frozen=True, slots=True)
class FormatRule:
    """
    A header format beyond the built-in ones, as conf/formats.toml has it.

    Attributes:
        expression: RE2 regular expression of the whole line with named groups out of timestamp, host, program, pid,
            level, message; message is required.
        time: How the timestamp reads: ``iso``, ``epoch`` (seconds), or directives of strptime; without %Y or %y the
            year is the one that puts the time nearest to the record time. ``""`` where there is no timestamp.
        zone: IANA name of the zone of timestamps that name none; ``""`` for the zone of the rules.
    """

    expression: str
    time: str = ""
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """
    All rules of reading and splitting.

    Attributes:
        words: How messages are taken apart.
        header: ``auto`` finds each line's format; ``plain`` takes the whole line as message; or one format's name.
        formats: Name → format beyond the built-in ones, tried in this order after those.
        zone: IANA name of the zone of timestamps that name none.
        max_line_bytes: A longer line is cut at the last separator before it, for judging only.
        multiline: Which lines of a file belong to the one before: ``off`` none, ``indented`` those that begin with
            white space, ``no_header`` also those that no header format fits. Where records come as such, none do.
    """

    words: WordRules = field(default_factory=WordRules)
    header: str = AUTO
    formats: Mapping[str, FormatRule] = field(default_factory=dict)
    zone: str = "UTC"
    max_line_bytes: int = DEFAULT_MAX_LINE_BYTES
    multiline: Multiline = OFF


def as_stored(rules: Rules) -> dict[str, Any]:
    """Return rules as a set stores them and as its fingerprint sees them: `multiline` only where lines are joined."""
    stored = asdict(rules)
    # Sets that do not join, and those from before there was a choice, are the same.
    if rules.multiline == OFF:
        del stored["multiline"]
    return stored


def load_zone(name: str) -> ZoneInfo:
    """
    Return a time zone.

    Raises:
        RulesError: The machine knows no zone of this name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise RulesError(
            f"zone is {name!r}: no such time zone; give an IANA name such as UTC or Europe/Berlin"
        ) from None
