"""
Lines that a stream may choke on: those of a fleet, but for one thing.

    one host     nine lines in ten are of one host, and a host's lines go to one partition
    long lines   one line in a thousand has 60 KB
    many hosts   50,000 of them
    all new      each line has words of its own: no pattern matches, and each is a shape that was never seen
"""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks.streaming.programs.send import HOST
from benchmarks.training.corpus import Corpus

BY_HOST: Final = "one host"
"""Of this one the lines of a host go to one partition."""

_LONG = 60_000
_HOSTS = 50_000
_WORDS = 9
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def _with_host(line: bytes, host: bytes) -> bytes:
    _, _, rest = line[HOST:].partition(b" ")
    return line[:HOST] + host + b" " + rest


def _words(random_: random.Random, number: int) -> bytes:
    return " ".join("".join(random_.choices(_LETTERS, k=7)) for _ in range(number)).encode()


def _one_host(line: bytes, number: int, _random: random.Random) -> bytes:
    return _with_host(line, b"loud1") if number % 10 else line


def _long_lines(line: bytes, number: int, random_: random.Random) -> bytes:
    return line if number % 1_000 else line + b" " + _words(random_, _LONG // 8)


def _many_hosts(line: bytes, number: int, _random: random.Random) -> bytes:
    return _with_host(line, b"host-%05d" % (number * 7_919 % _HOSTS))


def _all_new(line: bytes, _number: int, random_: random.Random) -> bytes:
    head, _, _ = line.partition(b": ")
    return head + b": " + _words(random_, _WORDS)


SKEWS: Final[dict[str, Callable[[bytes, int, random.Random], bytes]]] = {
    BY_HOST: _one_host,
    "long lines": _long_lines,
    "many hosts": _many_hosts,
    "all new": _all_new,
}


def made(name: str, whole: Corpus, folder: Path) -> Corpus:
    """Return the lines of a corpus with one thing changed, as a file in a folder."""
    path, chance = folder / f"{name.replace(' ', '-')}.log", random.Random(1)
    with whole.path.open("rb") as lines, path.open("wb") as file:
        for number, line in enumerate(lines):
            file.write(SKEWS[name](line.rstrip(b"\n"), number, chance) + b"\n")
    return Corpus(name, path, whole.lines)
