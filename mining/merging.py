"""
What the ladder found, made into as many patterns as there are kinds.

Two steps, when all levels are mined:

    opened   Failed password for root from *{1,1}   250 lines  ┐
             Failed password for uucp from *{1,1}   once       ┼► Failed password for *{1,1} from *{1,1}
             Failed password for news from *{1,1}   once       ┘
    merged   a pattern whose every line another one matches too becomes one with it, at the higher of their levels

A word that is frequent, in a place where lines seen once have others, is a value as theirs are. Till they are mined as
such each new value would be told as a kind that was never seen. One other word is not enough: `up` and `down` are no
values of which `failed` is a third.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from mining.clusters import Cluster
from patterns.language import Constant, Gap, Pattern

Levelled = tuple[Cluster, int]
"""A cluster and the level at which it was mined."""

OTHER_WORDS: Final = 2
"""Seen once in the place of a word that is opened. One flags less, and two states would open for a third (ADR 32)."""


def opened(found: Sequence[Levelled], accept: Callable[[Cluster], bool]) -> list[Levelled]:
    """
    Return patterns with one more gap, in place of a constant where lines seen once have other words.

    A pattern of two lines or more is opened if it leaves no words open but class words, if patterns of level 1 with two
    different words are the same but for that one, and if what results is accepted.

    Args:
        found: All that the ladder found, down to level 1.
        accept: Whether a cluster is narrow enough.

    Returns:
        Patterns without lines, at the lowest level above 1: `merged` gives them those of all that they take in, and
        these are what was opened and what was seen once.

    Cost: a hash for each word of each pattern; memory for those of patterns that may be opened.
    """
    may_open: dict[int, list[tuple[Cluster, int]]] = defaultdict(list)
    for cluster, level in found:
        if level > 1 and not cluster.plain:
            for place in range(len(cluster.pattern.constants)):
                may_open[_hash_without(cluster.pattern.constants, place)].append((cluster, place))
    others: dict[Pattern, set[Constant]] = defaultdict(set)
    for once, level in found if may_open else ():
        for place in range(len(once.pattern.constants) if level == 1 else 0):
            for cluster, at in may_open.get(_hash_without(once.pattern.constants, place), ()):
                one = Cluster(_open(cluster.pattern, at), 0, 1)
                # Hashes of other words may be the same.
                if at == place and takes_in(one.pattern, once.pattern) and accept(one):
                    others[one.pattern].add(once.pattern.constants[at])
    made = sorted((pattern for pattern, words in others.items() if len(words) >= OTHER_WORDS), key=lambda p: p.text)
    return [(Cluster(pattern, 0, 1), 2) for pattern in made]


def merged(found: Sequence[Levelled], made: Sequence[Levelled], kept: Container[Pattern] = ()) -> list[Levelled]:
    """
    Return the patterns that no other one takes in, each with the supports and the highest level of those that it takes.

    A pattern takes in another if it has constants of that one, in order, and each of its gaps holds what stands between
    those there, at the fewest and at the most: then it matches whatever the other does, and all of them together match
    what they did. One of level 1 takes in none: its gaps are class words that were seen once, and say nothing of words.
    What several take in counts for each.

    Args:
        found: What the ladder found; one of level 1 is matched by none of the others.
        made: What was opened; all these patterns are different.
        kept: Those that stay whatever takes them in.

    Returns:
        Highest level first.

    Cost: each pattern is compared with those whose two rarest words it has.
    """
    every = [*found, *made]
    uses = Counter(word for cluster, _ in every for word in set(cluster.pattern.constants))
    wide = _Anchored(uses, ((number, each) for number, (each, level) in enumerate(every) if level > 1))
    wide_of_once = _Anchored(uses, enumerate((cluster for cluster, _ in made), start=len(found)))
    whole: list[int] = []
    taken: dict[int, list[int]] = defaultdict(list)
    for number, (cluster, level) in enumerate(every):
        among = (wide if level > 1 else wide_of_once).may_take_in(_filed(number, cluster))
        wider = [other for other in among if takes_in(every[other][0].pattern, cluster.pattern)]
        for other in wider:
            taken[other].append(number)
        if not wider or cluster.pattern in kept:
            whole.append(number)
    joined = [_join(every[number], [every[other] for other in taken[number]]) for number in whole]
    return sorted(joined, key=lambda levelled: -levelled[1])


class _Filed(NamedTuple):
    """A pattern by its number, with its words, and the fewest and the most words that its lines have."""

    number: int
    words: frozenset[Constant]
    least: int
    most: float


class _Anchored:
    """Patterns by their two rarest words."""

    def __init__(self, uses: Mapping[Constant, int], clusters: Iterable[tuple[int, Cluster]]) -> None:
        self._by_words: dict[Constant, dict[Constant, list[_Filed]]] = {}
        for number, cluster in clusters:
            filed = _filed(number, cluster)
            rarest = sorted(filed.words, key=lambda word: (uses[word], str(word)))[:2]
            self._by_words.setdefault(rarest[0], {}).setdefault(rarest[-1], []).append(filed)

    def may_take_in(self, narrow: _Filed) -> Iterator[int]:
        """Yield the numbers of those that have no other words, and a length that holds that of its lines."""
        for word in narrow.words & self._by_words.keys():
            seconds = self._by_words[word]
            for second in narrow.words & seconds.keys():
                for number, words, least, most in seconds[second]:
                    if least <= narrow.least and narrow.most <= most and words <= narrow.words:
                        yield number


def _filed(number: int, cluster: Cluster) -> _Filed:
    constants, gaps = cluster.pattern.constants, cluster.pattern.gaps
    mosts = [most for _, most in gaps if most is not None]
    most = len(constants) + sum(mosts) if len(mosts) == len(gaps) else math.inf
    return _Filed(number, frozenset(constants), len(constants) + sum(least for least, _ in gaps), most)


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
        if not ends:
            return False
    return True


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


def _hash_without(constants: tuple[Constant, ...], place: int) -> int:
    # Of as many as there are words in all shapes, the words themselves would take gigabytes.
    return hash((place, constants[:place], constants[place + 1 :]))


def _open(pattern: Pattern, place: int) -> Pattern:
    """Return a pattern with a gap of one word, and of what stood around it, in the place of a constant."""
    (least, most), (least_behind, most_behind) = pattern.gaps[place : place + 2]
    whole = None if most is None or most_behind is None else most + most_behind + 1
    gaps = (*pattern.gaps[:place], (least + least_behind + 1, whole), *pattern.gaps[place + 2 :])
    return Pattern(pattern.constants[:place] + pattern.constants[place + 1 :], gaps, pattern.positional)
