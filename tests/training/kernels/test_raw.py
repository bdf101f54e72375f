"""Both passes over chunks of raw lines find what mining.words and mining.candidates find line by line."""

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mining.candidates import Candidate, Key, Keys, candidates
from mining.clusters import Method
from mining.words import WeightedShape
from patterns.line import exact_bytes, split_lines
from patterns.shapes import BUCKETS
from training.kernels import raw
from training.kernels.raw import (
    ANYWHERE,
    CANDIDATE_ROWS,
    CANDIDATES,
    COUNT_ROWS,
    COUNTS,
    SKETCH,
    SKETCH_COUNTERS,
    SKETCH_ROWS,
    CandidateKernel,
    add_to_sketch,
    count_words,
    counters_of,
    keys_of,
    merged_candidates,
    merged_counts,
    merged_sketches,
    sketch_rows,
)
from training.lines import Coverage, Place, raw_words

METHODS = {
    "logcluster": Method("logcluster"),
    "slct": Method("slct", anchored=False),
    "slct anchored": Method("slct", anchored=True),
}
EVERY_METHOD = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)

# Few words, so that lines have them in common; what Python's own split would take for white space; broken UTF-8.
WORDS = st.sampled_from(
    [b"a", b"b", b"c", b"a=1", "é".encode(), b"\xff", b"\xc3", b"a\x1cb", b"\x1f", b"\x85", b"\x00"]
)
GAPS = st.sampled_from([b" ", b" ", b"\t", b"  ", b"\v", b"\r"])
LINES = st.lists(st.one_of(WORDS, GAPS), max_size=7).map(b" ".join)
LINES_WITH_ENDS = st.tuples(LINES, st.sampled_from([b"\n", b"\r\n"])).map(b"".join)
CHUNKS = st.builds(
    lambda lines, last: b"".join(lines) + last, st.lists(LINES_WITH_ENDS, max_size=8), st.one_of(LINES, st.just(b""))
)
PARTS = st.lists(st.lists(LINES_WITH_ENDS, max_size=6).map(b"".join), max_size=4)
FEW = 4
SUPPORTS = st.integers(1, 4)


def weighted(chunk: bytes) -> list[WeightedShape]:
    return [(raw_words(line), 1) for line in split_lines(chunk)]


def counted(rows: pa.Table) -> Counter[tuple[bytes, int]]:
    """Return lines by word and position; each is there once."""
    found = [((row["word"], row["position"]), row["lines"]) for row in rows.to_pylist()]
    assert len(dict(found)) == len(found)
    return Counter(dict(found))


def found_keys(chunk: bytes, support: int, method: Method) -> Keys:
    rows = count_words(chunk, positions=method.algorithm == "slct")
    return keys_of(rows.filter(pc.greater_equal(rows["lines"], support)), method)


def found_candidates(rows: pa.Table, kernel: CandidateKernel) -> dict[Key, Candidate]:
    found = [kernel.candidate(row) for row in rows.to_pylist()]
    assert len(dict(found)) == len(found)
    return dict(found)


