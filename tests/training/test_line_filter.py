"""Which lines are mined, and what of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patterns.errors import RulesError
from training.line_filter import line_filter

LINE = b"Nov  3 web1 sshd[77]: Accepted $1 for root"
TAG = r"(?P<program>\w+)\[(\d+)\]: (?P<message>.+)"


@given(st.binary())
def test_without_a_filter_a_line_is_mined_as_it_is(line: bytes) -> None:
    assert line_filter(None)(line) == line


@pytest.mark.parametrize(
    ("expression", "line", "mined"),
    [
        ("sshd", LINE, True),
        ("cron", LINE, False),
        ("^sshd", LINE, False),
        ("^Nov.*root$", LINE, True),
        ("", b"", True),
        ("", b"anything", True),
        (".", b"", False),
        ("a.b", b"a\x00b", True),
        ("b$", b"a\x00b", True),
        # A byte is a character, whether it is UTF-8 or not.
        (r"a\xffb", b"a\xffb", True),
        ("a.b", b"a\xffb", True),
        ("^.$", "é".encode(), False),
        ("^..$", "é".encode(), True),
        ("é", "caf\u00e9".encode(), True),
        ("\udcff", b"a\xffb", True),
        ("(?i)SSHD", LINE, True),
        (r"\d", "٣".encode(), False),
    ],
)
def test_the_expression_is_searched_in_the_bytes_of_a_line(expression: str, line: bytes, mined: bool) -> None:
    assert line_filter(expression)(line) == (line if mined else None)


@pytest.mark.parametrize(
    ("template", "mined"),
    [
        ("$1", b"sshd"),
        ("${1}", b"sshd"),
        ("$+{program}", b"sshd"),
        ("$01", b"sshd"),
        ("$0", LINE),
        ("${0}", LINE),
        ("${1}7", b"sshd7"),
        ("$1x", b"sshdx"),
        ("$1$2", b"sshd77"),
        ("$3", b"Accepted $1 for root"),
        ("$+{program}: $+{message} [$2]", b"sshd: Accepted $1 for root [77]"),
        ("$$", b"$"),
        ("$$1", b"$1"),
        ("$$$1", b"$sshd"),
        ("$$$$", b"$$"),
        ("", b""),
        ("constant", b"constant"),
        (r"\1 \n {1} +{program} }", rb"\1 \n {1} +{program} }"),
        ("é $1 \udcff", "é sshd ".encode() + b"\xff"),
    ],
)
def test_a_template_says_what_is_mined_of_a_line(template: str, mined: bytes) -> None:
    assert line_filter(TAG, template)(LINE) == mined


def test_a_line_that_the_filter_rejects_has_no_template() -> None:
    assert line_filter(TAG, "$1")(b"sshd: no number") is None


def test_the_first_match_of_a_line_counts() -> None:
    assert line_filter("(a.)", "$1")(b"x a1 a2") == b"a1"


@pytest.mark.parametrize("template", ["$1|$2", "${1}|$+{second}"])
def test_a_group_that_took_no_part_is_empty(template: str) -> None:
    chosen = line_filter("(a)|(?P<second>b)", template)

    assert (chosen(b"a"), chosen(b"b")) == (b"a|", b"|b")


@given(st.binary().map(lambda left: left.replace(b"|", b"")), st.binary())
def test_groups_are_cut_out_byte_for_byte(left: bytes, right: bytes) -> None:
    assert line_filter(r"^([^|]*)\|(.*)$", "$2|$1")(left + b"|" + right) == right + b"|" + left


@pytest.mark.parametrize(
    ("template", "reference"),
    [
        ("$4", "$4"),
        ("a ${4}", "${4}"),
        ("$12", "$12"),
        ("$123456789012", "$123456789"),
        ("$+{host}", "$+{host}"),
        ("$+{}", "$+{}"),
        ("$+{2}", "$+{2}"),
        ("$", "$"),
        ("cost: 5$", "$"),
        ("$$$", "$"),
        ("$x", "$"),
        ("$-1", "$"),
        ("${", "$"),
        ("${1", "$"),
        ("${}", "$"),
        ("${program}", "$"),
        ("$+", "$"),
        ("$+{", "$"),
        ("$+{program", "$"),
        ("$é", "$"),
        ("$٣", "$"),
    ],
)
def test_a_template_that_names_no_group_is_an_error_that_lists_what_there_is(template: str, reference: str) -> None:
    with pytest.raises(RulesError) as error:
        line_filter(TAG, template)

    assert str(error.value) == (
        f"template is {template!r}: the line filter has no group {reference}; there are $0, $1, $2, $3, $+{{program}}, "
        "$+{message}, and $$ writes a dollar sign"
    )


def test_without_groups_there_is_the_line_alone() -> None:
    assert line_filter("sshd", "<$0>")(LINE) == b"<" + LINE + b">"
    with pytest.raises(RulesError, match=r"has no group \$1; there are \$0, and \$\$ writes a dollar sign"):
        line_filter("sshd", "$1")


def test_a_template_without_a_filter_is_an_error() -> None:
    with pytest.raises(RulesError, match=r"template is '\$1' without a line filter, whose groups it would name; give"):
        line_filter(None, "$1")


@pytest.mark.parametrize("expression", [r"(a)\1", "(?=a)", "(?<!a)b", "(", "a{2000}{2000}", "é("])
def test_what_re2_does_not_take_is_an_error_with_its_reason(expression: str) -> None:
    with pytest.raises(RulesError) as error:
        line_filter(expression)

    assert str(error.value).startswith(f"line filter is {expression!r}: RE2 says ")
    assert str(error.value).endswith("; write it without look-arounds and back-references")


@pytest.mark.parametrize("expression", ["(a+)+$", "(a|aa)+$", "(.*)*b"])
def test_an_expression_that_would_backtrack_for_ever_ends_at_once(expression: str) -> None:
    # By backtracking the sun would burn out first.
    assert line_filter(expression)(b"a" * 50_000 + b"!") is None
    assert line_filter(expression, "$1")(b"a" * 50_000 + b"!") is None
