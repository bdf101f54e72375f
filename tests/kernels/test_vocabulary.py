"""Words get the numbers that a dictionary of them gives."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernels import vocabulary
from kernels.spans import RAW_WORDS, Spans, words_of
from kernels.vocabulary import PADDING, Vocabulary

# Many that differ in their middle alone, or in their length.
WORDS = st.one_of(
    st.sampled_from([b"a", b"b", b"aa", b"a" * 8, b"a" * 9, b"a" * 16, b"a" * 17, b"a" * 24, b"a" * 25, b"\xff\xfe"]),
    st.builds(lambda middle: b"beginning" + middle + b"the end.", st.binary(max_size=20)),
    st.binary(min_size=1, max_size=40),
).map(lambda word: b"".join(word.split()) or b"x")


@pytest.fixture(params=[False, True], ids=["keys differ", "all keys are equal"])
def _keys(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param:
        keys = vocabulary._keys
        monkeypatch.setattr(vocabulary, "_keys", lambda *given: keys(*given) & np.uint64(0))


def numbers(words: list[bytes], text: bytes) -> list[int]:
    data = np.frombuffer(text + bytes(PADDING), np.uint8)
    found: list[int] = Vocabulary(words).numbers(data, words_of(text, RAW_WORDS).spans).tolist()
    return found


@given(st.lists(WORDS, unique=True, max_size=30), st.lists(WORDS, max_size=30), st.data())
def test_each_word_gets_its_number_and_any_other_zero(
    known: list[bytes], others: list[bytes], data: st.DataObject
) -> None:
    asked = data.draw(st.permutations([*known, *others]))
    expected = {word: number for number, word in enumerate(known, start=1)}

    assert numbers(known, b" ".join(asked)) == [expected.get(word, 0) for word in asked]


@given(st.lists(WORDS, unique=True, max_size=30))
def test_words_that_are_sought_in_the_same_place_are_told_apart(known: list[bytes]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        keys = vocabulary._keys
        patch.setattr(vocabulary, "_keys", lambda *given: keys(*given) & np.uint64(1))

        words = Vocabulary(known[::2])
        text = b" ".join(known)
        found = words.numbers(np.frombuffer(text + bytes(PADDING), np.uint8), words_of(text, RAW_WORDS).spans).tolist()

        assert found == [words.first[index // 2] if index % 2 == 0 else 0 for index in range(len(known))]
        assert sorted(words.first) == list(range(1, len(known[::2]) + 1))


@given(st.lists(st.lists(WORDS, max_size=20), max_size=5), st.booleans())
def test_words_that_are_added_have_one_number_each_and_are_found_again(texts: list[list[bytes]], collide: bool) -> None:
    words, known = Vocabulary(), dict[bytes, int]()
    with pytest.MonkeyPatch.context() as patch:
        keys = vocabulary._keys
        if collide:
            patch.setattr(vocabulary, "_keys", lambda *given: keys(*given) & np.uint64(1))
        for each in texts:
            text = b" ".join(each)
            data, spans = np.frombuffer(text + bytes(PADDING), np.uint8), words_of(text, RAW_WORDS).spans
            found = words.add(data, spans).tolist()

            for word, number in zip(each, found, strict=True):
                assert known.setdefault(word, number) == number
            assert words.numbers(data, spans).tolist() == found
    assert sorted(known.values()) == list(range(1, len(known) + 1)) == list(range(1, words.size + 1))
    assert words.texts(1).to_pylist() == sorted(known, key=known.__getitem__)


@pytest.mark.usefixtures("_keys")
@pytest.mark.parametrize("size", [127, 128, 129, 136, 5_000])
def test_long_words_that_differ_anywhere_are_two(size: int) -> None:
    word = b"a" * size
    others = [word[:place] + b"b" + word[place + 1 :] for place in (0, 7, 8, 60, 112, 119, 120, size - 9, size - 1)]

    assert numbers([word], b" ".join([*others, word, word + b"a"])) == [*[0] * len(others), 1, 0]


@pytest.mark.usefixtures("_keys")
@pytest.mark.parametrize("size", range(17, 42))
def test_words_that_differ_in_one_byte_between_their_ends_are_two(size: int) -> None:
    word = b"a" * size

    for place in range(8, size - 8):
        other = word[:place] + b"b" + word[place + 1 :]
        assert numbers([word], other + b" " + word) == [0, 1]


def test_no_words_are_no_numbers() -> None:
    nothing = Spans(np.zeros(0, np.int64), np.zeros(0, np.int64))

    assert Vocabulary([]).numbers(np.zeros(PADDING, np.uint8), nothing).tolist() == []
    assert numbers([], b"a b") == [0, 0]
