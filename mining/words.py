"""
First pass of both algorithms: which words are frequent.

Lines of one shape have the same words, so a pass goes over distinct shapes and adds their line counts. A shape's class
runs, None here, are variable by their looks and never counted. What has more distinct words than memory should hold,
as raw lines may, is counted with the help of a temporary file.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from mining.spill import Spill
from mining.support import Support, in_lines
from patterns.words import CLASS_RUN

IN_MEMORY: Final = 2_000_000
"""How many distinct words are counted in memory; short ones take 240 MB, and with their positions 430 MB."""

Words = tuple[str | None, ...]
"""The words of a shape; None for a run of class words."""

WeightedShape = tuple[Words, int]
"""A shape's words and the number of its lines."""

Position = tuple[int, str]
"""A place in the line, from 0, and the word there."""


def weighted(shapes: Mapping[str, int]) -> list[WeightedShape]:
    """Return the shapes as mining takes them: words, None for a run of class words, and the number of lines."""
    return [(words_of(shape), lines) for shape, lines in shapes.items()]


def words_of(shape: str) -> Words:
    """Return the words of a shape by the default rules, None for a run of class words."""
    return tuple(None if word == CLASS_RUN else word for word in shape.split(" "))


def frequent_words(shapes: Iterable[WeightedShape], support: Support, in_memory: int = IN_MEMORY) -> frozenset[str]:
    """
    Return the words that occur in at least `support` lines, wherever in the line; LogCluster's frequent words.

    A word counts once a line, however often the line repeats it. A share is one of all lines, those without words too.

    Args:
        shapes: The lines.
        support: Least number of lines, or share of them.
        in_memory: How many distinct words are counted before they are moved to a temporary file.

    Raises:
        SpillError: The temporary file cannot be written or read.

    Cost: one pass; memory for the frequent words and for `in_memory` others, or a 256th of all where that is more.

    Source: Vaarandi & Pihelgas, "LogCluster - A Data Clustering and Pattern Mining Algorithm for Event Logs", CNSM
    2015, section III: the first pass.
    """
    counts: Counter[str | None] = Counter()
    read = 0
    with Spill() as spill:
        for words, lines in shapes:
            read += lines
            if lines == 1:
                # Three times as fast; raw lines come one by one.
                counts.update(set(words))
            else:
                for word in set(words):
                    counts[word] += lines
            if len(counts) > in_memory:
                spill.add(_taken_words(counts))
        least = in_lines(support, read)
        if not spill.used:
            return frozenset(word for word, lines in counts.items() if word is not None and lines >= least)
        spill.add(_taken_words(counts))
        return frozenset(spill.reaching(least))


def frequent_positions(
    shapes: Iterable[WeightedShape], support: Support, in_memory: int = IN_MEMORY
) -> frozenset[Position]:
    """
    Return the (position from 0, word) pairs that occur in at least `support` lines; SLCT's frequent words.

    A share is one of all lines, those without words too. Arguments, errors and cost are those of `frequent_words`.

    Source: Vaarandi, "A Data Clustering Algorithm for Mining Patterns from Event Logs", IPOM 2003, section 3: the
    data summary. The same word at another position is another attribute of the line.
    """
    counts: Counter[tuple[int, str | None]] = Counter()
    read = 0
    with Spill() as spill:
        for words, lines in shapes:
            read += lines
            if lines == 1:
                counts.update(enumerate(words))
            else:
                for place in enumerate(words):
                    counts[place] += lines
            if len(counts) > in_memory:
                spill.add(_taken_positions(counts))
        least = in_lines(support, read)
        if not spill.used:
            return frozenset((at, word) for (at, word), lines in counts.items() if word is not None and lines >= least)
        spill.add(_taken_positions(counts))
        return frozenset(_position(text) for text in spill.reaching(least))


def _taken_words(counts: Counter[str | None]) -> Iterator[tuple[str, int]]:
    """Take the counts out, one by one, so that their memory is free for what becomes of them."""
    while counts:
        word, lines = counts.popitem()
        if word is not None:
            yield word, lines


def _taken_positions(counts: Counter[tuple[int, str | None]]) -> Iterator[tuple[str, int]]:
    """Take the counts out, one by one, with position and word as one text."""
    while counts:
        (position, word), lines = counts.popitem()
        if word is not None:
            yield f"{position} {word}", lines


def _position(text: str) -> Position:
    position, word = text.split(" ", 1)
    return int(position), word
