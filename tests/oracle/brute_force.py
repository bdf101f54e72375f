"""
A miner that follows the definitions word by word and compares all with all; it shares no code with logwinnow's.

A line's *tokens* are what is counted: words for LogCluster, (place, word) for SLCT. Its *key* is its frequent tokens.
"""

from collections import Counter
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from plain_reading import Words, place

Gaps = list[tuple[int, int]]


@dataclass(frozen=True)
class How:
    support: int
    slct: bool = False
    raw: bool = False
    aggregate: bool = False
    weight: float = 0
    function: int = 1
    wildcard: bool = False


def mined(lines: list[str], how: How) -> Counter[tuple[str, str, int]]:
    """Return scope, pattern and support of each cluster; a raw pattern as the reference programs print it."""
    scopes: dict[str, list[Words]] = {}
    for line in lines:
        scope, words = place(line, raw=how.raw)
        scopes.setdefault(scope, []).append(words)
    return Counter((scope, *found) for scope, members in scopes.items() for found in clusters(members, how))


def clusters(members: list[Words], how: How) -> list[tuple[str, int]]:
    tokens = [list(enumerate(words)) if how.slct else list(words) for words in members]
    count = Counter(token for line in tokens for token in set(line))
    groups: dict[Any, list[list[int]]] = {}
    for words, line in zip(members, tokens, strict=True):
        at = [n for n, word in enumerate(words) if word is not None and count[line[n]] >= how.support]
        sizes = [b - a - 1 for a, b in zip([-1, *at], [*at, len(words)], strict=True)]
        end = len(words) if how.slct and not how.raw else None
        if at:
            groups.setdefault((end, *(line[n] for n in at)), []).append(sizes)
    supports = {key: len(sizes) for key, sizes in groups.items()}
    bounds: dict[Any, Gaps] = {k: [(min(c), max(c)) for c in zip(*sizes, strict=True)] for k, sizes in groups.items()}
    total = {
        x: sum(n for y, n in supports.items() if x == y or (how.aggregate and more_specific(y, x, bounds, how)))
        for x in supports
    }
    joined: dict[Any, list[tuple[list[str], Gaps, int]]] = {}
    for key in (key for key in supports if total[key] >= how.support):
        found, gaps = [token[1] if how.slct else token for token in key[1:]], list(bounds[key])
        hole = [how.weight > 0 and weight(n, found, supports, how.function) < how.weight for n in range(len(found))]
        alike: Any = key if how.slct else tuple(None if h else word for word, h in zip(found, hole, strict=True))
        if how.wildcard:
            alike = tuple(filter(None, alike))
            for n in (n for n in reversed(range(len(found))) if hole[n]):
                (a, b), (c, d) = gaps[n : n + 2]
                found[n : n + 1], gaps[n : n + 2] = [], [(a + c + 1, b + d + 1)]
        joined.setdefault(alike, []).append((found, gaps, total[key]))
    return [(text(each, how), sum(n for _, _, n in each)) for each in joined.values()]


def more_specific(y: Any, x: Any, bounds: dict[Any, Gaps], how: How) -> bool:
    """Tell whether each line of y has x's tokens, in order and with gaps that x allows, whatever y's gaps take."""
    if how.slct:
        return x[0] == y[0] and set(x[1:]) <= set(y[1:])
    for at in combinations(range(1, len(y)), len(x) - 1):
        if all(y[a] == word for a, word in zip(at, x[1:], strict=True)):
            spans = [(a, b) for a, b in zip([0, *at], [*at, len(y)], strict=True)]
            least = [sum(low for low, _ in bounds[y][a:b]) + b - a - 1 for a, b in spans]
            most = [sum(high for _, high in bounds[y][a:b]) + b - a - 1 for a, b in spans]
            if all(m <= low and high <= n for (m, n), low, high in zip(bounds[x], least, most, strict=True)):
                return True
    return False


def weight(number: int, words: list[str], supports: dict[Any, int], function: int) -> float:
    def dep(a: str, b: str) -> float:
        with_a = {key: n for key, n in supports.items() if a in key}
        return sum(n for key, n in with_a.items() if b in key) / sum(with_a.values())

    one = words[number]
    others = words if function in (1, 3) else [word for word in dict.fromkeys(words) if word != one]
    both = [dep(word, one) if function < 3 else (dep(word, one) + dep(one, word)) / 2 for word in others]
    return sum(both) / len(both) if both else 1.0


def text(alike: list[tuple[list[str], Gaps, int]], how: How) -> str:
    gaps = [(min(a for a, _ in c), max(b for _, b in c)) for c in zip(*(g for _, g, _ in alike), strict=True)]
    shown = [f"*{{{a},{b}}}" if b else "" for a, b in gaps]
    if how.slct and how.raw:
        shown = [" ".join("*" * a) for a, _ in gaps[:-1]] + [""]
    columns = [sorted(set(column)) for column in zip(*(words for words, _, _ in alike), strict=True)]
    names = [column[0] if len(column) == 1 else f"({'|'.join(column)})" for column in columns]
    return " ".join(part for pair in zip(shown, [*names, ""], strict=True) for part in pair if part)
