"""
SLCT and LogCluster as short as they can be written: two passes with dictionaries, candidates counted, gaps left out.

    two_pass.py FILE ALGORITHM SUPPORT

What engine python is held against: it does more (gaps, options, exact texts) and should not take much longer.
"""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any


def attributes(line: bytes, algorithm: str) -> Iterable[object]:
    """Return what of a line may be frequent: its words; for SLCT with their places."""
    words = line.split()
    return words if algorithm == "logcluster" else enumerate(words)


def mine(path: Path, algorithm: str, support: int) -> dict[tuple[Any, ...], int]:
    """Return the candidates of enough lines: frequent words of a line → number of lines."""
    counts: Counter[object] = Counter()
    with path.open("rb") as lines:
        for line in lines:
            counts.update(set(attributes(line, algorithm)))
    frequent = {word for word, number in counts.items() if number >= support}
    candidates: Counter[tuple[Any, ...]] = Counter()
    with path.open("rb") as lines:
        for line in lines:
            candidates[tuple([word for word in attributes(line, algorithm) if word in frequent])] += 1
    candidates.pop((), None)
    return {words: number for words, number in candidates.items() if number >= support}


def as_slct(places: Iterable[tuple[int, bytes]]) -> Iterator[bytes]:
    """Yield the words of a candidate of SLCT with a * for each hole."""
    at = 0
    for place, word in places:
        yield from [b"*"] * (place - at)
        yield word
        at = place + 1


def show(found: dict[tuple[Any, ...], int], algorithm: str) -> None:
    """Print candidates as slct and logcluster.pl do, without gaps."""
    for key, number in found.items():
        words = key if algorithm == "logcluster" else as_slct(key)
        sys.stdout.buffer.write(b"%s\nSupport: %d\n\n" % (b" ".join(words), number))


if __name__ == "__main__":
    show(mine(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])), sys.argv[2])
