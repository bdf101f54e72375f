"""
What is usual of known patterns: how often their lines come, and which values they have. `baselines.jsonl` of a version.

    {"logwinnow-baselines": 1, "from": "2026-11-10", "to": "2026-11-24", "days": 14}
    {"of": "rate", "pattern": "0a1b2c3d4e5f", "host": "web1", "days": 14, "hours": [[40.0, 6.3], … 24 of them]}
    {"of": "heartbeat", "pattern": "5d4c3b2a1f0e", "host": "web1", "period": 60.0, "tolerance": 4.5, "times": 20160}
    {"of": "values", "pattern": "9f8e7d6c5b4a", "gap": 1, "values": ["active", "standby"], "lines": 812}

A training learns it (training/baselines), the stream compares with it (streaming/unusual). The same lines give the
same bytes: rows ascend by kind, pattern, host and gap. A version without the file has no baselines. Values and hosts
are text from log lines.
"""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Final

import msgspec

from patterns.errors import BrokenPatternSet

FILE: Final = "baselines.jsonl"

FORMAT: Final = 1

HOURS: Final = 24

MOST_VALUES: Final = 20
"""Distinct values that a parameter may have for a further one to be remarkable."""

_NotNegative = Annotated[float, msgspec.Meta(ge=0)]
_Positive = Annotated[float, msgspec.Meta(gt=0)]


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    format: int = msgspec.field(name="logwinnow-baselines")
    first_day: str = msgspec.field(name="from")
    last_day: str = msgspec.field(name="to")
    days: int


class Rate(msgspec.Struct, frozen=True, kw_only=True, tag="rate", tag_field="of"):
    """
    Lines of a pattern on a host in an hour.

    Attributes:
        pattern: Its id.
        host: As headers name it, ``""`` where they name none.
        days: From how many days it was learned.
        hours: For each hour of the day, UTC, the median of its lines over the days, and their spread: 1.4826 times the
            median distance from it, which of a normal distribution is the standard deviation.
    """

    pattern: str
    host: str
    days: Annotated[int, msgspec.Meta(ge=1)]
    hours: Annotated[tuple[tuple[_NotNegative, _NotNegative], ...], msgspec.Meta(min_length=HOURS, max_length=HOURS)]


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True, tag="heartbeat", tag_field="of"):
    """
    A pattern whose lines come from a host at even distances.

    Attributes:
        pattern: Its id.
        host: As headers name it.
        period: Seconds from one to the next, their median.
        tolerance: Seconds by which one may be late and still be usual.
        times: How many were seen.
    """

    pattern: str
    host: str
    period: _Positive
    tolerance: _NotNegative
    times: Annotated[int, msgspec.Meta(ge=2)]


class Values(msgspec.Struct, frozen=True, kw_only=True, tag="values", tag_field="of"):
    """
    What a gap of a pattern took, where that was seldom anything new.

    Attributes:
        pattern: Its id.
        gap: Which of an event's parameters, from 0.
        values: All that were seen, ascending, MOST_VALUES at most.
        lines: How many lines were seen.
    """

    pattern: str
    gap: Annotated[int, msgspec.Meta(ge=0)]
    values: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=MOST_VALUES)]
    lines: Annotated[int, msgspec.Meta(ge=1)]


Row = Rate | Heartbeat | Values


class Baselines(msgspec.Struct, frozen=True):
    """
    All that is usual of a set's patterns.

    Attributes:
        first_day: The first day from which it was learned, UTC, ``YYYY-MM-DD``; ``""`` for none.
        last_day: The last one.
        days: How many of them.
        rates: By pattern and host.
        heartbeats: By pattern and host.
        values: By pattern and gap.
    """

    first_day: str = ""
    last_day: str = ""
    days: int = 0
    rates: tuple[Rate, ...] = ()
    heartbeats: tuple[Heartbeat, ...] = ()
    values: tuple[Values, ...] = ()

    @classmethod
    def of(cls, first_day: str, last_day: str, days: int, rows: Iterable[Row]) -> "Baselines":
        """Put rows in their order."""
        rows = list(rows)
        return cls(
            first_day,
            last_day,
            days,
            tuple(sorted((row for row in rows if isinstance(row, Rate)), key=_pattern_and_host)),
            tuple(sorted((row for row in rows if isinstance(row, Heartbeat)), key=_pattern_and_host)),
            tuple(sorted((row for row in rows if isinstance(row, Values)), key=lambda row: (row.pattern, row.gap))),
        )

    @property
    def rows(self) -> tuple[Row, ...]:
        """All rows in the order of the file."""
        return (*self.rates, *self.heartbeats, *self.values)

    def encode(self) -> bytes:
        """Return the file's content."""
        head = _Head(format=FORMAT, first_day=self.first_day, last_day=self.last_day, days=self.days)
        return b"".join(msgspec.json.encode(each) + b"\n" for each in (head, *self.rows))

    @classmethod
    def decode(cls, data: bytes, place: str) -> "Baselines":
        """
        Read a file's content.

        Args:
            data: The content.
            place: Where it is, for errors.

        Raises:
            BrokenPatternSet: It is damaged, or of a newer format.
        """
        lines = iter(data.splitlines())
        try:
            newer = msgspec.json.decode(head := next(lines, b"{}"), type=dict[str, Any]).get("logwinnow-baselines", 0)
            if isinstance(newer, int) and newer > FORMAT:
                raise BrokenPatternSet(
                    f"{place} has format {newer}, and this program knows up to {FORMAT}: upgrade logwinnow, "
                    "or roll back to an earlier version"
                )
            first = msgspec.json.decode(head, type=_Head)
            return cls.of(first.first_day, first.last_day, first.days, _rows(lines))
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise BrokenPatternSet(
                f"{place} is damaged ({error}); roll back to an earlier version, or train again"
            ) from None


def _rows(lines: Iterator[bytes]) -> Iterator[Row]:
    for line in lines:
        yield msgspec.json.decode(line, type=Row)


def _pattern_and_host(row: Rate | Heartbeat) -> tuple[str, str]:
    return row.pattern, row.host
