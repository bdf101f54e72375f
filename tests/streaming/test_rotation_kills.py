"""Logs that are written at full speed and rotated every second, under a stream that is killed and started again."""

import gzip
import os
import random
import secrets
import shutil
import signal
import threading
import time
from collections import Counter
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from stream_process import PATIENCE, StreamProcess, stream_process

if TYPE_CHECKING:
    from tests.streaming.conftest import Site

pytestmark = pytest.mark.spark

_SECONDS = 1.0
_LINES_A_WRITE = 40
# What the stream judges on a shared core; a writer without a bound would only fill the disk.
_PAUSE = 0.01


class Rotator(threading.Thread):
    """
    Writes lines to <how>.log as fast as they are judged, and rotates it, in the middle of a line too.

    Attributes:
        lines: What was written.
    """

    def __init__(self, folder: Path, how: str, chance: random.Random) -> None:
        super().__init__(daemon=True)
        self.lines: list[bytes] = []
        self.over = threading.Event()
        self.rotations = 0
        self._log = folder / f"{how}.log"
        self._how = how
        self._chance = chance
        self._packing: list[threading.Thread] = []

    def run(self) -> None:
        file = os.open(self._log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        rotate_at = time.monotonic() + _SECONDS
        copying: threading.Thread | None = None
        while not self.over.wait(_PAUSE):
            text = b"".join(self._line() for _ in range(_LINES_A_WRITE))
            # A program that is in the middle of a line when its log is rotated goes on in the same file.
            cut = self._chance.randrange(len(text)) if self._how == "rename" else len(text)
            os.write(file, text[:cut])
            if time.monotonic() >= rotate_at and not (copying and copying.is_alive()):
                rotate_at = time.monotonic() + _SECONDS
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

    def wait_for_rotations(self, number: int) -> None:
        until = time.monotonic() + PATIENCE
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


def command(site: "Site", *more: str) -> AbstractContextManager[StreamProcess]:
    settings = {
        "checkpoint": site.checkpoint,
        "source.name": "app",
        "source.files.paths": f'["{site.folder}/rename.log", "{site.folder}/copytruncate.log"]',
        "source.files.max_bytes_per_batch": 300_000,
        "patterns.store": site.store,
        "sink.files.path": site.sink,
        "dead_letters.path": site.folder / "dead-letters",
        "trigger.seconds": 0.2,
        "spark.master": "local[2]",
        "spark.settings": f'{{"spark.local.dir" = "{site.folder}"}}',
    }
    given = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
    return stream_process(site.folder, [*given, *more])


@pytest.mark.parametrize("kills", [1, pytest.param(10, marks=pytest.mark.slow)])
def test_every_line_comes_once_while_logs_rotate_every_second_and_the_stream_is_killed(
    kills: int, site: "Site"
) -> None:
    seed = int(os.environ.get("LOGWINNOW_SEED") or secrets.randbelow(2**32))
    print(f"LOGWINNOW_SEED={seed}")  # noqa: T201 (what a failure is reproduced by)
    chance = random.Random(seed)
    site.publish("user *{1,1} left rename after *{1,1} bytes", "user *{1,1} left copytruncate after *{1,1} bytes")
    writers = [Rotator(site.folder, how, random.Random(seed + 1)) for how in ("rename", "copytruncate")]
    gone = 0
    # It has begun before the first line comes.
    with command(site) as stream:
        stream.wait_for_batches(1)
        for writer in writers:
            writer.start()
        stream.wait_for_lines(1_000)
        gone += end_by_kill(stream)
    for _ in range(kills - 1):
        with command(site) as stream:
            stream.wait_for_batches(chance.randrange(1, 5))
            time.sleep(chance.random() * 2)
            gone += end_by_kill(stream)
    for writer in writers:
        writer.wait_for_rotations(6)
        writer.over.set()
        writer.join()
    with command(site, "--once", "--set", "source.files.max_bytes_per_batch=100000000") as stream:
        assert stream.end() == 0, stream.said.read_text()[-5_000:]
        gone += gone_bytes(stream)

    events = site.events()
    assert len({event["event"]["id"] for event in events}) == len(events)
    lines: dict[str, Counter[bytes]] = {"rename": Counter(), "copytruncate": Counter()}
    for event in events:
        lines[Path(event["log"]["file"]["path"]).stem][event["event"]["original"].encode()] += 1
    renamed, copied = writers
    assert lines["rename"] == Counter(renamed.lines)
    # What was written between copy and cut is in no file; if the stream was there in time it has it all the same.
    out, wrote, on_disk = lines["copytruncate"], Counter(copied.lines), copied.on_disk()
    whole = Counter({line: number for line, number in out.items() if line in wrote})
    assert not whole - wrote
    assert not (on_disk & wrote) - whole
    # A piece of a line is one whose rest was cut.
    assert not (out - whole) - on_disk
    assert gone <= sum(len(line) + 1 for line in (wrote - whole).elements())


def end_by_kill(stream: StreamProcess) -> int:
    stream.kill()
    assert stream.process.returncode == -signal.SIGKILL
    return gone_bytes(stream)


def gone_bytes(stream: StreamProcess) -> int:
    return sum(record.get("gone_bytes", 0) for record in stream.records("batch"))
