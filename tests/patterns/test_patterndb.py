"""Pattern set → patterndb: what stands in it, in which order, and what is left out."""

import re
import xml.etree.ElementTree as ET
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patterns.errors import RulesError
from patterns.language import Pattern, parse
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.patterndb import CUT, FORBIDDEN, NO_EXPRESSION, NOT_ITS_OWN, UNSURE, LeftOut, patterndb
from patterns.rules import FormatRule, Rules
from patterns.words import DEFAULT_CLASSES, Splitter, WordRules

HEADER = "Nov  3 04:05:06 h sshd[1]: "
HOSTILE = "\x01\x1b[m \x7f \x9bJ \u202e ]]> & < > \" ' @ @@ \\@ $x ${y} \ufffd \ufffe \xa0 é 漢 int(x)"


def known(text: str, scope: str = "sshd", *examples: str, level: int = 2, state: str = "known") -> KnownPattern:
    return KnownPattern(scope, parse(text), level, 1, 1, state, examples=examples)


def database(*known_patterns: KnownPattern, rules: Rules | None = None) -> tuple[str, Counter[LeftOut]]:
    left_out: Counter[LeftOut] = Counter()
    text = "".join(patterndb(PatternSet.of(rules or Rules(), known_patterns), "2026-11-24", left_out))
    return text, left_out


