"""Bytes of a connection → messages: RFC 6587's two ways, and what is neither."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from streaming.receiver.framing import FAR, Framer

LIMIT = 20


def framed(*chunks: bytes, limit: int = LIMIT) -> tuple[list[bytes], dict[str, int], str]:
    """Return the messages of a connection that sent these chunks and ended, what was counted, and what is wrong."""
    counts: Counter[str] = Counter()
    framer = Framer(limit, counts)
    found = [message for chunk in chunks for message in framer.feed(chunk)]
    found += framer.end()
    return found, {name: number for name, number in counts.items() if number}, framer.error


@pytest.mark.parametrize(
    ("sent", "messages"),
    [
        (b"<13>a\n<13>b\n", [b"<13>a", b"<13>b"]),
        (b"a\r\nb\0\nc\r\0\n\0d\n", [b"a", b"b", b"c", b"d"]),
        (b"\n\n\r\n\0\na\n", [b"a"]),
        (b" \n\ta\n", [b" ", b"\ta"]),
        (b"\xff\xfe\n", [b"\xff\xfe"]),
        (b"5 <13>a6 <13>bc", [b"<13>a", b"<13>bc"]),
        (b"7 <13>a\nb5 <13>c", [b"<13>a\nb", b"<13>c"]),
        (b"6 <13>a\n6 <13>b\0", [b"<13>a", b"<13>b"]),
        (b"5 <13>a\n5 <13>b\r\n\x005 <13>c", [b"<13>a", b"<13>b", b"<13>c"]),
        (b"<13>a\n5 <13>b<13>c\n5 <13>d", [b"<13>a", b"<13>b", b"<13>c", b"<13>d"]),
        (b"10 x 12 y\n34 ", [b"x 12 y\n34 "]),
        (b"2 \r\n1 a", [b"a"]),
        # Times and addresses in front, which are no counts.
        (b"2026-11-28 up\n10.0.0.1 up\n7up\n", [b"2026-11-28 up", b"10.0.0.1 up", b"7up"]),
        (b"1764343434 web1 up\n1764343435 web1\n", [b"1764343434 web1 up", b"1764343435 web1"]),
        (b"12345678901234567890\na\n", [b"12345678901234567890", b"a"]),
        (b"0 up\n05 up\n", [b"0 up", b"05 up"]),
    ],
)
def test_each_frame_is_read_as_what_it_is(sent: bytes, messages: list[bytes]) -> None:
    assert framed(sent) == (messages, {}, "")


@pytest.mark.parametrize(
    ("sent", "messages"),
    [
        (b"<13>a\n<13>b", [b"<13>a", b"<13>b"]),
        (b"5 <13>a9 <13>", [b"<13>a", b"<13>"]),
        (b"5 <13>a9 ", [b"<13>a"]),
        (b"5 <13>a9", [b"<13>a", b"9"]),
        (b"77", [b"77"]),
    ],
)
def test_what_came_of_a_line_that_did_not_end_is_kept_and_counted(sent: bytes, messages: list[bytes]) -> None:
    assert framed(sent) == (messages, {"lines_unfinished": 1}, "")


@pytest.mark.parametrize(
    "sent",
    [
        b"x" * LIMIT + b"\n",
        b"%d " % LIMIT + b"x" * LIMIT,
    ],
)
def test_a_line_as_long_as_may_be_is_whole(sent: bytes) -> None:
    assert framed(sent) == ([b"x" * LIMIT], {}, "")


@pytest.mark.parametrize(
    "sent",
    [
        b"x" * 1_000 + b"\n<13>b\n",
        b"<13>a\n"[6:] + b"x" * (LIMIT + 1) + b"\n<13>b\n",
        b"%d " % (FAR * LIMIT) + b"x" * (FAR * LIMIT) + b"5 <13>b",
    ],
)
def test_a_line_that_is_too_long_is_cut_and_its_rest_skipped(sent: bytes) -> None:
    messages, counted, error = framed(sent)
    assert messages == [b"x" * LIMIT, b"<13>b"]
    assert (counted, error) == ({"lines_cut": 1}, "")


@pytest.mark.parametrize(
    ("sent", "messages", "error"),
    [
        (b"5 <13>a3 <13>b\nc\n", [b"<13>a", b"<13", b">b", b"c"], "a frame begins with b'>' and not with its length"),
        (b"5 <13>aoops\nc\n", [b"<13>a", b"oops", b"c"], "a frame begins with b'o' and not with its length"),
        (b"5 <13>a12x\nc\n", [b"<13>a", b"12x", b"c"], "a frame begins with b'12x"),
        (b"1000000000 <13>a\nb\n", [b"1000000000 <13>a", b"b"], "a frame says that it has 1000000000 bytes, and"),
        (b"5 <13>a99999999999 b\n", [b"<13>a", b"99999999999 b"], "a frame says that it has 99999999999 bytes"),
        (b"5 <13>a" + b"9" * 30 + b"\n", [b"<13>a", b"9" * LIMIT], "a frame begins with b'999"),
    ],
)
def test_a_count_that_lies_is_told_and_what_came_is_kept_as_lines(
    sent: bytes, messages: list[bytes], error: str
) -> None:
    found, counted, said = framed(sent)
    assert found == messages
    assert counted["framing_errors"] == 1
    assert said.startswith(error)


_PIECES = st.lists(
    st.sampled_from([
        b"\n", b"\r\n", b"\0", b" ", b"<13>a", b"<", b"x", b"1", b"9", b"0", b"5 <13>a", b"6 <13>a\n", b"30 ", b"320 ",
        b"321 ", b"4000000000 ", b"12345678901234567890", b"2026-01-01 ", b"y" * 25, b"3 abc", b"\xff",
    ]),
    max_size=30,
).map(b"".join)  # fmt: skip


@given(_PIECES, st.lists(st.integers(0, 600), max_size=12))
@example(b"4000000000 <13>a\nb", [10, 11, 12])
@example(b"5 <13>a" + b"9" * 25, [7, 20])
def test_the_messages_are_the_same_however_the_bytes_are_cut(sent: bytes, cuts: list[int]) -> None:
    at = [0, *sorted(cut for cut in cuts if cut < len(sent)), len(sent)]
    chunks = [sent[begin:end] for begin, end in pairwise(at)]
    whole = framed(sent)
    assert framed(*chunks)[:2] == whole[:2]
    assert bool(framed(*chunks)[2]) == bool(whole[2])
    assert framed(*(sent[at : at + 1] for at in range(len(sent))))[:2] == whole[:2]


@given(st.lists(st.binary(min_size=1, max_size=LIMIT), max_size=20))
def test_counted_frames_give_back_any_bytes(messages: list[bytes]) -> None:
    sent = b"".join(b"%d %b" % (len(each), each) for each in messages)
    assert framed(sent) == ([bare for each in messages if (bare := each.rstrip(b"\0\r\n").lstrip(b"\0"))], {}, "")


@given(st.lists(st.binary(max_size=LIMIT), max_size=20))
def test_lines_with_a_priority_give_back_any_bytes_without_line_feeds(texts: list[bytes]) -> None:
    lines = [b"<1>" + each.replace(b"\n", b"").rstrip(b"\r\0") for each in texts]
    sent = b"".join(line + b"\n" for line in lines)
    assert framed(sent, limit=LIMIT + 3) == (lines, {}, "")
