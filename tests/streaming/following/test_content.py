import bz2
import gzip
import lzma
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from streaming.errors import SourceError
from streaming.following.content import Content, Damaged, open_content

_DATA = b"".join(b"line %d\n" % number for number in range(100_000))
_PACK: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.ZstdCompressor().compress,
}


def content_of(path: Path) -> Content:
    content = open_content(str(path))
    assert content is not None
    return content


@pytest.mark.parametrize("ending", ["", *_PACK])
def test_bytes_are_read_anywhere_whatever_packed_them(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"log{ending}"
    path.write_bytes(_PACK[ending](_DATA[:600_000]) + _PACK[ending](_DATA[600_000:]) if ending else _DATA)
    with content_of(path) as content:
        assert content.packed is bool(ending)
        for start, end in (
            (0, 10),
            (599_990, 600_010),
            (5, 5),
            (3, 9),
            (len(_DATA) - 4, len(_DATA) + 9),
            (2**30, 2**31),
        ):
            assert content.read(start, end) == _DATA[start:end]


@pytest.mark.parametrize("ending", _PACK)
@pytest.mark.parametrize("what", ["half of it", "what is none"])
def test_a_packed_file_that_is_not_whole_is_damaged(ending: str, what: str, tmp_path: Path) -> None:
    path = tmp_path / f"log{ending}"
    packed = _PACK[ending](_DATA)
    path.write_bytes(packed[: len(packed) // 2] if what == "half of it" else b"this is no packed file at all")
    with content_of(path) as content, pytest.raises(Damaged):
        content.read(0, len(_DATA) + 1)


def test_only_a_regular_file_is_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    for name in ("none", "pipe", "loop", ".", "nul\0"):
        assert open_content(f"{tmp_path}/{name}") is None


def test_a_pipe_that_takes_a_files_name_meanwhile_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setattr("streaming.following.content.is_regular", lambda _path: True)
    assert open_content(str(tmp_path / "pipe")) is None
    assert open_content(str(tmp_path / "none")) is None


def test_a_file_that_may_not_be_read_is_an_error_that_says_how_to_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_bytes(b"x\n")

    def refuse(*_arguments: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(SourceError, match=r"a' cannot be read: Permission denied; check its rights"):
        open_content(str(tmp_path / "a"))
