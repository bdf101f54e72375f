"""Whatever the lines, the rules and the method: each engine finds what engine python finds, and says as much of it."""

import os
from collections.abc import Mapping
from functools import partial
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patterns.rules import PLAIN, FormatRule, Rules
from patterns.timestamps import DAY
from patterns.words import WordRules
from training.candidates import Keys, PositionKeys, WordKeys
from training.classic import mine_corpus
from training.clusters import Method
from training.corpus import Corpus
from training.engines import Engine, EngineName, TrainingSpark, engine, workers
from training.engines.python import PythonEngine
from training.errors import DictionaryError
from training.line_filter import Filter
from training.lines import Lines
from training.support import Support, parse_support

ENGINES: list[EngineName] = ["polars"]
"""Those that are held to engine python."""

PIECE_BYTES = st.sampled_from([60, 2_000])
"""Least size of the pieces that one process reads one after the other."""

HEADERS = [
    b"",
    b"",
    b"",
    b"Nov  3 04:05:06 web1 sshd[12]: ",
    b"<34>Feb 29 23:59:60 sshd: ",
    b"2026-10-25T02:30:00.5+02:00 db cron: ",
    b"Nov  3 04:05:06 web1 worker-7: ",
    b"Nov  3 04:05:06 web1 worker-8: ",
    b'<34>1 2003-10-11T22:14:15Z h worker-7 - ID [x k="]"] \xef\xbb\xbf',
    b"[03/Nov/2026 04:05:06] warn cron: ",
    b"1700000000.25 ",
    b"~",
]
WORDS = [
    b"a", b"b", b"up", b"link", b"k=", b"k=a", b"7", b"x7", b"onExtend:15", b"/var/log/x", b"Mon", b"(a|b)", b"*{1,1}",
    b"<*>", b"\\", b"\xff", b"\xc3\xa9", b"\xc3\xa97", b"\xc2\x85", b"\xe2\x80\xa8", b"\xed\xa0\x80", b"\x00", b"\x1b",
]  # fmt: skip
SPACES = [b" ", b" ", b"  ", b"\t", b"\x1c", b"\x0b", b", "]

HOSTILE = st.tuples(
    st.sampled_from(HEADERS),
    st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(SPACES)), max_size=6),
    st.sampled_from([b"", b"", b"", b"end", b"\r", b"x" * 300, b"a " * 130]),
).map(lambda parts: parts[0] + b"".join(word + space for word, space in parts[1]) + parts[2])
SIMPLE = st.lists(st.sampled_from([b"a", b"b", b"up", b"7", b"17", b"x7", b"77"]), min_size=1, max_size=4).map(
    b" ".join
)

# Few kinds of lines, so that they repeat, and most alike, so that one is more specific than another.
LINES = st.lists(HOSTILE | SIMPLE | SIMPLE, min_size=1, max_size=8).flatmap(
    lambda kinds: st.lists(
        st.tuples(st.sampled_from(kinds), st.sampled_from([b"", b"", b" 1", b" 2", b" 33", b" 4x"])).map(b"".join),
        min_size=4,
        max_size=24,
    )
)
# One in five is empty.
FILE = st.tuples(LINES, st.sampled_from([0, 1, 1, 1, 2]), st.sampled_from([b"\n", b"\r\n"]), st.booleans())
FILES = st.lists(FILE.map(lambda parts: written(parts[0] * parts[1], *parts[2:])), min_size=1, max_size=3)
FILTERS = st.sampled_from(
    [
        Filter(),
        Filter(),
        Filter("a"),
        Filter("^[^~<]"),
        Filter("(up|a+)(.*)", "$2 x $1"),
        Filter(r"(?P<head>\S+)(?P<none>Z)?", "$+{head}$2"),
        Filter(r"[\x80-\xff]", "<$0>"),
    ]
)
SUPPORTS = st.sampled_from([1, 2, 3, 5, parse_support("20%"), parse_support("50%")])

FORMATS = {
    "bracket": FormatRule(
        r"\[(?P<timestamp>[^\]]*)\] (?P<level>\w*) (?P<program>[^:]*): (?P<message>.*)",
        "%d/%b/%Y %H:%M:%S",
    ),
    "epoch": FormatRule(r"(?P<timestamp>\d+(?:\.\d+)?) (?P<message>.*)", "epoch"),
    "tilde": FormatRule(r"(~)(?P<message>.*)"),
}
RULES = {
    "default": Rules(),
    "zone": Rules(zone="America/St_Johns"),
    "formats": Rules(formats={name: FORMATS[name] for name in ("bracket", "epoch")}, zone="Europe/Berlin"),
    "unnamed groups": Rules(formats=FORMATS),
    "one format": Rules(header="iso"),
    "plain": Rules(header=PLAIN),
    "no numbers": Rules(words=WordRules(classes={"letters": "[abk]+", "short": r"\w?"})),
    "no classes": Rules(words=WordRules(classes={})),
    "short lines": Rules(max_line_bytes=256),
}
METHODS = ["logcluster", "slct", "word weights"]


def written(lines: list[bytes], end: bytes, unfinished: bool = False) -> bytes:
    data = b"".join(line + end for line in lines)
    return data.removesuffix(end) if unfinished else data


def quiet(_lines: int, _done: int, _size: int) -> None:
    """Show no progress."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the files of an example."""
    return tmp_path_factory.mktemp("engines")


def opened(folder: Path, files: list[bytes]) -> Corpus:
    """Open a corpus of files that were written on different days."""
    for number, data in enumerate(files):
        path = folder / str(number)
        path.write_bytes(data)
        time = 1_700_000_000 + number * DAY // 1_000_000
        os.utime(path, (time, time))
    return Corpus([str(folder / str(number)) for number in range(len(files))])


def mined(lines: Lines, support: Support, method: Method, dictionary: Mapping[str, Keys] | None = None) -> Any:
    """Return all that is found of lines, or why nothing is."""
    try:
        found = mine_corpus(lines, support, method, dictionary)
    except DictionaryError as error:
        return str(error)
    covered = {scope: set(keys) for scope, keys in found.coverage.covered.items()}
    rest = list(lines.outliers(found.coverage, quiet))
    return found.clusters, found.candidates, found.lines, found.coverage.keys, covered, dict(lines.left_out), rest


def in_pieces(name: EngineName, corpus: Corpus, piece_bytes: int) -> Engine:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(workers, "_LEAST_PIECE_BYTES", piece_bytes)
        return engine(name, corpus, TrainingSpark())


def methods(kind: str, *, raw: bool) -> st.SearchStrategy[Method]:
    match kind:
        case "slct":
            return st.builds(Method, st.just(kind), st.booleans(), anchored=st.booleans() if raw else st.just(True))
        case "logcluster":
            return st.builds(Method, st.just(kind), st.booleans())
        case _:
            weights = st.sampled_from([0.31, 0.71, 1.0])
            return st.builds(Method, st.just("logcluster"), st.booleans(), weights, st.integers(1, 4), st.booleans())


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

    with opened(folder, files) as corpus:
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

    with opened(folder, files) as corpus:
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
