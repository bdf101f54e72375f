"""Real logs through training and the stream: nothing is lost, and the stream says what the judge says offline."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from single_events import event_of

from commands.__main__ import main
from patterns.judge import Judge, shape_id
from patterns.store import Store
from streaming.config import AlertsConfig
from streaming.sink.files import FilesSink
from streaming.source import SourceLine
from training.config import Patterns, TrainingConfig
from training.job import train

if TYPE_CHECKING:
    from tests.streaming.conftest import Site

_LOGS = ("HDFS", "Linux", "Zookeeper")
# Whatever the log, lines go the same way; tests/streaming/test_columns.py has all of them in any case.
_MORE_LOGS = ("Apache", "BGL", "OpenSSH", "Proxifier", "Spark")

pytestmark = [pytest.mark.spark, pytest.mark.usefixtures("spark")]


def halves(log: Path, site: "Site") -> Sequence[bytes]:
    """Train on the first half of a log, make the second the site's log, and return its lines."""
    raw = log.read_bytes().rstrip(b"\r\n").split(b"\n")
    first = site.folder / "first.log"
    first.write_bytes(b"\n".join(raw[: len(raw) // 2]) + b"\n")
    site.log.write_bytes(b"\n".join(raw[len(raw) // 2 :]) + b"\n")
    config = TrainingConfig(patterns=Patterns(str(site.store)))
    train([str(first)], config, config.rules({}), force=False, progress=lambda *_: None)
    return [line.removesuffix(b"\r") for line in raw[len(raw) // 2 :]]


@pytest.mark.parametrize("name", [*_LOGS, *(pytest.param(name, marks=pytest.mark.slow) for name in _MORE_LOGS)])
def test_every_line_of_a_real_log_comes_out_once_and_is_judged_as_offline(
    name: str, site: "Site", loghub: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = halves(loghub / name / f"{name}_2k.log", site)
    # Each shape by itself, so that it can be counted.
    alone = msgspec.structs.replace(site.config(), alerts=AlertsConfig(condense_above=0))
    totals = site.stream_once(alone).totals
    events = site.events()

    assert len({event["event"]["id"] for event in events}) == len(events)
    assert Counter(event["event"]["original"] for event in events) == Counter(line.decode() for line in lines)
    raw = site.log.read_bytes()
    assert all(raw[event["log"]["offset"] :].startswith(event["event"]["original"].encode()) for event in events)

    offline = offline_verdicts(site, lines)
    streamed = [verdict(event) for event in sorted(events, key=lambda event: event["log"]["offset"])]
    assert streamed == offline
    assert main(["match", str(site.log), "--store", str(site.store), "--outliers", "--json"]) == 0
    shown = [json.loads(row)["line"] for row in capsys.readouterr().out.splitlines()]
    assert shown == [number for number, (outlier, *_) in enumerate(offline, start=1) if outlier]

    outliers = [event for event in events if event["logwinnow"]["outlier"]]
    unjudged = [event for event in events if "unjudged" in event["logwinnow"]]
    assert totals["lines"] == len(lines) == totals["matched"] + len(outliers) + len(unjudged)
    assert totals["outliers"] == len(outliers)
    assert totals["unjudged_blank"] + totals["unjudged_no_constant"] == len(unjudged)

    site.check_alerts()
    shapes = Counter(event["logwinnow"]["shape"]["id"] for event in outliers)
    told = {alert["logwinnow"]["shape"]["id"]: alert["logwinnow"]["count"] for alert in site.alerts()}
    assert told == shapes
    assert totals["alerts"] == totals["outlier_shapes"] == len(shapes)


def offline_verdicts(site: "Site", lines: Sequence[bytes]) -> list[tuple[Any, ...]]:
    """Return what the judge says of lines, without Spark."""
    judge = Judge(Store(str(site.store)).read().patterns)
    found = []
    for line in lines:
        judgement = judge.judge(line, 0)
        (_, scope, shape, unjudged, _), known = judgement.shaped, judgement.verdict and judgement.verdict.known
        shown = None if unjudged else shape_id(scope, shape)
        found.append((judgement.outlier, unjudged, shown, known and known.id, judge.parameters(judgement)))
    return found


def verdict(event: dict[str, Any]) -> tuple[Any, ...]:
    """Return the same of an event."""
    ours = event["logwinnow"]
    shape, pattern = ours.get("shape", {}).get("id"), ours.get("pattern", {}).get("id")
    return ours["outlier"], ours.get("unjudged"), shape, pattern, ours.get("params", [])


def test_in_many_small_batches_the_same_comes_out(site: "Site", loghub: Path) -> None:
    lines = halves(loghub / "BGL" / "BGL_2k.log", site)
    config = site.config(max_bytes=40_000)
    totals = site.stream_once(config).totals
    assert totals["batches"] > 3
    assert site.lines() == sorted(line.decode() for line in lines)
    assert totals["lines"] == len(lines)
    site.check_alerts()
    # All is judged: another run finds nothing to do, and the sink stays as it is.
    before = site.lines()
    assert site.stream_once(config).totals["lines"] == 0
    assert site.lines() == before


def test_a_program_that_the_set_does_not_know_is_few_alerts(site: "Site", loghub: Path) -> None:
    site.publish("door opened", scope="door")
    site.append(*(loghub / "OpenSSH" / "OpenSSH_2k.log").read_bytes().rstrip(b"\n").split(b"\n"))
    totals = site.stream_once().totals
    site.check_alerts()
    assert (totals["outlier_shapes"], totals["alerts"], totals["alerts_condensed"]) == (179, 28, 5)
    condensed = [alert["logwinnow"] for alert in site.alerts() if "shapes" in alert["logwinnow"]]
    assert {(each["shapes"], each["pattern"]["text"]) for each in condensed} > {
        (48, "Failed password for invalid user *{1,1} from *{1,1} port *{1,1}"),
        (48, "Invalid user *{1,1} from *{1,1}"),
        (48, "input_userauth_request: invalid user *{1,1} preauth"),
        (6, "Failed password for *{1,1} from *{1,1} port *{1,1}"),
    }


def test_days_that_are_over_are_compacted_when_a_batch_of_a_later_day_is_done(site: "Site") -> None:
    sink = FilesSink(str(site.sink), "57ea")
    sink.start()
    with sink.part(0, 0, 0, lambda _letter: None) as writer:
        writer.write(event_of({"event": {"original": "old"}}, SourceLine(b"", b"", 0, "", "", 0, {})))
    site.publish("user left")
    site.append("user left")
    site.stream_once()
    assert [file.name for file in (site.sink / "events").glob("1970*")] == ["1970-01-01.ndjson.zst"]
    assert site.lines() == ["old", "user left"]
    assert all(msgspec.json.decode(part.read_bytes()) for part in site.sink.glob("events/*/*.ndjson"))
