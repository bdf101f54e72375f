"""
What is judged, and by what: a corpus of real kinds, sets that are mined of it, and made sets of any size.

    fleet     the syslog of `logwinnow simulate` (benchmarks/training/corpus.py)
    samples   lines of logs in a folder, drawn by chance, all numbers of two digits or more in their messages changed;
              logs that may not be handed on give figures that only who has them can repeat
"""

import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path

from benchmarks.training.corpus import made
from patterns.errors import PatternSyntaxError
from patterns.language import of_words, parse
from patterns.line import LineReader
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.rules import PLAIN, Rules
from patterns.settings import load_formats
from patterns.store import Store
from patterns.words import WordRules

_SYLLABLES = ("ba", "con", "der", "fil", "gra", "hel", "in", "jo", "ket", "lo", "mas", "ner", "pro", "que", "ri", "ten")
_SETTINGS = Path(__file__).parents[2] / "conf/training.toml"
_NUMBER = re.compile(rb"\d{2,}")

Template = tuple[str, list[str | None]]
"""Scope and words of a kind of lines; None stands for a word that is another one in each line."""


def corpus(samples: Path | None, lines: int, folder: Path) -> Path:
    """Return a corpus of so many lines, made where it is not there yet."""
    if samples is None:
        return made("fleet", lines, folder).path
    path = folder / f"samples-{lines}.log"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        with partial.open("wb") as file:
            file.writelines(line + b"\n" for line in _changed(samples, lines))
        partial.replace(path)
    return path


def _changed(samples: Path, lines: int) -> Iterator[bytes]:
    chance = random.Random(1)
    known = [line for path in sorted(samples.glob("**/*.log")) for line in path.read_bytes().splitlines()]

    reader = LineReader(Rules(formats=load_formats(_SETTINGS)))

    def other(number: re.Match[bytes]) -> bytes:
        return b"".join(b"%d" % chance.randrange(10) for _ in number[0])

    headers = {line: _header(line, reader) for line in set(known)}
    for line in chance.choices(known, k=lines):
        begin = headers[line]
        yield line[:begin] + _NUMBER.sub(other, line[begin:])


def _header(line: bytes, reader: LineReader) -> int:
    """Return how many bytes of a line are in front of its message."""
    read = reader.read(line, 0)
    message = read.message[len(read.level) + 1 :] if read.level else read.message
    return len(line) - len(message.encode()) if read.original is None else 0


def trained(path: Path, folder: Path) -> PatternSet:
    """Return the set that `logwinnow train` makes of a corpus; kept beside it."""
    store = folder / f"{path.stem}.store"
    if not store.exists():
        _run("train", os.fspath(path), "--store", os.fspath(store), "--quiet")
    return Store(os.fspath(store)).read().patterns


def mined(path: Path, support: int, most: int, folder: Path) -> PatternSet:
    """Return the raw patterns of a corpus at a support, up to `most` of the highest supports; kept beside it."""
    kept = folder / f"{path.stem}-{support}.json"
    if not kept.exists():
        done = _run(
            "mine", os.fspath(path), "--raw", "--support", str(support), "--engine", "polars", "--format", "json"
        )
        kept.write_bytes(done)
    found = []
    for row in json.loads(kept.read_text())[:most]:
        try:
            found.append(KnownPattern("", parse(row["pattern"].strip()), support, row["support"], row["support"]))
        except PatternSyntaxError:
            # As the reference programs print it, a word may look like a gap.
            continue
    return PatternSet.of(Rules(WordRules(raw=True), header=PLAIN), found)


def templates(number: int) -> list[Template]:
    """Return distinct kinds of lines of ten programs: four to fourteen words, up to three of them open."""
    chance = random.Random(1)
    found: dict[tuple[str, ...], Template] = {}
    while len(found) < number:
        words: list[str | None] = [_word(chance, chance.randint(1, 3)) for _ in range(chance.randint(4, 14))]
        for place in chance.sample(range(1, len(words)), chance.randint(1, 3)):
            # Two class words side by side are one.
            if words[place - 1] is not None and None not in words[place + 1 : place + 2]:
                words[place] = None
        scope = f"program-{'abcdefghij'[chance.randrange(10)]}"
        found.setdefault((scope, *filter(None, words)), (scope, words))
    return list(found.values())


def made_set(kinds: Sequence[Template]) -> PatternSet:
    """Return the set of kinds."""
    return PatternSet.of(Rules(), (KnownPattern(scope, of_words(words), 5, 10, 10) for scope, words in kinds))


def made_lines(kinds: Sequence[Template], lines: int, what: str) -> Iterator[bytes]:
    """
    Yield lines of kinds, the n-th 1/n as often as the first.

    Args:
        kinds: What lines look like.
        lines: How many.
        what: ``known``: numbers stand in the gaps, so that shapes come again. ``new``: words that never come again, so
            that each line has a new shape, and matches. ``outliers``: so, and another word is new as well.
    """
    chance = random.Random(2)
    weights = list(accumulate(1 / rank for rank in range(1, len(kinds) + 1)))
    for number, (scope, words) in enumerate(chance.choices(kinds, cum_weights=weights, k=lines)):
        filled = [word or (str(number) if what == "known" else f"v{_word(chance, 6)}") for word in words]
        if what == "outliers":
            place = chance.choice([place for place, word in enumerate(words) if word])
            filled[place] = f"v{_word(chance, 6)}"
        when = f"{number // 1_000 % 24:02d}:{number // 60 % 60:02d}:{number % 60:02d}"
        yield f"Nov 11 {when} node{number % 8} {scope}[{number % 4_000}]: {' '.join(filled)}".encode()


def as_regex(patterns: PatternSet) -> list[str]:
    """Return regular expressions over raw lines, for engines that are told nothing of words."""
    return [known.pattern.regex().replace("[^ ]", r"\S").replace(" ", r"\s+") for known in patterns.patterns]


def _word(chance: random.Random, syllables: int) -> str:
    return "".join(chance.choices(_SYLLABLES, k=syllables))


def _run(*arguments: str) -> bytes:
    return subprocess.run([sys.executable, "-m", "commands", *arguments], stdout=subprocess.PIPE, check=True).stdout
