"""
How many patterns keep their id from one training to the next.

    python benchmarks/stability.py [--days N] [--lines-per-day N] [--seed N] [--halves FOLDER] [--json]

Simulated weeks (`logwinnow simulate --days`) are learned night by night, as `logwinnow train --nightly` does it, with
windows of 1, 7 and 30 days. Of each night the patterns of two lines or more count whose software has not changed: all
lines of the window that have them as best match are of kinds that no event brings, changes or ends. Told is which share
of them the next night's set has, too; beside it the same for sets that are mined of each window by itself, as if there
had been no night before.

--halves FOLDER is another question, of logs in loghub's form (`<name>/<name>_2k.log`): of random halves of one log, how
many patterns of two lines or more of the one the other has. Their samples differ, and so do their patterns.
"""

import argparse
import json
import random
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import groupby, pairwise
from pathlib import Path
from statistics import fmean
from typing import Any, Final

from commands.simulation.weeks import START, planned_events, simulate_days
from patterns.judge import Shaper
from patterns.matcher import Matcher
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.rules import Rules
from patterns.store import Store
from patterns.timestamps import microseconds
from training.config import Mining, Nightly, Patterns, TrainingConfig
from training.corpus import CorpusLine
from training.describe import describe
from training.job import mine_scopes, train
from training.nightly.night import Asked, learn_night
from training.shapes import tabulate

WINDOWS: Final = (1, 7, 30)
NIGHTS: Final = 21
HALVES: Final = 3

Kinds = Mapping[tuple[str, str], set[str]]
"""(scope, shape) → kinds of its lines."""


