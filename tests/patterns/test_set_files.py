"""The format of a set's files: what was encoded is decoded, and people can read the list."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patterns.errors import BrokenPatternSet
from patterns.language import parse
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.rules import Rules
from patterns.set_files import FORMAT, decode, encode
from patterns.store import Store
from patterns.words import WordRules
from tests.patterns.published import GOOD, RULES, RUN, TABLE, files, known

TEXTS = ["a", "\\(|)", "*{0,} \x85", "(a|b) *{1,1}", "\u2028 é", "x *{2,}", "<*> \x00"]

SETS = st.lists(
    st.builds(
        KnownPattern,
        scope=st.sampled_from(["", "a", "é/<*>", "\x00"]),
        pattern=st.builds(parse, st.sampled_from(TEXTS), positional=st.booleans()),
        level=st.integers(1, 10**9),
        support=st.integers(0, 10**12),
        mined_support=st.integers(1, 10**12),
        state=st.sampled_from(["known", "pending"]),
        first_day=st.none() | st.just("2026-01-01"),
        last_day=st.none() | st.just("2026-01-31"),
        examples=st.lists(st.text(st.characters(codec="utf-8"), max_size=9), max_size=3).map(tuple),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda found: (found.scope, found.pattern.text),
)


@given(SETS, st.sampled_from([Rules(), RULES, Rules(words=WordRules(raw=True)), Rules(multiline="no_header")]))
def test_decoding_what_was_encoded_gives_the_set(patterns: list[KnownPattern], rules: Rules) -> None:
    whole = PatternSet.of(rules, patterns)

    manifest, rows = encode(whole, RUN)
    found = decode("v", manifest, rows, place="here")

    assert found.patterns == whole
    assert found.patterns.fingerprint == whole.fingerprint
    assert (found.manifest, found.rows, found.run) == (manifest, rows, RUN)
    assert decode("v", found.manifest, found.rows, place="worker") == found


def test_a_row_says_all_that_is_known_of_a_pattern_and_ends_at_a_line_feed() -> None:
    _, rows = encode(GOOD, RUN)

    read = [json.loads(row) for row in rows.decode().removesuffix("\n").split("\n")]

    assert [row["id"] for row in read] == [one.id for one in GOOD.patterns]
    assert [(row["scope"], row["pattern"], row["positional"]) for row in read] == [
        ("", "\\(a|b) \x85 \u2028 *{0,}", False),
        ("", "a *{1,1} b", True),
        ("docker/<*>", "(a|b) c", False),
        ("sshd", "Accepted password for *{1,2}", False),
    ]
    assert list(read[3].items())[3:] == [
        ("positional", False),
        ("level", 5),
        ("support", 7),
        ("mined_support", 7),
        ("state", "known"),
        ("first_day", "2026-01-01"),
        ("last_day", "2026-02-01"),
        ("examples", ["Accepted … 1"]),
    ]


def test_the_manifest_begins_with_its_format_and_holds_the_rules() -> None:
    manifest, _ = encode(GOOD, RUN)

    read = json.loads(manifest)

    assert list(read) == ["format", "fingerprint", "patterns", "rules", "run"]
    assert manifest.lstrip(b"{ \n").startswith(b'"format": 1,')
    assert (read["format"], read["fingerprint"], read["patterns"]) == (FORMAT, GOOD.fingerprint, 4)
    assert read["rules"]["words"]["classes"] == {"number": r"\S*[0-9]\S*", "mine": "x+"}
    assert list(read["rules"]["formats"]) == ["mine", "b"]


def test_the_manifest_says_how_lines_are_joined_only_where_they_are() -> None:
    joined, _ = encode(PatternSet.of(Rules(multiline="indented"), GOOD.patterns), RUN)

    assert json.loads(joined)["rules"]["multiline"] == "indented"
    assert "multiline" not in json.loads(encode(GOOD, RUN)[0])["rules"]


def test_a_manifest_and_rows_with_keys_of_a_later_version_are_read() -> None:
    manifest, rows = encode(GOOD, RUN)
    head = {**json.loads(manifest), "colour": "blue"}
    later = b"".join(json.dumps({**json.loads(row), "weight": 1}).encode() + b"\n" for row in rows.split(b"\n")[:-1])

    assert decode("v", json.dumps(head).encode(), later, place="here").patterns == GOOD


def test_the_list_for_people_shows_no_control_character(store: Store) -> None:
    version = store.publish(GOOD, TABLE, RUN)

    text = files(store.root)[f"{version}/patterns.txt"].decode()

    assert "# (no program): 2 patterns\n" in text
    assert f"        7  {GOOD.patterns[0].id}  \\(a|b) \\x85 \\u2028 *{{0,}}\n" in text
    assert "(a|b) c  (seen once)\n" in text
    assert all(character.isprintable() or character == "\n" for character in text)


def test_the_list_for_people_has_the_most_supported_first(store: Store) -> None:
    patterns = [known("a", support=2), known("b c d", support=9), known("e f", support=11)]
    version = store.publish(PatternSet.of(Rules(), patterns), TABLE, RUN)

    text = files(store.root)[f"{version}/patterns.txt"].decode()

    assert [line.split()[0] for line in text.splitlines() if line] == ["#", "11", "9", "2"]


def test_a_set_can_be_written_without_patterns_but_not_read() -> None:
    manifest, rows = encode(PatternSet.of(Rules(), []), RUN)

    with pytest.raises(BrokenPatternSet, match="it has no pattern, so that every line would be an outlier"):
        decode("v", manifest, rows, place="here")
