"""
The table of observations: what a training saw of each pattern's lines, of which baselines are learned.

    (pattern, gap, host, hour) → lines, in which seconds, with which values

Rows add up like those of the table of shapes, so that a night adds its lines to those of the last days. Of a pattern
with its lines on a host, `gap` is −1 and a row is an hour of header's time; its seconds say when, each once. Of what a
gap took, a row is a day, named by its first hour, and no host; its values say what, each once. Both are null where
there were more than are kept: then no further line changes that, in whatever order they come. A Parquet file,
`observed.parquet` beside a pattern set:

    pattern string, gap int16, host string, hour int32 (since 1970, UTC), lines int64,
    seconds list<uint16> (of the hour), values list<string>

Rows ascend by bucket (CRC-32 of the pattern's id), pattern, gap, host and hour; seconds and values ascend.
"""

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from patterns.row_files import RowFile
from patterns.timestamps import SECOND

FILE: Final = "observed.parquet"

HOUR: Final = 3_600 * SECOND

ON_HOST: Final = -1
"""The gap of rows that are of lines on a host."""

MOST_SECONDS: Final = 400
"""Distinct seconds of an hour that are kept: what comes more often than every nine seconds is no heartbeat."""

LONGEST_VALUE: Final = 200
"""Characters. A gap that took more is free text, and a day that had it has too many values."""

LONGEST_HOST: Final = 255
"""Characters. A longer one is none that a machine has: its lines are counted with no host's."""

SCHEMA: Final = pa.schema(
    [
        ("pattern", pa.string()),
        ("gap", pa.int16()),
        ("host", pa.string()),
        ("hour", pa.int32()),
        ("lines", pa.int64()),
        ("seconds", pa.list_(pa.uint16())),
        ("values", pa.list_(pa.string())),
    ]
)

_ROWS: Final = 2**13
"""Rows of a row group: some 130 MB at the very worst, where each has as many and as long values as are kept."""


class ObservedTable(RowFile):
    """The rows of observations, in a file."""

    of_what = "observations"
    schema = SCHEMA
    group = _ROWS

    @classmethod
    def wrong(cls, rows: pa.Table) -> str | None:
        """Return what is wrong with rows, None for nothing."""
        inner = [pc.list_flatten(rows[name]) for name in ("seconds", "values")]
        if any(rows[name].null_count for name in SCHEMA.names[:5]) or any(each.null_count for each in inner):
            return "a value is missing"
        wrong = [pc.less(rows["lines"], 1), pc.less(rows["gap"], ON_HOST), pc.greater_equal(inner[0], 3_600)]
        if any(pc.any(each).as_py() for each in wrong):
            return "a row has a count below 1, a gap below −1, or a second that no hour has"
        return None
