"""A log that is written to at full speed and rotated all the time, as logrotate does it: renamed, or copied and cut."""

import gzip
import os
import random
import shutil
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Final

_LINES_A_WRITE: Final = 40
# What the stream judges on a shared core; a writer without a bound would only fill the disk.
_PAUSE: Final = 0.01


class Rotator(threading.Thread):
    """
    Writes lines to <how>.log as fast as they are judged, and rotates it every so many seconds, within a line too.

    Attributes:
        lines: What was written.
    """

    def __init__(self, folder: Path, how: str, chance: random.Random, *, seconds: float) -> None:
        super().__init__(daemon=True)
        self.lines: list[bytes] = []
        self.over = threading.Event()
        self.rotations = 0
        self._log = folder / f"{how}.log"
        self._how = how
        self._chance = chance
        self._seconds = seconds

    def run(self) -> None:
        file = os.open(self._log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        rotate_at = time.monotonic() + self._seconds
        copying: threading.Thread | None = None
        while not self.over.wait(min(_PAUSE, self._seconds / 10)):
            text = b"".join(self._line() for _ in range(_LINES_A_WRITE))
            # A program that is in the middle of a line when its log is rotated goes on in the same file.
            cut = self._chance.randrange(len(text)) if self._how == "rename" else len(text)
            os.write(file, text[:cut])
            if time.monotonic() >= rotate_at and not (copying and copying.is_alive()):
                rotate_at = time.monotonic() + self._seconds
                self.rotations += 1
                if self._how == "rename":
                    self._shift()
                    self._log.rename(f"{self._log}.1")
                    os.write(file, text[cut:])
                    os.close(file)
                    file = os.open(self._log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
                    continue
                copying = threading.Thread(target=self._copy_and_cut)
                copying.start()
            os.write(file, text[cut:])
        if copying:
            copying.join()
        os.close(file)

    def wait_for_rotations(self, number: int, patience: float) -> None:
        until = time.monotonic() + patience
        while self.rotations < number:
            assert time.monotonic() < until
            time.sleep(0.05)

    def _copy_and_cut(self) -> None:
        """Do as logrotate does: what is written between the two is lost for everybody."""
        self._shift()
        shutil.copyfile(self._log, f"{self._log}.1")
        os.truncate(self._log, 0)

    def _shift(self) -> None:
        """Move the rotated files on, and pack the second, as ``delaycompress`` does."""
        names = [(number, ending) for number in range(self.rotations, 0, -1) for ending in ("", ".gz")]
        for number, ending in names:
            path = Path(f"{self._log}.{number}{ending}")
            if path.exists():
                path.rename(f"{self._log}.{number + 1}{ending}")
        plain = Path(f"{self._log}.2")
        if plain.exists():
            with plain.open("rb") as source, gzip.open(f"{plain}.gz", "wb", 1) as packed:
                shutil.copyfileobj(source, packed)
            shutil.copystat(plain, f"{plain}.gz")
            plain.unlink()

    def _line(self) -> bytes:
        number, size = len(self.lines), self._chance.randrange(10_000)
        self.lines.append(b"user %d left %s after %d bytes" % (number, self._how.encode(), size))
        return self.lines[-1] + b"\n"

    def on_disk(self) -> Counter[bytes]:
        """Return the lines that are in any file at the end, pieces of lines too."""
        found: Counter[bytes] = Counter()
        for path in self._log.parent.glob(f"{self._log.name}*"):
            data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            found.update(data.split(b"\n"))
        return found
