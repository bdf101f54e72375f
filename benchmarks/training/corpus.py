"""
The files that everybody mines, made once and kept in a folder.

    fleet    the syslog of `logwinnow simulate`: few kinds of lines, often repeated, with labelled novelties
    varied   2,000 templates, the n-th 1/n as often as the first; half of their parameters are hexadecimal numbers that
             never come again, so that words grow with the lines

Nothing of loghub's is used: its logs may not be handed on, so nobody could repeat the figures.
"""

import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import accumulate
from pathlib import Path
from typing import BinaryIO, NamedTuple

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "logwinnow-benchmarks"
"""Where made files are kept, unless another folder is given."""

_BLOCK = 1 << 20
_PLURALS = {"k": 1_000, "M": 1_000_000}
_PROGRAMS = ("api", "auth", "billing", "cache", "ingest", "mailer", "proxy", "scheduler", "storage", "worker")
_SYLLABLES = ("ba", "con", "der", "fil", "gra", "hel", "in", "jo", "ket", "lo", "mas", "ner", "pro", "que", "ri", "ten")


class Corpus(NamedTuple):
    """A file to be mined: the name that figures are kept under, where it is, how many lines it has."""

    name: str
    path: Path
    lines: int


def amount(text: str) -> int:
    """
    Return the 100,000 of "100k", the 4,000,000 of "4M", the 500 of "500".

    Raises:
        ValueError: It is no number of 1 or more.
    """
    number = text[:-1] if text[-1:] in _PLURALS else text
    if not (number.isascii() and number.isdigit() and int(number)):
        msg = f"{text!r} is no number of lines: give one such as 500, 100k or 4M"
        raise ValueError(msg)
    return int(number) * _PLURALS.get(text[-1:], 1)


def made(name: str, lines: int, folder: Path) -> Corpus:
    """
    Return a made file, from the folder if it is there.

    Cost: a minute and 700 MB on disk for 4 million lines; later nothing.
    """
    path = folder / f"{name}-{lines}.log"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        # Under its name it is whole: a run that is broken off leaves no short file behind.
        partial = path.with_suffix(".partial")
        MAKERS[name](lines, partial)
        partial.replace(path)
    return Corpus(name, path, lines)


def given(path: Path) -> Corpus:
    """Return a file of the user's; its name and place are kept out of what is published."""
    lines, last = 0, b"\n"
    with path.open("rb") as file:
        for block in blocks(file):
            lines += block.count(b"\n")
            last = block[-1:]
    return Corpus("own", path.resolve(), lines + (last != b"\n"))


def blocks(file: BinaryIO) -> Iterator[bytes]:
    """Yield a file's bytes; to read them once puts the file into memory for those who come after."""
    return iter(lambda: file.read(_BLOCK), b"")


def varied(lines: int, seed: int = 1) -> Iterator[str]:
    """Yield the lines of `varied`, without line ends; the same for the same arguments."""
    chance = random.Random(seed)
    templates = [_template(chance) for _ in range(2_000)]
    weights = list(accumulate(1 / rank for rank in range(1, len(templates) + 1)))
    users = [_word(chance, 3) for _ in range(200)]
    slots: dict[str, Callable[[], str]] = {
        "id": lambda: f"{chance.getrandbits(64):016x}",
        "number": lambda: str(chance.getrandbits(10)),
        "address": lambda: f"10.{chance.getrandbits(4)}.{chance.getrandbits(8)}.{chance.getrandbits(8)}",
        "user": lambda: users[int(200 * chance.random() ** 3)],
    }
    for number in range(lines):
        second = number // 4
        when = f"{second // 86_400 % 28 + 1:2d} {second // 3_600 % 24:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
        program, parts = chance.choices(templates, cum_weights=weights)[0]
        message = " ".join(slots[part]() if part in slots else part for part in parts)
        host, pid = chance.getrandbits(3), chance.getrandbits(12)
        yield f"Nov {when} node{host} {program}[{pid}]: {message}"


def _template(chance: random.Random) -> tuple[str, list[str]]:
    words = [_word(chance, chance.randint(1, 3)) for _ in range(chance.randint(4, 14))]
    for place in chance.sample(range(len(words)), min(len(words) - 2, chance.randint(1, 4))):
        words[place] = chance.choice(["id", "id", "id", "number", "address", "user"])
    return chance.choice(_PROGRAMS), words


def _word(chance: random.Random, syllables: int) -> str:
    return "".join(chance.choices(_SYLLABLES, k=syllables))


def _write_fleet(lines: int, path: Path) -> None:
    command = [sys.executable, "-m", "commands", "simulate", "--lines", str(lines), "--output", os.fspath(path)]
    subprocess.run(command, check=True)


def _write_varied(lines: int, path: Path) -> None:
    with path.open("w", encoding="ascii") as file:
        file.writelines(f"{line}\n" for line in varied(lines))


MAKERS: dict[str, Callable[[int, Path], None]] = {"fleet": _write_fleet, "varied": _write_varied}
"""Name of a made corpus → what writes so many lines of it to a path."""
