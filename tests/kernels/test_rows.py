"""Rows of numbers get the numbers that a dictionary of them gives."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernels import rows
from kernels.rows import RowTable

ROWS = st.lists(st.lists(st.one_of(st.integers(-1, 3), st.integers(0, 1 << 30)), max_size=6), max_size=12)


@given(st.lists(ROWS, max_size=5), st.booleans())
def test_equal_rows_have_one_number_and_others_another(batches: list[list[list[int]]], collide: bool) -> None:
    table, known = RowTable(), dict[tuple[int, ...], int]()
    with pytest.MonkeyPatch.context() as patch:
        if collide:
            patch.setattr(rows, "mixed", lambda keys: keys & np.uint64(1))
        for batch in batches:
            numbers = np.array([number for row in batch for number in row], np.int32)
            lengths = np.array([len(row) for row in batch], np.int64)
            found = table.add(numbers, lengths)

            assert [table.row(number) for number in found.tolist()] == batch
            for row, number in zip(batch, found.tolist(), strict=True):
                assert known.setdefault(tuple(row), number) == number
            again, sizes = table.at(found)
            assert (again.tolist(), sizes.tolist()) == (numbers.tolist(), lengths.tolist())
    assert table.size == len(known)
