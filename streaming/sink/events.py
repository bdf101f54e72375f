"""Events as a sink gets them: documents that are JSON already, by columns, with what it must know beside them."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from kernels.spans import Flags, Positions
from streaming.source import SourceLine


class Events(NamedTuple):
    """
    Events.

    Attributes:
        documents: JSON objects without a line feed, binary.
        ids: Their ids.
        record_times: When their lines came, in microseconds since 1970.
        dated: Whether that can be true, seen from when the batch was planned.
        line: Returns the line that one was made of, by its index.
    """

    documents: pa.Array
    ids: Sequence[str]
    record_times: Positions
    dated: Flags
    line: Callable[[int], SourceLine]

    @classmethod
    def of(cls, documents: Sequence[bytes], lines: Sequence[SourceLine], *, dated: Sequence[bool]) -> "Events":
        """Return events that were made one by one."""
        return cls(
            pa.array(documents, pa.binary()),
            [line.event_id for line in lines],
            np.array([line.record_time for line in lines], np.int64),
            np.array(dated, np.bool_),
            lines.__getitem__,
        )

    def chosen(self, which: Sequence[int]) -> "Events":
        """Return some of them."""
        return Events(
            self.documents.take(pa.array(which, pa.int64())),
            [self.ids[index] for index in which],
            self.record_times[list(which)],
            self.dated[list(which)],
            lambda index: self.line(which[index]),
        )
