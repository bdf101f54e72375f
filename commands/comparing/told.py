"""What is told of two versions: text for people, one object for programs."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from commands.comparing.effect import Effect, Kind, most_lines
from commands.console import Column, counted, print_facts, print_table, shown, stdout
from patterns.comparison import ADDED, CHANGED, CLASSES, GONE, MERGED, NARROWED, SPLIT, STATE, WIDENED, Change, Part
from patterns.pattern_set import KNOWN

if TYPE_CHECKING:
    from rich.console import Console

    from commands.comparing.difference import Difference, Version
    from patterns.pattern_set import KnownPattern

EACH: Final = 10
"""Changes of a class, and shapes of either direction, that people are told."""

PARTS: Final = 4
"""Patterns of a change that people are told."""

IN_JSON: Final = 1_000
"""Shapes of either direction that programs are told."""

_EXAMPLE: Final = 300

MEANING: Final = {
    ADDED: "new patterns",
    GONE: "patterns that are no more",
    WIDENED: "patterns that cover more",
    NARROWED: "patterns that cover less",
    SPLIT: "patterns whose lines are of several now",
    MERGED: "patterns that took the lines of several",
    CHANGED: "patterns that cover other lines, or say it otherwise",
    STATE: "patterns that are held to be something else",
}
OUTLIERS: Final = "outliers"


def show(difference: "Difference") -> None:
    """Print what people want to read."""
    console = stdout()
    print_facts(console, _facts(difference))
    effect = difference.effect
    if effect is not None:
        _show_kinds(console, "outliers that the new set silences", effect.silenced, _now)
        _show_kinds(console, "lines that the new set flags, and the old one did not", effect.flagged, _before)
    for what in CLASSES:
        changes = difference.comparison.of(what)
        if changes:
            _show_class(console, what, changes)


def _facts(difference: "Difference") -> Iterator[tuple[str, str]]:
    comparison, effect = difference.comparison, difference.effect
    yield "old", _version(difference.old)
    yield "new", _version(difference.new)
    counts = [f"{len(changes):,} {what}" for what in CLASSES if (changes := comparison.of(what))]
    yield "patterns", ", ".join([*counts, f"{comparison.same:,} the same"])
    if difference.decisions:
        yield "decided", f"{counted(difference.decisions, 'decision')} of the operator, counted in both"
    if comparison.other_rules:
        names = ", ".join(comparison.other_rules)
        yield (
            "rules",
            f"the sets read lines by different rules ({names}), so each shape stands for one of its examples,",
        )
        yield "", "read anew by the rules of the other set: the counts of patterns are about these"
    if comparison.left_out:
        yield (
            "left out",
            f"{counted(comparison.left_out, 'shape')} without an example, or not judged by one of the sets",
        )
    if effect is None:
        mined = [
            f"{word} {counted(amount.lines, 'line')} of {counted(amount.shapes, 'shape')}"
            for word, amount in (("silences", comparison.silenced), ("flags", comparison.flagged))
        ]
        yield "effect", f"not measured: {difference.not_measured or 'no lines were asked for'}"
        yield "", f"of the lines that the sets were mined from, the new one {' and '.join(mined)}"
    else:
        yield from _effect(effect)


def _version(version: "Version") -> str:
    current = ", the current one" if version.current else ""
    return f"{version.name}{current}: {counted(version.patterns, 'pattern')} of {counted(version.lines, 'line')}"


def _effect(effect: Effect) -> Iterator[tuple[str, str]]:
    told = "" if effect.told is None else f", of which {effect.told:,} were outliers then"
    yield "tried on", f"{counted(effect.lines, 'line')} of {effect.place}{told}"
    old, new = effect.outliers
    yield OUTLIERS, f"{old:,} by the old set, {new:,} by the new one"
    for name, kinds in (("silenced", effect.silenced), ("flagged", effect.flagged)):
        lines = sum(kind.lines for kind in kinds.values())
        yield name, f"{counted(lines, 'line')} of {counted(len(kinds), 'shape')}"
    if effect.further:
        yield "", f"{counted(effect.further, 'line')} of further shapes, counted in the outliers alone"
    if effect.by_examples:
        yield (
            "",
            f"{counted(effect.by_examples, 'line')} were judged by one of each shape, for they were read otherwise",
        )
    if effect.damaged:
        yield "", f"{counted(effect.damaged, 'row')} of the sink could not be read as an event"


def _now(kind: Kind) -> str:
    known = kind.found.new
    return "not judged" if known is None else known.pattern.text


def _before(kind: Kind) -> str:
    known = kind.found.old
    was = "not judged" if known is None else known.pattern.text
    return f"{was}  ({kind.found.reason} now)"


def _show_kinds(console: "Console", title: str, kinds: dict[tuple[str, str], Kind], pattern: Any) -> None:
    if not kinds:
        return
    some = most_lines(kinds, EACH)
    _say(console, f"{title}: {_first(len(some), len(kinds), 'shape')}")
    rows: list[tuple[str, str, str]] = []
    for kind in some:
        rows.append((f"{kind.lines:,}", kind.found.scope or "-", _one_row(kind.example or kind.found.shape)))
        rows.append(("", "", f"  {'now' if pattern is _now else 'was'}: {pattern(kind)}"))
    print_table(console, [Column("lines", right=True), Column("program"), Column("line", ratio=1)], rows)


def _show_class(console: "Console", what: str, changes: list[Change]) -> None:
    some = changes[:EACH]
    _say(console, f"{what}, {MEANING[what]}: {_first(len(some), len(changes), 'change')}")
    columns = [
        Column("lines", right=True),
        Column("program"),
        Column(""),
        Column("id"),
        Column("pattern", ratio=1),
    ]
    print_table(console, columns, [row for change in some for row in _rows(change)])


def _say(console: "Console", title: str) -> None:
    console.print()
    console.print(shown(title, "bold"), soft_wrap=True)


def _first(shown_number: int, number: int, noun: str) -> str:
    return counted(number, noun) if shown_number == number else f"the {shown_number} of most lines of {number:,}"


def _rows(change: Change) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield the rows of a change: - what was, + what is, the rest of its lines, an example."""
    program = change.scope or "-"
    same = change.what not in {SPLIT, MERGED} and _texts(change.old) == _texts(change.new)
    for mark, parts in (("-", () if same else change.old), ("=" if same else "+", change.new)):
        for part in parts[:PARTS]:
            yield f"{part.amount.lines:,}", program, mark, *_named(part.known)
            program = ""
        if len(parts) > PARTS:
            rest = parts[PARTS:]
            yield f"{sum(part.amount.lines for part in rest):,}", program, mark, "", f"and {len(rest):,} more"
    if change.what == STATE:
        (old,), (new,) = change.old, change.new
        yield "", "", "", "", f"  was {old.known and old.known.state}, is {new.known and new.known.state}"
    for part in change.others[:PARTS]:
        yield "", "", "", "", f"  {other_words(change, part)}"
    if len(change.others) > PARTS:
        yield "", "", "", "", f"  and of {counted(len(change.others) - PARTS, 'more pattern')}"
    for example in change.amount.examples[:1]:
        yield "", "", "", "", f"  e.g. {_one_row(example)}"


