"""Sets with decisions against the rule in words: the last decision that matches; else known, then pending patterns."""

import re
from collections.abc import Sequence
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from patterns.decided import decided
from patterns.decisions import Decision, Decisions
from patterns.language import Pattern, parse
from patterns.matcher import NEW_PROGRAM, NO_PATTERN, Matcher
from patterns.pattern_set import ACCEPTED, KNOWN, PENDING, REJECTED, KnownPattern, PatternSet, best_match_order
from patterns.rules import Rules

_WORDS = st.sampled_from(["a", "b"])
_GAPS = st.sampled_from(["", "*{1,1}", "*{1,2}", "*{0,}", "*{2,}"])
_SCOPES = st.sampled_from(["p", "p", "p", "q"])
_TEXTS = st.lists(st.tuples(_GAPS, _WORDS), min_size=1, max_size=2).flatmap(
    lambda parts: _GAPS.map(lambda last: " ".join(filter(None, [*(each for part in parts for each in part), last])))
)
_KNOWN = st.builds(
    lambda scope, text, level, state: KnownPattern(scope, parse(text), level, 1, level, state),
    _SCOPES,
    _TEXTS,
    st.integers(1, 4),
    st.sampled_from([KNOWN, PENDING]),
)
_SHAPES = [
    " ".join(words)
    for length in (1, 2, 3)
    for words in product(["a", "b", "<*>"], repeat=length)
    if set(words) != {"<*>"} and "<*> <*>" not in " ".join(words)
]
"""All that are judged of two words, up to a length."""
_DECISIONS = st.one_of(
    st.builds(Decision, do=st.just("accept"), scope=_SCOPES, shape=st.sampled_from(_SHAPES)),
    st.builds(Decision, do=st.sampled_from(["accept", "reject", "pin"]), scope=_SCOPES, pattern=_TEXTS),
    st.builds(Decision, do=st.just("name"), scope=_SCOPES, pattern=_TEXTS, name=st.sampled_from(["x", "y"])),
)


def unique(patterns: Sequence[KnownPattern]) -> list[KnownPattern]:
    """Return one pattern for each id, as a set has them."""
    return list({known.id: known for known in patterns}.values())


def matches(pattern: Pattern, shape: str) -> bool:
    return re.search(pattern.regex(), shape) is not None


def said_of(entry: Decision, patterns: list[KnownPattern], scope: str, shape: str) -> bool:
    """Tell whether a line is of what an entry accepts or rejects: of its text, or of the mined pattern of its id."""
    if entry.scope != scope:
        return False
    if entry.shape is not None:
        return entry.shape == shape
    own = entry.parsed
    mined = [known.pattern for known in patterns if known.id == own.identity(scope)]
    return any(matches(pattern, shape) for pattern in [own, *mined])


def oracle(
    patterns: list[KnownPattern], entries: list[Decision], scope: str, shape: str
) -> tuple[str | None, str | None]:
    """Return the reason and the state of the best match."""
    for entry in reversed(entries):
        if entry.do in {"accept", "reject"} and said_of(entry, patterns, scope, shape):
            return (None, ACCEPTED) if entry.do == "accept" else (REJECTED, REJECTED)
    pinned = {entry.parsed.identity(entry.scope): entry for entry in entries if entry.do == "pin"}
    mined = [known for known in patterns if known.scope == scope]
    gone = [entry for identity, entry in pinned.items() if identity not in {known.id for known in patterns}]
    if any(known.state == KNOWN or known.id in pinned for known in mined if matches(known.pattern, shape)):
        return None, KNOWN
    if any(matches(entry.parsed, shape) for entry in gone if entry.scope == scope):
        return None, KNOWN
    if any(matches(known.pattern, shape) for known in mined):
        return PENDING, PENDING
    there = mined or any(entry.scope == scope for entry in gone)
    return (NO_PATTERN if there else NEW_PROGRAM), None


@given(st.lists(_KNOWN, max_size=5).map(unique), st.lists(_DECISIONS, min_size=1, max_size=5))
def test_verdicts_are_those_of_the_rule_in_words(patterns: list[KnownPattern], entries: list[Decision]) -> None:
    judged_by = decided(PatternSet.of(Rules(), patterns), Decisions(tuple(entries)))
    matcher = Matcher(judged_by)
    for scope in ("p", "q"):
        for shape in _SHAPES:
            verdict = matcher.verdict(scope, shape)
            state = verdict.known.state if verdict.known else None
            assert (verdict.reason, state) == oracle(patterns, entries, scope, shape)


@given(st.lists(_KNOWN, min_size=2, max_size=6).map(unique), st.sampled_from(_SHAPES))
def test_among_what_was_mined_known_ones_come_first_and_then_the_best_match(
    patterns: list[KnownPattern], shape: str
) -> None:
    own = [known for known in patterns if known.scope == "p" and matches(known.pattern, shape)]
    best = min(own, key=lambda known: (known.state == PENDING, best_match_order(known)), default=None)
    assert Matcher(PatternSet.of(Rules(), patterns)).verdict("p", shape).known == best


@given(st.lists(_KNOWN, max_size=4).map(unique), st.lists(_DECISIONS, max_size=5))
def test_the_last_name_of_a_pattern_is_on_it(patterns: list[KnownPattern], entries: list[Decision]) -> None:
    names = {entry.parsed.identity(entry.scope): entry.name for entry in entries if entry.do == "name"}
    judged_by = decided(PatternSet.of(Rules(), patterns), Decisions(tuple(entries)))
    assert all(known.name == names.get(known.id) for known in judged_by.patterns)
