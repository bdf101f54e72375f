"""
How long the stages on a table of candidates take, and how that compares with comparing all pairs.

    python benchmarks/candidates.py [--sizes 2000,50000,200000] [--support 20]

Two made tables: of *templates* (2,000 kinds of lines, some far more frequent than others, whose parameters are
frequent words in seven of ten lines), as a real log at low support has them; and of *words* drawn one by one, which
have nothing in common but that some are frequent. All pairs are compared up to 4,000 candidates; the results must be
equal there.
"""

import argparse
import random
import time
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Any

from mining.candidates import Candidate, CandidateTable, Keys, PositionKeys, WordKeys, candidates
from mining.clusters import Method, cluster
from mining.words import Words

_ALL_PAIRS = 4_000


class _Zipf:
    """Numbers from 0 of which the n-th comes 1/n as often as the first."""

    def __init__(self, chance: random.Random, size: int) -> None:
        self._chance, self._numbers = chance, range(size)
        self._weights = list(accumulate(1 / (number + 1) for number in self._numbers))

    def draw(self, count: int) -> list[int]:
        return self._chance.choices(self._numbers, cum_weights=self._weights, k=count)


def of_templates(chance: random.Random) -> Iterator[Words]:
    """Yield lines of 2,000 templates; None stands for a word that is not frequent."""
    word, parameter, kind = _Zipf(chance, 3_000), _Zipf(chance, 400), _Zipf(chance, 2_000)
    templates: list[tuple[list[int], set[int]]] = []
    for _ in range(2_000):
        length = chance.randint(4, 14)
        templates.append((word.draw(length), set(chance.sample(range(length), min(length, chance.randint(1, 4))))))
    while True:
        words, places = templates[kind.draw(1)[0]]
        line: list[str | None] = []
        for place, number in enumerate(words):
            if place in places:
                frequent = chance.random() < 0.7
                line += [f"p{parameter.draw(1)[0]}"] if frequent else [None] * chance.choice([1, 1, 1, 2, 3])
            line.append(f"w{number}")
        yield tuple(line)


def of_words(chance: random.Random) -> Iterator[Words]:
    """Yield lines of words drawn one by one, with words between them that are not frequent."""
    word = _Zipf(chance, 3_000)
    while True:
        line: list[str | None] = []
        for number in word.draw(max(1, round(chance.gauss(8, 4)))):
            line += [*([None] * chance.choice([0, 0, 0, 1, 2])), f"w{number}"]
        yield tuple(line)


class _EveryWord(frozenset[Any]):
    """Makes each word that is there a frequent one."""

    def __contains__(self, word: object) -> bool:
        return (word[1] if isinstance(word, tuple) else word) is not None


def table_of(lines: Iterator[Words], size: int, keys: Keys) -> CandidateTable:
    """Return a table of `size` candidates."""
    table = CandidateTable()
    while len(table.candidates) < size:
        # A line at a time: what is asked for is the number of candidates, not of lines.
        for key, candidate in candidates([(next(lines), 1)], keys).candidates.items():
            if key in table.candidates:
                table.candidates[key].join(1, candidate.least, candidate.plain)
            else:
                table.candidates[key] = candidate
            table.lines += 1
    return table


def all_pairs(table: CandidateTable, keys: Keys, support: int) -> int:
    """Return how many candidates reach the support, by comparing every candidate with every other."""
    rows = list(table.candidates.values())
    fits = _holds if isinstance(keys, WordKeys) else _has_at_its_places
    return sum(sum(each.support for each in rows if each is x or fits(x, each)) >= support for x in rows)


def _holds(general: Candidate, other: Candidate, at: int = 0, start: int = 0) -> bool:
    """Try every place for one constant after the other; `start` is behind the place of the last."""
    ends = [len(other.constants)] if at == len(general.constants) else range(start, len(other.constants))
    for end in ends:
        swallowed = slice(start, end + 1)
        words = end - start
        if (
            (at == len(general.constants) or other.constants[end] == general.constants[at])
            and general.least[at] <= sum(other.least[swallowed]) + words
            and sum(other.most[swallowed]) + words <= general.most[at]
            and (at == len(general.constants) or _holds(general, other, at + 1, end + 1))
        ):
            return True
    return False


def _has_at_its_places(general: Candidate, other: Candidate) -> bool:
    return set(_places(general)) <= set(_places(other))


def _places(candidate: Candidate) -> Iterator[tuple[int, str]]:
    at = -1
    for gap, constant in zip(candidate.least, candidate.constants, strict=False):
        at += gap + 1
        yield at, constant


def seconds(work: Callable[..., Any], *given: Any) -> tuple[float, Any]:
    """Return how long some work takes, and what comes of it."""
    began = time.perf_counter()
    result = work(*given)
    return time.perf_counter() - began, result


def main() -> None:
    """Print a row for each table and stage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="2000,50000,200000")
    parser.add_argument("--support", type=int, default=20)
    given = parser.parse_args()
    ways: list[tuple[str, Keys, Method]] = [
        ("aggregate, logcluster", WordKeys(_EveryWord()), Method(aggregate_supports=True)),
        ("aggregate, slct", PositionKeys(_EveryWord(), anchored=False), Method("slct", aggregate_supports=True)),
        ("join, function 1", WordKeys(_EveryWord()), Method(word_weight=0.5)),
        ("join, function 4", WordKeys(_EveryWord()), Method(word_weight=0.5, weight_function=4, wildcard=True)),
    ]
    print(f"{'table':<10} {'candidates':>10}  {'stage':<22} {'seconds':>8} {'patterns':>9}  all pairs")
    for name, lines in (("templates", of_templates), ("words", of_words)):
        for size in map(int, given.sizes.split(",")):
            for stage, keys, method in ways:
                table = table_of(lines(random.Random(1)), size, keys)
                # A join weighs every candidate only where all are clusters.
                support = given.support if method.aggregate_supports else 1
                took, found = seconds(cluster, table, keys, support, method)
                against = ""
                if method.aggregate_supports and size <= _ALL_PAIRS:
                    slow, expected = seconds(all_pairs, table, keys, support)
                    if expected != len(found.clusters):
                        parser.error(f"{stage} finds {len(found.clusters)} patterns, and all pairs {expected}")
                    against = f"{slow / took:.0f} times as long"
                print(
                    f"{name:<10} {size:>10,}  {stage:<22} {took:>8.1f} {len(found.clusters):>9,}  {against}", flush=True
                )


if __name__ == "__main__":
    main()
