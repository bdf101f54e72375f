"""
What the ladder found, made into as many patterns as there are kinds.

Two steps, when all levels are mined:

    opened   Failed password for root from *{1,1}   250 lines  ┐
             Failed password for uucp from *{1,1}   once       ┴► Failed password for *{1,1} from *{1,1}
    merged   a pattern whose every line another one matches too becomes one with it, at the higher of their levels

A word that is frequent, in a place where lines seen once have another, is a value as theirs are. It would take one line
more of those to be mined as such; till then each new value would be told as a kind that was never seen.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Sequence

from mining.clusters import Cluster
from patterns.language import Constant, Gap, Pattern

Levelled = tuple[Cluster, int]
"""A cluster and the level at which it was mined."""


def opened(found: Sequence[Levelled], accept: Callable[[Cluster], bool]) -> list[Levelled]:
    """
    Return patterns with one more gap, in place of a constant where lines seen once have another word.

    A pattern of two lines or more is opened if it leaves no words open but class words, if a pattern of level 1 is the
    same but for that one word, and if what results is accepted.

    Args:
        found: All that the ladder found, down to level 1.
        accept: Whether a cluster is narrow enough.

    Returns:
        Patterns without lines, at the lowest level above 1: `merged` gives them those of all that they take in, and
        these are what was opened and what was seen once.
    """
    once: dict[tuple[Constant, ...], list[Cluster]] = defaultdict(list)
    for cluster, level in found:
        if level == 1:
            for place in range(len(cluster.pattern.constants)):
                once[_without(cluster.pattern.constants, place)].append(cluster)
    made: dict[Pattern, Levelled] = {}
    for cluster, level in found:
        if level == 1 or cluster.plain:
            continue
        for place in range(len(cluster.pattern.constants)):
            others = once.get(_without(cluster.pattern.constants, place))
            if others:
                one = Cluster(_open(cluster.pattern, place), 0, 1)
                if accept(one) and any(takes_in(one.pattern, other.pattern) for other in others):
                    made[one.pattern] = (one, 2)
    return list(made.values())


def merged(found: Sequence[Levelled], kept: Container[Pattern] = ()) -> list[Levelled]:
    """
    Return the patterns that no other one takes in, each with the supports and the highest level of those that it takes.

    A pattern takes in another if it has constants of that one, in order, and each of its gaps holds what stands between
    those there, at the fewest and at the most: then it matches whatever the other does, and all of them together match
    what they did. One of level 1 takes in none: its gaps are class words that were seen once, and say nothing of words.

    Args:
        found: The patterns, all different.
        kept: Those that stay whatever takes them in.

    Cost: each pattern is compared with those whose rarest word it has.
    """
    uses = Counter(word for cluster, _ in found for word in set(cluster.pattern.constants))
    by_rarest: dict[Constant, list[int]] = defaultdict(list)
    for number, (cluster, level) in enumerate(found):
        if level > 1:
            by_rarest[min(cluster.pattern.constants, key=lambda word: (uses[word], str(word)))].append(number)
    whole: list[int] = []
    taken: dict[int, list[int]] = defaultdict(list)
    for number, (cluster, _) in enumerate(found):
        constants = set(cluster.pattern.constants)
        wider = [
            other
            for word in constants
            for other in by_rarest.get(word, ())
            if other != number
            and constants.issuperset(found[other][0].pattern.constants)
            and takes_in(found[other][0].pattern, cluster.pattern)
        ]
        for other in wider:
            taken[other].append(number)
        if not wider or cluster.pattern in kept:
            whole.append(number)
    joined = [_join(found[number], [found[other] for other in taken[number]]) for number in whole]
    return sorted(joined, key=lambda levelled: -levelled[1])


def takes_in(wide: Pattern, narrow: Pattern) -> bool:
    """Tell whether `wide` matches whatever `narrow` does, with the same words as its constants whatever gaps take."""
    if wide == narrow or wide.positional != narrow.positional:
        return False
    # Places in `narrow` at which the constants so far can end; -1 is the start.
    ends, last = {-1}, len(wide.constants)
    for number, gap in enumerate(wide.gaps):
        ends = {
            place
            for end in ends
            for place in range(end + 1, len(narrow.constants) + 1)
            if (place == len(narrow.constants) if number == last else _is(narrow, place, wide.constants[number]))
            and _holds(gap, narrow.gaps[end + 1 : place + 1])
        }
    return bool(ends)


def _is(pattern: Pattern, place: int, constant: Constant) -> bool:
    return place < len(pattern.constants) and pattern.constants[place] == constant


def _holds(gap: Gap, between: Sequence[Gap]) -> bool:
    """Tell whether a gap holds some gaps with a word between each and the next."""
    words = len(between) - 1
    mosts = [most for _, most in between]
    most = None if None in mosts else words + sum(number for number in mosts if number is not None)
    return gap[0] <= words + sum(least for least, _ in between) and (
        gap[1] is None or (most is not None and most <= gap[1])
    )


def _join(levelled: Levelled, taken: Iterable[Levelled]) -> Levelled:
    cluster, level = levelled
    for other, others_level in taken:
        cluster = Cluster(cluster.pattern, cluster.support + other.support, cluster.plain)
        level = max(level, others_level)
    return cluster, level


def _without(constants: tuple[Constant, ...], place: int) -> tuple[Constant, ...]:
    # What cannot be a word stands for the one that is left out.
    return (*constants[:place], "", *constants[place + 1 :])


def _open(pattern: Pattern, place: int) -> Pattern:
    """Return a pattern with a gap of one word, and of what stood around it, in the place of a constant."""
    (least, most), (least_behind, most_behind) = pattern.gaps[place : place + 2]
    whole = None if most is None or most_behind is None else most + most_behind + 1
    gaps = (*pattern.gaps[:place], (least + least_behind + 1, whole), *pattern.gaps[place + 2 :])
    return Pattern(pattern.constants[:place] + pattern.constants[place + 1 :], gaps, pattern.positional)