def main(words: Sequence[str]) -> int:
    """Measure and print a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=max(WINDOWS) + NIGHTS)
    parser.add_argument("--lines-per-day", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--halves", type=Path, metavar="FOLDER")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(words)
    results: dict[str, Any] = {"days": given.days, "lines_per_day": given.lines_per_day, "seed": given.seed}
    with tempfile.TemporaryDirectory(prefix="stability-") as folder:
        weeks = Weeks(Path(folder), given.days, given.lines_per_day, given.seed)
        results["windows"] = {window: weeks.measure(window) for window in WINDOWS if window < given.days}
    if given.halves is not None:
        results["halves"] = halves(given.halves)
    print(json.dumps(results, indent=2) if given.json else table(results))
    return 0


class Weeks:
    """Simulated days as files, and what their lines are."""

    def __init__(self, folder: Path, days: int, lines_per_day: int, seed: int) -> None:
        """Write them."""
        self._folder, self._rules, shaper = folder, Rules(), Shaper(Rules())
        self._kinds: list[Kinds] = []
        self._files: list[Path] = []
        said = simulate_days(days, seed, lines_per_day=lines_per_day)
        for day, lines in groupby(said, key=lambda line: line.time.date()):
            kinds: dict[tuple[str, str], set[str]] = defaultdict(set)
            self._files.append(folder / f"{day}.log")
            with self._files[-1].open("wb") as file:
                for line in lines:
                    data = line.text.encode()
                    file.write(data + b"\n")
                    shaped = shaper.shape(data, microseconds(line.time))
                    # A known kind in an event is more often said than it was.
                    kinds[shaped.scope, shaped.shape].add(line.kind if line.event is None else f"{line.event}!")
            self._kinds.append(kinds)
        events = planned_events(days, seed, lines_per_day=lines_per_day)
        self._changed = {kind for event in events for kind in (*event.kinds, *event.gone)}

    def measure(self, window: int) -> dict[str, Any]:
        """Return the shares of nights with a window of so many days."""
        nightly: list[tuple[int, int]] = []
        alone: list[tuple[int, int]] = []
        nights = list(self._nights(window))
        apart = [self._mined(day, window) for day in range(window - 1, window - 1 + len(nights))]
        for sets, shares in ((nights, nightly), (apart, alone)):
            for number, (before, after) in enumerate(pairwise(sets)):
                counted = self._unchanged(before, window - 1 + number, window)
                ids = {known.id for known in after.patterns}
                shares.append((sum(known.id in ids for known in counted), len(counted)))
        return {"nightly": shown(nightly), "each window by itself": shown(alone)}

    def _nights(self, window: int) -> Iterator[PatternSet]:
        """Yield the set of the first window, and of each night behind it."""
        with tempfile.TemporaryDirectory(dir=self._folder) as store:
            config = TrainingConfig(
                patterns=Patterns(store=store), nightly=Nightly(window_days=window, forget_after=max(window, 90))
            )
            train(list(map(str, self._files[:window])), config, self._rules, force=True, progress=quiet)
            yield Store(store).read().patterns
            for day in range(window, min(window + NIGHTS, len(self._files))):
                until = microseconds(START + timedelta(days=day + 1))
                learn_night([str(self._files[day])], config, self._rules, Asked(until), quiet)
                yield Store(store).read().patterns

    def _mined(self, last_day: int, window: int) -> PatternSet:
        """Return the set of a window by itself."""
        files = self._files[last_day - window + 1 : last_day + 1]
        with tempfile.TemporaryDirectory(dir=self._folder) as store:
            config = TrainingConfig(patterns=Patterns(store=store))
            train(list(map(str, files)), config, self._rules, force=True, progress=quiet)
            return Store(store).read().patterns

    def _unchanged(self, patterns: PatternSet, last_day: int, window: int) -> list[KnownPattern]:
        """Return the patterns of two lines or more whose lines in the window are of kinds that stay as they are."""
        matcher, kinds = Matcher(patterns), defaultdict[str, set[str]](set)
        for of_day in self._kinds[last_day - window + 1 : last_day + 1]:
            for (scope, shape), said in of_day.items():
                known = matcher.match(scope, shape)
                if known is not None:
                    kinds[known.id] |= said
        return [
            known
            for known in patterns.patterns
            if known.support > 1 and not any(kind in self._changed or kind.endswith("!") for kind in kinds[known.id])
        ]


def halves(folder: Path) -> dict[str, float]:
    """Return for each log which share of the patterns of a random half the other half has."""
    shares = {}
    for log in sorted(folder.glob("*/*_2k.log")):
        lines = log.read_bytes().splitlines()
        found = []
        for seed in range(HALVES):
            shuffled = random.Random(seed).sample(lines, len(lines))
            middle = len(lines) // 2
            first, other = (_set_of(half) for half in (shuffled[:middle], shuffled[middle:]))
            ids = {known.id for known in other.patterns}
            counted = [known for known in first.patterns if known.support > 1]
            found.append(sum(known.id in ids for known in counted) / len(counted))
        shares[log.parent.name] = fmean(found)
    return shares


def _set_of(lines: Sequence[bytes]) -> PatternSet:
    rules = Rules()
    rows, _ = tabulate((CorpusLine(line, 0) for line in lines), rules)
    return describe(mine_scopes(rows, Mining()), rows, rules)


def shown(shares: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """Return the share over all nights, the least of a night, and how many patterns a night has."""
    each = [kept / counted for kept, counted in shares if counted]
    return {
        "share": sum(kept for kept, _ in shares) / sum(counted for _, counted in shares),
        "least": min(each),
        "nights": len(each),
        "patterns": round(fmean(counted for _, counted in shares)),
    }


def table(results: Mapping[str, Any]) -> str:
    """Return the results as Markdown."""
    rows = [
        f"{results['days']} simulated days of about {results['lines_per_day']:,} lines, seed {results['seed']}",
        "",
        "| window | nights | patterns a night | ids that persist | worst night | each window by itself | its worst |",
        "|---|---|---|---|---|---|---|",
    ]
    for window, found in results["windows"].items():
        night, alone = found["nightly"], found["each window by itself"]
        rows.append(
            f"| {window} d | {night['nights']} | {night['patterns']} | {night['share']:.1%} | {night['least']:.1%} "
            f"| {alone['share']:.1%} | {alone['least']:.1%} |"
        )
    if "halves" in results:
        rows += ["", f"Random halves of one log: {fmean(results['halves'].values()):.1%}", ""]
        rows += ["| log | ids that the other half has |", "|---|---|"]
        rows += [f"| {name} | {share:.1%} |" for name, share in results["halves"].items()]
    return "\n".join(rows)


def quiet(_lines: int, _done: int, _size: int) -> None:
    """Say nothing of how far it is."""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
