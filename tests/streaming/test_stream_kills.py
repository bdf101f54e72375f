"""`logwinnow stream` as a process of its own: killed at any moment and started again, and told to end."""

import json
import os
import random
import secrets
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pytest
from stream_process import PATIENCE, StreamProcess, stream_process

from patterns.judge import Judge
from patterns.store import Store

if TYPE_CHECKING:
    from tests.streaming.conftest import Site

pytestmark = pytest.mark.spark

_ROOT = Path(__file__).parents[2]
_ALL_AT_ONCE = ("--set", "source.files.max_bytes_per_batch=1000000")


@contextmanager
def command(site: "Site", *more: str) -> Iterator[StreamProcess]:
    """Run `logwinnow stream` over all logs of the site, in batches of some hundred lines."""
    file = site.folder / "streaming.toml"
    file.write_text(
        f'checkpoint = "{site.checkpoint}"\n[source]\nname = "app"\n[source.files]\npaths = ["{site.folder}/*.log"]\n'
        f'max_bytes_per_batch = 8_000\n[patterns]\nstore = "{site.store}"\n[sink.files]\npath = "{site.sink}"\n'
        f'[dead_letters]\npath = "{site.folder}/dead-letters"\n'
        '[trigger]\nseconds = 0.2\n[spark]\nmaster = "local[2]"\n'
        # A JVM that is killed leaves its scratch folder.
        f'[spark.settings]\n"spark.local.dir" = "{site.folder}"\n'
    )
    with stream_process(site.folder, ["--config", str(file), *more]) as stream:
        yield stream


