"""
The ladder word by word as its rules say, comparing all with all; it shares no code with logwinnow's.

A pattern is its words and, around them, the least and the most words that may stand there.
"""

import re
from collections import Counter
from collections.abc import Mapping
from itertools import combinations
from typing import Any, NamedTuple

Gaps = tuple[tuple[int, int], ...]


class Plain(NamedTuple):
    """A pattern with its level, its lines, and how many words that are no class words its gaps take at most."""

    words: tuple[str, ...]
    gaps: Gaps
    level: int
    lines: int
    open: int


GRAVE = ["DEBUG", "INFO", "WARN", "FATAL"]
"""Those severities that tests have, mildest first."""

Found = set[tuple[tuple[Any, ...], Gaps, int, int]]


def climbed(shapes: Mapping[str, int], *, slct: bool) -> Found:
    """Return words, gaps, level and lines of each pattern; of a word that is one of several, all of them in order."""
    rests: dict[str, Counter[str]] = {}
    for shape, n in shapes.items():
        ((severity, rest),) = re.findall(rf"^(?:({'|'.join(GRAVE)}) (?!<\*>$))?(.+)$", shape)
        rests.setdefault(rest, Counter())[severity] += n
    found = without_severities({rest: sum(of.values()) for rest, of in rests.items()}, slct=slct)
    lines: dict[Any, Counter[str]] = {p: Counter() for p in found}
    for rest, of in rests.items():
        best = min((p for p in found if matches(Plain(*p, 0), rest)), key=order)
        lines[best].update(of)
    used = {severity for of in rests.values() for severity in of if severity}
    whole: Found = set()
    for p in found:
        words, gaps, level, number = p
        severe = [severity for severity in lines[p] if severity]
        if "" in lines[p] or not severe:
            whole.add((words, gaps, level, lines[p][""] if severe else number))
        if severe:
            gravest = max(map(GRAVE.index, severe))
            front = tuple(sorted(severity for severity in used if GRAVE.index(severity) <= gravest))
            supported = sum(lines[p][severity] for severity in severe) if "" in lines[p] else number
            whole.add(((front if len(front) > 1 else front[0], *words), ((0, 0), *gaps), level, supported))
    return whole


def order(p: tuple[tuple[str, ...], Gaps, int, int]) -> tuple[Any, ...]:
    """Return what the best of several patterns has least of."""
    words, gaps, level, number = p
    text = [f"*{{{least},{most}}}" if most else "" for least, most in gaps]
    mixed = " ".join(part for pair in zip(text, [*words, ""], strict=True) for part in pair if part)
    return -level, -len(words), sum(most for _, most in gaps), -number, mixed.encode()


def without_severities(shapes: Mapping[str, int], *, slct: bool) -> Found:
    """Return the same of shapes that begin with no severity."""
    found: list[Plain] = []
    left, number = dict(shapes), sum(shapes.values())
    for level in supports(number):
        new = [p for p in clusters(left, level, slct=slct) if level == 1 or narrow(p)]
        found += new
        left = {shape: n for shape, n in left.items() if not any(matches(p, shape) for p in new)}
    found += openings(found)
    return {
        (p.words, p.gaps, max([p.level, *(q.level for q in inner)]), p.lines + sum(q.lines for q in inner))
        for p in found
        if not any(wider(q, p) for q in found)
        for inner in [[q for q in found if wider(p, q)]]
    }


def supports(number: int) -> list[int]:
    halved = [max(2, number // (10 * 2**k)) for k in range(40)]
    return [*sorted(set(halved), reverse=True), 1]


def narrow(p: Plain) -> bool:
    return len(p.words) > 0 and len(p.words) >= 0.7 * (len(p.words) + p.open) - 1e-9


def clusters(shapes: Mapping[str, int], support: int, *, slct: bool) -> list[Plain]:
    lines = [(shape.split(" "), number) for shape, number in shapes.items()]
    counts: Counter[Any] = Counter()
    for words, number in lines:
        for token in set(enumerate(words) if slct else words):
            counts[token] += number
    members: dict[Any, list[tuple[list[list[str]], int]]] = {}
    for words, number in lines:
        at = [n for n, w in enumerate(words) if w != "<*>" and counts[(n, w) if slct else w] >= support]
        between = [words[a + 1 : b] for a, b in zip([-1, *at], [*at, len(words)], strict=True)]
        kinds = (len(words), *at) if slct else tuple(any(w != "<*>" for w in gap) for gap in between)
        if at:
            members.setdefault((tuple(words[n] for n in at), kinds), []).append((between, number))
    found = []
    for (words, _), lines_of in members.items():
        number = sum(n for _, n in lines_of)
        columns = list(zip(*(between for between, _ in lines_of), strict=True))
        gaps = tuple((min(map(len, column)), max(map(len, column))) for column in columns)
        plain = sum(max(sum(w != "<*>" for w in gap) for gap in column) for column in columns)
        if number >= support:
            found.append(Plain(words, gaps, support, number, plain))
    return found


def matches(p: Plain, shape: str) -> bool:
    parts = [
        rf"(?:[^ ]+ ){{{least},{most}}}{re.escape(word)} "
        for word, (least, most) in zip(p.words, p.gaps[:-1], strict=True)
    ]
    least, most = p.gaps[-1]
    return re.fullmatch("".join(parts) + rf"(?:[^ ]+ ){{{least},{most}}}", f"{shape} ") is not None


def openings(found: list[Plain]) -> list[Plain]:
    """Open a word of a pattern that leaves no words open, where lines seen once have two other words."""
    made = set()
    for p in (p for p in found if p.level > 1 and p.open == 0):
        for n in range(len(p.words)):
            (a, b), (c, d) = p.gaps[n], p.gaps[n + 1]
            gaps = (*p.gaps[:n], (a + c + 1, b + d + 1), *p.gaps[n + 2 :])
            q = Plain(p.words[:n] + p.words[n + 1 :], gaps, 2, 0, 1)
            others = [o for o in found if o.level == 1 and len(o.words) == len(p.words) and o.words[n] != p.words[n]]
            like = {o.words[n] for o in others if o.words[:n] + o.words[n + 1 :] == q.words and wider(q, o)}
            if narrow(q) and len(like) >= 2:
                made.add(q)
    return list(made)


def wider(p: Plain, q: Plain) -> bool:
    """Tell whether p, which was not seen once, has words of q, in order, and gaps that hold what q has there."""
    if p.level == 1 or (p.words, p.gaps) == (q.words, q.gaps):
        return False
    for at in combinations(range(len(q.words)), len(p.words)):
        if tuple(q.words[n] for n in at) == p.words:
            spans = list(zip([0, *(n + 1 for n in at)], [*at, len(q.words)], strict=True))
            least = [sum(low for low, _ in q.gaps[a : b + 1]) + b - a for a, b in spans]
            most = [sum(high for _, high in q.gaps[a : b + 1]) + b - a for a, b in spans]
            if all(a <= low and high <= b for (a, b), low, high in zip(p.gaps, least, most, strict=True)):
                return True
    return False
