"""The follower against logs that are rotated as fast as it looks, so that each of its steps meets each of theirs."""

import os
import random
import secrets
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from rotator import Rotator

from patterns.records import Records
from patterns.rules import Rules
from streaming.following.follower import Follower, State
from streaming.following.ranges import read_records

LINES = Records(Rules())
SECONDS = 20 if os.environ.get("LOGWINNOW_LONG") else 4


def taken(follower: Follower, state: State, until: float, chance: random.Random) -> Iterator[tuple[State, list[bytes]]]:
    """Yield state and lines batch after batch, until a moment."""
    while time.monotonic() < until:
        after = follower.plan(state, chance.choice([2_000, 20_000, 200_000]))
        yield after, lines_between(state, after)
        state = after


def lines_between(before: State, after: State) -> list[bytes]:
    return [data for part in after.ranges_from(before) for data, _ in read_records(part, LINES) or ()]


@pytest.mark.parametrize("seconds", [0.01, 0.1])
@pytest.mark.parametrize("how", ["rename", "copytruncate"])
def test_no_line_comes_twice_and_none_is_missing_when_files_are_rotated_while_they_are_looked_for(
    how: str, seconds: float, tmp_path: Path
) -> None:
    seed = int(os.environ.get("LOGWINNOW_SEED") or secrets.randbelow(2**32))
    print(f"LOGWINNOW_SEED={seed}")  # noqa: T201 (what a failure is reproduced by)
    chance = random.Random(seed)
    paths = [str(tmp_path / f"{how}.log")]
    state = Follower(paths, LINES).plan(State(), 1)
    writer = Rotator(tmp_path, how, random.Random(seed + 1), seconds=seconds)
    writer.start()
    lines: Counter[bytes] = Counter()
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        # A stream that was down for up to some rotations.
        time.sleep(chance.random() * 0.3)
        for after, found in taken(Follower(paths, LINES), state, time.monotonic() + chance.random(), chance):
            lines.update(found)
            state = after
    writer.over.set()
    writer.join()
    once = Follower(paths, LINES, once=True)
    while (after := once.plan(state, 2**40)) is not state:
        lines.update(lines_between(state, after))
        state = after
    written, on_disk = Counter(writer.lines), writer.on_disk()
    assert writer.rotations > SECONDS
    assert not Counter({line: number for line, number in lines.items() if line in written}) - written
    # What is written between copy and cut is in no file.
    assert not (on_disk & written) - lines
    if how == "rename":
        assert lines == written
