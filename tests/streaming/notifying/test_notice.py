"""What leaves of a line, whole and masked."""

import json
import string
from collections.abc import Iterable

import pytest
from alert_documents import alert_of, condensed_of, overflow_of
from hypothesis import given
from hypothesis import strategies as st

from patterns.language import hash_of, parse
from patterns.pattern_set import KnownPattern
from streaming.notifying.bodies import json_body
from streaming.notifying.notice import notice_of
from streaming.notifying.redaction import Frequent

SECRET = "hunterxx"
HEADER = "Nov 29 08:00:00 hostname sshd[12]: "


def known(support: int, text: str, scope: str = "") -> KnownPattern:
    return KnownPattern(scope, parse(text), level=2, support=support, mined_support=support)


def test_a_words_lines_are_added_up_over_the_patterns_that_have_it_as_a_constant() -> None:
    frequent = Frequent.of(
        [
            known(6, "user *{1,1} logged in"),
            known(4, "user *{1,1} left left"),
            known(9, "new disk", "kernel"),
            known(99, "the (bob|eve) door"),
        ],
        10,
    )
    assert frequent.words == {"user", "the", "door"}
    assert frequent.scopes == {""}


@pytest.mark.parametrize(
    ("shape", "masked"),
    [
        ("user bob logged in", "user <*> logged in"),
        ("user bob eve <*> logged", "user <*> logged"),
        ("bob", "<*>"),
        ("user <*> in…", "user <*>"),
    ],
)
def test_a_shape_keeps_its_frequent_words(shape: str, masked: str) -> None:
    assert Frequent(frozenset({"user", "logged", "in"})).shape(shape) == masked


def test_a_pattern_keeps_its_gaps_and_frequent_words() -> None:
    frequent = Frequent(frozenset({"user", r"a\b", "in"}))
    assert frequent.pattern(r"user *{1,2} \a\b (in|out) in") == r"user *{1,2} \a\b <*> in"
    # Cut in the middle of a word or a gap.
    assert frequent.pattern("user *{1,…") == "user <*>"


def test_whole_an_alert_says_what_the_sink_says() -> None:
    document = alert_of(f"{HEADER}user {SECRET} broke in")
    notice = notice_of(document, "https://x", None)
    assert (notice.id, notice.message, notice.host, notice.program) == (
        *(document["event"]["id"], f"user {SECRET} broke in", "hostname", "sshd"),
    )
    assert (notice.count, notice.untold, notice.redacted, notice.link) == (3, 0, False, "https://x")
    assert notice.find == f'logwinnow.shape.id: "{notice.shape_id}"'
    assert notice.summary == f"new kind in app, hostname sshd (3 lines): user {SECRET} broke in"


def leaves(document: dict[str, object], words: Iterable[str] = ()) -> str:
    return json_body(notice_of(document, None, Frequent(frozenset(words)))).decode()


@pytest.mark.parametrize(
    "line",
    [
        f"user {SECRET} broke in",
        f"password={SECRET}, token: (eyJhbGciOi.{SECRET}.x)",
        f"Nov 29 08:00:00 {SECRET} sshd[12]: broke in",
        f"Nov 29 08:00:00 hostname {SECRET}[12]: broke in",
        f"Nov 29 08:00:00 hostname sshd[12]: {SECRET} broke in",
        f"<13>1 2026-11-29T08:00:00Z host {SECRET} - {SECRET} - broke in",
        f"{SECRET}:1514 99",
        f"broke\n  {SECRET}",
        f"\xff{SECRET} broke",
    ],
)
def test_masked_no_word_that_is_not_frequent_leaves_wherever_it_stands(line: str) -> None:
    said = leaves(alert_of(line, patterns=(f"user {SECRET} left",)), ["user", "broke", "in"])
    assert SECRET not in said


