"""
What is measured of a method on a log.

**Novelty** is the product's job. A method is trained on a part of the lines; a line of the rest is *novel* iff its kind
does not occur in that part, and it is *flagged* iff the method does not know it. By alert: the same over the shapes of
the rest, since people get one alert a shape; a shape is novel or flagged iff one of its lines is.

**Grouping** is what parsers are compared by. A method is trained on all lines, and puts each into a group:

- GA, grouping accuracy: the share of lines that are in a group which has all lines of one kind and no other.
- FGA: the F1 over groups of the same.
- PA, parsing accuracy: the share of lines whose template is word for word that of the truth.
- FTA: the F1 over templates; one is right iff its lines are of one kind and it is that kind's template.

Templates are compared as shapes (`Reader.template_shape`). Sources: Zhu et al., "Tools and Benchmarks for Automated Log
Parsing" (ICSE-SEIP 2019) for GA; for the others Khan et al., "Guidelines for Assessing the Accuracy of Log Message
Template Identification Techniques" (ICSE 2022), and Jiang et al., "A Large-scale Evaluation for Log Parsing Techniques"
(ISSTA 2024).
"""

import random
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import asdict, dataclass
from typing import Final, NamedTuple

from benchmarks.accuracy.data import Line
from benchmarks.accuracy.methods import Grouped, Know

SHARES: Final = (10, 25, 50, 75)
SEEDS: Final = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class Novelty:
    """Lines, or alerts: flagged and novel, flagged and known, novel and not flagged, known."""

    right: int = 0
    wrong: int = 0
    missed: int = 0
    known: int = 0

    @property
    def recall(self) -> float:
        """Share of the novel ones that were flagged; 1 where there are none."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 1 where there is nothing to find and nothing was flagged."""
        whole = 2 * self.right + self.wrong + self.missed
        return 2 * self.right / whole if whole else 1.0

    @property
    def false_alarms(self) -> float:
        """Share of the known ones that were flagged."""
        return self.wrong / self.known if self.known else 0.0

    def __add__(self, other: "Novelty") -> "Novelty":
        """Return both together."""
        return Novelty(*(a + b for a, b in zip(asdict(self).values(), asdict(other).values(), strict=True)))


class Found(NamedTuple):
    """Novelty by lines, by alerts."""

    lines: Novelty
    alerts: Novelty


class Grouping(NamedTuple):
    """How well lines are grouped, each 0 to 1."""

    ga: float
    fga: float
    pa: float
    fta: float


class Split(NamedTuple):
    """Indices of the lines that a method is trained on, and of the rest."""

    seen: list[int]
    rest: list[int]


def splits(number: int) -> dict[str, list[Split]]:
    """Return by name the splits of so many lines: the first share of them, in order; and random halves."""
    found = {}
    for share in SHARES:
        cut = number * share // 100
        found[f"first {share} %"] = [Split(list(range(cut)), list(range(cut, number)))]
    halves = []
    for seed in SEEDS:
        shuffled = random.Random(seed).sample(range(number), number)
        halves.append(Split(shuffled[: number // 2], shuffled[number // 2 :]))
    found["random halves"] = halves
    return found


SPLITS: Final = tuple(splits(0))
"""Their names."""


def novelty(lines: Sequence[Line], split: Split, train: Callable[[Sequence[Line]], Know]) -> Found:
    """Train on the one part and judge the rest."""
    know = train([lines[index] for index in split.seen])
    kinds = {lines[index].kind for index in split.seen}
    by_line: list[tuple[bool, bool]] = []
    by_shape: dict[Hashable, tuple[bool, bool]] = defaultdict(lambda: (False, False))
    for index in split.rest:
        line = lines[index]
        said = (line.shape is not None and not know(line), line.kind not in kinds)
        shape = (line.scope, line.shape) if line.shape else line.message
        flagged, novel = by_shape[shape]
        by_shape[shape] = (flagged or said[0], novel or said[1])
        by_line.append(said)
    return Found(_counted(by_line), _counted(list(by_shape.values())))


def grouping(lines: Sequence[Line], grouped: Sequence[Grouped], template_shape: Callable[[str], str]) -> Grouping:
    """
    Compare groups with kinds.

    Args:
        lines: All.
        grouped: For each its group and what its template reads.
        template_shape: Makes templates comparable.
    """
    groups: dict[str, list[int]] = defaultdict(list)
    kinds: dict[str, list[int]] = defaultdict(list)
    templates: dict[str, list[int]] = defaultdict(list)
    shapes: dict[str, str] = {}
    for number, (line, found) in enumerate(zip(lines, grouped, strict=True)):
        groups[found.group].append(number)
        kinds[line.kind].append(number)
        shape = shapes.get(found.template)
        if shape is None:
            shape = shapes[found.template] = template_shape(found.template)
        templates[shape].append(number)
    right = [members for members in groups.values() if kinds[lines[members[0]].kind] == members]
    written = [
        members
        for shape, members in templates.items()
        if all(lines[number].template == shape for number in members)
        and len({lines[number].kind for number in members}) == 1
    ]
    parsed = sum(lines[number].template == shape for shape, members in templates.items() for number in members)
    return Grouping(
        ga=sum(map(len, right)) / len(lines),
        fga=_f1(len(right), len(groups), len(kinds)),
        pa=parsed / len(lines),
        fta=_f1(len(written), len(templates), len(kinds)),
    )


def _f1(right: int, found: int, true: int) -> float:
    return 2 * right / (found + true) if found + true else 1.0


def _counted(said: Sequence[tuple[bool, bool]]) -> Novelty:
    """Count what was flagged and what is novel."""
    return Novelty(
        right=said.count((True, True)),
        wrong=said.count((True, False)),
        missed=said.count((False, True)),
        known=said.count((True, False)) + said.count((False, False)),
    )
