"""One training at a time, and nothing left of one that was killed."""

import os
import tempfile
from pathlib import Path

import pytest

from patterns.store import Store
from training.errors import TrainingRuns
from training.lock import FILE, alone


def test_the_lock_is_free_when_its_holder_is_gone_and_says_who_has_it(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "store"))
    with alone(store), pytest.raises(TrainingRuns, match=f"process {os.getpid()} on .*, since 20"), alone(store):
        pass
    with alone(store):
        assert (tmp_path / "store" / FILE).read_text().count("\n") == 1


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": "no", "host": 1, "since": 2}', "{}"])
def test_who_has_not_signed_is_not_named(tmp_path: Path, text: str) -> None:
    store = Store(str(tmp_path))
    with alone(store):
        (tmp_path / FILE).write_text(text)
        with pytest.raises(TrainingRuns, match=f"into store '{tmp_path}'; this one has changed nothing"), alone(store):
            pass


def test_temporary_files_of_a_killed_one_go_with_the_next_and_its_own_with_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    store = Store(str(tmp_path / "store"))
    with alone(store):
        (folder,) = (tmp_path / "tmp").iterdir()
        assert tempfile.gettempdir() == os.environ["TMPDIR"] == str(folder)
        assert folder.stat().st_mode & 0o777 == 0o700
    assert tempfile.gettempdir() == str(tmp_path / "tmp")
    assert not list((tmp_path / "tmp").iterdir())

    (folder / "spool").mkdir(parents=True)
    (folder / "spool" / "lines").touch()
    (folder / "table").touch()
    with alone(store):
        assert not list(folder.iterdir())


def test_a_folder_that_another_has_put_there_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    store = Store(str(tmp_path / "store"))
    with alone(store):
        (folder,) = (tmp_path / "tmp").iterdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "precious").touch()
    folder.symlink_to(tmp_path / "elsewhere")

    with alone(store):
        assert tempfile.gettempdir() == str(tmp_path / "tmp")
    assert (tmp_path / "elsewhere" / "precious").exists()


def test_a_store_of_a_url_has_no_lock() -> None:
    store = Store("memory://somewhere")
    with alone(store), alone(store):
        pass
