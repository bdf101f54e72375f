import os
from pathlib import Path

import pytest

from streaming.errors import SourceError
from streaming.following.names import Names, origins


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Logs, hidden and packed files among them, a folder below, and two symbolic links that loop."""
    for name in ("b.log", "a.log", ".hidden.log", "a.log.2.gz", "below/c.log", "below/.d/e.log", ".git/f.log"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x\n")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "below" / "up").symlink_to("..")
    os.mkfifo(tmp_path / "pipe.log")
    return tmp_path


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        (["a.log"], ["a.log"]),
        (["*.log"], ["a.log", "b.log"]),
        (["b.log", "a.log", "*.log", "?.log", "./a.log"], ["a.log", "b.log"]),
        (["**/*.log"], ["a.log", "b.log", "below/c.log"]),
        (["**"], ["a.log", "b.log", "below/c.log"]),
        (["a*"], ["a.log"]),
        ([""], ["a.log", "b.log", "below/c.log"]),
        (["below"], ["below/c.log"]),
        (["below*", "pipe.log", "none.log", "none/*.log", "a.log/x", "nul\0.log"], []),
    ],
)
def test_paths_folders_and_globs_name_each_file_once_and_in_order(
    paths: list[str], found: list[str], folder: Path
) -> None:
    names = Names([f"{folder}/{path}" for path in paths])
    assert names.files() == [f"{folder}/{path}" for path in found]
    assert all(names.name(path) for path in names.files())


@pytest.mark.parametrize(
    ("path", "file", "named"),
    [
        ("a.log", "a.log", True),
        ("a.log", "b.log", False),
        ("*.log", "gone.log", True),
        ("*.log", "below/gone.log", False),
        ("**/*.log", "below/gone.log", True),
        ("*.log", ".gone.log", False),
        ("below", "below/gone", True),
        ("below", "below/.gone", False),
        ("below", "belowground", False),
    ],
)
def test_a_file_that_is_gone_is_still_named(path: str, file: str, named: bool, folder: Path) -> None:
    assert Names([f"{folder}/{path}"]).name(f"{folder}/{file}") is named


def test_only_what_its_folder_names_alone_may_be_no_log(folder: Path) -> None:
    names = Names([f"{folder}/below", f"{folder}/*.log"])
    assert names.only_by_folder(f"{folder}/below/c.log")
    assert not names.only_by_folder(f"{folder}/a.log")


def test_the_folders_in_which_files_may_come_are_known(folder: Path) -> None:
    assert Names([f"{folder}/none.log"]).folders() == {str(folder)}
    assert Names([f"{folder}/be*/*.log"]).folders() == {f"{folder}/below"}
    assert Names([f"{folder}/below"]).folders() == {f"{folder}/below"}


def test_a_packed_file_does_not_grow(folder: Path) -> None:
    with pytest.raises(SourceError, match=r"a\.log\.2\.gz' is compressed: it does not grow"):
        Names([f"{folder}/a.log.2.gz"])


def test_what_gives_no_lines_is_said_with_the_reason(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "below" / "wtmp").write_bytes(b"\7\0\0\0")
    names = Names([f"{folder}/{path}" for path in ("a.log", "none.log", "pipe.log", "none*", "below")])
    assert names.problems() == {
        f"{folder}/none.log": f"'{folder}/none.log' is not there, or has no file",
        f"{folder}/none*": f"'{folder}/none*' is not there, or has no file",
        f"{folder}/pipe.log": f"'{folder}/pipe.log' is no regular file",
        f"{folder}/below/wtmp": f"'{folder}/below/wtmp' is no text: name it, and not its folder alone, "
        "if it has lines all the same",
    }

    def refuse(*_arguments: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    problems = Names([f"{folder}/a.log"]).problems()
    assert problems[f"{folder}/a.log"].startswith(
        f"'{folder}/a.log' cannot be read: Permission denied; check its rights"
    )


@pytest.mark.parametrize(
    ("rotated", "before"),
    [
        ("app.log.1", ["app.log"]),
        ("app.log.10.gz", ["app.log.10", "app.log"]),
        ("app.log.gz", ["app.log"]),
        ("app.log-20261128", ["app.log"]),
        ("app.log-20261128.xz", ["app.log-20261128", "app.log"]),
        ("app.log.2026-11-28_10", ["app.log"]),
        ("app-20261128.log", ["app.log"]),
        ("app-2026-11-28.log.zst", ["app-2026-11-28.log", "app.log"]),
        ("app.2026-11-28-1.log", ["app.log"]),
        ("syslog.old", ["syslog"]),
        ("messages-1732752000", ["messages"]),
        ("app.log", []),
        ("app-1.log", []),
        ("app-worker.log", []),
        ("app.log.txt", []),
    ],
)
def test_a_rotated_name_says_what_it_was_before(rotated: str, before: list[str]) -> None:
    assert list(origins(f"/var/log/{rotated}")) == [f"/var/log/{name}" for name in before]
