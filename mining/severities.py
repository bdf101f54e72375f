"""
What the ladder does with the severity that lines begin with: a log is mined without, and patterns get theirs back.

    INFO  instruction address: <*>    once  ┐
    FATAL instruction address: <*>  20 lines┴► instruction address: *{1,1} ─► (FATAL|INFO) instruction address: *{1,1}

A severity is no part of what a line says. Lines that say the same are one kind, and have more lines together than
apart; and a pattern may not be wider because each of its lines begins with INFO. But how grave a line is matters: what
was never as grave is another kind. So a pattern has all severities that its lines had, and of those that its program
uses the milder ones: what was known as FATAL is not new as INFO, and what was INFO is new as FATAL.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from mining.clusters import Cluster
from patterns.language import NO_GAP, Constant, Pattern, alternatives
from patterns.matcher import Matcher
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.rules import Rules
from patterns.severity import SEVERITIES, split_severity
from patterns.words import CLASS_RUN

_NONE: Final = ""
"""Stands for the severity of a shape that begins with none."""


class Severities:
    """
    Shapes without their severities, and the way back.

    Attributes:
        shapes: What follows the severity, or the whole shape where none is or no constant would be left → lines.
        held: Patterns of the last set in the same way, each once.
    """

    def __init__(self, shapes: Mapping[str, int], held: Sequence[KnownPattern]) -> None:
        """Cost: a pass over the shapes."""
        self._of: dict[str, Counter[str]] = defaultdict(Counter)
        for shape, lines in shapes.items():
            severity, rest = _split(shape)
            self._of[rest][severity] += lines
        self.shapes = {rest: of.total() for rest, of in self._of.items()}
        self._used = {severity for of in self._of.values() for severity in of} - {_NONE}
        self._held: dict[Pattern, list[Constant]] = defaultdict(list)
        self.held: list[KnownPattern] = []
        for known in held:
            begins, rest_pattern = _begin(known.pattern)
            if rest_pattern not in self._held:
                self.held.append(replace(known, pattern=rest_pattern))
            self._held[rest_pattern].append(begins)

    def put_back(self, found: Sequence[tuple[Cluster, int]]) -> list[tuple[Cluster, int]]:
        """
        Return patterns with the severities of their lines.

        Args:
            found: What was mined of `shapes`: clusters, each with the level at which it was mined.

        Returns:
            The same, in the same order. One becomes several where lines have a severity and others none, or where
            patterns of the last set share the severities among them: these stay as they were.

        Cost: a pass over the shapes.
        """
        if not self._used:
            return list(found)
        matcher = Matcher(
            PatternSet.of(
                Rules(), (KnownPattern(_NONE, each.pattern, level, each.support, each.support) for each, level in found)
            )
        )
        lines: dict[Pattern, Counter[str]] = defaultdict(Counter)
        for rest, of in self._of.items():
            known = matcher.match(_NONE, rest)
            if known is not None:
                lines[known.pattern].update(of)
        return [(each, level) for cluster, level in found for each in self._with(cluster, lines[cluster.pattern])]

    def _with(self, cluster: Cluster, lines: Counter[str]) -> Iterator[Cluster]:
        # One of which others match all lines better has the severities of none, and stays what it is.
        begins = list(self._begins(cluster.pattern, lines)) or [_NONE]
        for begin in begins:
            support = sum(lines[severity] for severity in alternatives(begin)) if len(begins) > 1 else cluster.support
            yield Cluster(_behind(begin, cluster.pattern), support, cluster.plain)

    def _begins(self, pattern: Pattern, lines: Counter[str]) -> Iterator[Constant]:
        """Yield what stands in front of a pattern, each together with all its alternatives, to have all severities."""
        left = set(lines)
        if _NONE in left:
            left.remove(_NONE)
            yield _NONE
        for begin in self._held.get(pattern, ()):
            if begin and not left.isdisjoint(alternatives(begin)):
                left.difference_update(alternatives(begin))
                yield begin
        if left:
            gravest = max(SEVERITIES[severity] for severity in left)
            taken = {word for begin in self._held.get(pattern, ()) for word in alternatives(begin)}
            left |= {word for word in self._used - taken if SEVERITIES[word] <= gravest}
            yield tuple(sorted(left)) if len(left) > 1 else left.pop()


def _split(shape: str) -> tuple[str, str]:
    severity, rest = split_severity(shape)
    return (_NONE, shape) if rest == CLASS_RUN else (severity, rest)


def _begin(pattern: Pattern) -> tuple[Constant, Pattern]:
    """Return the severities that a pattern begins with, and the pattern without; no severity where it has none."""
    if (
        len(pattern.constants) > 1
        and pattern.gaps[0] == NO_GAP
        and SEVERITIES.keys() >= set(alternatives(pattern.constants[0]))
    ):
        return pattern.constants[0], replace(pattern, constants=pattern.constants[1:], gaps=pattern.gaps[1:])
    return _NONE, pattern


def _behind(begin: Constant, pattern: Pattern) -> Pattern:
    if not begin:
        return pattern
    return replace(pattern, constants=(begin, *pattern.constants), gaps=(NO_GAP, *pattern.gaps))
