"""Lines → rows of observations, one by one: what engine `python` does, and the kernel with the lines that are odd."""

from collections.abc import Iterable, Iterator
from typing import Final, Generic, TypeVar

import pyarrow as pa

from patterns.baselines import HOURS, MOST_VALUES
from patterns.judge import Judge
from patterns.language import NO_GAP
from patterns.observed import HOUR, LONGEST_HOST, LONGEST_VALUE, MOST_SECONDS, ON_HOST, SCHEMA
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.timestamps import SECOND
from training.corpus import CorpusLine
from training.fetched.time_range import ALL_TIMES, Times

MOST_ROWS: Final = 100_000
"""Rows that an observer holds before they are merged with others."""


What = TypeVar("What", int, str)

Place = tuple[str, int, int]
"""A pattern's id, the place of a gap, and a day by its first hour since 1970."""


class _Seen(Generic[What]):
    """What is counted of a row, and which seconds or values it had: None where they are too many."""

    __slots__ = ("distinct", "lines")

    def __init__(self) -> None:
        self.lines = 0
        self.distinct: set[What] | None = set()

    def add(self, what: What, most: int) -> None:
        """Keep what a line had, unless there are too many by now."""
        if self.distinct is not None:
            self.distinct.add(what)
            if len(self.distinct) > most:
                self.distinct = None

    def listed(self) -> list[What] | None:
        """Return what was kept, in any order."""
        return None if self.distinct is None else list(self.distinct)


class Observer:
    """
    Judges lines by a set, and keeps what its baselines need of them. Not thread-safe.

    A line that is an outlier, or that no pattern judges, is none of any baseline.
    """

    def __init__(self, patterns: PatternSet, times: Times = ALL_TIMES) -> None:
        """
        Make ready.

        Args:
            patterns: The set, with what the operator decided.
            times: Of which times lines are observed, by their headers.

        Raises:
            RulesError: The set's rules cannot be used.
        """
        self._judge, self._times = Judge(patterns), times
        self._on_hosts: dict[tuple[str, str, int], _Seen[int]] = {}
        self._in_gaps: dict[Place, _Seen[str]] = {}

    def __len__(self) -> int:
        """Return how many rows are held."""
        return len(self._on_hosts) + len(self._in_gaps)

    def add(self, data: bytes, record_time: int) -> None:
        """Observe the line that `data` is, without its end; `record_time` in microseconds since 1970."""
        judgement = self._judge.judge(data, record_time)
        verdict, line = judgement.verdict, judgement.shaped.line
        if verdict is None or verdict.known is None or verdict.outlier or not self._times.holds(line.time):
            return
        known, hour = verdict.known, line.time // HOUR
        self.add_line(known.id, line.host or "", line.time)
        if gaps := gaps_of(known):
            values = self._judge.values(judgement, self._judge.parameters(judgement))
            for gap, value in zip(gaps, values, strict=True):
                self.add_values((known.id, gap, day_of(hour)), 1, [value])

    def add_line(self, pattern: str, host: str, time: int) -> None:
        """Count a line of a pattern on a host."""
        hour, within = divmod(time, HOUR)
        key = (pattern, host if len(host) <= LONGEST_HOST else "", hour)
        seen = self._on_hosts.get(key) or self._on_hosts.setdefault(key, _Seen[int]())
        seen.lines += 1
        seen.add(within // SECOND, MOST_SECONDS)

    def add_values(self, place: Place, lines: int, values: Iterable[str] | None) -> None:
        """Count lines in which a gap took these values, each once or more; None for more than are kept."""
        seen = self._in_gaps.get(place) or self._in_gaps.setdefault(place, _Seen[str]())
        seen.lines += lines
        if values is None:
            seen.distinct = None
        for value in values or ():
            if len(value) > LONGEST_VALUE:
                seen.distinct = None
            seen.add(value, MOST_VALUES)
            if seen.distinct is None:
                break

    def has_too_many(self, place: Place) -> bool:
        """Tell whether a gap took more values on a day than are kept."""
        seen = self._in_gaps.get(place)
        return seen is not None and seen.distinct is None

    def take(self) -> pa.Table:
        """Return all rows as a table of SCHEMA, in any order, and begin anew."""
        on_hosts, self._on_hosts = self._on_hosts, {}
        in_gaps, self._in_gaps = self._in_gaps, {}
        columns = {
            "pattern": [key[0] for key in on_hosts] + [key[0] for key in in_gaps],
            "gap": [ON_HOST] * len(on_hosts) + [key[1] for key in in_gaps],
            "host": [key[1] for key in on_hosts] + [""] * len(in_gaps),
            "hour": [key[2] for key in on_hosts] + [key[2] for key in in_gaps],
            "lines": [seen.lines for seen in on_hosts.values()] + [seen.lines for seen in in_gaps.values()],
            "seconds": [seen.listed() for seen in on_hosts.values()] + [[]] * len(in_gaps),
            "values": [[]] * len(on_hosts) + [seen.listed() for seen in in_gaps.values()],
        }
        return pa.table(columns, schema=SCHEMA)


def observed_lines(lines: Iterable[CorpusLine], patterns: PatternSet, times: Times) -> Iterator[pa.Table]:
    """
    Yield rows of observations of lines, in any order and not unique.

    Raises:
        RulesError: The set's rules cannot be used.

    Cost: one pass over the lines.
    """
    observer = Observer(patterns, times)
    for line, record_time in lines:
        observer.add(line, record_time)
        if len(observer) >= MOST_ROWS:
            yield observer.take()
    yield observer.take()


def day_of(hour: int) -> int:
    """Return the first hour of an hour's day."""
    return hour // HOURS * HOURS


def gaps_of(known: KnownPattern) -> tuple[int, ...]:
    """
    Return the places of a pattern's gaps among its constants, in the order of its parameters.

    A pattern keeps its id while its words stay, though a gap between two of them may come or go. So rows name a gap by
    the number of constants in front of it, and baselines by the number of its parameter in the set of the day.
    """
    return tuple(place for place, gap in enumerate(known.pattern.gaps) if gap != NO_GAP)
