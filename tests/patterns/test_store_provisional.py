"""What streams made of storms, beside the versions of a store."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from patterns.errors import PatternsError
from patterns.provisional import Provisional, adding, after
from patterns.store import Store
from patterns.timestamps import DAY

_AT = "2026-03-01T12:00:00.000Z"


def told(word: str, at: str = _AT) -> Provisional:
    return Provisional(scope="app", pattern=f"{word} of *{{1,1}} is gone", at=at, source="app", shapes=3)


@pytest.fixture(params=["folder", "url"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return Store(str(tmp_path) if request.param == "folder" else f"memory://{uuid4().hex}")


def test_what_was_added_is_read_and_goes_when_a_training_has_it(store: Store) -> None:
    assert store.provisional() == ()
    one, other = told("one"), told("other")
    store.change_provisional(adding([one, other]))
    assert set(store.provisional()) == {one, other}
    store.change_provisional(after([one.id], one.told_at))
    assert store.provisional() == (other,)
    store.change_provisional(after([], one.told_at + DAY))
    assert store.provisional() == ()


def test_the_same_again_writes_nothing(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    store.change_provisional(adding([told("one")]))
    before = (tmp_path / "provisional.jsonl").stat()
    store.change_provisional(adding([told("one")]))
    after_it = (tmp_path / "provisional.jsonl").stat()
    assert (after_it.st_ino, after_it.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_of_several_streams_that_add_at_once_none_loses_a_pattern(tmp_path: Path) -> None:
    words = [chr(ord("a") + number) * 3 for number in range(24)]

    def add(word: str) -> None:
        Store(str(tmp_path)).change_provisional(adding([told(word)]))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, words))
    assert {each.pattern.split(" ")[0] for each in Store(str(tmp_path)).provisional()} == set(words)


def test_a_version_is_none_of_it_and_it_is_no_version(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    store.change_provisional(adding([told("one")]))
    assert store.versions() == []


def test_without_a_store_it_is_an_error_that_says_what_to_check(tmp_path: Path) -> None:
    with pytest.raises(PatternsError, match="cannot be written"):
        Store(str(tmp_path / "nowhere")).change_provisional(adding([told("one")]))


def test_what_cannot_be_changed_stays(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    store.change_provisional(adding([told("one")]))

    def fails(_before: Iterable[Provisional]) -> list[Provisional]:
        raise OSError("no room")

    with pytest.raises(PatternsError, match="no room"):
        store.change_provisional(fails)
    assert store.provisional() == (told("one"),)
