"""Patterns that match a message: what exported expressions and databases are tried with, and what they must do."""

import re

from hypothesis import strategies as st

from patterns.fitting import fits, places
from patterns.language import Constant, Gap, Pattern
from patterns.severity import SEVERITIES
from patterns.words import CLASS_RUN, Splitter


@st.composite
def fitting_patterns(draw: st.DrawFn, message: str, splitter: Splitter, other: str = "other") -> Pattern:
    """Make a pattern that matches a message: some of its words open, gaps of its lengths or wider."""
    constants: list[Constant] = []
    taken = [0]
    for part in splitter.slices(message):
        if (part.text == CLASS_RUN and not splitter.rules.raw) or draw(st.booleans()):
            taken[-1] += 1
        else:
            choices: list[Constant] = [part.text, tuple(sorted({part.text, "0ther", other}))]
            constants.append(draw(st.sampled_from(choices)))
            taken.append(0)
    gaps: list[Gap] = [
        draw(st.sampled_from([(n, n), (max(n - 1, 0), n), (n, n + 2), (0, n), (n, None), (0, None)])) for n in taken
    ]
    return Pattern(tuple(constants), tuple(gaps))


def fits_message(pattern: Pattern, message: str, splitter: Splitter) -> bool:
    """Tell whether a pattern matches a message, by its shape."""
    words = [part.text for part in splitter.slices(message)]
    return fits(pattern, places(words), len(words))


def of_class_words_alone(message: str, splitter: Splitter) -> bool:
    """Tell whether a message has class words alone, but for a severity in front: expressions are not exact there."""
    if splitter.rules.raw:
        return False
    words = re.findall(r"[^\s=,;()\[\]{}]+=?|=", message, re.ASCII)
    return all(map(splitter.is_class, words[set(words[:1]) <= SEVERITIES.keys() :]))
