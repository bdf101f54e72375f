"""The sets that are set beside each other, and the log as each of them reads it."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Final, NamedTuple

from commands.explaining.sets import JudgedBy, judged_by
from patterns.errors import LogwinnowError
from patterns.pattern_set import PatternSet
from patterns.rules import Rules
from patterns.shapes import ShapeTable
from patterns.store import Store
from training.config import TrainingConfig
from training.corpus import Progress
from training.engines import engine
from training.fetched.time_range import TimeRange
from training.paths import STANDARD_INPUT
from training.shapes import CorpusCounts
from training.sources import corpus_of

CURRENT: Final = "current"
NONE: Final = "none"


class Side(NamedTuple):
    """A set, None for no pattern at all, and the rules by which it reads lines."""

    by: JudgedBy | None
    rules: Rules

    @property
    def name(self) -> str:
        """The version, or ``none``."""
        return self.by.version if self.by else NONE

    @property
    def patterns(self) -> PatternSet:
        """What lines are judged by."""
        return self.by.patterns if self.by else PatternSet(self.rules, ())


class Log(NamedTuple):
    """A log as the rules of a side read it."""

    table: ShapeTable
    counts: CorpusCounts


def sides(store: Store, names: Sequence[str], rules: Rules) -> list[Side]:
    """
    Return the sets of these names.

    Args:
        store: Where they are.
        names: Versions, CURRENT, NONE.
        rules: For NONE, where no set stands beside it by whose rules it could read lines.

    Raises:
        PatternsError: There is no such version, or it is damaged; or an entry of the operator's file cannot be used.
    """
    found = [None if name == NONE else judged_by(store, None if name == CURRENT else name) for name in names]
    others = next((by.patterns.rules for by in found if by), rules)
    return [Side(by, by.patterns.rules if by else others) for by in found]


def read(
    paths: Sequence[str], config: TrainingConfig, some: Sequence[Side], times: TimeRange, progress: Progress
) -> list[Log]:
    """
    Read a log for each side; once for all that have the same rules.

    Raises:
        LogwinnowError: The log cannot be read, or cannot be read twice.

    Cost: one pass over the log for each of the rules.
    """
    logs: list[Log] = []
    for at, side in enumerate(some):
        same = next((before for before in range(at) if some[before].rules == side.rules), None)
        if same is not None:
            logs.append(logs[same])
            continue
        if at and STANDARD_INPUT in paths:
            raise LogwinnowError(
                f"the sets read lines by other rules ({', '.join(other_rules(some[0], side))}), so that the log is "
                "read twice, and standard input cannot be; put it into a file"
            )
        with corpus_of(paths, config, side.rules, times, progress) as (corpus, _):
            logs.append(Log(*engine(config.mining.engine, corpus, config.spark).tabulate(side.rules, progress)))
    return logs


def other_rules(one: Side, other: Side) -> list[str]:
    """Return the names of the rules that differ."""
    return [rule.name for rule in fields(one.rules) if getattr(one.rules, rule.name) != getattr(other.rules, rule.name)]
