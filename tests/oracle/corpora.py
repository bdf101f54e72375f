"""Corpora of hostile lines, rules and methods: what every engine is held to engine python by."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from mining.candidates import Keys
from mining.clusters import Method
from mining.support import Support, parse_support
from patterns.rules import PLAIN, FormatRule, Rules
from patterns.timestamps import DAY
from patterns.words import WordRules
from training.classic import mine_corpus
from training.corpus import Corpus
from training.errors import DictionaryError
from training.line_filter import Filter
from training.lines import Lines

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
    b"\tat ",
    b"  ",
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
    "indented": Rules(multiline="indented"),
    "no header": Rules(
        formats={name: FORMATS[name] for name in ("bracket", "epoch")}, max_line_bytes=256, multiline="no_header"
    ),
    "no header, unnamed groups": Rules(formats=FORMATS, multiline="no_header"),
}
METHODS = ["logcluster", "slct", "word weights"]


def written(lines: list[bytes], end: bytes, unfinished: bool = False) -> bytes:
    data = b"".join(line + end for line in lines)
    return data.removesuffix(end) if unfinished else data


def quiet(_lines: int, _done: int, _size: int) -> None:
    """Show no progress."""


def opened(folder: Path, files: list[bytes], rules: Rules | None = None) -> Corpus:
    """Open a corpus of files that were written on different days, their lines joined where the rules say so."""
    for number, data in enumerate(files):
        path = folder / str(number)
        path.write_bytes(data)
        time = 1_700_000_000 + number * DAY // 1_000_000
        os.utime(path, (time, time))
    return Corpus([str(folder / str(number)) for number in range(len(files))], rules=rules)


def mined(lines: Lines, support: Support, method: Method, dictionary: Mapping[str, Keys] | None = None) -> Any:
    """Return all that is found of lines, or why nothing is."""
    try:
        found = mine_corpus(lines, support, method, dictionary)
    except DictionaryError as error:
        return str(error)
    covered = {scope: set(keys) for scope, keys in found.coverage.covered.items()}
    rest = list(lines.outliers(found.coverage, quiet))
    return found.clusters, found.candidates, found.lines, found.coverage.keys, covered, dict(lines.left_out), rest


def methods(kind: str, *, raw: bool) -> st.SearchStrategy[Method]:
    match kind:
        case "slct":
            return st.builds(Method, st.just(kind), st.booleans(), anchored=st.booleans() if raw else st.just(True))
        case "logcluster":
            return st.builds(Method, st.just(kind), st.booleans())
        case _:
            weights = st.sampled_from([0.31, 0.71, 1.0])
            return st.builds(Method, st.just("logcluster"), st.booleans(), weights, st.integers(1, 4), st.booleans())
