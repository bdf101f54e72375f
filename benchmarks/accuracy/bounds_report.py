"""accuracy-bounds.md and accuracy-bounds.json: one table a bound for people, every figure for machines."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.accuracy.report import as_json

NAME: Final = "accuracy-bounds"

_HOW: Final = """\
One bound of the ladder is another one, all else is as it ships (**bold**). It is trained on the first 10, 25, 50 and
75 % of the lines and on three random halves, and judges the rest.

- **missed**: novel lines of the rest that were not flagged; **flagged**: known ones that were; summed over all that.
- **F1**: of the first tenth, of the random halves. **GA**, **FGA**, **FTA**: grouping, trained on all lines; nobody
  wrote templates for the simulated lines. **patterns**: of all lines, summed.
- **logs**: Content of the real logs. **fleets**: simulated ones with their headers, mined by program.
- **CPU**: times the processor time of the default, training and judging; one run, so that a fifth more is nothing.
- The logs are few: a difference of some lines there says nothing, unless the fleets say the same."""


def write(folder: Path, found: dict[str, Any], plots: Sequence[str]) -> None:
    """Write both files into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{NAME}.json").write_text(as_json(found) + "\n")
    (folder / f"{NAME}.md").write_text("\n".join(_page(found, plots)) + "\n")


def tables(found: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of all tables, in Markdown."""
    for bound in found["bounds"]:
        yield f"## {bound['name'].capitalize()}"
        yield ""
        yield f"{bound['about'].capitalize()}."
        yield ""
        yield from _values(bound)
        yield ""
    yield from _nights(found["nights"])


def _page(found: dict[str, Any], plots: Sequence[str]) -> Iterator[str]:
    yield "# How much the bounds matter"
    yield ""
    yield f"{found['date']}, " + ", ".join(f"{name} {version}" for name, version in found["versions"].items()) + "."
    yield ""
    yield f"    {found['command']}"
    yield ""
    yield from _HOW.splitlines()
    yield ""
    for of, datasets in found["data"].items():
        default = next(bound["values"][bound["default"]] for bound in found["bounds"] if bound["of_ladder"])[of]
        yield (
            f"{of.capitalize()}: {', '.join(datasets)}; {sum(datasets.values()):,} lines. To judge were "
            f"{default['novel']:,} novel and {default['known']:,} known ones."
        )
        yield ""
    for plot in plots:
        yield f"![{plot.removesuffix('.png')}]({plot})"
        yield ""
    yield from tables(found)


def _values(bound: dict[str, Any]) -> Iterator[str]:
    yield (
        "| | logs: missed, flagged | F1 10 %, halves | GA, FGA, FTA | patterns "
        "| fleets: missed, flagged | F1 10 %, halves | GA, FGA | patterns | CPU |"
    )
    yield "|---" + "|--:" * 9 + "|"
    for name, value in bound["values"].items():
        shown = f"**{name}**" if name == bound["default"] else name
        cells = [cell for of in ("logs", "fleets") for cell in _cells(value[of])]
        yield f"| {shown} | {' | '.join(cells)} | {value['cpu']:.1f} |"


def _cells(of: dict[str, Any]) -> Iterator[str]:
    yield f"{of['missed']:,}, {of['wrong']:,}"
    yield f"{of['f1_first_tenth']:.4f}, {of['f1_halves']:.4f}"
    yield ", ".join(f"{of[name]:.3f}" for name in ("ga", "fga", "fta") if name in of)
    yield f"{of['patterns']:,}"


def _nights(nights: dict[str, Any]) -> Iterator[str]:
    seeds = " and ".join(map(str, nights["seeds"]))
    yield "## Nights"
    yield ""
    yield (
        f"{nights['days']} simulated days of {nights['lines_per_day']:,} lines with troubles, seeds {seeds}; the days "
        "behind those for learning are judged live, and learned from night by night. What an alert is worth, "
        "benchmarks/operations says."
    )
    yield ""
    yield "| | alerts a day | of these false (by seed) | trouble | events told | new kinds told |"
    yield "|---" + "|--:" * 5 + "|"
    for number, (name, rule) in enumerate(nights["rules"].items()):
        shown = name if number else f"**{name}**"
        by_seed = ", ".join(f"{each:.1f}" for each in rule["false_by_seed"])
        yield (
            f"| {shown} | {rule['alerts_a_day']:.1f} | {rule['false_a_day']:.1f} ({by_seed}) "
            f"| {rule['trouble_a_day']:.2f} | {_of(rule['events'])} | {_of(rule['kinds'])} |"
        )


def _of(told: Sequence[int]) -> str:
    return "{} of {}".format(*told)
