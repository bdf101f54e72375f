"""What tests of mining have in common."""

import tempfile
from pathlib import Path
from typing import IO

import pytest


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[IO[bytes]]:
    """Collect the temporary files that are made, in a folder of their own."""
    made: list[IO[bytes]] = []
    temporary_file = tempfile.TemporaryFile
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def recorded() -> IO[bytes]:
        made.append(temporary_file())
        return made[-1]

    monkeypatch.setattr(tempfile, "TemporaryFile", recorded)
    return made
