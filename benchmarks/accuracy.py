"""
How well novel lines are found and known ones are grouped, on datasets in loghub's form.

    python benchmarks/accuracy.py FOLDER [--json]

FOLDER holds `<name>/<name>_2k.log_structured.csv` with the columns Content and EventId (the truth). Measured on
Content, with the default rules and without any setting for a dataset:

- **novelty**: trained on the first tenth, and on the first half; a line of the rest is novel iff its EventId did not
  occur before, and flagged iff it is an outlier.
- **grouping** (GA, FGA): over all lines, as logparser's evaluator has it; a line that no pattern matches is grouped
  with the lines of its shape.

Beside the ladder stands the baseline that any miner must beat: the set of shapes itself, without mining.
"""

import csv
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

from mining.clusters import Algorithm
from mining.ladder import climb_down
from patterns.matcher import Matcher
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.rules import Rules
from patterns.words import Splitter, WordRules

SPLITS = {"first tenth": 0.1, "first half": 0.5}

Group = Callable[[str], str | None]
"""Shape → the group that a trained method puts it in; None for an outlier."""

Train = Callable[[Counter[str]], Group]
"""Shapes with their numbers of lines → the trained method."""


class LabelledLine(NamedTuple):
    """A line's shape (None if it is unjudged) and its true kind."""

    shape: str | None
    kind: str


@dataclass(frozen=True, slots=True)
class Novelty:
    """Lines: flagged and novel, flagged and known, novel and not flagged, known."""

    right: int = 0
    wrong: int = 0
    missed: int = 0
    known: int = 0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 1 where there is nothing to find and nothing was flagged."""
        whole = 2 * self.right + self.wrong + self.missed
        return 2 * self.right / whole if whole else 1.0

    def __add__(self, other: "Novelty") -> "Novelty":
        """Return both together."""
        return Novelty(*(a + b for a, b in zip(asdict(self).values(), asdict(other).values(), strict=True)))


class Grouping(NamedTuple):
    """Grouping accuracy by lines, and its F1 by groups."""

    ga: float
    fga: float


def ladder(algorithm: Algorithm) -> Train:
    """Return the method of the product: mining level by level."""

    def train(shapes: Counter[str]) -> Group:
        found = climb_down(shapes, algorithm)
        known = [KnownPattern("", a.cluster.pattern, a.level, a.cluster.support, a.cluster.support) for a in found]
        matcher = Matcher(PatternSet.of(Rules(), known))

        def group(shape: str) -> str | None:
            best = matcher.match("", shape)
            return best.id if best else None

        return group

    return train


def shapes_alone(shapes: Counter[str]) -> Group:
    """Return the baseline: a shape is known iff it was seen, and is its own group."""
    return lambda shape: shape if shape in shapes else None


METHODS: dict[str, Train] = {
    "ladder, LogCluster": ladder("logcluster"),
    "ladder, SLCT": ladder("slct"),
    "shapes without mining": shapes_alone,
}


def read(folder: Path) -> dict[str, list[LabelledLine]]:
    """Return the lines of each dataset of a folder, by name."""
    splitter = Splitter(WordRules())
    found = {}
    for path in sorted(folder.glob("*/*_2k.log_structured.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows = [(splitter.shape(row["Content"]), row["EventId"]) for row in csv.DictReader(file)]
        found[path.parent.name] = [LabelledLine(None if splitter.unjudged(s) else s, kind) for s, kind in rows]
    return found


def novelty(lines: Sequence[LabelledLine], share: float, train: Train) -> Novelty:
    """Train on the first share of the lines and judge the rest."""
    cut = int(len(lines) * share)
    group, kinds = _trained(lines[:cut], train), {line.kind for line in lines[:cut]}
    counts: Counter[tuple[bool, bool]] = Counter()
    for line in lines[cut:]:
        flagged = line.shape is not None and group(line.shape) is None
        counts[flagged, line.kind not in kinds] += 1
    known = counts[True, False] + counts[False, False]
    return Novelty(counts[True, True], counts[True, False], counts[False, True], known)


def grouping(lines: Sequence[LabelledLine], train: Train) -> Grouping:
    """Train on all lines and compare their groups with their kinds."""
    group = _trained(lines, train)
    groups: dict[str, list[int]] = defaultdict(list)
    kinds: dict[str, list[int]] = defaultdict(list)
    for number, line in enumerate(lines):
        shape = line.shape or ""
        groups[group(shape) or shape].append(number)
        kinds[line.kind].append(number)
    right = [members for members in groups.values() if kinds[lines[members[0]].kind] == members]
    precision, recall = len(right) / len(groups), len(right) / len(kinds)
    fga = 2 * precision * recall / (precision + recall) if right else 0.0
    return Grouping(sum(map(len, right)) / len(lines), fga)


def measure(datasets: dict[str, list[LabelledLine]]) -> dict[str, dict[str, object]]:
    """Return for each method the novelty of each split, summed over the datasets, GA and FGA, and those of each."""
    results: dict[str, dict[str, object]] = {}
    for method, train in METHODS.items():
        groupings = {name: grouping(lines, train) for name, lines in datasets.items()}
        found = {
            name: {split: novelty(lines, share, train) for split, share in SPLITS.items()}
            for name, lines in datasets.items()
        }
        results[method] = {
            **{split: _counts(sum((each[split] for each in found.values()), Novelty())) for split in SPLITS},
            "ga": sum(each.ga for each in groupings.values()) / len(groupings),
            "fga": sum(each.fga for each in groupings.values()) / len(groupings),
            "datasets": {
                name: {
                    **{split: _counts(found[name][split]) for split in SPLITS},
                    "ga": groupings[name].ga,
                    "fga": groupings[name].fga,
                }
                for name in datasets
            },
        }
    return results


def main(arguments: Sequence[str]) -> int:
    """Measure the datasets of a folder and print them."""
    folders = [argument for argument in arguments if not argument.startswith("--")]
    datasets = read(Path(folders[0])) if len(folders) == 1 else {}
    if not datasets:
        print("usage: accuracy.py FOLDER [--json]; FOLDER holds <name>/<name>_2k.log_structured.csv", file=sys.stderr)
        return 2
    results = measure(datasets)
    if "--json" in arguments:
        print(json.dumps(results, indent=2))
        return 0
    print(f"{len(datasets)} datasets: {', '.join(datasets)}\n")
    print("| method | trained on | novel found | known flagged | F1 | GA | FGA |\n|---|---|---|---|---|---|---|")
    for method, result in results.items():
        for split in SPLITS:
            total = result[split]
            assert isinstance(total, dict)  # noqa: S101 (of `measure`)
            found = f"{total['right']} of {total['right'] + total['missed']} | {total['wrong']} of {total['known']}"
            print(f"| {method} | {split} | {found} | {total['f1']:.4f} | {result['ga']:.3f} | {result['fga']:.3f} |")
    return 0


def _counts(found: Novelty) -> dict[str, float]:
    return {**asdict(found), "f1": found.f1}


def _trained(lines: Sequence[LabelledLine], train: Train) -> Group:
    return train(Counter(line.shape for line in lines if line.shape is not None))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
