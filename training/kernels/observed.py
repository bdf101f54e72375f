"""Chunks of lines → rows of observations: the same rows as training/baselines/observing.py makes line by line."""

import pyarrow as pa

from kernels.spans import Positions, records_of
from patterns.pattern_set import PatternSet
from training.baselines.observing import Observer
from training.fetched.time_range import ALL_TIMES, Times


class ObserveKernel:
    """Makes rows of the table of observations. Not thread-safe."""

    def __init__(self, patterns: PatternSet, times: Times = ALL_TIMES) -> None:
        """Raises RulesError for a set whose rules cannot be used."""
        self._observer = Observer(patterns, times)

    def rows(self, chunk: bytes, record_time: int, starts: Positions | None = None) -> pa.Table:
        """
        Return the rows of a chunk of whole lines or records, in any order and not unique.

        Args:
            chunk: The lines.
            record_time: Of all of them, in microseconds since 1970.
            starts: Where records start; None where each line is one.
        """
        lines, _ = records_of(chunk, starts)
        for begin, end in zip(*(part.tolist() for part in lines), strict=True):
            self._observer.add(chunk[begin:end], record_time)
        return self._observer.take()
