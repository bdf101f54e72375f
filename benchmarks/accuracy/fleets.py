"""
Simulated fleets as datasets: other programs than those of the logs, and other errors.

They have mail addresses, URLs, free text and values that come once, of which the logs have few; and kinds that nobody
had to label, for who wrote the lines knows them. Their templates are not known, so that only groups are compared.
"""

from functools import lru_cache
from typing import Final

from benchmarks.accuracy.data import Dataset, Line
from commands.simulation.fleet import SimulatedLine
from commands.simulation.weeks import simulate_days
from patterns.judge import Shaper
from patterns.rules import Rules
from patterns.timestamps import microseconds
from patterns.words import WordRules

SEEDS: Final = (1, 2)
DAYS: Final = 8
LINES_PER_DAY: Final = 1_200


def fleet(seed: int, words: WordRules, days: int = DAYS) -> Dataset:
    """Return the lines of a fleet, their headers found as on whole raw lines; templates are ``""``."""
    shaper = Shaper(Rules(words))
    headers: dict[str, int] = {}
    lines = []
    for said in _said(seed, days):
        shaped = shaper.shape(said.text.encode(), microseconds(said.time))
        headers[shaped.line.format] = headers.get(shaped.line.format, 0) + 1
        shape = None if shaped.unjudged else shaped.shape
        lines.append(Line(shaped.scope, shape, shaped.line.message, said.kind, ""))
    return Dataset(lines, headers)


@lru_cache(maxsize=len(SEEDS))
def _said(seed: int, days: int) -> list[SimulatedLine]:
    return list(simulate_days(days, seed, lines_per_day=LINES_PER_DAY))
