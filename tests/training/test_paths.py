"""Which files a user means by paths, folders and globs."""

import os
from pathlib import Path

import pytest

from training.errors import CorpusError
from training.paths import expand, is_uri


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run each test in a folder of some logs."""
    monkeypatch.chdir(tmp_path)
    for name in ("logs/b.log", "logs/a.log", "logs/old/a.log.1", "logs/old/deep/x.log", "logs/.hidden", "top.log"):
        written(name)
    written("logs/.git/x.log")
    return tmp_path


def written(name: str) -> str:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_bytes(name.encode() + b"\n")
    return name


EVERY_LOG = ["logs/a.log", "logs/b.log", "logs/old/a.log.1", "logs/old/deep/x.log"]


@pytest.mark.parametrize(
    ("paths", "files"),
    [
        (["top.log"], ["top.log"]),
        (["-", "top.log", "-"], ["-", "top.log", "-"]),
        (["top.log", "logs/a.log"], ["top.log", "logs/a.log"]),
        (["logs"], EVERY_LOG),
        (["logs/"], EVERY_LOG),
        (["logs/*.log"], ["logs/a.log", "logs/b.log"]),
        (["logs/[ab].log"], ["logs/a.log", "logs/b.log"]),
        (["logs/?.log", "top.log"], ["logs/a.log", "logs/b.log", "top.log"]),
        # As the shell's own: a folder that matches stands for what is below it.
        (["logs/*"], EVERY_LOG),
        (["*"], [*EVERY_LOG, "top.log"]),
        (["**"], [*EVERY_LOG, "top.log"]),
        (["**/*.log"], ["logs/a.log", "logs/b.log", "logs/old/deep/x.log", "top.log"]),
        (["logs/**/*.log"], ["logs/a.log", "logs/b.log", "logs/old/deep/x.log"]),
        (["lo*/**/deep/*"], ["logs/old/deep/x.log"]),
        (["**/old/**/*"], ["logs/old/a.log.1", "logs/old/deep/x.log"]),
        (["logs/.h*"], ["logs/.hidden"]),
        (["logs/.git/*"], ["logs/.git/x.log"]),
        (["./logs/*.log"], ["./logs/a.log", "./logs/b.log"]),
        (["logs/../*.log"], ["logs/../top.log"]),
        ([], []),
    ],
    ids=" ".join,
)
def test_paths_folders_and_globs_name_files_in_order(paths: list[str], files: list[str]) -> None:
    assert expand(paths) == files


def test_an_absolute_glob_names_absolute_files(here: Path) -> None:
    assert expand([f"{here}/**/*.log"]) == [f"{here}/{name}" for name in expand(["**/*.log"])]


def test_a_file_whose_name_reads_as_a_glob_is_meant_itself() -> None:
    assert expand([written("a[bc].log")]) == ["a[bc].log"]
    assert expand([written("logs/*.log")]) == ["logs/*.log"]


def test_a_folder_whose_name_reads_as_a_glob_is_no_pattern_in_a_longer_glob() -> None:
    written("[x]/a.log")
    written("x/b.log")

    assert expand(["[x]"]) == ["[x]/a.log"]
    assert expand(["[[]x]/**/*.log"]) == ["[x]/a.log"]


def test_a_file_named_by_itself_counts_as_often_as_it_is_named() -> None:
    assert expand(["top.log", "logs/a.log", "top.log"]) == ["top.log", "logs/a.log", "top.log"]


@pytest.mark.parametrize(
    ("paths", "files"),
    [
        (["logs", "logs"], EVERY_LOG),
        (["logs", "logs/*.log", "logs/old"], EVERY_LOG),
        (["logs/old", "logs"], [*EVERY_LOG[2:], *EVERY_LOG[:2]]),
        (["logs/a.log", "logs"], EVERY_LOG),
        # The folder leaves it to the path that names it.
        (["logs", "logs/a.log"], [*EVERY_LOG[1:], EVERY_LOG[0]]),
        (["logs/a.log", "logs/*.log", "logs/a.log"], ["logs/a.log", "logs/b.log", "logs/a.log"]),
    ],
    ids=" ".join,
)
def test_a_file_in_several_folders_and_globs_counts_once(paths: list[str], files: list[str]) -> None:
    assert expand(paths) == files


def test_links_to_files_are_followed_and_count_once_with_what_they_lead_to() -> None:
    Path("logs/current").symlink_to("b.log")
    os.link("logs/a.log", "logs/same")
    Path("logs/elsewhere").symlink_to("../top.log")
    Path("logs/nowhere").symlink_to("none")
    Path("logs/itself").symlink_to("itself")

    assert expand(["logs"]) == ["logs/a.log", "logs/b.log", "logs/elsewhere", "logs/old/a.log.1", "logs/old/deep/x.log"]


def test_links_to_folders_lead_in_no_circle() -> None:
    for name in ("one", "two", "three"):
        Path("logs/old", name).symlink_to("..")

    assert expand(["logs"]) == EVERY_LOG
    assert expand(["**/*.log.1"]) == ["logs/old/a.log.1"]


def test_a_linked_folder_is_read_where_it_is_named() -> None:
    Path("link").symlink_to("logs")

    assert expand(["link"]) == [f"link{name.removeprefix('logs')}" for name in EVERY_LOG]
    assert expand(["link/*.log"]) == ["link/a.log", "link/b.log"]


def test_pipes_in_a_folder_are_passed_over_and_named_ones_are_not_opened() -> None:
    os.mkfifo("logs/pipe")

    assert expand(["logs"]) == EVERY_LOG
    assert expand(["logs/pipe"]) == ["logs/pipe"]


def test_names_that_are_no_text_are_found() -> None:
    Path(os.fsdecode(b"logs/\xff\n.log")).touch()

    assert os.fsencode(expand(["logs"])[-1]) == b"logs/\xff\n.log"


@pytest.mark.parametrize("uri", ["hdfs://host/logs/*.gz", "s3a://bucket/x", "file:///tmp/none"])
def test_uris_stay_as_they_are(uri: str) -> None:
    assert is_uri(uri)
    assert expand([uri, "top.log", uri]) == [uri, "top.log", uri]


@pytest.mark.parametrize("path", ["-", "top.log", "c:/x", "a/b://c", "://x", "1a://x"])
def test_other_paths_are_no_uris(path: str) -> None:
    assert not is_uri(path)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (
            "none",
            r"^'none' cannot be read: No such file or directory; check the path and its rights",
        ),
        ("top.log/x", "cannot be read: Not a directory"),
        ("a\0b", "cannot be read: embedded null"),
        ("", "'' cannot be read: No such file"),
        ("*.gz", r"^'\*.gz' matches no file; check the pattern \(hidden files are passed over\)$"),
        ("none/**", "matches no file; check the pattern"),
        ("logs/**/*.gz", "matches no file; check the pattern"),
        ("empty", r"^'empty' is a folder without a file; name another \(hidden files are passed over\)$"),
    ],
)
def test_what_names_no_file_is_an_error(path: str, told: str) -> None:
    written("empty/.hidden")
    Path("empty/folder").mkdir()

    with pytest.raises(CorpusError, match=told):
        expand(["top.log", path])


def test_a_folder_that_cannot_be_listed_is_an_error_and_not_passed_over(here: Path) -> None:
    # One below so many others that its whole path is longer than the system takes; rights do not stop an administrator.
    for _ in range(20):
        Path("d" * 240).mkdir()
        os.chdir("d" * 240)
    os.chdir(here)

    for path in (".", "**/*.log"):
        with pytest.raises(CorpusError, match="cannot be read: File name too long"):
            expand([path])
