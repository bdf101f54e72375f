"""Logs that are written at full speed and rotated every second, under a stream that is killed and started again."""

import os
import random
import secrets
import signal
import time
from collections import Counter
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rotator import Rotator
from stream_process import PATIENCE, StreamProcess, stream_process

if TYPE_CHECKING:
    from tests.streaming.conftest import Site

pytestmark = pytest.mark.spark


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
    writers = [Rotator(site.folder, how, random.Random(seed + 1), seconds=1) for how in ("rename", "copytruncate")]
    gone: dict[int, int] = {}
    # It has begun before the first line comes.
    with command(site) as stream:
        stream.wait_for_batches(1)
        for writer in writers:
            writer.start()
        stream.wait_for_lines(1_000)
        gone |= end_by_kill(stream)
    for _ in range(kills - 1):
        with command(site) as stream:
            stream.wait_for_batches(chance.randrange(1, 5))
            time.sleep(chance.random() * 2)
            gone |= end_by_kill(stream)
    for writer in writers:
        writer.wait_for_rotations(6, PATIENCE)
        writer.over.set()
        writer.join()
    with command(site, "--once", "--set", "source.files.max_bytes_per_batch=100000000") as stream:
        assert stream.end() == 0, stream.said.read_text()[-5_000:]
        gone |= gone_bytes(stream)

    ids: set[str] = set()
    lines: dict[str, Counter[bytes]] = {"rename": Counter(), "copytruncate": Counter()}
    for number, event in enumerate(site.each_event(), start=1):
        ids.add(event["event"]["id"])
        assert len(ids) == number
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
    assert sum(gone.values()) <= sum(len(line) + 1 for line in (wrote - whole).elements())


def end_by_kill(stream: StreamProcess) -> dict[int, int]:
    stream.kill()
    assert stream.process.returncode == -signal.SIGKILL
    return gone_bytes(stream)


def gone_bytes(stream: StreamProcess) -> dict[int, int]:
    """Return what each batch says is gone; a batch that is replayed says it again."""
    return {record["batch"]: record.get("gone_bytes", 0) for record in stream.records("batch")}
