import os
import pickle
import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from single_events import event_of

from streaming.errors import SinkError
from streaming.sink import files as sink_module
from streaming.sink.files import FilesSink, PartWriter
from streaming.source import DeadLetter, SourceLine

if TYPE_CHECKING:
    from tests.streaming.conftest import Site

_DAY = 86_400_000_000
_NOON = 20_410 * _DAY + _DAY // 2  # 2025-11-18


_LINE = SourceLine(b"", b"", _NOON, "", "", 0, {})


def refuse(letter: DeadLetter) -> None:
    pytest.fail(f"files refuse nothing: {letter}")


@pytest.fixture
def sink(site: "Site") -> FilesSink:
    started = FilesSink(str(site.sink), "57ea")
    started.start()
    return started


def write(sink: FilesSink, batch: int, part: int, *numbers: int, time: int = _NOON) -> None:
    """Write a part of events that are numbers."""
    with sink.part(batch, part, time, refuse) as writer:
        for number in numbers:
            writer.write(event_of({"n": number}, _LINE))


def files(sink: FilesSink, what: str = "events") -> list[str]:
    """Return all files below a folder of the sink, hidden ones too."""
    folder = Path(sink.path) / what
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def numbers(site: "Site") -> list[int]:
    return sorted(event["n"] for event in site.events())


def test_a_part_is_a_file_of_its_batch_in_the_folder_of_its_day(sink: FilesSink, site: "Site") -> None:
    write(sink, 7, 1, 1, 2)
    assert files(sink) == ["2025-11-18/00000007-57ea-00001.ndjson"]
    assert (site.sink / "events" / files(sink)[0]).read_bytes() == b'{"n":1}\n{"n":2}\n'