class Writer(threading.Thread):
    """Goes on writing lines to two logs, in odd pieces; rotates both when told to."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        super().__init__(daemon=True)
        self.lines: list[str] = []
        self.over = threading.Event()
        self.rotate = threading.Event()
        self._paths = [folder / "a.log", folder / "b.log"]
        self._chance = chance

    def run(self) -> None:
        logs: list[IO[bytes]] = [path.open("ab", buffering=0) for path in self._paths]
        rotated = 0
        while not self.over.wait(0.02):
            which = self._chance.randrange(2)
            if self.rotate.is_set():
                self.rotate.clear()
                rotated += 1
                for path in self._paths:
                    path.rename(f"{path}.{rotated}")
                for log in logs:
                    log.close()
                logs = [path.open("ab", buffering=0) for path in self._paths]
            text = "".join(f"{self._line()}\n" for _ in range(self._chance.randrange(1, 6))).encode()
            cut = self._chance.randrange(len(text))
            logs[which].write(text[:cut])
            logs[which].write(text[cut:])
        for log in logs:
            log.close()

    def _line(self) -> str:
        kinds = [
            "user {} left",
            "user {} left",
            "user {} came",
            "disk {} full",
            "",
            "12 {}",
            f"odd {self._word()} {{}}",
        ]
        self.lines.append(self._chance.choice(kinds).format(len(self.lines)))
        return self.lines[-1]

    def _word(self) -> str:
        return "".join(self._chance.choice("abcdefgh") for _ in range(2))


_SETS = [("user *{1,1} left",), ("user *{1,1} left", "user *{1,1} came"), ("disk *{1,1} full",), ("user *{1,2}",)]


@pytest.mark.parametrize("kills", [2, pytest.param(25, marks=pytest.mark.slow)])
def test_killed_at_random_moments_it_gives_every_line_and_every_alert_once(kills: int, site: "Site") -> None:
    seed = int(os.environ.get("LOGWINNOW_SEED") or secrets.randbelow(2**32))
    print(f"LOGWINNOW_SEED={seed}")  # noqa: T201 (what a failure is reproduced by)
    chance = random.Random(seed)
    writer = Writer(site.folder, random.Random(seed + 1))
    versions = [site.publish(*_SETS[0])]
    writer.start()
    batches = 0
    for number in range(1, kills + 1):
        with command(site) as stream:
            stream.wait_for_batches(chance.randrange(5))
            if (site.checkpoint / "offsets" / "0").exists():
                # From the first look on a rotation loses nothing, whether the stream has seen the files of now or not.
                writer.rotate.set()
            time.sleep(chance.random() * (1 if stream.records("batch") else 8))
            os.killpg(stream.process.pid, signal.SIGKILL)
            assert stream.end() == -signal.SIGKILL
            batches += len(stream.records("batch"))
        versions.append(site.publish(*_SETS[number % len(_SETS)]))
    writer.over.set()
    writer.join()
    with command(site, "--once", *_ALL_AT_ONCE) as stream:
        assert stream.end() == 0, stream.said.read_text()
        batches += len(stream.records("batch"))

    assert site.lines() == sorted(writer.lines)
    events = site.events()
    assert len({event["event"]["id"] for event in events}) == len(events)
    assert Counter(event["logwinnow"]["set"] for event in events).keys() <= set(versions)
    check_verdicts(site)
    check_sets_of_batches(site)
    assert batches >= len(batch_numbers(site))
    site.check_alerts(one_file=False)


def check_verdicts(site: "Site") -> None:
    """Each event says what the set says that it is stamped with."""
    judges: dict[str, Judge] = {}
    for event in site.events():
        version = event["logwinnow"]["set"]
        if version not in judges:
            judges[version] = Judge(Store(str(site.store)).read(version).patterns)
        judged = judges[version].judge(event["event"]["original"].encode(), 0)
        assert event["logwinnow"]["outlier"] == judged.outlier
        assert event["logwinnow"].get("unjudged") == judged.shaped.unjudged


def batch_numbers(site: "Site") -> set[int]:
    return {int(part.name.split("-")[0]) for part in site.sink.glob("events/*/[!.]*.ndjson")}


def check_sets_of_batches(site: "Site") -> None:
    """All events of a batch are of one set, that of its record."""
    sets: dict[int, set[str]] = {}
    for part in site.sink.glob("events/*/[!.]*.ndjson"):
        found = {json.loads(row)["logwinnow"]["set"] for row in part.read_bytes().splitlines()}
        sets.setdefault(int(part.name.split("-")[0]), set()).update(found)
    recorded = {record["batch"]: record["set"] for record in site.records()}
    assert all(len(found) == 1 for found in sets.values())
    assert all(found == {recorded[batch]} for batch, found in sets.items() if batch in recorded)
    assert sets.keys() & recorded.keys()


def test_told_to_end_it_ends_well_and_goes_on_when_started_again(site: "Site") -> None:
    writer = Writer(site.folder, random.Random(7))
    site.publish(*_SETS[0])
    writer.start()
    # To the whole group, its JVM too: SIGTERM is how systemd ends a service, SIGINT how Ctrl-C does on a terminal.
    for number in (signal.SIGTERM, signal.SIGINT):
        with command(site) as stream:
            stream.wait_for_batches(1)
            os.killpg(stream.process.pid, number)
            assert stream.end() == 0, stream.said.read_text()
            assert "Traceback" not in stream.said.read_text()
            assert "logwinnow:" not in stream.said.read_text()
        # Its batch was ended, not broken off.
        assert site.records()[-1]["alerts"] is not None
    writer.over.set()
    writer.join()
    with command(site, "--once", *_ALL_AT_ONCE) as stream:
        assert stream.end() == 0, stream.said.read_text()
    assert site.lines() == sorted(writer.lines)
    site.check_alerts(one_file=False)


def test_while_it_waits_for_a_set_it_says_so_and_can_be_ended(site: "Site") -> None:
    site.append("user left")
    with command(site) as stream:
        until = time.monotonic() + PATIENCE
        while not stream.records("no_set"):
            assert time.monotonic() < until, stream.said.read_text()
            time.sleep(0.05)
        stream.process.terminate()
        assert stream.end() == 0
        assert len(stream.said.read_text().splitlines()) == 1
