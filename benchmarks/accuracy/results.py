"""All methods on all datasets of a folder, in each form: what is written and printed."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks.accuracy.data import Dataset, Form, Reader
from benchmarks.accuracy.measure import SPLITS, Found, Grouping, Novelty, grouping, novelty, splits
from benchmarks.accuracy.methods import Compared
from patterns.words import WordRules

Result = dict[str, Any]
"""
What a method is worth: `novelty` by split (None if it cannot judge), each with `lines` and `alerts`; `grouping`; and
`datasets`, which has the same of each. Novelty is summed over datasets, and grouping is their mean.
"""


def measure(
    folder: Path,
    form: Form,
    compared: Iterable[Compared],
    told: Callable[[str], None] = lambda _: None,
    words: WordRules | None = None,
) -> tuple[dict[str, Dataset], dict[str, Result]]:
    """
    Measure methods on a folder.

    Args:
        folder: Datasets in loghub's form.
        form: What is read of each line.
        compared: Those that lack nothing.
        told: Is told of each method when it is done.
        words: Rules by which messages are taken apart; None for the default ones.

    Returns:
        The datasets by name, and the results by method.
    """
    reader = Reader(form, words)
    datasets = reader.read(folder)
    results = {}
    for method in compared if datasets else []:
        began = time.monotonic()
        found = measured(datasets, method, reader.template_shape)
        results[method.name] = found | {"ours": method.ours, "seconds": round(time.monotonic() - began, 2)}
        told(method.name)
    return datasets, results


def measured(datasets: Mapping[str, Dataset], method: Compared, template_shape: Callable[[str], str]) -> Result:
    """Measure one method on datasets by name; `template_shape` makes templates comparable."""
    return _total({name: _of_dataset(dataset, method, template_shape) for name, dataset in datasets.items()})


def _of_dataset(dataset: Dataset, method: Compared, template_shape: Callable[[str], str]) -> Result:
    lines = dataset.lines
    grouped = grouping(lines, method.group(lines), template_shape)
    judged = None
    if method.train is not None:
        judged = {
            name: _sum(novelty(lines, split, method.train) for split in of_name)
            for name, of_name in splits(len(lines)).items()
        }
    return {"novelty": judged, "grouping": grouped}


def _total(found: dict[str, Result]) -> Result:
    each = list(found.values())
    judged = None
    if all(result["novelty"] for result in each):
        judged = {split: _shown(_sum(result["novelty"][split] for result in each)) for split in SPLITS}
    means = {name: fmean(getattr(result["grouping"], name) for result in each) for name in Grouping._fields}
    shown = {
        name: {
            "novelty": result["novelty"] and {split: _shown(one) for split, one in result["novelty"].items()},
            "grouping": result["grouping"]._asdict(),
        }
        for name, result in found.items()
    }
    return {"novelty": judged, "grouping": means, "datasets": shown}


def _sum(found: Iterable[Found]) -> Found:
    lines, alerts = Novelty(), Novelty()
    for each in found:
        lines, alerts = lines + each.lines, alerts + each.alerts
    return Found(lines, alerts)


def _shown(found: Found) -> dict[str, dict[str, float]]:
    return {
        name: {**asdict(counts), "recall": counts.recall, "false_alarms": counts.false_alarms, "f1": counts.f1}
        for name, counts in found._asdict().items()
    }
