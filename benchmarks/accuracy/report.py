"""accuracy.md and accuracy.json: tables for people, every figure for machines."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.accuracy.data import FORMS
from benchmarks.accuracy.measure import SPLITS

_HOW: Final = """\
- **novelty**: trained on a part of the lines; a line of the rest is novel iff its kind does not occur in that part, and
  flagged iff the method does not know it. F1 over all lines of all logs; **recall** is the share of novel lines that
  were flagged, **false** the share of known lines that were. **by alert** is the F1 over shapes: people get one alert a
  shape. *random halves* are three, of seeds 1, 2 and 3.
- **GA**, **FGA**: grouping, by lines and by groups, mean over the logs. **PA**, **FTA**: templates, by lines and by
  templates; they are compared word by word, where class words and separators are alike for everybody.
- Nobody has a setting for a dataset. Published figures of the others are of parsers tuned to each: Drain .865 and Brain
  .983 of GA over 16 logs.
- Novelty is not anomaly: a new kind of line may be harmless, and an attack may look like every other day.
- Whole lines: patterns are of programs. A known kind of a program that is new is an outlier to us, and no novelty to
  the truth, which knows none; so is a known text that is graver than it ever was. Patterns of two programs that read
  alike are one group. A level in a header is the first word of a message, and of the true template."""


def write(folder: Path, found: dict[str, Any], plots: Sequence[str]) -> None:
    """Write both files into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "accuracy.json").write_text(as_json(found) + "\n")
    (folder / "accuracy.md").write_text("\n".join(_page(found, plots)) + "\n")


def as_json(found: dict[str, Any]) -> str:
    """Return all figures, to four digits."""
    return json.dumps(_rounded(found), indent=1)


def tables(found: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of all tables, in Markdown."""
    for form, of_form in found["forms"].items():
        lines = of_form["lines"]
        title = FORMS[form][:1].upper() + FORMS[form][1:]
        yield f"## {title}: {len(lines)} logs, {sum(lines.values()):,} lines"
        yield ""
        yield from _methods(of_form["methods"])
        yield ""
        for name, result in of_form["methods"].items():
            if result["ours"]:
                yield f"### {name}, by log"
                yield ""
                yield from _datasets(result["datasets"], of_form["headers"] if form == "raw" else None)
                yield ""


def _page(found: dict[str, Any], plots: Sequence[str]) -> Iterator[str]:
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    yield "# Accuracy"
    yield ""
    yield f"{found['date']}, {versions}."
    yield ""
    yield f"    {found['command']}"
    yield ""
    yield from _HOW.splitlines()
    yield ""
    for plot in plots:
        yield f"![{plot.removesuffix('.png')}]({plot})"
        yield ""
    yield from tables(found)
    if found["left_out"]:
        yield "Left out: " + "; ".join(f"{name} ({why})" for name, why in found["left_out"].items()) + "."


def _methods(results: dict[str, Any]) -> Iterator[str]:
    splits = " | ".join(f"F1 {split}" for split in SPLITS)
    yield f"| method | {splits} | recall 50 % | false 50 % | by alert 50 % | GA | FGA | PA | FTA |"
    yield "|---" + "|--:" * (len(SPLITS) + 7) + "|"
    for name, result in results.items():
        shown = f"**{name}**" if result["ours"] else name
        yield f"| {shown} | {' | '.join([*_novelty(result), *_grouping(result)])} |"


def _novelty(result: dict[str, Any]) -> list[str]:
    judged = result["novelty"]
    if judged is None:
        return ["–"] * (len(SPLITS) + 3)
    half = judged["first 50 %"]
    f1s = [f"{judged[split]['lines']['f1']:.4f}" for split in SPLITS]
    return [
        *f1s,
        f"{half['lines']['recall']:.4f}",
        f"{half['lines']['false_alarms']:.2%}",
        f"{half['alerts']['f1']:.4f}",
    ]


def _grouping(result: dict[str, Any]) -> list[str]:
    return [f"{result['grouping'][name]:.3f}" for name in ("ga", "fga", "pa", "fta")]


def _datasets(datasets: dict[str, Any], headers: dict[str, dict[str, int]] | None) -> Iterator[str]:
    splits = " | ".join(f"{split}: missed, false" for split in SPLITS)
    yield f"| log |{' headers |' if headers else ''} {splits} | GA | FGA | PA | FTA |"
    yield "|---" + ("|---" if headers else "") + "|--:" * (len(SPLITS) + 4) + "|"
    for name, result in datasets.items():
        judged = result["novelty"]
        found = [_errors(judged[split]["lines"]) for split in SPLITS]
        formats = [", ".join(headers[name])] if headers else []
        yield f"| {' | '.join([name, *formats, *found, *_grouping(result)])} |"


def _errors(counts: dict[str, float]) -> str:
    novel = counts["right"] + counts["missed"]
    return f"{counts['missed']:.0f} of {novel:.0f}, {counts['wrong']:.0f} of {counts['known']:.0f}"


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    return value
