"""How much longer one takes than another, from interleaved runs, and how sure that is."""

import random
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

_RESAMPLES = 2_000
_TAIL = 0.05


class Ratio(NamedTuple):
    """Median of the pairs' ratios, and the ends of its 90 % bootstrap interval."""

    middle: float
    low: float
    high: float

    def __str__(self) -> str:
        """Return ``1.23 (1.19-1.30)``."""
        return f"{self.middle:.2f} ({self.low:.2f}-{self.high:.2f})"


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> Ratio:
    """
    Return how many times as long ours take as theirs.

    A pair is of one round, so what slows the machine down for a while slows both; the ratio is formed first and the
    median then. Of one pair the interval is that pair, which says nothing.

    Args:
        ours: Seconds of each round.
        theirs: Seconds of the same rounds, as many.

    Raises:
        ValueError: They are not as many, or none.
    """
    pairs = [one / other for one, other in zip(ours, theirs, strict=True)]
    if not pairs:
        msg = "there is no pair of runs: a ratio needs one round at least in which both came to an end"
        raise ValueError(msg)
    # Seeded: the same figures give the same report.
    chance = random.Random(1)
    medians = sorted(median(chance.choices(pairs, k=len(pairs))) for _ in range(_RESAMPLES))
    cut = int(_RESAMPLES * _TAIL)
    return Ratio(median(pairs), medians[cut], medians[-cut - 1])
