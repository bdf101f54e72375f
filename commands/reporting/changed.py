"""What a version of the set changes → what the page's section on it shows: a bounded number of rows."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from commands.comparing.effect import Kind, most_lines
from commands.comparing.told import MEANING, PARTS, other_words
from commands.reporting.marks import Rows, brief, of_line, of_pattern
from patterns.comparison import CLASSES, MERGED, SPLIT, STATE, Change, Part
from patterns.matcher import OUTLIERS

if TYPE_CHECKING:
    from commands.comparing.difference import Difference

EACH: Final = 50
"""Changes of a class, and shapes of either direction, that are listed at most."""

SILENCED, FLAGGED = "silenced", "flagged"
_LONGEST_NAME: Final = 60


def changed(difference: "Difference") -> dict[str, Any]:
    """Return what the template wants. Cost: bounded, but for a look at all changes."""
    comparison, effect = difference.comparison, difference.effect
    kinds = {} if effect is None else {SILENCED: effect.silenced, FLAGGED: effect.flagged}
    rows = [_kind(what, kind) for what, found in kinds.items() for kind in most_lines(found, EACH)]
    rows += [_change(change) for what in CLASSES for change in comparison.of(what)[:EACH]]
    counts = {
        **{what: len(found) for what, found in kinds.items()},
        **{what: len(comparison.of(what)) for what in CLASSES},
    }
    return {
        "old": difference.old,
        "new": difference.new,
        "same": comparison.same,
        "decisions": difference.decisions,
        "other_rules": comparison.other_rules,
        "effect": effect,
        "lines": {what: sum(kind.lines for kind in found.values()) for what, found in kinds.items()},
        "not_measured": difference.not_measured,
        "counts": [(what, number) for what, number in counts.items() if number],
        "all": sum(counts.values()),
        "meaning": MEANING,
        "rows": rows,
        "each": EACH,
    }


def _kind(what: str, kind: Kind) -> dict[str, Any]:
    found = kind.found
    was, now = ([] if known is None else [of_pattern(known.pattern.text)] for known in (found.old, found.new))
    return {
        "what": what,
        "lines": kind.lines,
        "program": brief(found.scope, _LONGEST_NAME),
        "old": [] if what == SILENCED else was,
        "new": now if what == SILENCED else [],
        "notes": [],
        "example": of_line(kind.example or found.shape),
    }


def _change(change: Change) -> dict[str, Any]:
    same = change.what not in {SPLIT, MERGED} and _texts(change.old) == _texts(change.new)
    notes = [brief(other_words(change, part)) for part in change.others[:PARTS]]
    if change.what == STATE:
        (old,), (new,) = change.old, change.new
        notes.append(f"was {old.known and old.known.state}, is {new.known and new.known.state}")
    elif states := sorted({part.known.state for part in change.new if part.known} & set(OUTLIERS)):
        notes.append(f"{' or '.join(states)}: such lines stay outliers")
    examples = change.amount.examples
    return {
        "what": change.what,
        "lines": change.amount.lines,
        "program": brief(change.scope, _LONGEST_NAME),
        "old": [] if same else _patterns(change.old),
        "new": _patterns(change.new),
        "notes": notes,
        "example": of_line(examples[0]) if examples else [],
    }


def _patterns(parts: Sequence[Part]) -> list[Rows]:
    shown = [of_pattern(part.known.pattern.text) for part in parts[:PARTS] if part.known]
    return [*shown, of_line(f"… and {len(parts) - PARTS:,} more")] if len(parts) > PARTS else shown


def _texts(parts: Iterable[Part]) -> list[str]:
    return [part.known.pattern.text for part in parts if part.known]
