"""Patterns that match a message: what exported expressions and databases are tried with."""

from hypothesis import strategies as st

from patterns.language import Constant, Gap, Pattern
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
