"""The outliers among chunks of lines, for engines whose tasks run elsewhere."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import compress

from kernels.spans import Flags
from patterns.rules import Rules
from training.kernels.filtered import ChunkFilter, Filtered
from training.kernels.raw import CandidateKernel
from training.kernels.records import RecordChunk, record_chunks
from training.kernels.rows import ShapeKernel
from training.line_filter import Filter
from training.lines import Coverage
from training.pieces import Piece


@dataclass(frozen=True, slots=True)
class FindOutliers:
    """
    Finds the lines that belong to no cluster; it pickles, for kernels are made where it is called.

    Attributes:
        chosen: The line filter; what it rejects is no outlier.
        coverage: What says which lines belong to a cluster.
        rules: How lines are read; None for raw ones.
    """

    chosen: Filter
    coverage: Coverage
    rules: Rules | None = None

    def __call__(self, piece: Piece) -> list[bytes]:
        """Return the outliers of a piece, in order."""
        return [line for found in self.of(record_chunks(piece)) for line in found]

    def of(self, given: Iterable[RecordChunk]) -> Iterator[list[bytes]]:
        """Yield the outliers of each chunk, as they stand there."""
        keep, outside = ChunkFilter(self.chosen), self._outside()
        for chunk in given:
            mined = keep.lines(*chunk)
            yield list(compress(mined.lines, outside(mined)))

    def _outside(self) -> Callable[[Filtered], Flags]:
        if self.rules is not None:
            shaped = ShapeKernel(self.rules, examples=False)
            return lambda mined: shaped.outliers(mined.text, self.coverage, mined.starts)
        raw = CandidateKernel(self.coverage.keys[""])
        covered = {raw.encoded(key) for key in self.coverage.covered[""]}
        return lambda mined: raw.outliers(mined.text, covered)
