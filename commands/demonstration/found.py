"""What the stream wrote → what there is to show: outliers by shape, and for labelled lines how right they are."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(slots=True)
class Shape:
    """An outlier shape: its first line's event, its lines, and how many of them are novel by their labels."""

    first: dict[str, Any]
    lines: int = 0
    novel: int = 0


@dataclass(frozen=True, slots=True)
class Score:
    """Labelled lines: flagged and novel, flagged and known, novel and not flagged; and the same by kind of novelty."""

    right: int
    wrong: int
    missed: int
    kinds: int
    kinds_found: int

    @property
    def precision(self) -> float:
        """Novel lines among the flagged."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        """Flagged lines among the novel."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0


def events(sink: Path) -> Iterator[dict[str, Any]]:
    """Yield the events of a sink that was filled today."""
    for part in sorted(sink.glob("events/*/[!.]*.ndjson")):
        with part.open("rb") as lines:
            for line in lines:
                yield json.loads(line)


def look_through(sink: Path, labels: Mapping[tuple[str, int], str | None]) -> tuple[list[Shape], Score | None]:
    """Return the outlier shapes, most lines first, and the score where there are labels."""
    shapes: dict[str, Shape] = {}
    right = wrong = missed = 0
    found: set[str] = set()
    for event in events(sink):
        kind = labels.get((event["log"]["file"]["path"], event["log"]["offset"]))
        if not event["logwinnow"]["outlier"]:
            missed += kind is not None
            continue
        shape = shapes.setdefault(event["logwinnow"]["shape"]["id"], Shape(event))
        shape.lines += 1
        shape.novel += kind is not None
        right += kind is not None
        wrong += kind is None
        found |= {kind} if kind else set()
    ordered = sorted(shapes.values(), key=lambda shape: -shape.lines)
    if not labels:
        return ordered, None
    kinds = {kind for kind in labels.values() if kind}
    return ordered, Score(right, wrong, missed, len(kinds), len(found))
