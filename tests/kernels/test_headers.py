"""Headers by columns are those that patterns.line reads one by one; what cannot be told so is left to it."""

import re
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hostile_headers import CHUNKS, RULES, SHIPPED
from hypothesis import given
from hypothesis import strategies as st

from kernels import header_expressions, headers
from kernels.headers import Headers
from kernels.spans import lines_of
from patterns.errors import RulesError
from patterns.judge import Shaper
from patterns.rules import FormatRule, Rules
from patterns.timestamps import SECOND
from patterns.words import WordRules

NOON = 1_795_435_200 * SECOND


class Read(NamedTuple):
    """What is told of a line's header."""

    scope: str
    time: int
    message: str


def by_columns(lines: list[bytes], read: Headers, record_time: int = NOON) -> tuple[list[Read | None], Counter[str]]:
    """Return what is told of each line, None for an odd one; and how many have each format."""
    chunk = b"".join(line + b"\n" for line in lines)
    groups, odd = read.read(chunk, lines_of(chunk), record_time)
    found: list[Read | None] = [None] * len(lines)
    formats = Counter[str]()
    of_line: list[int] = [int(index) for index in odd]
    for group in groups:
        formats.update(group.formats)
        of_line += [int(index) for index in group.lines]
        for index, start, end, scope, time in zip(group.lines, *group.spans, group.scopes, group.times, strict=True):
            found[index] = Read(read.scopes[scope], int(time), group.text[start:end].decode())
    assert sorted(of_line) == list(range(len(lines)))
    return found, formats


def one_by_one(lines: list[bytes], rules: Rules, record_time: int = NOON) -> list[tuple[Read, str]]:
    """Return what the reader says of each line, and its format."""
    shaper = Shaper(rules)
    shaped = [shaper.shape(line, record_time) for line in lines]
    return [(Read(each.scope, each.line.time, each.line.message), each.line.format) for each in shaped]


def agree(lines: list[bytes], rules: Rules, read: Headers | None = None) -> None:
    """See to it that what is told of lines is what the reader says."""
    read, one = read or Headers(rules), one_by_one(lines, rules)
    has_header, untold = read.found(chunk := b"".join(line + b"\n" for line in lines), lines_of(chunk))
    of_those = np.setdiff1d(np.arange(len(lines)), untold)
    assert has_header[of_those].tolist() == [one[index][1] != "plain" for index in of_those]
    found, formats = by_columns(lines, read)
    told = [(now, was) for now, was in zip(found, one, strict=True) if now is not None]
    assert [now for now, _ in told] == [was for _, (was, _) in told]
    assert formats == Counter(form for _, (_, form) in told)


@pytest.mark.parametrize("kind", RULES)
@given(data=st.data(), lines=CHUNKS)
def test_what_is_told_of_a_line_is_what_the_reader_says(kind: str, data: st.DataObject, lines: list[bytes]) -> None:
    agree(lines, data.draw(st.sampled_from(RULES[kind])))


@pytest.mark.parametrize(
    "line",
    [
        "Oct 11 22:14:15 web1 su[77]: accepted",
        "<34>Oct 11 22:14:15 web1 su: accepted",
        "Nov  3 22:14:15 web1  su: accepted",
        "Nov  3 22:14:15 web1 accepted port 22",
        "Nov  3 22:14:15 su[77]: accepted port",
        "Nov  3 22:14:15  web1 su: accepted",
        "Nov\t03 22:14:15 web1 su:\taccepted",
        "2026-10-11T22:14:15.003+02:00 web1 su[77]: accepted",
        "<4>2026-10-11T22:14:15Z web1 su: accepted",
        "2026-10-11T22:14:15 su: accepted it",
        "<34>1 2026-10-11T22:14:15.003Z web1 su 77 ID47 - accepted",
        "<34>12 - - - - - - accepted",
        '<34>1 - web1 su - - [x@1] accepted "x"',
        "<34>0 - web1 su - - - of no format",
        "2026-10-11 22:14:15 of no format",
        "of no format",
        "\ufeffof no format",
        "",
        " ",
        "é" * 300,
        f"Oct 11 22:14:15 {'a' * 256} {'p' * 128}: accepted",
        f"Oct 11 22:14:15 {'a' * 257} su: is the message",
        f"Oct 11 22:14:15 web1 {'p' * 129}: is the message",
    ],
)
def test_ordinary_lines_need_no_reader_of_their_own(line: str) -> None:
    found, formats = by_columns([line.encode()], Headers(Rules()))

    assert [(found[0], *formats)] == one_by_one([line.encode()], Rules())


