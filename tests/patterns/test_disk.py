"""Files that are whole or not there."""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from patterns import disk
from patterns.disk import create_file, replace_file, sync_folder, write_synced

Operation = Callable[[Path, bytes], object]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_written_file_has_its_bytes(tmp_path: Path) -> None:
    write_synced(tmp_path / "a", b"x\x00\n")
    sync_folder(tmp_path)

    assert (tmp_path / "a").read_bytes() == b"x\x00\n"


@pytest.mark.parametrize("before", [None, b"old"])
def test_replacing_puts_the_whole_file_in_place_and_leaves_nothing_else(tmp_path: Path, before: bytes | None) -> None:
    if before is not None:
        (tmp_path / "a").write_bytes(before)

    replace_file(tmp_path / "a", b"new")

    assert (tmp_path / "a").read_bytes() == b"new"
    assert names(tmp_path) == ["a"]


def test_creating_writes_only_where_the_name_is_free(tmp_path: Path) -> None:
    assert create_file(tmp_path / "a", b"first") is True
    assert create_file(tmp_path / "a", b"second") is False

    assert (tmp_path / "a").read_bytes() == b"first"
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("operation", [replace_file, create_file])
def test_a_full_disk_leaves_the_old_file_and_no_half_of_the_new(
    operation: Operation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_half(path: Path, data: bytes) -> None:
        path.write_bytes(data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "old").write_bytes(b"old")
    monkeypatch.setattr(disk, "write_synced", write_half)

    for name in ("old", "new"):
        with pytest.raises(OSError, match="No space left"):
            operation(tmp_path / name, b"new")

    assert names(tmp_path) == ["old"]
    assert (tmp_path / "old").read_bytes() == b"old"


@pytest.mark.parametrize("operation", [replace_file, create_file])
def test_bytes_are_on_the_disk_before_the_name_and_the_name_before_the_return(
    operation: Operation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    sync = os.fsync

    def fsync(descriptor: int) -> None:
        told.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        told.append("named" if (tmp_path / "a").exists() else "not yet named")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)

    operation(tmp_path / "a", b"x")

    assert told == ["file", "not yet named", "folder", "named"]