def _named(known: "KnownPattern | None") -> tuple[str, str]:
    """Return id and text of a pattern, with its state where that is to be known."""
    if known is None:
        return "", OUTLIERS
    return known.id, known.pattern.text if known.state == KNOWN else f"{known.pattern.text}  ({known.state})"


def other_words(change: Change, part: Part) -> str:
    """Say of lines of a change what else they were of, or are of now."""
    when = {
        ADDED: "before",
        WIDENED: "what is more, before",
        MERGED: "before",
        GONE: "now",
        NARROWED: "what is less, now",
        SPLIT: "now",
        CHANGED: "before or now",
    }[change.what]
    lines = "" if part.amount.lines == change.amount.lines else f"{counted(part.amount.lines, 'line')}, "
    return f"{when}: {lines}{OUTLIERS if part.known is None else f'{part.known.id} {part.known.pattern.text}'}"


def _texts(parts: Iterable[Part]) -> list[tuple[str, str]]:
    return [(part.known.id, part.known.pattern.text) for part in parts if part.known]


def _one_row(text: str) -> str:
    row = text.replace("\n", " ⏎ ")
    return row if len(row) <= _EXAMPLE else row[: _EXAMPLE - 1] + "…"


def as_json(difference: "Difference") -> dict[str, Any]:
    """Return what programs are told; the keys are in the help of `patterns diff`."""
    comparison, effect = difference.comparison, difference.effect
    return {
        "store": difference.store,
        "old": _version_json(difference.old),
        "new": _version_json(difference.new),
        "decisions": difference.decisions,
        "other_rules": comparison.other_rules,
        "left_out": comparison.left_out,
        "counts": {**{what: len(comparison.of(what)) for what in CLASSES}, "same": comparison.same},
        "changes": [_change_json(change) for change in comparison.changes],
        "mined": {
            "silenced": {"lines": comparison.silenced.lines, "shapes": comparison.silenced.shapes},
            "flagged": {"lines": comparison.flagged.lines, "shapes": comparison.flagged.shapes},
        },
        "effect": None if effect is None else _effect_json(effect),
        "not_measured": difference.not_measured,
    }


def _version_json(version: "Version") -> dict[str, Any]:
    return {
        "version": version.name,
        "current": version.current,
        "patterns": version.patterns,
        "lines": version.lines,
    }


def _change_json(change: Change) -> dict[str, Any]:
    return {
        "class": change.what,
        "program": change.scope,
        "lines": change.amount.lines,
        "lines_old": change.amount.old_lines,
        "lines_new": change.amount.new_lines,
        "shapes": change.amount.shapes,
        "old": [_part_json(part) for part in change.old],
        "new": [_part_json(part) for part in change.new],
        "others": [_part_json(part) for part in change.others],
        "examples": change.amount.examples,
    }


def _part_json(part: Part) -> dict[str, Any]:
    known = part.known
    named: dict[str, str | None] = {"id": None, "pattern": None, "state": None}
    if known is not None:
        named = {"id": known.id, "pattern": known.pattern.text, "state": known.state}
    return {**named, "lines": part.amount.lines, "shapes": part.amount.shapes}


def _effect_json(effect: Effect) -> dict[str, Any]:
    old, new = effect.outliers
    return {
        "place": effect.place,
        "lines": effect.lines,
        "outliers_then": effect.told,
        "outliers_old": old,
        "outliers_new": new,
        "silenced": _kinds_json(effect.silenced),
        "flagged": _kinds_json(effect.flagged),
        "further": effect.further,
        "by_examples": effect.by_examples,
        "damaged": effect.damaged,
    }


def _kinds_json(kinds: dict[tuple[str, str], Kind]) -> dict[str, Any]:
    return {
        "lines": sum(kind.lines for kind in kinds.values()),
        "shapes": len(kinds),
        "most": [
            {
                "program": kind.found.scope,
                "shape": kind.found.shape,
                "lines": kind.lines,
                "example": kind.example,
                "old": kind.found.old and kind.found.old.id,
                "new": kind.found.new and kind.found.new.id,
                "reason": kind.found.reason,
            }
            for kind in most_lines(kinds, IN_JSON)
        ],
    }
