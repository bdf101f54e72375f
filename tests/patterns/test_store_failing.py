"""A publish that fails, wherever it does, leaves the last good set."""

import errno
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from patterns import beside
from patterns import version_folders as module
from patterns.errors import NoPatternSet, PatternsError
from patterns.shapes import ShapeTable
from patterns.store import Store
from tests.patterns.published import GOOD, OTHER, RUN, TABLE, files

FAILING_WRITES = [
    *((module, name, call) for name, calls in (("write_synced", 3), ("_write_table", 1)) for call in range(calls)),
    *((module, "sync_folder", call) for call in range(2)),
    (beside, "write_synced", 0),
]
"""Each write, and each wait for the disk, before the new version's name is in CURRENT."""


@pytest.fixture
def fail(monkeypatch: pytest.MonkeyPatch) -> Callable[[ModuleType, str, int, BaseException], None]:
    """Let the nth call of a function of the store, counted from 0, do half of its work and then fail."""

    def arrange(module: ModuleType, name: str, number: int, error: BaseException) -> None:
        calls = iter(range(1000))
        real = getattr(module, name)

        def failing(path: Path, *data: Any) -> None:
            if next(calls) != number:
                real(path, *data)
                return
            for part in data:
                path.write_bytes(part[: len(part) // 2] if isinstance(part, bytes) else b"PAR1")
            raise error

        monkeypatch.setattr(module, name, failing)

    return arrange


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()], ids=repr)
@pytest.mark.parametrize(("where", "name", "number"), FAILING_WRITES)
def test_a_publish_that_fails_anywhere_leaves_the_last_good_set(
    where: ModuleType,
    name: str,
    number: int,
    error: BaseException,
    store: Store,
    fail: Callable[[ModuleType, str, int, BaseException], None],
) -> None:
    good = store.publish(GOOD, TABLE, RUN)
    before = files(store.root)
    fail(where, name, number, error)

    with pytest.raises((PatternsError, KeyboardInterrupt)) as failed:
        store.publish(OTHER, TABLE, RUN)

    assert not isinstance(failed.value, PatternsError) or "No space left on device" in str(failed.value)
    assert store.current() == good
    assert store.read().patterns == GOOD
    assert list(store.read_shapes(good).rows()) == list(TABLE.rows())
    assert before.items() <= files(store.root).items()
    assert not list(Path(store.root).glob(".*"))
    for version in store.versions():
        assert store.read(version).patterns in (GOOD, OTHER)


@pytest.mark.parametrize(("where", "name", "number"), FAILING_WRITES)
def test_a_first_publish_that_fails_leaves_a_store_without_a_set(
    where: ModuleType, name: str, number: int, store: Store, fail: Callable[[ModuleType, str, int, BaseException], None]
) -> None:
    fail(where, name, number, OSError(errno.EIO, "Input/output error"))

    with pytest.raises(PatternsError, match=r"cannot be written: .*Input/output error.*; check the path"):
        store.publish(GOOD, TABLE, RUN)

    with pytest.raises(NoPatternSet):
        store.read()


def test_a_publish_writes_no_more_files_than_the_failing_ones_above(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    def write(path: Path, data: bytes) -> None:
        told.append("write")
        path.write_bytes(data)

    def sync(path: Path) -> None:
        told.append("named" if (path / "CURRENT").exists() else "sync")

    def write_table(path: Path, shapes: ShapeTable) -> None:
        told.append("table")
        with path.open("wb") as file:
            shapes.write(file)

    for where in (module, beside):
        monkeypatch.setattr(where, "write_synced", write)
        monkeypatch.setattr(where, "sync_folder", sync)
    monkeypatch.setattr(module, "_write_table", write_table)

    store.publish(GOOD, TABLE, RUN)

    before_current = ["write"] * 3 + ["table", "sync", "sync", "write"]
    assert told == [*before_current, "named", "write", "named"]


def test_a_publish_that_a_crash_left_half_done_is_no_version(store: Store) -> None:
    good = store.publish(GOOD, TABLE, RUN)
    left = Path(store.root) / ".publishing-abc" / "20990101T000000.000Z-0"
    left.mkdir(parents=True)
    (left / "manifest.json").write_bytes(b"{")

    assert store.versions() == [good]
    assert store.read().version == good
    time.sleep(0.002)
    assert store.publish(OTHER, TABLE, RUN) == store.current()


@pytest.mark.parametrize(("name", "number"), [*(("pipe_file", call) for call in range(4)), ("open", 3)])
def test_a_publish_to_an_object_store_that_fails_anywhere_leaves_the_last_good_set(
    name: str, number: int, in_memory: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = in_memory.publish(GOOD, TABLE, RUN)
    calls, real = iter(range(100)), getattr(in_memory._fs, name)

    def failing(*arguments: Any, **options: Any) -> Any:
        if next(calls) == number:
            raise OSError("connection lost")
        return real(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(in_memory._fs, name, failing)
        with pytest.raises(PatternsError, match="connection lost"):
            in_memory.publish(OTHER, TABLE, RUN)

    assert in_memory.read().version == good
    assert in_memory.read().patterns == GOOD
