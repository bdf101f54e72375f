"""A set that is described, and the corpus once more → its baselines, and what they were learned of."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from patterns.baselines import Baselines
from patterns.decided import decided
from patterns.decisions import Decisions
from patterns.observed import ObservedTable
from patterns.pattern_set import KnownPattern, PatternSet
from training.baselines.learning import learn
from training.baselines.rows import add_up
from training.baselines.window import MOST_PAIRS, Window, keep, last_day_of
from training.config import Learning
from training.corpus import Progress
from training.fetched.time_range import TimeRange
from training.reading import Pass


class Learned(NamedTuple):
    """
    What is published beside a set.

    Attributes:
        baselines: What is usual of its patterns; None where it was not learned.
        observed: Of what that was learned, for the next night.
        run: What the manifest says of it.
    """

    baselines: Baselines | None
    observed: ObservedTable | None
    run: dict[str, Any]


NOT_LEARNED: Final = Learned(None, None, {})


def learn_usual(
    patterns: PatternSet,
    decisions: Decisions,
    passes: Sequence[Pass],
    before: Iterable[ObservedTable],
    learning: Learning,
    *,
    excluded: tuple[TimeRange, ...],
    progress: Progress,
    last_day: int | None = None,
) -> Learned:
    """
    Learn what is usual of a set's patterns, if the configuration says so.

    Args:
        patterns: The set.
        decisions: What the operator decided of it.
        passes: The corpus, to be read once more.
        before: What was observed of earlier lines, by earlier sets. What their patterns were is told by ids.
        learning: Of how many days, and when something is usual.
        excluded: Times of which nothing is learned.
        progress: Called in each pass.
        last_day: The last UTC day that counts, counted from 1970; None: training/baselines/window says which.

    Raises:
        CorpusError: A file cannot be read any more.
        PatternsError: There is no room for temporary files.

    Cost: one pass over the corpus, and some over the observations.
    """
    if not learning.learn:
        return NOT_LEARNED
    judging = decided(patterns, decisions)
    observed = add_up([*before, *(each.engine.observe(judging, progress, each.times) for each in passes)])
    last = last_day_of(observed, learning.days) if last_day is None else last_day
    window = Window((last or 0) - learning.days + 1, last or 0, excluded)
    by_id: dict[str, KnownPattern] = {}
    for known in judging.patterns:
        # Of several with the same words the first one says how lines are judged.
        by_id.setdefault(known.id, known)
    quiet = {id_: known for id_, known in by_id.items() if known.is_quiet}
    kept = keep(observed, quiet.keys(), window, MOST_PAIRS)
    baselines = learn(kept, quiet, window, learning)
    numbers = {
        "from": baselines.first_day,
        "to": baselines.last_day,
        "days": baselines.days,
        "rates": len(baselines.rates),
        "heartbeats": len(baselines.heartbeats),
        "values": len(baselines.values),
        "pairs": kept.pairs,
        "left_out": {"pairs": kept.pairs_left_out, "lines": kept.lines_left_out},
    }
    return Learned(baselines, kept.table, {"baselines": numbers})
