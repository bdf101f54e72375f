"""
Rows in a Parquet file of their own: the table of shapes, and that of observations.

They are written whole, checked where they come from elsewhere, and read piece by piece.
"""

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, ClassVar, Self

import pyarrow as pa
import pyarrow.parquet as pq

from patterns.errors import PatternsError


class RowFile:
    """
    The rows, in a file. It cannot be changed; the file goes with the object, unless it is a store's.

    Attributes:
        of_what: What the rows are, for errors.
        schema: Their columns.
        group: Rows of a row group, the piece that is read at a time.
    """

    of_what: ClassVar[str]
    schema: ClassVar[pa.Schema]
    group: ClassVar[int]

    def __init__(self, path: str) -> None:
        """Open a file that is known to be such a one; it may lose its name meanwhile."""
        self._file = pa.OSFile(path)
        self._parquet = pq.ParquetFile(self._file)

    @classmethod
    def of_tables(cls, tables: Iterable[pa.Table]) -> Self:
        """
        Write rows that come as tables of the schema: over all of them each key once and in the order of the file.

        Raises:
            PatternsError: No temporary file can be written.

        Cost: memory for one of the tables and a row group.
        """
        with temporary_writes(), temporary_file() as path:
            with pq.ParquetWriter(path, cls.schema, compression="zstd") as writer:
                for group in _row_groups(tables, cls.schema, cls.group):
                    writer.write_table(group)
            return cls(path)

    @classmethod
    def read(cls, path: str) -> Self:
        """
        Open a file after checking all of it. Cost: one pass over the file.

        Raises:
            OSError: It cannot be read.
            pyarrow.ArrowException: It is no such file.
        """
        opened = cls(path)
        if not opened._parquet.schema_arrow.equals(cls.schema):
            names = ", ".join(cls.schema.names)
            msg = f"its columns are not those of a table of {cls.of_what}, {names}, or not of their types"
            raise pa.ArrowInvalid(msg)
        for rows in opened.tables():
            rows.validate(full=True)
            wrong = cls.wrong(rows)
            if wrong is not None:
                raise pa.ArrowInvalid(wrong)
        return opened

    @classmethod
    def wrong(cls, rows: pa.Table) -> str | None:
        """Return what is wrong with rows of the right types, None for nothing."""
        raise NotImplementedError

    def tables(self, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Yield the rows, or some columns of them, by row groups. Cost: one pass, memory for one of them."""
        names = None if columns is None else list(columns)
        return (self._parquet.read_row_group(at, names) for at in range(self._parquet.num_row_groups))

    def write(self, file: BinaryIO) -> None:
        """Copy the rows to a file."""
        self._file.seek(0)
        shutil.copyfileobj(self._file, file, 2**20)


@contextmanager
def temporary_file() -> Iterator[str]:
    """Yield the path of an empty file that goes in the end; who has opened it meanwhile may read on."""
    number, path = tempfile.mkstemp(prefix="logwinnow-rows-")
    os.close(number)
    try:
        yield path
    finally:
        Path(path).unlink()


@contextmanager
def temporary_writes() -> Iterator[None]:
    """
    Turn what a full or missing temporary folder raises into an error with its mend.

    Raises:
        PatternsError: Something within raised OSError.
    """
    try:
        yield
    except OSError as error:
        raise PatternsError(
            f"what was counted cannot be kept in a temporary file: {error}; make room, or set TMPDIR to a folder that "
            "has some"
        ) from None


def _row_groups(tables: Iterable[pa.Table], schema: pa.Schema, number: int) -> Iterator[pa.Table]:
    """Yield the rows of tables of a schema anew by so many: how they came must not be seen in a file."""
    held = schema.empty_table()
    for table in tables:
        held = pa.concat_tables([held, table])
        while held.num_rows >= number:
            yield held.slice(0, number).combine_chunks()
            held = held.slice(number)
    if held.num_rows:
        yield held.combine_chunks()
