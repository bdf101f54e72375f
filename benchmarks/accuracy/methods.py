"""
Who is compared: each is trained on lines, then says which it knows, and puts lines into groups.

Ours see shapes, by scope; the others messages. Nobody has a setting for a dataset.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from benchmarks.accuracy.data import Line
from mining.clusters import Algorithm, Method, mine
from mining.ladder import climb_down
from mining.support import Support, in_lines, parse_support
from mining.words import weighted
from patterns.matcher import Matcher
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.rules import Rules

_ALGORITHMS: Final[dict[Algorithm, str]] = {"logcluster": "LogCluster", "slct": "SLCT"}


class Grouped(NamedTuple):
    """Where a method puts a line: the name of its group, and the template that stands for the group."""

    group: str
    template: str


Know = Callable[[Line], bool]
"""What a trained method knows."""


@dataclass(frozen=True, slots=True)
class Compared:
    """
    A method.

    Attributes:
        name: What tables call it.
        train: Lines → what it knows then; None for one that cannot judge lines which it was not trained on.
        group: Lines → their groups, when it was trained on all of them.
        lacks: Why it cannot run here; "" if it can.
        ours: Whether it is what logwinnow does by default.
    """

    name: str
    train: Callable[[Sequence[Line]], Know] | None
    group: Callable[[Sequence[Line]], list[Grouped]]
    lacks: str = ""
    ours: bool = False


Mine = Callable[[dict[str, int]], list[KnownPattern]]
"""The shapes of one scope, with their numbers of lines → patterns."""


def methods() -> list[Compared]:
    """Return all, those that lack something too; ours first."""
    from benchmarks.accuracy.peers import peers

    return [*ours(), *peers()]


def ours() -> Iterator[Compared]:
    """Yield what logwinnow can do, and the baseline that any miner must beat."""
    for algorithm, name in _ALGORITHMS.items():
        yield mined(f"ladder, {name}", ladder(algorithm), ours=algorithm == "logcluster")
    for algorithm, name in _ALGORITHMS.items():
        for support in ("0.1%", "0.5%", "2%"):
            yield mined(f"{name} at {support}", classic(Method(algorithm), parse_support(support)))
    yield Compared("shapes without mining", _shapes_alone, _by_shape)


def mined(name: str, mine_scope: Mine, *, ours: bool = False) -> Compared:
    """Return a method of patterns: each scope is mined by itself, as `train` does."""

    def matcher(lines: Sequence[Line]) -> Matcher:
        found = (
            KnownPattern(scope, known.pattern, known.level, known.support, known.mined_support)
            for scope, shapes in by_scope(lines).items()
            for known in mine_scope(shapes)
        )
        return Matcher(PatternSet.of(Rules(), found))

    def train(lines: Sequence[Line]) -> Know:
        match = matcher(lines).match
        return lambda line: line.shape is not None and match(line.scope, line.shape) is not None

    def group(lines: Sequence[Line]) -> list[Grouped]:
        match = matcher(lines).match
        found = []
        for line in lines:
            known = match(line.scope, line.shape) if line.shape is not None else None
            # The truth knows no programs: what two of them say alike is one group.
            found.append(Grouped(known.pattern.identity(""), _readable(known, line)) if known else _shape_of(line))
        return found

    return Compared(name, train, group, ours=ours)


def by_scope(lines: Sequence[Line]) -> dict[str, dict[str, int]]:
    """Return for each scope its shapes with their numbers of lines."""
    scopes: dict[str, Counter[str]] = defaultdict(Counter)
    for line in lines:
        if line.shape is not None:
            scopes[line.scope][line.shape] += 1
    return dict(scopes)


def ladder(algorithm: Algorithm) -> Mine:
    """Return the product's way: mining level by level."""

    def mine_scope(shapes: dict[str, int]) -> list[KnownPattern]:
        found = climb_down(shapes, algorithm)
        return [KnownPattern("", a.cluster.pattern, a.level, a.cluster.support, a.cluster.support) for a in found]

    return mine_scope


def classic(method: Method, support: Support) -> Mine:
    """Return the published way, on shapes: one support, and what no cluster has is unknown."""

    def mine_scope(shapes: dict[str, int]) -> list[KnownPattern]:
        least = max(2, in_lines(support, sum(shapes.values())))
        found = mine(weighted(shapes), least, method)
        return [KnownPattern("", each.pattern, least, each.support, each.support) for each in found]

    return mine_scope


def _readable(known: KnownPattern, line: Line) -> str:
    """Return a pattern's text with ``<*>`` for each gap; of alternatives, which are severities, that of the line."""
    parts: list[str] = []
    for number, gap in enumerate(known.pattern.gaps):
        if number:
            constant = known.pattern.constants[number - 1]
            parts.append(constant if isinstance(constant, str) else (line.shape or "").partition(" ")[0])
        if gap[1] != 0:
            parts.append("<*>")
    return " ".join(parts)


def _shapes_alone(lines: Sequence[Line]) -> Know:
    seen = {(line.scope, line.shape) for line in lines}
    return lambda line: (line.scope, line.shape) in seen


def _by_shape(lines: Sequence[Line]) -> list[Grouped]:
    return [_shape_of(line) for line in lines]


def _shape_of(line: Line) -> Grouped:
    return Grouped(f"shape {line.shape}", line.shape or "")