def test_masked_an_alert_says_its_shape_and_where_its_line_is() -> None:
    notice = notice_of(alert_of(f"{HEADER}user {SECRET} broke in"), None, Frequent(frozenset({"user", "broke", "in"})))
    assert (notice.message, notice.shape, notice.host, notice.program) == (*["user <*> broke in"] * 2, None, "<*>")
    assert notice.find == 'event.id: "0123456789abcdef0123"'
    assert notice.redacted


def test_masked_no_hash_of_what_is_masked_leaves() -> None:
    document = alert_of(f"user {SECRET} broke in")
    said = leaves(document, ["user", "broke", "in"])
    hashes = [document["event"]["id"], document["logwinnow"]["shape"]["id"]]
    assert hashes[1] == hash_of(["", f"user {SECRET} broke in"], 6)
    assert not [each for each in hashes if each in said]


_WORD = st.text(st.sampled_from(string.ascii_letters), min_size=4, max_size=8)


@given(st.lists(_WORD, min_size=1, max_size=8), st.sets(_WORD))
def test_masked_each_word_of_a_message_is_frequent_or_gone(words: list[str], frequent: set[str]) -> None:
    allowed = frequent | set(words[::2])
    notice = notice_of(alert_of(" ".join(["panic", *words])), None, Frequent(frozenset(allowed)))
    assert notice.message is not None
    assert set(notice.message.split(" ")) <= allowed | {"<*>"}


QUOTA = f"user *{{1,1}} of {SECRET} is over quota"
STORM = [f"user {name} of {SECRET} is over quota" for name in ("bob", "eve", "<b>mallory</b>")]


def test_whole_the_alert_of_a_storm_says_how_many_shapes_are_alike_and_some_lines() -> None:
    document = condensed_of(*STORM, pattern=QUOTA)
    notice = notice_of(document, None, None)
    said = json.loads(json_body(notice))
    assert said["summary"] == f"30 new shapes that are alike in app (120 lines): {QUOTA}"
    assert (said["pattern"], said["pattern_id"]) == (QUOTA, parse(QUOTA).identity(""))
    assert (said["shapes"], said["examples"], said["message"]) == (30, STORM, STORM[0])
    assert said["find"] == document["logwinnow"]["find"]
    assert not {"shape", "shape_id", "nearest", "difference"} & said.keys()


def test_masked_the_alert_of_a_storm_says_its_frequent_words_and_no_line_and_no_hash() -> None:
    document = condensed_of(*STORM, pattern=QUOTA)
    said = leaves(document, ["user", "of", "is", "over", "quota"])
    assert json.loads(said)["message"] == "user *{1,1} of <*> is over quota"
    hashes = [document["event"]["id"], document["logwinnow"]["pattern"]["id"]]
    assert not [each for each in (SECRET, "bob", "mallory", *hashes) if each in said]


def test_a_storm_that_the_operator_named_has_his_name() -> None:
    notice = notice_of(condensed_of(*STORM, pattern=QUOTA, name="quotas"), None, None)
    assert notice.summary.startswith("quotas in app (120 lines): ")
    assert (notice.name, notice.shapes) == ("quotas", 30)


def test_an_overflow_has_no_word_of_a_line_and_says_what_is_held_back() -> None:
    notice = notice_of(overflow_of(), None, Frequent())
    assert notice.kind == "overflow"
    assert json.loads(json_body(notice))["message"] == overflow_of()["message"]


def test_what_the_operator_called_a_kind_leaves() -> None:
    document = alert_of("user bob broke in")
    document["logwinnow"]["pattern"] = {
        "id": "0" * 12,
        "text": "user *{1,1} broke in",
        "severity": "high",
        "name": "Ah",
    }
    document["logwinnow"]["reason"] = "rejected"
    whole, masked = (notice_of(document, None, frequent) for frequent in (None, Frequent()))
    for notice in (whole, masked):
        assert (notice.severity, notice.name, notice.summary[:9]) == ("high", "Ah", "Ah in app")
    assert (whole.pattern, masked.pattern) == ("user *{1,1} broke in", "<*> *{1,1} <*>")
