"""Keys get the numbers that a dictionary of them gives; things that share a key are told apart."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kernels.keys import KeyTable
from kernels.spans import Flags, Positions

KEYS = st.one_of(st.integers(0, 20), st.integers(0, (1 << 64) - 1), st.sampled_from([0, (1 << 64) - 1]))


def column(keys: list[int]) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    return np.array(keys, np.uint64)


@given(st.lists(st.lists(KEYS, max_size=40), max_size=6), st.lists(KEYS, max_size=20))
def test_keys_are_numbered_in_the_order_in_which_they_come(batches: list[list[int]], others: list[int]) -> None:
    table, known = KeyTable(), dict[int, int]()

    for keys in batches:
        assert table.add(column(keys)).tolist() == [known.setdefault(key, len(known)) for key in keys]
        assert table.find(column([*others, *keys])).tolist() == [known.get(key, -1) for key in [*others, *keys]]
    assert table.size == len(known)


def test_a_table_that_grows_keeps_all_numbers() -> None:
    table = KeyTable()
    keys = np.arange(20_000, dtype=np.uint64) * np.uint64(1 << 44)

    for start in range(0, len(keys), 3_000):
        table.add(keys[start : start + 3_000])

    assert table.find(keys).tolist() == list(range(len(keys)))


@given(st.lists(st.lists(st.text("ab", max_size=4), max_size=12), max_size=5), st.integers(1, 3))
def test_things_are_numbered_exactly_however_their_keys_collide(batches: list[list[str]], distinct: int) -> None:
    table, kept, known = KeyTable(), list[str](), dict[str, int]()
    things: list[str] = []

    def keep(which: Positions) -> None:
        kept.extend(things[index] for index in which.tolist())

    def same(which: Positions, numbers: Positions) -> Flags:
        pairs = zip(which.tolist(), numbers.tolist(), strict=True)
        return np.array([things[index] == kept[number] for index, number in pairs], np.bool_)

    for batch in batches:
        things = batch
        found = table.number(column([len(thing) % distinct for thing in things]), keep, same)
        for thing, number in zip(things, found.tolist(), strict=True):
            assert known.setdefault(thing, number) == number
            assert kept[number] == thing
    assert len(kept) == len(set(kept)) == table.size