def test_a_batch_lies_in_the_day_of_its_planning_whatever_its_lines_say(sink: FilesSink) -> None:
    write(sink, 1, 0, 1, time=_NOON + _DAY // 2 - 1)
    with sink.part(2, 0, _NOON + _DAY // 2, refuse) as writer:
        writer.write(event_of({"n": 2}, _LINE))
        writer.write(event_of({"n": 3}, _LINE._replace(record_time=0), dated=False))
    assert files(sink) == ["2025-11-18/00000001-57ea-00000.ndjson", "2025-11-19/00000002-57ea-00000.ndjson"]


def test_a_part_without_events_makes_no_file(sink: FilesSink) -> None:
    write(sink, 1, 0)
    assert files(sink) == []


def test_a_part_appears_whole_or_not_at_all(sink: FilesSink) -> None:
    with sink.part(1, 0, _NOON, refuse) as writer:
        writer.write(event_of({"n": 1}, _LINE))
        assert all(Path(file).name.startswith(".") for file in files(sink))
    write(sink, 1, 1)
    assert len(files(sink)) == 1
    with suppress(ZeroDivisionError), sink.part(1, 2, _NOON, refuse) as writer:
        writer.write(event_of({"n": 2}, _LINE))
        raise ZeroDivisionError
    assert len(files(sink)) == 1


def test_a_replayed_batch_replaces_its_own_files_and_no_others(sink: FilesSink, site: "Site") -> None:
    write(sink, 1, 0, 10)
    write(sink, 11, 0, 110)
    write(FilesSink(sink.path, "other"), 10, 0, 999)
    for part in range(3):
        write(sink, 10, part, 100 + part)
    # The other stream's and the batches beside it stay; the replay has fewer parts, and one on another day.
    sink.begin(10)
    assert numbers(site) == [10, 110, 999]
    write(sink, 10, 0, 100, 101)
    write(sink, 10, 1, 102, time=_NOON + _DAY)
    assert numbers(site) == [10, 100, 101, 102, 110, 999]


def leave(sink: FilesSink, batch: int) -> None:
    """Leave what a task leaves that is killed while it writes."""
    writer = PartWriter(Path(sink.path, "events", "2025-11-18"), f"{batch:08}-57ea-00000.ndjson")
    writer.write({"n": 1})
    assert writer._file is not None
    writer._file.close()


def test_what_a_killed_task_left_is_never_read_and_goes_with_the_replay(sink: FilesSink, site: "Site") -> None:
    leave(sink, 5)
    assert len(files(sink)) == 1
    assert numbers(site) == []
    sink.begin(6)
    assert len(files(sink)) == 1
    sink.begin(5)
    assert files(sink) == []


def test_a_task_that_outlived_its_driver_does_not_break_the_part_of_the_replay(sink: FilesSink, site: "Site") -> None:
    zombie = PartWriter(Path(sink.path, "events", "2025-11-18"), "00000005-57ea-00000.ndjson")
    zombie.write({"n": 1})
    sink.begin(5)
    with sink.part(5, 0, _NOON, refuse) as writer:
        writer.write(event_of({"n": 1}, _LINE))
        with pytest.raises(FileNotFoundError):
            zombie.finish()
        writer.write(event_of({"n": 2}, _LINE))
    assert numbers(site) == [1, 2]


def test_closed_days_are_compacted_with_all_their_events(sink: FilesSink, site: "Site") -> None:
    write(sink, 1, 0, *range(1_000))
    write(sink, 2, 0, *range(1_000, 2_000))
    write(sink, 3, 0, 2_000, time=_NOON + _DAY)
    sink.done(_NOON + _DAY)
    assert files(sink) == ["2025-11-18.ndjson.zst", "2025-11-19/00000003-57ea-00000.ndjson"]
    assert not (site.sink / "events" / "2025-11-18").exists()
    assert numbers(site) == list(range(2_001))
    size = (site.sink / "events" / "2025-11-18.ndjson.zst").stat().st_size
    assert size < 20_000 / 4


def test_the_day_itself_and_later_ones_are_not_compacted(sink: FilesSink) -> None:
    write(sink, 1, 0, 1)
    write(sink, 1, 1, 2, time=_NOON + _DAY)
    before = files(sink)
    sink.done(_NOON)
    assert files(sink) == before


def crash_in_rename(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sink_module, "sync_folder", lambda _folder: 1 / 0)


def crash_in_removal(patch: pytest.MonkeyPatch) -> None:
    def one_file(folder: Path) -> None:
        next(Path(folder).iterdir()).unlink()
        raise ZeroDivisionError

    patch.setattr(shutil, "rmtree", one_file)


def crash_in_compression(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(os, "fsync", lambda _file: 1 / 0)


@pytest.mark.parametrize("crash", [crash_in_compression, crash_in_rename, crash_in_removal])
def test_a_crash_while_a_day_is_compacted_loses_and_doubles_nothing(
    crash: Callable[[pytest.MonkeyPatch], None], sink: FilesSink, site: "Site"
) -> None:
    for batch in range(4):
        write(sink, batch, 0, batch)
    with pytest.MonkeyPatch.context() as patch:
        crash(patch)
        with pytest.raises(ZeroDivisionError):
            sink.done(_NOON + _DAY)
    assert numbers(site) == [0, 1, 2, 3]
    sink.done(_NOON + _DAY)
    assert numbers(site) == [0, 1, 2, 3]
    assert files(sink) == ["2025-11-18.ndjson.zst"]


def test_what_a_killed_task_left_is_not_compacted(sink: FilesSink, site: "Site") -> None:
    leave(sink, 1)
    write(sink, 1, 1, 2)
    sink.done(_NOON + _DAY)
    assert numbers(site) == [2]


def alert(number: int) -> dict[str, Any]:
    return {"event": {"id": f"a{number}"}, "n": number}


def test_an_alert_file_is_created_once_in_the_folder_of_its_bucket(sink: FilesSink, site: "Site") -> None:
    assert sink.write_alerts([(alert(1), _NOON)]) == 1
    assert sink.write_alerts([({**alert(1), "n": 99}, _NOON), (alert(2), _NOON)]) == 1
    assert files(sink, "alerts") == ["2025-11-18/a1.json", "2025-11-18/a2.json"]
    assert [document["n"] for document in site.alerts()] == [1, 2]


def test_days_older_than_keep_days_are_removed_and_alerts_when_their_bucket_is(sink: FilesSink) -> None:
    for day in range(8):
        write(sink, day, 0, day, time=_NOON + day * _DAY)
        sink.write_alerts([(alert(day), _NOON + day * _DAY)])
    Path(sink.path, "events", "notes.txt").write_text("mine")
    replace(sink, keep_days=3, bucket_hours=48).done(_NOON + 7 * _DAY)
    events = [re.sub(r"\D.*", "", file[8:]) for file in files(sink) if file.startswith("2025")]
    assert events == ["22", "23", "24", "25"]
    assert [file[:10] for file in files(sink, "alerts")] == [f"2025-11-{day}" for day in range(20, 26)]
    assert "notes.txt" in files(sink)
    sink.done(_NOON + 7 * _DAY)
    assert len(files(sink)) == 5


def test_a_folder_that_cannot_be_is_an_error_that_names_the_key(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SinkError, match=r"sink\.files\.path is '.*file': .*; check its rights"):
        FilesSink(str(tmp_path / "file"), "s").start()


@pytest.mark.parametrize("day", ["events/2025-11-18", "alerts/2025-11-18"])
def test_a_disk_that_refuses_is_an_error_that_names_the_key(day: str, sink: FilesSink) -> None:
    # Where a folder should be there is a file: it refuses root too.
    Path(sink.path, day).write_text("")
    with pytest.raises(SinkError, match=r"sink\.files\.path is"):
        write(sink, 1, 0, 1) if day.startswith("events") else sink.write_alerts([(alert(1), _NOON)])


def test_a_sink_pickles_since_tasks_have_it(sink: FilesSink) -> None:
    assert pickle.loads(pickle.dumps(sink)) == sink
