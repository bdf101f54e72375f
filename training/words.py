"""
First pass of both algorithms: which words are frequent.

Lines of one shape have the same words, so a pass goes over distinct shapes and adds their line counts. A shape's class
runs, None here, are variable by their looks and never counted.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from patterns.words import CLASS_RUN
from training.support import Support, in_lines

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


def frequent_words(shapes: Iterable[WeightedShape], support: Support) -> frozenset[str]:
    """
    Return the words that occur in at least `support` lines, wherever in the line; LogCluster's frequent words.

    A word counts once a line, however often the line repeats it. A share is one of all lines, those without words too.

    Source: Vaarandi & Pihelgas, "LogCluster - A Data Clustering and Pattern Mining Algorithm for Event Logs", CNSM
    2015, section III: the first pass.
    """
    counts: Counter[str | None] = Counter()
    read = 0
    for words, lines in shapes:
        read += lines
        if lines == 1:
            # Three times as fast; raw lines come one by one.
            counts.update(set(words))
        else:
            for word in set(words):
                counts[word] += lines
    least = in_lines(support, read)
    return frozenset(word for word, lines in counts.items() if word is not None and lines >= least)


def frequent_positions(shapes: Iterable[WeightedShape], support: Support) -> frozenset[Position]:
    """
    Return the (position from 0, word) pairs that occur in at least `support` lines; SLCT's frequent words.

    A share is one of all lines, those without words too.

    Source: Vaarandi, "A Data Clustering Algorithm for Mining Patterns from Event Logs", IPOM 2003, section 3: the
    data summary. The same word at another position is another attribute of the line.
    """
    counts: Counter[Position] = Counter()
    read = 0
    for words, lines in shapes:
        read += lines
        for position, word in enumerate(words):
            if word is not None:
                counts[position, word] += lines
    least = in_lines(support, read)
    return frozenset(pair for pair, lines in counts.items() if lines >= least)
