from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from patterns.decisions import Decision, Decisions
from patterns.errors import PublishRefused
from patterns.language import of_words
from patterns.pattern_set import KNOWN, PENDING, KnownPattern, PatternSet
from patterns.rules import Rules
from patterns.shapes import ShapeCount, ShapeKey, ShapeTable
from patterns.store import Store
from training.publish import refuse, retire


def corpus_of(shapes: dict[str, int]) -> tuple[PatternSet, ShapeTable]:
    known = [
        KnownPattern("", of_words(shape.split(" ")), 2 if count > 1 else 1, count, count)
        for shape, count in shapes.items()
    ]
    rows = {ShapeKey("", shape, "2026-01-01"): ShapeCount(count) for shape, count in shapes.items()}
    return PatternSet.of(Rules(), known), ShapeTable.of(rows)


def publish(store: Store, patterns: PatternSet, table: ShapeTable, **refused: Any) -> str:
    """Publish a set as the trainer does."""
    refuse(store, patterns, table, **refused)
    return store.publish(patterns, table, {})


def published(store: Store, shapes: dict[str, int], *, keep: float = 0.5, force: bool = False) -> str:
    return publish(store, *corpus_of(shapes), keep=keep, whatever=force)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "patterns"))


def test_an_empty_set_is_refused_even_by_force(store: Store) -> None:
    with pytest.raises(PublishRefused, match="no pattern was found in 0 judged lines"):
        published(store, {}, force=True)
    assert store.current() is None


def test_the_first_set_needs_to_cover_nothing(store: Store) -> None:
    assert store.current() is None
    assert published(store, {"a": 1}) == store.current()


def test_a_set_that_covers_too_little_of_the_last_ones_lines_is_refused(store: Store) -> None:
    before = published(store, {"a": 60, "b": 40})

    with pytest.raises(PublishRefused, match=r"cover 40 of the 100 lines of .*; look at the corpus"):
        published(store, {"b": 100, "c": 9})
    assert store.current() == before


def test_a_set_that_covers_just_the_share_is_published(store: Store) -> None:
    published(store, {"a": 50, "b": 50})

    assert published(store, {"b": 100}) == store.current()


def test_patterns_seen_once_do_not_count_as_covering(store: Store) -> None:
    published(store, {"a": 1, "b": 1})

    with pytest.raises(PublishRefused, match="cover 0 of the 2 lines"):
        published(store, {"a": 1, "b": 1})


def test_a_corpus_with_too_few_lines_is_refused(store: Store) -> None:
    published(store, {"a": 100})

    with pytest.raises(PublishRefused, match=r"has 49 judged lines and that of .* had 100"):
        published(store, {"a": 49})
    assert published(store, {"a": 50}) == store.current()


def test_force_publishes_what_loses_much(store: Store) -> None:
    published(store, {"a": 100})

    assert published(store, {"b": 2}, force=True) == store.current()


def test_the_share_to_keep_is_configuration(store: Store) -> None:
    published(store, {"a": 100})

    assert published(store, {"a": 2}, keep=0.01) == store.current()


def test_a_damaged_last_set_does_not_stand_in_the_way_of_a_good_one(store: Store, tmp_path: Path) -> None:
    before = published(store, {"a": 100})
    (tmp_path / "patterns" / before / "patterns.jsonl").write_bytes(b"")

    assert published(store, {"b": 2}) == store.current()


def test_all_days_of_a_shape_count_as_covered(store: Store) -> None:
    known = KnownPattern("", of_words(["a"]), 2, 2, 2)
    days = [ShapeKey("", "a", day) for day in ("2026-01-01", "2026-01-02")]
    before = ShapeTable.of({day: ShapeCount(1) for day in days} | {ShapeKey("", "b", days[0].day): ShapeCount(2)})
    publish(store, PatternSet.of(Rules(), [known]), before, keep=0.5, whatever=False)

    with pytest.raises(PublishRefused, match="cover 2 of the 4 lines"):
        publish(store, PatternSet.of(Rules(), [known]), before, keep=0.51, whatever=False)


def test_old_versions_beyond_those_that_are_kept_go_but_never_the_current_one_or_a_young_one(store: Store) -> None:
    young = [published(store, {"a": number + 2}) for number in range(3)]
    root = Path(store.root)
    old = [f"2020010{number}T000000.000Z-{'0' * 16}" for number in range(1, 6)]
    for name in old:
        (root / name).mkdir()
    (root / "CURRENT").write_text(old[0] + "\n")

    retire(store, 0)
    assert store.versions() == [*old, *young]
    retire(store, 4)
    assert store.versions() == [old[0], old[-1], *young]
    retire(store, 1)
    assert store.versions() == [old[0], *young]
    assert not list(root.glob(".publishing-*"))


def test_lines_that_are_rejected_or_were_pending_need_not_be_covered(store: Store) -> None:
    patterns, table = corpus_of({"a": 60, "b": 30, "c": 10})
    states = {"a": KNOWN, "b": KNOWN, "c": PENDING}
    before = PatternSet.of(Rules(), (replace(known, state=states[known.pattern.text]) for known in patterns.patterns))
    publish(store, before, table, keep=0.5, whatever=False)
    rejected = Decisions((Decision(do="reject", pattern="a"),))

    with pytest.raises(PublishRefused, match="cover 0 of the 30 lines"):
        publish(store, corpus_of({"c": 90})[0], table, keep=1.0, whatever=False, decisions=rejected)
    publish(store, corpus_of({"b": 90})[0], table, keep=1.0, whatever=False, decisions=rejected)
