"""Baselines beside a set: there where they were published, and no part of what the set is."""

from pathlib import Path

import fsspec
import pytest

from patterns.baselines import Baselines, Heartbeat
from patterns.errors import BrokenPatternSet
from patterns.language import parse
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.rules import Rules
from patterns.shapes import ShapeTable
from patterns.store import Store

SET = PatternSet.of(Rules(), [KnownPattern("cron", parse("session opened"), 1, 1, 1)])
OTHER = PatternSet.of(Rules(), [KnownPattern("cron", parse("session closed"), 1, 1, 1)])
TABLE = ShapeTable.of({})
BASELINES = Baselines.of(
    "2026-11-10",
    "2026-11-24",
    14,
    [Heartbeat(pattern=SET.patterns[0].id, host="web1", period=60, tolerance=5, times=9)],
)


@pytest.mark.parametrize("where", ["folder", "memory"])
def test_what_was_published_is_read_and_what_was_not_is_none(where: str, tmp_path: Path) -> None:
    store = Store(str(tmp_path) if where == "folder" else "memory://test-baselines")

    without = store.publish(OTHER, TABLE, {})
    version = store.publish(SET, TABLE, {}, baselines=BASELINES)

    assert (store.read_baselines(without), store.read_baselines(version)) == (None, BASELINES)
    assert store.read().patterns.fingerprint == SET.fingerprint
    fsspec.filesystem("memory").store.clear()


def test_damaged_ones_are_refused_with_their_name_and_the_set_is_still_good(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    version = store.publish(SET, TABLE, {}, baselines=BASELINES)
    (tmp_path / version / "baselines.jsonl").write_bytes(b"{}")

    assert store.read().patterns.patterns == SET.patterns
    with pytest.raises(BrokenPatternSet, match=f"{version}/baselines.jsonl' is damaged"):
        store.read_baselines(version)


def test_those_that_cannot_be_read_are_broken(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    version = store.publish(SET, TABLE, {})
    (tmp_path / version / "baselines.jsonl").mkdir()

    with pytest.raises(BrokenPatternSet, match=r"baselines\.jsonl"):
        store.read_baselines(version)