@contextmanager
def few_counters() -> Iterator[None]:
    """Let many words have the same counter."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(raw, "SKETCH_COUNTERS", FEW)
        yield


def same_rows(one: pa.Table, other: pa.Table) -> bool:
    return sorted(map(str, one.to_pylist())) == sorted(map(str, other.to_pylist()))


@given(CHUNKS)
def test_a_word_is_counted_once_a_line_wherever_it_is(chunk: bytes) -> None:
    lines = [{exact_bytes(word or "") for word in words} for words, _ in weighted(chunk)]

    found = count_words(chunk, positions=False)

    assert found.schema.equals(COUNTS)
    assert counted(found) == Counter((word, ANYWHERE) for words in lines for word in words)


@given(CHUNKS)
def test_a_word_is_counted_at_each_of_its_positions(chunk: bytes) -> None:
    lines = [enumerate(words) for words, _ in weighted(chunk)]

    found = count_words(chunk, positions=True)

    assert counted(found) == Counter((exact_bytes(word or ""), at) for line in lines for at, word in line)


@EVERY_METHOD
@given(chunk=CHUNKS, support=SUPPORTS)
def test_frequent_words_are_those_of_the_lines_one_by_one(method: Method, chunk: bytes, support: int) -> None:
    assert found_keys(chunk, support, method) == method.keys(weighted(chunk), support)


@pytest.mark.parametrize("positions", [False, True])
@given(parts=PARTS, order=st.randoms())
def test_counts_of_parts_add_up_in_any_order(parts: list[bytes], order: random.Random, *, positions: bool) -> None:
    rows = [count_words(part, positions=positions) for part in parts]
    some = merged_counts(pa.concat_tables([COUNTS.empty_table(), *rows[1:]]))

    whole = merged_counts(pa.concat_tables([*rows[:1], some]))

    assert whole.schema.equals(COUNTS)
    assert counted(whole) == counted(count_words(b"".join(parts), positions=positions))
    shuffled = pa.concat_tables([COUNTS.empty_table(), *order.sample(rows, len(rows))])
    assert counted(merged_counts(shuffled)) == counted(whole)


def sketch(rows: pa.Table, number: int = FEW) -> NDArray[np.int64]:
    counters = np.zeros(number, np.int64)
    add_to_sketch(counters, rows)
    return counters


@pytest.mark.parametrize("positions", [False, True])
@given(parts=PARTS)
def test_a_sketch_never_has_less_lines_than_a_word(parts: list[bytes], *, positions: bool) -> None:
    each = [count_words(part, positions=positions) for part in parts]
    whole = count_words(b"".join(parts), positions=positions)

    with few_counters():
        counters = sum((sketch(rows) for rows in each), np.zeros(FEW, np.int64))

        assert np.array_equal(counters, sketch(whole))
        assert (counters[counters_of(whole)] >= whole["lines"].to_numpy()).all()
    assert counters.sum() == sum(counted(whole).values())


@given(PARTS)
def test_sketches_as_rows_add_up_to_the_sketch_of_the_whole(parts: list[bytes]) -> None:
    with few_counters():
        each = [sketch_rows(sketch(count_words(part, positions=False))) for part in parts]

        found = merged_sketches(pa.concat_tables([SKETCH.empty_table(), *each]))

        assert found.schema.equals(SKETCH)
        assert found.equals(sketch_rows(sketch(count_words(b"".join(parts), positions=False))))
        assert merged_sketches(found).equals(found)


def test_a_sketch_as_rows_has_the_counters_that_are_used() -> None:
    rows = count_words(b"a b\na\n", positions=False)

    whole = sketch(rows, SKETCH_COUNTERS)

    found = sketch_rows(whole)
    assert found["lines"].to_pylist() == whole[found["counter"].to_numpy()].tolist()
    assert sorted(found["lines"].to_pylist()) == [1, 2]


@EVERY_METHOD
@given(chunk=CHUNKS, support=SUPPORTS)
def test_candidates_are_those_of_the_lines_one_by_one(method: Method, chunk: bytes, support: int) -> None:
    keys = method.keys(weighted(chunk), support)
    table = candidates(weighted(chunk), keys)
    kernel = CandidateKernel(keys)

    rows = kernel.rows(chunk)

    assert rows.schema.equals(CANDIDATES)
    assert found_candidates(rows, kernel) == table.candidates
    assert kernel.lines == table.lines


@EVERY_METHOD
@given(parts=PARTS, support=SUPPORTS, order=st.randoms())
def test_candidates_of_parts_add_up_in_any_order(
    method: Method, parts: list[bytes], support: int, order: random.Random
) -> None:
    lines = weighted(b"".join(parts))
    keys = method.keys(lines, support)
    kernel = CandidateKernel(keys)
    rows = [CandidateKernel(keys).rows(part) for part in parts]
    some = merged_candidates(pa.concat_tables([CANDIDATES.empty_table(), *rows[1:]]))

    whole = merged_candidates(pa.concat_tables([*rows[:1], some]))

    assert whole.schema.equals(CANDIDATES)
    assert found_candidates(whole, kernel) == candidates(lines, keys).candidates
    assert same_rows(merged_candidates(whole), whole)
    assert same_rows(merged_candidates(pa.concat_tables([some, *order.sample(rows[:1], len(rows[:1]))])), whole)


@EVERY_METHOD
@given(chunk=CHUNKS, support=SUPPORTS)
def test_a_key_is_encoded_as_its_rows_have_it(method: Method, chunk: bytes, support: int) -> None:
    kernel = CandidateKernel(method.keys(weighted(chunk), support))

    rows = kernel.rows(chunk).to_pylist()

    assert [kernel.encoded(kernel.candidate(row)[0]) for row in rows] == [row["key"] for row in rows]


@EVERY_METHOD
@given(chunk=CHUNKS, support=SUPPORTS, least=st.integers(1, 3))
def test_outliers_are_the_lines_whose_key_is_not_covered(
    method: Method, chunk: bytes, support: int, least: int
) -> None:
    keys = method.keys(weighted(chunk), support)
    found = candidates(weighted(chunk), keys).candidates
    covered = {key for key, each in found.items() if each.support >= least}
    kernel, coverage = CandidateKernel(keys), Coverage({"": keys}, {"": covered})

    outside = kernel.outliers(chunk, {kernel.encoded(key) for key in covered})

    assert outside.tolist() == [coverage.is_outlier(Place("", words)) for words, _ in weighted(chunk)]


@EVERY_METHOD
@pytest.mark.parametrize("chunk", [b"", b"\n", b"\r\n \n\t\v\n", b"x y", b"x"])
def test_where_no_word_is_frequent_there_is_no_candidate_and_each_line_is_an_outlier(
    method: Method, chunk: bytes
) -> None:
    kernel = CandidateKernel(method.keys(weighted(chunk), 2))

    assert kernel.rows(chunk).equals(CANDIDATES.empty_table())
    assert kernel.outliers(chunk, []).tolist() == [True] * len(split_lines(chunk))
    assert count_words(b"\n" + chunk, positions=True).num_rows == len(chunk.split())


@pytest.mark.parametrize(
    ("method", "key"),
    [
        (METHODS["logcluster"], ("a", "a", "b")),
        (METHODS["slct"], (4, ("a", None, None, "b"))),
        (METHODS["slct anchored"], (6, ("a", None, None, "b"))),
    ],
)
def test_what_stands_behind_the_last_frequent_word_is_in_a_key_only_where_the_end_is_fixed(
    method: Method, key: Key
) -> None:
    chunk = b"a x a b y z\n" * (2 if method.algorithm == "logcluster" else 1) + b"a p q b r s\n" * 2
    rows = count_words(chunk, positions=method.algorithm == "slct")
    chosen = pc.is_in(rows["word"], pa.array([b"a", b"b"], pa.large_binary()))
    at_ends = pc.is_in(rows["position"], pa.array([ANYWHERE, 0, 3], pa.int32()))
    kernel = CandidateKernel(keys_of(rows.filter(pc.and_(chosen, at_ends)), method))

    found = found_candidates(kernel.rows(chunk), kernel)

    assert key in found
    assert found == candidates(weighted(chunk), keys_of(rows.filter(pc.and_(chosen, at_ends)), method)).candidates


@given(st.sampled_from(list(METHODS.values())), PARTS, SUPPORTS)
def test_rows_that_add_up_are_of_one_bucket_in_every_part(method: Method, parts: list[bytes], support: int) -> None:
    keys = method.keys(weighted(b"".join(parts)), support)
    counts = [count_words(part, positions=method.algorithm == "slct") for part in parts]
    found: list[tuple[object, int]] = []

    for kind, columns, tables in [
        (COUNT_ROWS, ["word", "position"], counts),
        (SKETCH_ROWS, ["counter"], [sketch_rows(sketch(rows, SKETCH_COUNTERS)) for rows in counts]),
        (CANDIDATE_ROWS, ["key"], [CandidateKernel(keys).rows(part) for part in parts]),
    ]:
        for rows in tables:
            of_rows = [(*columns, *row.values()) for row in rows.select(columns).to_pylist()]
            found += zip(of_rows, kind.buckets(rows).tolist(), strict=True)

    assert len({key for key, _ in found}) == len(set(found))
    assert all(0 <= bucket < BUCKETS for _, bucket in found)


@EVERY_METHOD
@pytest.mark.parametrize("dataset", ["Linux", "BGL"])
def test_both_passes_over_a_real_log_find_what_its_lines_have(dataset: str, method: Method, loghub: Path) -> None:
    chunk = (loghub / dataset / f"{dataset}_2k.log").read_bytes()

    for support in (2, 20, 200):
        keys = found_keys(chunk, support, method)
        assert keys == method.keys(weighted(chunk), support)
        kernel = CandidateKernel(keys)
        assert found_candidates(kernel.rows(chunk), kernel) == candidates(weighted(chunk), keys).candidates
