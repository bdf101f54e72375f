"""
What each class of words buys: the ladder with all default classes, without one of them, with one of the optional.

On Content, on whole raw lines and on simulated fleets, for each has lines of which the others have few.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from benchmarks.accuracy.data import FORMS, Reader
from benchmarks.accuracy.fleets import DAYS, LINES_PER_DAY, SEEDS, fleet
from benchmarks.accuracy.methods import ladder, mined
from benchmarks.accuracy.report import as_json
from benchmarks.accuracy.results import Result, measured
from benchmarks.training import machine
from patterns.words import DEFAULT_CLASSES, WordRules

Data = Literal["content", "raw", "fleets"]
"""What is measured on: the logs of a folder in one of the forms, or fleets."""

DATA: Final[dict[Data, str]] = {
    "content": FORMS["content"],
    "raw": FORMS["raw"],
    "fleets": f"simulated fleets, seeds {' and '.join(map(str, SEEDS))}, {DAYS} days of about {LINES_PER_DAY:,} lines",
}

_CONF: Final = Path(__file__).resolve().parents[2] / "conf" / "training.toml"
_OPTIONAL: Final = re.compile(r"^# (\w+ = '.*')$", re.MULTILINE)
_HOW: Final = """\
The ladder with LogCluster. **missed** are novel lines that were not flagged, **false** known ones that were, both
summed over the four first shares and the three random halves; **GA**, **FGA** and **FTA** are of all lines. Templates
of fleets are not known. In short is said what it does to have a class: for the default ones (bold) beside all others of
them, for those that are optional beside the default. Nothing means that no figure changes."""


class _Change(NamedTuple):
    """Classes by which messages are taken apart; `name` is the one that is missing or added, ``""`` for the default."""

    name: str
    classes: dict[str, str]

    @property
    def label(self) -> str:
        """What tables call it."""
        return f"{'with' if self.name in self.classes else 'without'} {self.name}" if self.name else "default"


def optional_classes() -> dict[str, str]:
    """Return those that conf/training.toml has behind a #, by name."""
    section = _CONF.read_text(encoding="utf-8").partition("[words.classes]")[2].partition("\n[")[0]
    return tomllib.loads("\n".join(_OPTIONAL.findall(section)))


def measure_classes(folder: Path, chosen: Sequence[Data], told: Callable[[str], None]) -> dict[Data, dict[str, Result]]:
    """
    Measure the ladder with each change, in as many processes as cores.

    Returns:
        By data and by what was changed, ``default`` as it ships: `novelty`, for each split its figures by line, and
        `grouping`.
    """
    changes = list(_changes())
    jobs = [(folder, data, change) for data in chosen for change in changes]
    found: dict[Data, dict[str, Result]] = {data: {} for data in chosen}
    with ProcessPoolExecutor(machine.cores()) as pool:
        for (_, data, change), result in zip(jobs, pool.map(_measured, jobs), strict=True):
            found[data][change.label] = result
            told(f"{data}: {change.label}")
    return found


def page(found: dict[Data, dict[str, Result]]) -> Iterator[str]:
    """Yield the lines of a page in Markdown: what each class does, in short and by data."""
    yield from _HOW.splitlines()
    yield ""
    yield "## In short"
    yield ""
    yield from _in_short(found)
    for data, results in found.items():
        title = DATA[data]
        yield ""
        yield f"## {title[:1].upper()}{title[1:]}"
        yield ""
        yield from _table(results)


def write(folder: Path, found: dict[str, Any]) -> None:
    """Write accuracy-classes.md and accuracy-classes.json into a folder, which is made; `found` is what is printed."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "accuracy-classes.json").write_text(as_json(found) + "\n")
    text = ["# What each class of words buys", "", f"{found['date']}.", "", f"    {found['command']}", ""]
    (folder / "accuracy-classes.md").write_text("\n".join([*text, *page(found["data"])]) + "\n")


def _changes() -> Iterator[_Change]:
    default = dict(DEFAULT_CLASSES)
    yield _Change("", default)
    for name in default:
        yield _Change(name, {other: of for other, of in default.items() if other != name})
    for name, of in optional_classes().items():
        yield _Change(name, {**default, name: of})


def _measured(job: tuple[Path, Data, _Change]) -> Result:
    folder, data, change = job
    words = WordRules(classes=change.classes)
    method = mined("ladder", ladder("logcluster"))
    if data == "fleets":
        result = measured({str(seed): fleet(seed, words) for seed in SEEDS}, method, str)
    else:
        reader = Reader(data, words)
        result = measured(reader.read(folder), method, reader.template_shape)
    known = ("ga", "fga") if data == "fleets" else ("ga", "fga", "fta")
    return {
        "novelty": {split: found["lines"] for split, found in result["novelty"].items()},
        "grouping": {name: result["grouping"][name] for name in known},
    }


def _in_short(found: dict[Data, dict[str, Result]]) -> Iterator[str]:
    yield f"| class | {' | '.join(found)} |"
    yield "|---" + "|---" * len(found) + "|"
    for change in _changes():
        if change.name:
            by_default = change.name not in change.classes
            cells = [_bought(of["default"], of[change.label], by_default=by_default) for of in found.values()]
            yield f"| {f'**{change.name}**' if by_default else change.name} | {' | '.join(cells)} |"


def _bought(default: Result, changed: Result, *, by_default: bool) -> str:
    """Return what having a class does to each figure; `by_default` tells that the default has it."""
    having, lacking = (_figures(default), _figures(changed)) if by_default else (_figures(changed), _figures(default))
    said = []
    for name, figure in having.items():
        shown = f"{figure - lacking[name]:+,}" if isinstance(figure, int) else f"{figure - lacking[name]:+.4f}"
        if shown.strip("+-0."):
            said.append(f"{name} {shown.replace('0.', '.')}")
    return ", ".join(said) or "nothing"


def _table(results: dict[str, Result]) -> Iterator[str]:
    names = list(_figures(results["default"]))
    yield f"| classes | {' | '.join(names)} |"
    yield "|---" + "|--:" * len(names) + "|"
    for label, result in results.items():
        shown = [f"{figure:,}" if isinstance(figure, int) else f"{figure:.4f}" for figure in _figures(result).values()]
        yield f"| {label} | {' | '.join(shown)} |"


def _figures(result: Result) -> dict[str, float]:
    judged: dict[str, Any] = result["novelty"]
    return {
        "missed": sum(lines["missed"] for lines in judged.values()),
        "false": sum(lines["wrong"] for lines in judged.values()),
        "F1 first 10 %": judged["first 10 %"]["f1"],
        "F1 random halves": judged["random halves"]["f1"],
        **{name.upper(): figure for name, figure in result["grouping"].items()},
    }
