"""
Chunks of lines → rows of observations: the same rows as training/baselines/observing.py makes line by line.

    headers, with hosts ─► shapes ─► judged, once for each scope and shape ─► lines of a pattern, host, hour are a row
                                                                          ─► distinct messages ─► what gaps took
"""

from collections.abc import Iterator, Sequence
from itertools import compress
from typing import Final

import numpy as np
import pyarrow as pa

from kernels.fields import Column, Fields
from kernels.headers import Headers
from kernels.messages import Messages
from kernels.shapes import Shapes
from kernels.spans import Flags, Positions, records_of
from patterns.baselines import HOURS, MOST_VALUES
from patterns.matcher import Matcher, beside_classes, gap_words
from patterns.observed import HOUR, LONGEST_HOST, ON_HOST, SCHEMA
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.timestamps import DAY, SECOND
from training.baselines.observing import Observer, Place, gaps_of
from training.fetched.time_range import ALL_TIMES, Times

_REMEMBERED: Final = 100_000
_SECONDS: Final = HOUR // SECOND
_NONE: Final = -1


class ObserveKernel:
    """Makes rows of the table of observations. Not thread-safe."""

    def __init__(self, patterns: PatternSet, times: Times = ALL_TIMES) -> None:
        """
        Make ready.

        Args:
            patterns: The set, with what the operator decided, mined by the default rules of words.
            times: Of which times lines are observed, by their headers.

        Raises:
            RulesError: The set's rules cannot be used.
        """
        self._times = times
        self._headers, self._shapes = Headers(patterns.rules), Shapes(patterns.rules)
        self._matcher, self._observer = Matcher(patterns), Observer(patterns, times)
        self._patterns = patterns.patterns
        self._numbers = {id(known): number for number, known in enumerate(patterns.patterns)}
        self._judged: dict[tuple[str, str], int] = {}
        self._too_many: set[Place] = set()

    def rows(self, chunk: bytes, record_time: int, starts: Positions | None = None) -> pa.Table:
        """
        Return the rows of a chunk of whole lines or records, in any order and not unique.

        Args:
            chunk: The lines.
            record_time: Of all of them, in microseconds since 1970.
            starts: Where records start; None where each line is one.

        Returns:
            A table with patterns.observed.SCHEMA.
        """
        lines, first_lines = records_of(chunk, starts)
        fields = Fields(len(lines.starts))
        groups, odd = self._headers.read(chunk, lines, record_time, first_lines, fields)
        for index in odd:
            self._observer.add(chunk[lines.starts[index] : lines.ends[index]], record_time)
        tables = [self._group_rows(group, fields.host) for group in groups]
        return pa.concat_tables([*tables, self._observer.take()])

    def _group_rows(self, group: Messages, hosts: Column) -> pa.Table:
        texts: dict[str, int] = {}
        shapes = self._shapes.of(group.text, group.spans, texts)
        names, scopes = list(texts), self._headers.scopes
        keys, which = np.unique(shapes * len(scopes) + group.scopes, return_inverse=True)
        places = [(scopes[key % len(scopes)], names[key // len(scopes)]) for key in keys.tolist()]
        numbers = np.array([self._judge(*place) for place in places], np.int64)
        chosen = numbers[which] != _NONE
        if self._times != ALL_TIMES:
            chosen &= self._times.chosen(group.times)
        order = np.flatnonzero(chosen)[np.argsort(which[chosen], kind="stable")]
        bounds = np.searchsorted(which[order], np.arange(len(keys) + 1)).tolist()
        for (_, shape), number, begin, end in zip(places, numbers.tolist(), bounds[:-1], bounds[1:], strict=True):
            if begin < end and gaps_of(self._patterns[number]):
                self._observe_gaps(group, self._patterns[number], shape, order[begin:end])
        return self._on_hosts(group, hosts, numbers[which], chosen)

    def _judge(self, scope: str, shape: str) -> int:
        """Return the number of the pattern of which lines are, _NONE where they are outliers, or judged by none."""
        number = self._judged.get((scope, shape))
        if number is None:
            if len(self._judged) >= _REMEMBERED:
                self._judged.clear()
            known = None if self._shapes.splitter.unjudged(shape) else self._matcher.match(scope, shape)
            number = _NONE if known is None or not known.is_quiet else self._numbers[id(known)]
            self._judged[scope, shape] = number
        return number

    def _on_hosts(self, group: Messages, hosts: Column, numbers: Positions, chosen: Flags) -> pa.Table:
        """Return the rows of lines on hosts: a row for lines of one pattern, host and hour, with their seconds."""
        names = ["", *hosts.texts]
        # None, and one that is too long to be a host's, are the first.
        codes = np.array([number if len(name) <= LONGEST_HOST else 0 for number, name in enumerate(names)], np.int64)
        host = codes[hosts.codes[group.lines[chosen]] + 1]
        times, numbers = group.times[chosen], numbers[chosen]
        hours, hour = np.unique(times // HOUR, return_inverse=True)
        key = (numbers * len(names) + host) * max(len(hours), 1) + hour
        keys, first, counts = np.unique(key, return_index=True, return_counts=True)
        seconds = np.unique(key * _SECONDS + times % HOUR // SECOND)
        offsets = np.searchsorted(seconds, np.append(keys, keys[-1:] + 1) * _SECONDS) if len(keys) else [0]
        columns = {
            "pattern": pa.array([self._patterns[number].id for number in numbers[first]], pa.string()),
            "gap": pa.array(np.full(len(keys), ON_HOST), pa.int16()),
            "host": pa.array(names, pa.string()).take(pa.array(host[first])),
            "hour": pa.array(hours[hour[first]]).cast(pa.int32()),
            "lines": pa.array(counts),
            "seconds": pa.ListArray.from_arrays(
                pa.array(offsets, pa.int32()), pa.array(seconds % _SECONDS).cast(pa.uint16())
            ),
            "values": pa.array([[]] * len(keys), SCHEMA.field("values").type),
        }
        return pa.table(columns, schema=SCHEMA)

    def _observe_gaps(self, group: Messages, known: KnownPattern, shape: str, lines: Positions) -> None:
        """Observe what the gaps of a pattern took in lines of one shape."""
        words = shape.split(" ")
        gaps = gap_words(known, words)
        said = [beside_classes(words[begin:end]) for begin, end in gaps]
        days, day = np.unique(group.times[lines] // DAY, return_inverse=True)
        for index, number in enumerate(days.tolist()):
            some = lines[day == index]
            places = [(known.id, gap, number * HOURS) for gap in gaps_of(known)]
            wanted = [place not in self._too_many and text is None for place, text in zip(places, said, strict=True)]
            taken = self._taken(group, some, list(compress(gaps, wanted))) if any(wanted) else iter(())
            for place, text in zip(places, said, strict=True):
                values = None if place in self._too_many else next(taken) if text is None else {text}
                self._observer.add_values(place, len(some), values)
                if self._observer.has_too_many(place):
                    if len(self._too_many) >= _REMEMBERED:
                        self._too_many.clear()
                    self._too_many.add(place)

    def _taken(self, group: Messages, lines: Positions, gaps: Sequence[tuple[int, int]]) -> Iterator[set[str] | None]:
        """Yield for each of some gaps what it took in some lines of one shape; None for more than are kept."""
        splitter = self._shapes.splitter
        begins, ends = group.spans.at(lines)
        taken: list[set[str] | None] = [set() for _ in gaps]
        for message in {group.text[begin:end] for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)}:
            for at, value in enumerate(splitter.cut_out(splitter.take_apart(message.decode()), gaps)):
                values = taken[at]
                if values is not None:
                    values.add(value)
                    if len(values) > MOST_VALUES:
                        taken[at] = None
            if not any(values is not None for values in taken):
                break
        yield from taken
