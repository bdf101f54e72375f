"""Frequent words as a file: what is written is read, and what is no dictionary is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mining.candidates import Keys, PositionKeys, WordKeys
from mining.clusters import Method
from patterns.line import exact_text
from training.dictionary import decode, encode
from training.errors import DictionaryError

LOGCLUSTER = Method()
SLCT = Method("slct")
RAW_SLCT = Method("slct", anchored=False)

WHITE_SPACE = b" \t\n\v\f\r"


def text_without(excluded: bytes, least: int) -> st.SearchStrategy[str]:
    """Any bytes but those as the text that mining makes of them; UTF-8 often, so that it is not all invalid."""
    single = st.sampled_from([bytes([byte]) for byte in range(256) if byte not in excluded])
    characters = st.characters(codec="utf-8", exclude_characters=excluded.decode()).map(str.encode)
    return st.lists(single | characters, min_size=least, max_size=6).map(b"".join).map(exact_text)


words = text_without(WHITE_SPACE, 1) | st.sampled_from(["\\", "a\\b", "\0", "*{1,2}", "(a|b)", "3", "<*>", "\x85"])
scopes = text_without(b"\n\r", 0) | st.sampled_from(["", "sshd", "my program", "docker/<*>", " a ", "3", "a\tb"])
word_keys = st.frozensets(words, min_size=1, max_size=5).map(WordKeys)
positions = st.frozensets(st.tuples(st.integers(0, 30) | st.just(10**9 - 2), words), min_size=1, max_size=5)


@given(st.dictionaries(scopes, word_keys, max_size=4))
def test_what_is_written_of_logcluster_is_read(frequent: dict[str, Keys]) -> None:
    assert decode(encode(frequent), LOGCLUSTER, "words") == frequent


@given(st.dictionaries(scopes, positions, max_size=4), st.booleans())
def test_what_is_written_of_slct_is_read(frequent: dict[str, frozenset[tuple[int, str]]], anchored: bool) -> None:
    keys: dict[str, Keys] = {scope: PositionKeys(pairs, anchored) for scope, pairs in frequent.items()}

    assert decode(encode(keys), Method("slct", anchored=anchored), "words") == keys


@given(st.dictionaries(scopes, word_keys, max_size=4))
def test_the_file_is_the_same_for_any_order_of_programs_and_words(frequent: dict[str, Keys]) -> None:
    backwards = dict(reversed(frequent.items()))

    assert encode(backwards) == encode(frequent)
    assert encode(decode(encode(frequent), LOGCLUSTER, "words")) == encode(frequent)


def test_words_stand_in_ascending_order_of_their_bytes() -> None:
    # As text, what is no UTF-8 would come before the emoji; as a list of numbers, 10 comes behind 9.
    by_program = {
        "sshd": WordKeys(frozenset({"b", "a"})),
        "": WordKeys(frozenset({exact_text(b"\xf4"), exact_text(b"\xff"), "\U0001f600", "Z", "a"})),
        "cron": WordKeys(frozenset({"z"})),
    }
    by_position = {"": PositionKeys(frozenset({(9, "a"), (8, "z"), (8, "b"), (0, "a")}), anchored=True)}

    assert encode(by_program) == b"Z\na\n\xf0\x9f\x98\x80\n\xf4\n\xff\nz\tcron\na\tsshd\nb\tsshd\n"
    assert encode(by_position) == b"1\ta\n9\tb\n9\tz\n10\ta\n"


@pytest.mark.parametrize(
    ("data", "method", "frequent"),
    [
        (b"Accepted\n", LOGCLUSTER, {"": WordKeys(frozenset({"Accepted"}))}),
        (b"Accepted\tsshd\n", LOGCLUSTER, {"sshd": WordKeys(frozenset({"Accepted"}))}),
        (b"3\tAccepted\n", SLCT, {"": PositionKeys(frozenset({(2, "Accepted")}), anchored=True)}),
        (b"3\tAccepted\n", RAW_SLCT, {"": PositionKeys(frozenset({(2, "Accepted")}), anchored=False)}),
        (b"3\tAccepted\tsshd\n", SLCT, {"sshd": PositionKeys(frozenset({(2, "Accepted")}), anchored=True)}),
        (b"", LOGCLUSTER, {}),
    ],
)
def test_the_file_reads_as_the_module_says(data: bytes, method: Method, frequent: dict[str, Keys]) -> None:
    assert encode(frequent) == data
    assert decode(data, method, "words") == frequent


@pytest.mark.parametrize("data", [b"a\r\nb\tx y\r\n", b"a\n\nb\tx y", b"\r\n\na\na\nb\tx y\n\r\n\n"])
def test_lines_may_end_as_windows_does_and_be_empty_and_repeat(data: bytes) -> None:
    assert decode(data, LOGCLUSTER, "words") == {"": WordKeys(frozenset("a")), "x y": WordKeys(frozenset("b"))}


def test_a_list_of_logcluster_pl_is_read() -> None:
    # In the order of a Perl hash, which is none.
    found = decode(b"Interface\n\\d+\neth0\ndown\n(a|b)\n", LOGCLUSTER, "words")

    assert found == {"": WordKeys(frozenset({"Interface", "\\d+", "eth0", "down", "(a|b)"}))}


@pytest.mark.parametrize(
    ("data", "method", "told"),
    [
        (b"a\nb c\n", LOGCLUSTER, "my words, line 2: 'b c' is not one word"),
        (b"a\vb\n", LOGCLUSTER, r"my words, line 1: 'a\x0bb' is not one word"),
        (b"a\n\n \n", LOGCLUSTER, "my words, line 3: ' ' is not one word"),
        (b"\tsshd\n", LOGCLUSTER, r"my words, line 1: '\tsshd' is not one word"),
        (b"a\r\r\n", LOGCLUSTER, r"my words, line 1: 'a\r' is not one word"),
        (b"\xff b\n", LOGCLUSTER, r"my words, line 1: '\udcff b' is not one word"),
        (b"1\ta\nAccepted\n", SLCT, "my words, line 2: 'Accepted' is not a position from 1, a tab and a word"),
        (b"Accepted\tsshd\n", SLCT, r"'Accepted\tsshd' is not a position from 1, a tab and a word"),
        (b"0\ta\n", SLCT, r"'0\ta' is not a position from 1"),
        (b"-1\ta\n", SLCT, r"'-1\ta' is not a position from 1"),
        (b"1.5\ta\n", SLCT, r"'1.5\ta' is not a position from 1"),
        ("²\ta\n".encode(), SLCT, r"'²\ta' is not a position from 1"),
        (b"%s\ta\n" % (b"9" * 5_000), SLCT, "is not a position from 1, a tab and a word"),
        (b"3\n", SLCT, "'3' is not a position from 1, a tab and a word"),
        (b"3\t\n", SLCT, r"'3\t' is not a position from 1, a tab and a word"),
        (b"3\t\tsshd\n", SLCT, r"'3\t\tsshd' is not a position from 1, a tab and a word"),
        (b"3\ta b\n", SLCT, r"'3\ta b' is not a position from 1, a tab and a word"),
    ],
)
def test_a_line_that_is_no_word_is_told_with_file_and_number_and_how_to_mend(
    data: bytes, method: Method, told: str
) -> None:
    with pytest.raises(DictionaryError) as error:
        decode(data, method, "my words")

    assert told in str(error.value)
    assert str(error.value).startswith("my words, line ")
    assert str(error.value).endswith("; make the file by --write-words with the same algorithm")