@pytest.mark.parametrize(
    "line",
    [
        b"Oct 11 22:14:15 web1 su:",
        b"Oct 11 22:14:15 ",
        b"2026-10-11T22:14:15Z ",
        b"2026-10-11T22:14:15Z web1",
        b"<34>1 - - - - - -",
        b"<34>1 - - - - - ",
        b'<34>1 - - - - - [a k="v w"] accepted',
        "<34>1 - - - - - - \ufeffaccepted".encode(),
        b"Oct 11 22:14:15 web1 " + b"x" * 512 + b" accepted",
        b"caf\xe9",
        b"x" * 65_537,
    ],
)
def test_lines_that_end_in_their_header_or_go_beyond_what_is_told_are_left_to_the_reader(line: bytes) -> None:
    found, formats = by_columns([b"before", line, b"behind"], Headers(Rules()))

    assert [each and each.message for each in found] == ["before", None, "behind"]
    assert formats == {"plain": 2}


@pytest.mark.parametrize("length", [255, 256, 257])
def test_a_line_is_odd_beyond_the_limit_alone(length: int) -> None:
    line = b"x" * length

    found, _ = by_columns([line], Headers(Rules(max_line_bytes=256)))

    assert (found == [None]) == (length > 256)


def test_a_format_that_cannot_be_read_by_columns_leaves_its_lines_and_those_of_later_ones() -> None:
    rules = Rules(formats={"one": FormatRule("(a)(?P<message>.*)"), "own": FormatRule("b(?P<message>.*)")})

    found, _ = by_columns([b"a1", b"b1", b"Oct 11 22:14:15 web1 su: x"], Headers(rules))

    assert [each is None for each in found] == [True, True, False]


def test_programs_that_differ_in_digits_are_one_scope_only_where_digits_are_masked() -> None:
    lines = [f"Oct 11 22:14:15 web1 worker-{number}: x".encode() for number in (17, 18)]

    def scopes(rules: Rules) -> list[str]:
        return [each.scope for each in by_columns(lines, Headers(rules))[0] if each]

    assert scopes(Rules()) == ["worker-<*>", "worker-<*>"]
    assert scopes(Rules(words=WordRules(classes={}))) == ["worker-17", "worker-18"]


@given(st.lists(CHUNKS, max_size=3), st.sampled_from([1, 2]))
def test_heads_that_are_forgotten_are_read_again(chunks: list[list[bytes]], most: int) -> None:
    rules = Rules(formats=SHIPPED)
    read = Headers(rules)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(headers, "_REMEMBERED_HEADS", most)
        for lines in chunks:
            agree(lines, rules, read)
            agree(lines[::-1], rules, read)

    assert len(read._heads) <= most


def test_the_record_time_of_each_chunk_is_its_own() -> None:
    lines = [b"Oct 11 22:14:15 web1 su: x", b"of no format"]
    read = Headers(Rules())

    for record_time in (0, NOON, 0):
        found, _ = by_columns(lines, read, record_time)
        assert found == [each for each, _ in one_by_one(lines, Rules(), record_time)]


def test_of_an_empty_chunk_there_is_nothing_to_tell() -> None:
    assert by_columns([], Headers(Rules(formats=SHIPPED))) == ([], Counter())


def test_lines_of_built_in_formats_and_of_none_are_one_group_and_in_order() -> None:
    chunk = b"plain\n2026-10-11T22:14:15Z web1 su: x\nplain\nOct 11 22:14:15 web1 su: x\n"

    (group,), odd = Headers(Rules()).read(chunk, lines_of(chunk), NOON)

    assert group.text is chunk
    assert group.lines.tolist() == [0, 1, 2, 3]
    assert group.formats == {"plain": 2, "iso": 1, "rfc3164": 1}
    assert not len(odd)


def test_lines_of_each_shipped_format_and_their_beginnings_are_told_as_the_reader_reads_them() -> None:
    text = (Path(__file__).parents[2] / "conf/formats.toml").read_text(encoding="utf-8")
    examples = [example.encode() for example in re.findall(r"^#    (\S.*)$", text, re.MULTILINE)]
    rules = Rules(formats=SHIPPED)
    read = Headers(rules)

    assert by_columns(examples, read)[1] == Counter(list(SHIPPED))
    agree([example[:cut] for example in examples for cut in range(0, len(example), 3)], rules, read)
    # What most lines had is tried otherwise the next time.
    for example in examples[::5]:
        agree([example] * 3, rules, read)
        agree([example, *examples], rules, read)


