"""
Who judges: each peer is a function of lines or a file that judges all of them once, from an empty memory.

What takes part of others is timed without what it does before the first line: to compile, to train, to load a state.
"""

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.matching.corpora import as_regex
from kernels.judging import BatchJudge
from patterns.judge import Judge
from patterns.pattern_set import PatternSet

Judging = Callable[[Sequence[bytes], bytes, Path], "Told"]
"""Judges lines, which are also given as a text and as a file."""

RECORD_TIME = 1_795_435_200_000_000


class Told(NamedTuple):
    """What a peer says of the lines that it judged: how many there were, and how many had a match."""

    lines: int
    matched: int


@dataclass(frozen=True, slots=True)
class Peer:
    """
    One who judges.

    Attributes:
        name: As the report shows it.
        ready: Makes ready anew and returns what judges; not timed.
        most: Lines that it gets at most, for it is slow; None for all.
    """

    name: str
    ready: Callable[[], Judging]
    most: int | None = None


def ours(patterns: PatternSet) -> list[Peer]:
    """Return our two ways."""
    return [
        Peer("batch", lambda: _batch(BatchJudge(patterns))),
        Peer("single line", lambda: _single(Judge(patterns)), 20_000),
    ]


def raw_peers(patterns: PatternSet) -> list[Peer]:
    """Return who judges whole lines by regular expressions."""
    expressions = as_regex(patterns)
    most = 4_000 if len(expressions) < 1_000 else 400
    peers = [Peer("re loop", _always(_loop(expressions)), most)]
    peers += _hyperscan(expressions) if len(expressions) <= 2_000 else []
    return [*peers, *_re2(expressions)]


def default_peers(path: Path, most: int) -> list[Peer]:
    """Return who judges messages by a model of its own, made of the first `most` lines of the same file."""
    return [*_drain(path, most), *_logfold(path)]


def _always(judging: Judging) -> Callable[[], Judging]:
    """Return what has nothing to make ready anew: it remembers nothing."""
    return lambda: judging


def _batch(judge: BatchJudge) -> Judging:
    def judged(_lines: Sequence[bytes], text: bytes, _path: Path) -> Told:
        lines = matched = 0
        for piece in judge.judge_text(text, RECORD_TIME):
            for kind, number in piece.counts():
                lines += number
                matched += number if kind.known else 0
        return Told(lines, matched)

    return judged


def _single(judge: Judge) -> Judging:
    def judged(lines: Sequence[bytes], _text: bytes, _path: Path) -> Told:
        verdicts = [judge.judge(line, RECORD_TIME).verdict for line in lines]
        return Told(len(lines), sum(1 for verdict in verdicts if verdict and verdict.known))

    return judged


def _loop(expressions: Sequence[str]) -> Judging:
    compiled = [re.compile(rf"\s*(?:{each[1:-1]})\s*", re.ASCII).fullmatch for each in expressions]

    def judged(lines: Sequence[bytes], _text: bytes, _path: Path) -> Told:
        matched = 0
        for line in lines:
            text = line.decode(errors="replace")
            for fullmatch in compiled:
                if fullmatch(text):
                    matched += 1
                    break
        return Told(len(lines), matched)

    return judged


def _re2(expressions: Sequence[str]) -> list[Peer]:
    import re2

    def ready() -> Judging:
        options = re2.Options()
        options.max_mem = 1 << 30
        every = re2.Set.FullMatchSet(options)
        for each in expressions:
            every.Add(rf"\s*(?:{each[1:-1]})\s*")
        every.Compile()

        def judged(lines: Sequence[bytes], _text: bytes, _path: Path) -> Told:
            return Told(len(lines), sum(1 for line in lines if every.Match(line.decode(errors="replace"))))

        return judged

    return [Peer("re2.Set", ready, 20_000 if len(expressions) < 1_000 else 2_000)]


def _hyperscan(expressions: Sequence[str]) -> list[Peer]:
    try:
        import hyperscan
    except ImportError:
        return []
    database = hyperscan.Database()
    encoded = [rf"^\s*(?:{each[1:-1]})\s*$".encode() for each in expressions]
    flags = hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_DOTALL
    try:
        database.compile(expressions=encoded, ids=list(range(len(encoded))), flags=[flags] * len(encoded))
    except hyperscan.error as error:
        print(f"hyperscan does not take the expressions: {error}", file=sys.stderr)
        return []

    def judged(lines: Sequence[bytes], _text: bytes, _path: Path) -> Told:
        found: list[int] = []
        matched = 0
        for line in lines:
            database.scan(line, match_event_handler=lambda number, *_: found.append(number))
            if found:
                matched += 1
                found.clear()
        return Told(len(lines), matched)

    return [Peer("hyperscan", _always(judged), 50_000)]


def _drain(path: Path, most: int) -> list[Peer]:
    from benchmarks.training.programs import drain

    def messages(lines: Sequence[bytes]) -> list[str]:
        return [drain.message_of(line.decode(errors="replace")) for line in lines]

    with path.open("rb") as file:
        learned = messages([line.rstrip(b"\r\n") for line, _ in zip(file, range(most), strict=False)])
    peers = []
    for masks in drain.NAMES:
        name = "Drain3" if masks == "plain" else f"Drain3, {masks}"
        miner: Any = drain.made(masks)
        for message in learned:
            miner.add_log_message(message)

        def judged(lines: Sequence[bytes], _text: bytes, _path: Path, miner: Any = miner) -> Told:
            return Told(len(lines), sum(1 for message in messages(lines) if miner.match(message)))

        peers.append(Peer(f"{name}, {len(miner.drain.clusters):,} templates", _always(judged), 20_000))
    return peers


def _logfold(path: Path) -> list[Peer]:
    import logfold

    kept = path.with_suffix(".logfold")
    form = None
    try:
        mined = logfold.analyze(path, save_state=kept, threads=1)
    except logfold.FormatError:
        form = "plain"
        mined = logfold.analyze(path, save_state=kept, threads=1, format=form)
    peers = []
    for name, exact in (("logfold", False), ("logfold, exact", True)):

        def judged(_lines: Sequence[bytes], _text: bytes, path: Path, *, exact: bool = exact) -> Told:
            run = logfold.match(kept, path, threads=1, exact=exact, format=form).run
            return Told(run.records, run.records - (run.unmatched.records if run.unmatched else 0))

        peers.append(Peer(f"{name}, {len(mined.templates):,} templates", _always(judged)))
    return peers