def root_of(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 (made here)


def rules_of(text: str) -> list[ET.Element]:
    return list(root_of(text).iter("rule"))


def examples_of(text: str) -> list[tuple[str | None, str | None]]:
    return [(test.get("program"), test.text) for test in root_of(text).iter("test_message")]


def test_a_set_is_one_ruleset_a_scope_and_one_rule_a_pattern_in_best_match_order() -> None:
    patterns = [known("a *{1,1}", level=1), known("b *{1,1}", level=9), known("c d", "cron"), known("a b c", level=1)]
    text, left_out = database(*patterns)
    root = root_of(text)

    assert (root.tag, root.attrib) == ("patterndb", {"version": "4", "pub_date": "2026-11-24"})
    assert [(ruleset.get("name"), len(list(ruleset.iter("rule")))) for ruleset in root] == [
        ("program cron", 1),
        ("program sshd", 3),
    ]
    assert [rule.get("id") for rule in root.iter("rule")] == [patterns[number].id for number in (2, 1, 3, 0)]
    assert not left_out


def test_a_rule_has_the_patterns_id_and_text_and_its_state_as_class() -> None:
    pattern = known("open *{1,2} now", state="pending")
    rule = rules_of(database(pattern)[0])[0]

    assert rule.attrib == {"provider": "logwinnow", "id": pattern.id, "class": "pending"}
    assert {value.get("name"): value.text for value in rule.iter("value")} == {
        "logwinnow.pattern.id": pattern.id,
        "logwinnow.pattern.text": "string(open *{1,2} now)",
    }


def test_the_same_set_gives_the_same_text_in_any_order_of_its_patterns() -> None:
    patterns = [known(text, scope) for text in ("a b", "a *{1,1}", "c") for scope in ("", "sshd", "docker/<*>")]

    assert database(*patterns) == database(*reversed(patterns)) == database(*patterns)


def test_hostile_text_is_no_markup_and_no_raw_byte_of_a_terminal() -> None:
    words = HOSTILE.split(" ")
    pattern = KnownPattern(HOSTILE, Pattern(tuple(words), ((0, 0),) * (len(words) + 1)), 1, 1, 1)
    text, left_out = database(pattern, known("a", "evil\x1b"), known("a", r"evil\x1b"))
    root = root_of(text)

    assert all(character.isprintable() or character == "\n" for character in text)
    names = [ruleset.get("name") for ruleset in root]
    assert len(set(names)) == 3
    assert {r"program evil\x1b", r"program evil\\x1b"} < set(names)
    shown = next(value.text for value in root.iter("value") if value.text and value.text.startswith(r"string(\x01"))
    assert r"\x1b[m \x7f \x9bJ \u202e ]]> & < > " in shown
    assert r" \\@ $$x $${y} " in shown
    assert not left_out


@given(st.text(min_size=1), st.lists(st.text(min_size=1), min_size=1, max_size=3))
def test_any_program_and_any_words_make_a_document(scope: str, words: list[str]) -> None:
    pattern = Pattern(tuple(words), ((0, 1),) * (len(words) + 1))
    text, _ = database(KnownPattern(scope, pattern, 1, 1, 1), KnownPattern("", pattern, 1, 1, 1))

    assert all(character.isprintable() or character == "\n" for character in text)
    for written in root_of(text).iter("pattern"):
        # An @ opens the parser and the next one ends it.
        assert re.fullmatch("[^@]*@PCRE::[^@]+@", written.text or "")


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_an_example_is_the_message_as_the_set_reads_it_whatever_is_in_it(message: str) -> None:
    example = f"{HEADER}job {message} done".replace("\n", "")
    text, left_out = database(known("job *{0,} done", "sshd", example))

    if left_out:
        assert left_out in (Counter({FORBIDDEN: 1}), Counter({NOT_ITS_OWN: 1}))
    else:
        assert examples_of(text) == [("sshd", example.removeprefix(HEADER))]


@pytest.mark.parametrize(
    ("example", "why"),
    [
        (f"{HEADER}open 1 now", None),
        (f"{HEADER}open 1\tnow\r", None),
        (f"{HEADER}open \ufffd now", None),
        (f"{HEADER}open 1 \x85\x9b\u2028 now", NOT_ITS_OWN),
        (f"{HEADER}open {'1' * 1957} now", None),
        (f"{HEADER}open {'1' * 1969} now", CUT),
        (f"{HEADER}open {'1' * 1970} now"[:2000], CUT),
        (f"{HEADER}open 1\x00 now", FORBIDDEN),
        (f"{HEADER}open 1\x1b now", FORBIDDEN),
        (f"{HEADER}open 1\ufffe now", FORBIDDEN),
        (f"{HEADER}open 1 then", NOT_ITS_OWN),
        (f"{HEADER}closed 1 now", NOT_ITS_OWN),
        (f"{HEADER}17 18", NOT_ITS_OWN),
        ("Nov  3 04:05:06 h cron[1]: open 1 now", NOT_ITS_OWN),
        ("open 1 now", NOT_ITS_OWN),
    ],
)
def test_an_example_is_a_test_only_if_it_holds_as_one(example: str, why: LeftOut | None) -> None:
    patterns = [known("open *{1,1} now", "sshd", example), known("closed *{1,1} now", "sshd", level=1)]
    text, left_out = database(*patterns)

    assert left_out == (Counter([why]) if why else Counter())
    assert examples_of(text) == ([] if why else [("sshd", example.removeprefix(HEADER))])


def test_an_example_that_a_better_match_takes_is_no_test() -> None:
    example = f"{HEADER}open 1 now"
    text, left_out = database(known("open *{1,1} now", level=9), known("open *{1,2}", "sshd", example))

    assert (examples_of(text), left_out) == ([], {NOT_ITS_OWN: 1})


def test_examples_of_one_message_are_one_test() -> None:
    examples = [f"Nov  3 04:05:0{second} h sshd[{second}]: open now" for second in range(3)]

    assert examples_of(database(known("open now", "sshd", *examples))[0]) == [("sshd", "open now")]


def test_an_example_without_a_program_has_an_empty_one() -> None:
    assert examples_of(database(known("open now", "", "open now"))[0]) == [("", "open now")]


def test_an_example_has_the_program_as_it_stood_in_the_line() -> None:
    example = "<13>1 2026-11-23T10:00:00Z h docker/3f2a90c1 - - - open now"

    assert examples_of(database(known("open now", "docker/<*>", example))[0]) == [("docker/3f2a90c1", "open now")]


def test_what_is_cut_to_be_judged_is_no_test() -> None:
    example = f"{HEADER}open {'x ' * 200}"
    text, left_out = database(known("open *{1,}", "sshd", example), rules=Rules(max_line_bytes=256))

    assert (examples_of(text), left_out) == ([], {CUT: 1})


def test_a_message_of_class_words_alone_is_no_test() -> None:
    text, left_out = database(known("onExtend: *{1,1}", "sshd", f"{HEADER}onExtend:1514"))

    assert (examples_of(text), left_out) == ([], {UNSURE: 1})


@pytest.mark.parametrize("message", ["17 k=v é", "((", "<*> 1", "FATAL 1"])
def test_by_rules_that_are_raw_no_word_is_a_class_word(message: str) -> None:
    rules = Rules(words=WordRules(raw=True, classes={"all": r"\S+"}))
    text, left_out = database(known(message, "sshd", HEADER + message), rules=rules)

    assert (examples_of(text), left_out) == ([("sshd", message)], {})


@pytest.mark.parametrize(("message", "sure"), [("FATAL abc1", False), ("FATAL", True), ("x abc1", True)])
def test_behind_a_severity_a_message_of_class_words_alone_is_no_test_either(message: str, *, sure: bool) -> None:
    pattern = Splitter(WordRules()).shape(message).replace("<*>", "*{1,1}")
    text, left_out = database(known(pattern, "sshd", HEADER + message))

    assert (len(examples_of(text)), left_out) == (sure, {} if sure else {UNSURE: 1})


@pytest.mark.parametrize(("message", "sure"), [("open 1 now", True), ("open k=1 now", False), ("open 1 now é", False)])
def test_with_word_classes_of_an_operator_words_of_which_pcre_may_think_otherwise_make_no_test(
    message: str, *, sure: bool
) -> None:
    rules = Rules(words=WordRules(classes={"number": r"\d+"}))
    text, left_out = database(known("open *{1,3}", "sshd", HEADER + message), rules=rules)

    assert len(examples_of(text)) == sure
    assert left_out == ({} if sure else {UNSURE: 1})


@pytest.mark.parametrize(
    ("pattern", "written"),
    [
        (parse("a *{1,1000}"), True),
        (parse("a *{1,3300}"), False),
        (parse("a *{3300,}"), False),
        (parse("a *{1,999999999}"), False),
        (Pattern(("z" * 8_000,), ((0, 0), (0, 0))), True),
        (Pattern(("z" * 22_000,), ((0, 0), (0, 0))), False),
        (parse("17 apples"), False),
    ],
)
def test_a_pattern_that_pcre_cannot_take_is_left_out_and_counted(pattern: Pattern, *, written: bool) -> None:
    text, left_out = database(KnownPattern("sshd", pattern, 2, 1, 1), known("other"))

    assert len(rules_of(text)) == 1 + written
    assert left_out == ({} if written else {NO_EXPRESSION: 1})


@pytest.mark.parametrize(
    "expression",
    [
        r"\pL+",
        r"x\b",
        r"(?i)ab",
        r"(?P<name>x)",
        r"[[:alpha:]]+",
        r"\Qx\E",
        r"é+",
        r"^x",
        r"x$",
        r"x{,5}",
        r"[]x]",
        "a\tb",
    ],
)
def test_a_word_class_that_pcre_may_read_otherwise_is_told(expression: str) -> None:
    rules = Rules(words=WordRules(classes={"mine": expression}))

    with pytest.raises(RulesError, match=r"word class 'mine' is .*; write it in ASCII"):
        # Before the first piece is asked for: by then a file would have been opened.
        patterndb(PatternSet.of(rules, [known("a *{1,1}")]), "2026-11-24", Counter())


def program_regex(scope: str, rules: Rules | None = None) -> re.Pattern[bytes]:
    text, _ = database(known("a", scope), rules=rules)
    literal, expression = (root_of(text).findtext("ruleset/patterns/pattern") or "").split("@PCRE::")
    return re.compile(re.escape(literal).encode() + expression.removesuffix("@").encode())


@pytest.mark.parametrize(
    ("scope", "taken", "others"),
    [
        ("sshd", ["sshd"], ["ssh", "sshd2", "sshd-session", "xsshd"]),
        ("d", ["d"], ["", "dd"]),
        ("a.b", ["a.b"], ["a-b"]),
        ("me@home", ["me@home"], ["me@home2"]),
        ("(x)", ["(x)"], ["x"]),
        ("worker-<*>", ["worker-1", "worker-1a"], ["worker-", "worker-a1", "worker-deadbeef", "worker-1/2"]),
        ("docker/<*>", ["docker/3f2a90c1", "docker/deadbeef"], ["docker/", "docker/a", "docker/1/2", "docker"]),
        ("<*>", ["12", "deadbeef"], ["", "abc"]),
        ("<*>/<*> x", ["1/2 x"], ["1/2 y", "1 x", "a/1 x"]),
        ("a<*>b", ["a<*>b"], ["a1b"]),
    ],
)
def test_the_pattern_of_a_ruleset_takes_the_programs_of_its_scope(
    scope: str, taken: list[str], others: list[str]
) -> None:
    compiled = program_regex(scope)

    assert [program for program in [*taken, *others] if compiled.fullmatch(program.encode())] == taken


NAMES = st.lists(
    st.sampled_from(["sshd", "worker-", "1", "deadbeef", "/", " ", "é", "@", ".", "Jan", "ms", "\ufffd", "-", "x"]),
    min_size=1,
    max_size=6,
).map("".join)


@given(NAMES, st.sampled_from([DEFAULT_CLASSES, {"number": "[0-9]x?|-.*"}]))
def test_each_program_is_taken_by_the_pattern_of_its_own_scope(program: str, classes: dict[str, str]) -> None:
    rules = Rules(words=WordRules(classes=classes))
    scope = Splitter(rules.words).scope(program)

    assert program_regex(scope, rules).fullmatch(program.encode())


def test_rules_of_lines_without_a_program_are_kept_from_other_programs() -> None:
    with_plain, _ = database(known("a", ""), known("a", "sshd"))
    without, _ = database(known("a", "sshd"))

    assert [
        (ruleset.get("name"), ruleset.findtext("patterns/pattern"), len(list(ruleset.iter("rule"))))
        for ruleset in root_of(with_plain)
    ] == [
        ("other programs", "@PCRE::(?=.)@", 0),
        ("no program", None, 1),
        ("program sshd", "ssh@PCRE::d$@", 1),
    ]
    assert "other programs" not in without


def test_a_program_of_a_format_of_an_operator_may_have_any_character() -> None:
    rules = Rules(formats={"mine": FormatRule("<(?P<program>[^>]*)> (?P<message>.*)")}, header="mine")
    program = "\t a \"b' & <"
    text, left_out = database(known("open now", program, f"<{program}> open now"), rules=rules)

    assert (examples_of(text), left_out) == ([(program, "open now")], {})