@pytest.mark.parametrize(
    "expression",
    [
        r"(?P<program>\w*?)\w (?P<message>.*)",
        r"(?P<program>a*)(?P<message>.*)",
        r"(?P<level>a|ab)(?:b| )?(?P<message>.*)",
        r"(?i)A(?P<program>b+)(?:x|) ?(?P<message>.*)",
        r"(?U)(?P<program>[a-b]+)x*(?P<message>.*)",
        r"x(?P<program>a)|b (?P<message>.*)",
        r"[\](|]x|(?P<program>[]|(]) (?P<message>.*)",
        r"[](]x|b (?P<message>.*)",
        r"[^](]x|b (?P<message>.*)",
        r"[^](]\|(?P<program>[(|])(?P<message>.*)",
        r"(?P<program>\w+) (?P<message>.*)x",
        r"(?P<program>\w*?)(?: (?P<message>.*))?",
        r"(?P<level>a|ab)b?(?:[ x]+(?P<message>.*))?",
        r"(?P<level>a|ab)b?(?: *|x(?P<message>.*))?",
        r"\((?P<program>a*)(?:b\((?P<message>.*))?",
        r"(?P<message>.*)",
    ],
)
@given(lines=st.lists(st.text("abAB](|x é", max_size=12).map(str.encode), min_size=1, max_size=8))
def test_whatever_an_expression_is_made_of_it_takes_what_the_reader_takes(expression: str, lines: list[bytes]) -> None:
    rules = Rules(header="odd", formats={"odd": FormatRule(expression=expression)})
    agree(lines, rules, Headers(rules))


@pytest.mark.parametrize(
    "expression",
    [
        r"(?P<program>a{1,3})(?P<message>.*)",
        r"(?P<program>a{0,2}?)(?P<level>[ab]{1,3})(?P<message>.*)",
        r"(?P<host>[^ ]{0,2})(?P<program>\w{1,3}) ?(?P<message>.*)",
        r"(?P<program>[]a]{1,2})(?P<level>[^]a]{0,2})(?P<message>.*)",
        r"(?P<program>[[:alpha:]{1,2}]{1,2}) ?(?P<message>.*)",
        r"(?P<program>(?:ab?){1,2})(?P<level>a{0,1})(?P<message>.*)",
        r"(?P<program>(?:a|(b{2,3}|x{0,2})) ?){1,3}(?P<message>.*)",
        r"(?P<program>\(\{1,2}a)(?P<message>.*)",
        r"(?P<program>a{2})(?P<level>b{1,})(?P<message>.*)",
        r"(?P<program>\pL{1,2}[{1,2}]{0,2})(?: (?P<message>.*))?",
        r"(?P<program>a{1,2}) (?P<message>.*)x",
        r"(?U)(?P<program>a{1,2})(?P<level>b{0,2}) ?(?P<message>.*)",
        r"(?P<program>.{1,4}) (?P<message>.*)",
        r"\b{0,2}(?P<program>\w{1,2})\b(?P<message>.*)",
    ],
)
@given(lines=st.lists(st.text("aaabbB](|{1,2}x é", max_size=12).map(str.encode), min_size=1, max_size=8))
def test_headers_of_repeats_with_bounds_are_those_of_the_reader(expression: str, lines: list[bytes]) -> None:
    rules = Rules(header="odd", formats={"odd": FormatRule(expression=expression)})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(header_expressions, "_LARGE", 1)
        read = Headers(rules)
    agree(lines, rules, read)
    # What most lines had is tried otherwise the next time.
    agree(lines, rules, read)


@pytest.mark.parametrize("length", [1, 127, 128, 129, 300])
def test_a_field_beyond_its_bound_is_told_as_the_reader_reads_it(length: int) -> None:
    rules = Rules(formats=SHIPPED)
    lines = [
        f"17/06/09 20:10:40 INFO {'x' * length}: done",
        "17/06/09 20:10:40 INFO x: done",
        f"2026-10-11 22:14:15,003 - {'x' * length} - INFO - done",
        f"- 1117838570 2005.06.03 {'x' * length} 2005-06-03-15.42.50.675872 x RAS KERNEL INFO done",
    ]
    agree([line.encode() for line in lines], rules)


@pytest.mark.parametrize(
    ("expression", "wide", "most"),
    [
        (r"a (?P<program>[^ ]{1,128}) \d{1,200}: (?P<message>.*)", r"a (?P<program>[^ ]{1,}) \d{1,}: ", 128),
        (r"\d{1,10} (?P<message>.*)", r"\d{1,10} ", sys.maxsize),
        (r"(?:a ){1,128}[{1,128}]\{1,128}(?P<message>.*)", r"(?:a ){1,128}[{1,128}]\{1,128}", sys.maxsize),
    ],
)
def test_only_large_bounds_of_single_characters_are_left_out(expression: str, wide: str, most: int) -> None:
    found = header_expressions.header_expressions(expression)

    assert (found.wide, found.most) == (rf"(?s)\A(?P<{header_expressions.HEADER}>{wide})", most)


def test_rules_that_cannot_be_used_are_refused() -> None:
    with pytest.raises(RulesError):
        Headers(Rules(header="nosuch"))


@pytest.mark.parametrize("dataset", ["Linux", "Apache", "Spark", "OpenSSH"])
def test_lines_of_a_real_log_are_told_as_the_reader_reads_them(dataset: str, loghub: Path) -> None:
    lines = (loghub / dataset / f"{dataset}_2k.log").read_bytes().splitlines()

    agree(lines, Rules(formats=SHIPPED))
