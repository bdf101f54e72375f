"""A set with the operator's decisions: what is judged otherwise, and what stays."""

import msgspec
import pytest

from patterns.decided import decided
from patterns.decisions import Decisions
from patterns.errors import DecisionsError
from patterns.judge import Judge
from patterns.language import parse
from patterns.matcher import NEW_PROGRAM, NO_PATTERN
from patterns.pattern_set import ACCEPTED, KNOWN, PENDING, REJECTED, KnownPattern, PatternSet
from patterns.rules import Rules
from patterns.words import WordRules

SET = PatternSet.of(
    Rules(header="plain"),
    [
        KnownPattern("", parse("user *{1,1} left"), 5, 9, 9),
        KnownPattern("", parse("*{1,3} left"), 2, 9, 9),
        KnownPattern("", parse("disk *{1,1} full"), 9, 9, 9, state=PENDING),
    ],
)


def judged(line: str, *entries: dict[str, str], patterns: PatternSet = SET) -> tuple[str | None, str | None]:
    """Return why a line is an outlier and the state of its pattern, each None if there is none."""
    data = b"\n".join(map(msgspec.json.encode, entries))
    verdict = Judge(decided(patterns, Decisions.parse(data, "here"))).judge(line.encode(), 0).verdict
    assert verdict is not None
    assert verdict.outlier == (verdict.reason is not None)
    return verdict.reason, verdict.known.state if verdict.known else None


def test_without_decisions_the_set_is_itself() -> None:
    assert decided(SET, Decisions()) is SET


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("user 7 left", (None, KNOWN)),
        ("disk 7 full", (PENDING, PENDING)),
        ("disk 7 empty", (NO_PATTERN, None)),
    ],
)
def test_a_pending_pattern_is_found_and_its_line_is_an_outlier(line: str, expected: tuple[str, str]) -> None:
    assert judged(line) == expected


def test_an_accepted_shape_is_no_outlier() -> None:
    accept = {"do": "accept", "shape": "disk <*> empty"}

    assert judged("disk 7 empty", accept) == (None, ACCEPTED)
    assert judged("disk 7 broken", accept) == (NO_PATTERN, None)


def test_an_accepted_shape_takes_no_constant_for_a_class_word() -> None:
    accept = {"do": "accept", "shape": "disk <*> empty"}

    assert judged("disk root empty", accept) == (NO_PATTERN, None)
    assert judged("disk <*> empty", accept) == (None, ACCEPTED)


def test_an_accepted_pending_pattern_is_no_outlier() -> None:
    assert judged("disk 7 full", {"do": "accept", "pattern": "disk *{1,1} full"}) == (None, ACCEPTED)


def test_an_accepted_shape_leaves_a_wider_pending_pattern_of_its_words_as_it_is() -> None:
    wide = PatternSet.of(SET.rules, [KnownPattern("", parse("disk *{1,3} full"), 9, 9, 9, state=PENDING)])
    accept = {"do": "accept", "shape": "disk <*> full"}

    assert judged("disk 7 full", accept, patterns=wide) == (None, ACCEPTED)
    assert judged("disk a b full", accept, patterns=wide) == (PENDING, PENDING)


def test_lines_of_a_rejected_pattern_are_not_swallowed_by_a_neighbour() -> None:
    reject = {"do": "reject", "pattern": "user *{1,1} left"}

    assert judged("user 7 left", reject) == (REJECTED, REJECTED)
    assert judged("guest 7 left", reject) == (None, KNOWN)


def test_a_rejected_pattern_that_has_wider_gaps_by_now_is_rejected_as_it_is() -> None:
    wide = PatternSet.of(SET.rules, [KnownPattern("", parse("user *{1,3} left"), 5, 9, 9)])

    assert judged("user a b left", {"do": "reject", "pattern": "user *{1,1} left"}, patterns=wide)[0] == REJECTED


def test_of_two_decisions_about_a_line_the_later_counts() -> None:
    reject, accept = {"do": "reject", "pattern": "user *{1,1} left"}, {"do": "accept", "shape": "user bob left"}

    assert judged("user bob left", reject, accept)[0] is None
    assert judged("user bob left", accept, reject)[0] == REJECTED
    assert judged("user 7 left", reject, accept)[0] == REJECTED


def test_a_program_of_which_only_decisions_are_known_is_a_new_program() -> None:
    accept = {"do": "accept", "scope": "backupd", "shape": "all done"}
    patterns = PatternSet.of(Rules(), SET.patterns)
    header = "Nov  3 05:00:00 web1 backupd[7]: "

    assert judged(f"{header}all done", accept, patterns=patterns) == (None, ACCEPTED)
    assert judged(f"{header}nothing done", accept, patterns=patterns) == (NEW_PROGRAM, None)


def test_a_name_is_on_the_pattern_in_every_state() -> None:
    data = b'{"do":"name","pattern":"user *{1,1} left","name":"gone","severity":"low","runbook":"wiki/gone"}\n'
    for more in (b"", b'{"do":"reject","pattern":"user *{1,1} left"}'):
        known = decided(SET, Decisions.parse(data + more, "here")).patterns[0]
        assert (known.name, known.severity, known.runbook) == ("gone", "low", "wiki/gone")


def test_a_shape_is_read_anew_by_the_message_it_was_accepted_by() -> None:
    rules = Rules(words=WordRules(classes={"name": "bob|eve"}), header="plain")
    patterns = PatternSet.of(rules, [KnownPattern("", parse("nothing"), 5, 9, 9)])
    message = {"do": "accept", "shape": "user bob has <*>", "message": "user bob has 7"}

    assert judged("user eve has 7", message, patterns=patterns)[0] is None
    assert judged("user eve has 8", message, patterns=patterns)[0] == NO_PATTERN
    # Without a message what was a class word before stays one.
    assert judged("user eve has bob", {"do": "accept", "shape": "user bob has <*>"}, patterns=patterns)[0] is None


@pytest.mark.parametrize("entry", [{"do": "accept", "shape": "7 <*>"}, {"do": "reject", "pattern": "user a7 left"}])
def test_what_means_nothing_under_the_rules_of_the_set_is_told_with_its_entry(entry: dict[str, str]) -> None:
    with pytest.raises(DecisionsError, match=r"the operator's entry [0-9a-f]{8}.*withdraw the entry"):
        judged("user 7 left", entry)
