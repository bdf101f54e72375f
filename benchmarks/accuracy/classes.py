"""What each class of words buys: the ladder with all default classes, without one of them, with one of the optional."""

import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from benchmarks.accuracy.data import Form
from benchmarks.accuracy.methods import ladder, mined
from benchmarks.accuracy.results import Result, measure
from patterns.words import DEFAULT_CLASSES, WordRules

_CONF: Final = Path(__file__).resolve().parents[2] / "conf" / "training.toml"
_OPTIONAL: Final = re.compile(r"^# (\w+ = '.*')$", re.MULTILINE)


def optional_classes() -> dict[str, str]:
    """Return those that conf/training.toml has behind a #, by name."""
    section = _CONF.read_text(encoding="utf-8").partition("[words.classes]")[2].partition("\n[")[0]
    return tomllib.loads("\n".join(_OPTIONAL.findall(section)))


def measure_classes(folder: Path, form: Form, told: Callable[[str], None]) -> dict[str, Result]:
    """Return the results of the ladder by what was changed; ``default`` is as it ships."""
    found = {}
    for name, classes in _changes():
        _, results = measure(folder, form, [mined("ladder", ladder("logcluster"))], words=WordRules(classes=classes))
        found[name] = results["ladder"]
        told(f"{form}: {name}")
    return found


def table(results: dict[str, Result]) -> Iterator[str]:
    """Yield the lines of a table in Markdown: what each change does to the default."""
    yield "| classes | novel lines missed, known ones flagged, over all splits | F1 random halves | GA | FGA | FTA |"
    yield "|---|--:|--:|--:|--:|--:|"
    for name, result in results.items():
        judged: dict[str, Any] = result["novelty"]
        missed = sum(found["lines"]["missed"] for found in judged.values())
        wrong = sum(found["lines"]["wrong"] for found in judged.values())
        grouped = " | ".join(f"{result['grouping'][measure]:.4f}" for measure in ("ga", "fga", "fta"))
        yield f"| {name} | {missed}, {wrong} | {judged['random halves']['lines']['f1']:.4f} | {grouped} |"


def _changes() -> Iterator[tuple[str, dict[str, str]]]:
    default = dict(DEFAULT_CLASSES)
    yield "default", default
    for name in default:
        yield f"without {name}", {other: of for other, of in default.items() if other != name}
    for name, of in optional_classes().items():
        yield f"with {name}", {**default, name: of}
