"""Logs as programs and rotation treat them, with all that was ever written kept beside."""

import gzip
import shutil
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Written:
    """What a program wrote into a file until it was rotated."""

    data: bytes = b""
    packed: bool = False

    def lines(self) -> list[bytes]:
        """Return what is to be read of it: the half last line waits, but for a packed file, which gets no more."""
        lines = self.data.split(b"\n")
        half = lines.pop()
        return [line.removesuffix(b"\r") for line in lines] + (
            [half.removesuffix(b"\r")] if half and self.packed else []
        )


@dataclass
class RotatedLog:
    """
    A log at `path`, its rotations at ``<path>.1``, ``<path>.2.gz`` and so on, the newest first.

    Attributes:
        path: Where the program writes.
        now: What is there.
        rotated: What was rotated.
    """

    path: Path
    now: Written = field(default_factory=Written)
    rotated: list[Written] = field(default_factory=list)
    _half_done: str = ""

    def append(self, data: bytes) -> None:
        with self.path.open("ab") as file:
            file.write(data)
        self.now.data += data

    def rename(self) -> None:
        """Rotate as logrotate does with ``create``."""
        self.finish()
        if self.path.exists():
            self._shift()
            self.path.rename(f"{self.path}.1")
            self._is_rotated()

    def copy(self) -> None:
        """Begin to rotate as it does with ``copytruncate``: half of the copy is there."""
        self.finish()
        if self.path.exists():
            self._shift()
            Path(f"{self.path}.1").write_bytes(self.now.data[: len(self.now.data) // 2])
            self._half_done = "copy"

    def pack(self) -> None:
        """Begin to pack the newest rotated file that is not: half of the packed one is there beside it."""
        self.finish()
        number = next((number for number, each in enumerate(self.rotated, 1) if not each.packed), 0)
        if number:
            packed = gzip.compress(self.rotated[number - 1].data)
            Path(f"{self.path}.{number}.gz").write_bytes(packed[: len(packed) // 2])
            self._half_done = f"pack {number}"

    def finish(self) -> None:
        """End what was begun."""
        what, _, number = self._half_done.partition(" ")
        self._half_done = ""
        if what == "copy":
            Path(f"{self.path}.1").write_bytes(self.now.data)
            with self.path.open("r+b") as file:
                file.truncate(0)
            self._is_rotated()
        elif what == "pack":
            plain = Path(f"{self.path}.{number}")
            packed = Path(f"{plain}.gz")
            packed.write_bytes(gzip.compress(self.rotated[int(number) - 1].data))
            shutil.copystat(plain, packed)
            plain.unlink()
            self.rotated[int(number) - 1].packed = True

    def lines(self) -> list[bytes]:
        """Return what is to be read in all."""
        return [line for written in (*self.rotated, self.now) for line in written.lines()]

    def _shift(self) -> None:
        for number in range(len(self.rotated), 0, -1):
            ending = ".gz" if self.rotated[number - 1].packed else ""
            Path(f"{self.path}.{number}{ending}").rename(f"{self.path}.{number + 1}{ending}")

    def _is_rotated(self) -> None:
        self.rotated.insert(0, self.now)
        self.now = Written()
