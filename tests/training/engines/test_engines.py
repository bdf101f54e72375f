"""Whatever the lines, the rules and the method: each engine finds what engine python finds, and says as much of it."""

from functools import partial
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import pytest
from corpora import FILES, FILTERS, LINES, METHODS, RULES, SUPPORTS, methods, mined, opened, quiet, written
from hypothesis import given, settings
from hypothesis import strategies as st

from mining.candidates import Keys, PositionKeys, WordKeys
from mining.clusters import Method
from mining.support import Support
from patterns.rules import Rules
from training.corpus import Corpus
from training.engines import Engine, EngineName, TrainingSpark, engine, workers
from training.engines.python import PythonEngine
from training.line_filter import Filter

ENGINES: list[EngineName] = ["polars"]
"""Those that are held to engine python."""

PIECE_BYTES = st.sampled_from([60, 2_000])
"""Least size of the pieces that one process reads one after the other."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the files of an example."""
    return tmp_path_factory.mktemp("engines")


def in_pieces(name: EngineName, corpus: Corpus, piece_bytes: int) -> Engine:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(workers, "_LEAST_PIECE_BYTES", piece_bytes)
        return engine(name, corpus, TrainingSpark())


@st.composite
def dictionaries(draw: st.DrawFn, method: Method, *scopes: str) -> dict[str, Keys] | None:
    """Give the frequent words of some scopes, or None to have them counted."""
    words = st.sampled_from(["a", "b", "up", "k=", "end", "nowhere", "\udcff", "é"])
    keys: st.SearchStrategy[Keys] = st.frozensets(words).map(WordKeys)
    if method.algorithm == "slct":
        places = st.tuples(st.integers(0, 3), words)
        keys = st.frozensets(places).map(lambda found: PositionKeys(found, method.anchored))
    return draw(st.none() | st.dictionaries(st.sampled_from(scopes), keys, min_size=1))


@pytest.mark.parametrize("kind", METHODS)
@pytest.mark.parametrize("name", ENGINES)
@given(FILES, PIECE_BYTES, FILTERS, SUPPORTS, st.data())
@settings(max_examples=settings().max_examples // 2)
def test_raw_lines_are_mined_as_by_engine_python(
    folder: Path,
    name: EngineName,
    kind: str,
    files: list[bytes],
    piece_bytes: int,
    chosen: Filter,
    support: Support,
    data: st.DataObject,
) -> None:
    method = data.draw(methods(kind, raw=True))
    dictionary = data.draw(dictionaries(method, ""))

    with opened(folder, files) as corpus:
        expected, found = (
            mined(by.raw_lines(chosen, quiet), support, method, dictionary)
            for by in (PythonEngine(corpus), in_pieces(name, corpus, piece_bytes))
        )
        assert found == expected


@pytest.mark.parametrize("kind", METHODS)
@pytest.mark.parametrize("name", ENGINES)
@given(FILES, PIECE_BYTES, FILTERS, st.sampled_from(list(RULES)), SUPPORTS, st.data())
@settings(max_examples=settings().max_examples // 2)
def test_lines_are_mined_by_shape_as_by_engine_python(
    folder: Path,
    name: EngineName,
    kind: str,
    files: list[bytes],
    piece_bytes: int,
    chosen: Filter,
    rules: str,
    support: Support,
    data: st.DataObject,
) -> None:
    method = data.draw(methods(kind, raw=False))
    dictionary = data.draw(dictionaries(method, "", "sshd", "cron"))

    with opened(folder, files, RULES[rules]) as corpus:
        expected, found = (
            mined(by.shaped_lines(chosen, RULES[rules], quiet), support, method, dictionary)
            for by in (PythonEngine(corpus), in_pieces(name, corpus, piece_bytes))
        )
        assert found == expected


@pytest.mark.parametrize("rules", RULES.values(), ids=RULES)
@pytest.mark.parametrize("name", ENGINES)
@given(files=FILES, piece_bytes=PIECE_BYTES)
@settings(max_examples=settings().max_examples // 4)
def test_the_table_of_shapes_has_the_bytes_that_engine_python_writes(
    folder: Path, name: EngineName, rules: Rules, files: list[bytes], piece_bytes: int
) -> None:
    def tabulated(by: Engine) -> tuple[bytes, Any]:
        table, counts = by.tabulate(rules, quiet)
        file = BytesIO()
        table.write(file)
        return file.getvalue(), counts

    with opened(folder, files, rules) as corpus:
        assert tabulated(in_pieces(name, corpus, piece_bytes)) == tabulated(PythonEngine(corpus))


@pytest.mark.parametrize("raw", [True, False], ids=["raw", "default"])
@pytest.mark.parametrize("name", ENGINES)
@given(lines=LINES, number=st.integers(1, 3), chance=st.randoms(use_true_random=False), data=st.data())
@settings(max_examples=settings().max_examples // 5)
def test_order_of_lines_and_their_split_into_files_change_the_order_of_outliers_alone(
    folder: Path, name: EngineName, raw: bool, lines: list[bytes], number: int, chance: Random, data: st.DataObject
) -> None:
    support, method = data.draw(SUPPORTS), data.draw(st.sampled_from(METHODS).flatmap(partial(methods, raw=raw)))
    shuffled = list(lines)
    chance.shuffle(shuffled)
    parts = [shuffled[at::number] for at in range(number)]
    one, several = [written(lines, b"\n")], [written(part, b"\n", bool(part and part[-1])) for part in parts]

    found = []
    for files in (one, several):
        with opened(folder, files) as corpus:
            by = in_pieces(name, corpus, piece_bytes=60)
            *same, rest = mined(
                by.raw_lines(Filter(), quiet) if raw else by.shaped_lines(Filter(), Rules(), quiet), support, method
            )
            found.append((*same, sorted(rest)))
    assert found[0] == found[1]


@pytest.mark.parametrize("name", ["python", *ENGINES])
def test_raw_lines_that_are_mined_again_are_counted_anew(folder: Path, name: EngineName) -> None:
    with opened(folder, [b"up\nup\ndown\n"]) as corpus:
        lines = engine(name, corpus, TrainingSpark()).raw_lines(Filter("up"), quiet)

        assert mined(lines, 2, Method()) == mined(lines, 2, Method())
        assert lines.left_out == {"filter": 1}
