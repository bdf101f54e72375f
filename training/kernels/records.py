"""
Chunks of whole records: the lines of a piece joined as patterns/records.py says, all of a chunk at once.

    piece ─► chunks of lines ─► which lines begin a record by their looks ─► where records start
                                                                         ─► chunks that end where a record ends
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from kernels.headers import Headers
from kernels.spans import Flags, Positions, Spans, lines_of
from patterns.records import BLOCK_BYTES, NOWHERE, Records
from patterns.rules import INDENTED, Rules
from training.pieces import CHUNK_BYTES, Piece, chunks_of, opened

_INDENTS = np.frombuffer(b" \t", np.uint8)
_OTHER_WHITE = np.frombuffer(b"\v\f\r", np.uint8)


class RecordChunk(NamedTuple):
    """Whole records, each with its line end but perhaps a file's last; and where they start, None for one a line."""

    text: bytes
    starts: Positions | None = None


class _Held(NamedTuple):
    """A record that may go on, and of its lines: where they are in it and in the file, and which begin a record."""

    text: bytes
    starts: Positions
    offsets: Positions
    begin: Flags


_NOTHING = _Held(b"", np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.bool_))


def record_chunks(piece: Piece, wanted: int = CHUNK_BYTES, longest: int | None = None) -> Iterator[RecordChunk]:
    """
    Yield a piece's records, by the rules that it says; the arguments are those of `training.pieces.chunks`.

    Raises:
        CorpusError: The file was replaced, cut, or cannot be read any more; a packed one is broken.

    Cost: as `chunks`, and memory for a record more.
    """
    with opened(piece) as file:
        chunks = chunks_of(file, piece, wanted, longest)
        if piece.joined_by is None:
            yield from (RecordChunk(text) for _, text in chunks)
            return
        begins, held = Begins(piece.joined_by), _NOTHING
        for offset, text in chunks:
            held = _longer(held, offset, text, begins)
            starts = _record_starts(held)
            if len(starts) > 1:
                # The last record may go on in the next chunk.
                whole = held.starts[starts[-1]]
                yield RecordChunk(held.text[:whole], held.starts[starts[:-1]])
                held = _behind(held, int(starts[-1]))
        if held.text:
            yield RecordChunk(held.text, held.starts[_record_starts(held)])


class Begins:
    """Tells which lines begin a record by their looks, as `Records.begins` does for one. Not thread-safe."""

    def __init__(self, rules: Rules) -> None:
        """Raises RulesError for rules that cannot be used."""
        self._one = Records(rules).begins
        self._headers = None if rules.multiline == INDENTED else Headers(rules)

    def of(self, chunk: bytes, lines: Spans) -> Flags:
        """Tell it of all lines of a chunk."""
        data = np.frombuffer(chunk, np.uint8)
        some = lines.ends > lines.starts
        first = data[np.minimum(lines.starts, len(data) - 1)]
        indented = some & np.isin(first, _INDENTS)
        if self._headers is None:
            return ~indented
        odd = some & np.isin(first, _OTHER_WHITE)
        asked = np.flatnonzero(some & ~indented & ~odd)
        begins = np.zeros(len(some), np.bool_)
        begins[asked], untold = self._headers.found(chunk, lines.at(asked))
        for index in (*np.flatnonzero(odd), *asked[untold]):
            start = int(lines.starts[index])
            end = chunk.find(b"\n", start)
            begins[index] = self._one(chunk[start : end if end >= 0 else len(chunk)])
        return begins


def _longer(held: _Held, offset: int, text: bytes, begins: Begins) -> _Held:
    lines = lines_of(text)
    return _Held(
        held.text + text,
        np.concatenate([held.starts, lines.starts + len(held.text)]),
        np.concatenate([held.offsets, lines.starts + offset]),
        np.concatenate([held.begin, begins.of(text, lines)]),
    )


def _behind(held: _Held, line: int) -> _Held:
    start = int(held.starts[line])
    return _Held(held.text[start:], held.starts[line:] - start, held.offsets[line:], held.begin[line:])


def _record_starts(held: _Held) -> Positions:
    """Return the indices of the lines at which records start; the first line does."""
    offsets = held.offsets
    begun = np.maximum.accumulate(np.where(held.begin, offsets, NOWHERE))
    # What `patterns.records.reaches` says of one line.
    reached = begun >= (offsets // BLOCK_BYTES - 1) * BLOCK_BYTES
    return np.flatnonzero(held.begin | ~reached)
