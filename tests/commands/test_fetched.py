"""`logwinnow train` and `mine` of kafka:TOPIC and elasticsearch:INDEX: what they ask for, say and refuse."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from commands import progress
from patterns.store import Store
from patterns.timestamps import SECOND, iso
from training.fetched import elasticsearch, kafka
from training.fetched.counts import FetchCounts
from training.fetched.spool import Spool
from training.fetched.time_range import TimeRange

Run = Callable[..., tuple[int, str, str]]

NOVEMBER_3 = 1_793_664_000 * SECOND


@pytest.fixture
def asked(log: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any, TimeRange]]:
    """Have Kafka and Elasticsearch give the lines of `log`; collect what they are asked for."""
    made: list[tuple[str, Any, TimeRange]] = []
    lines = log.read_bytes().splitlines()

    def fetch(name: str, config: Any, _rules: Any, counts: FetchCounts, spool: Spool, tell: Any) -> None:
        made.append((name, config, counts.time_range))
        counts.leave_out("no_value", 2)
        counts.records = 2
        for line in lines:
            spool.add(line, NOVEMBER_3)
            counts.records += 1
            counts.lines += 1
            tell(counts.lines, counts.records, 62)

    monkeypatch.setattr(kafka, "fetch", fetch)
    monkeypatch.setattr(elasticsearch, "fetch", fetch)
    return made


def patterns_of(store: str) -> bytes:
    return (Path(store) / str(Store(store).current()) / "patterns.jsonl").read_bytes()


def test_train_publishes_what_it_would_of_a_file_and_says_what_was_fetched(
    run: Run, log: Path, asked: list[Any]
) -> None:
    code, out, err = run("train", "kafka:logs", "--store", "store", "--from", "2026-11-03", "--to", "2026-11-04T12:00")

    version = Store("store").current()
    assert (code, err) == (0, "")
    assert out.startswith(
        f"published  {version} in store\n"
        "fetched    60 lines of kafka:logs from 2026-11-03T00:00:00.000Z to 2026-11-04T12:00:00.000Z; "
        "no lines: no_value 2\n"
        "lines      60, all judged\n"
    )
    assert [(name, *times) for name, _, times in asked] == [
        ("logs", NOVEMBER_3, NOVEMBER_3 + 129_600 * SECOND),
    ]
    run("train", log, "--store", "of-a-file", "--quiet")
    assert patterns_of("store") == patterns_of("of-a-file")


def test_the_manifest_and_json_have_what_was_fetched(run: Run, log: Path, asked: list[Any]) -> None:
    summary = json.loads(run("train", "kafka:a", log, "elasticsearch:b-*", "--store", "store", "--json")[1])

    told = {"start": None, "end": None, "records": 62, "lines": 60, "left_out": {"no_value": 2}}
    assert summary["fetched"] == [{"source": "kafka:a", **told}, {"source": "elasticsearch:b-*", **told}]
    assert Store("store").read().run["fetched"] == summary["fetched"]
    assert summary["corpus"]["lines"] == 180
    assert len(asked) == 2


def test_of_files_alone_nothing_is_said_of_fetching(run: Run, log: Path) -> None:
    assert "fetched" not in run("train", log, "--store", "store")[1]
    assert json.loads(run("train", log, "--store", "store", "--json")[1])["fetched"] == []


@pytest.mark.parametrize("engine", ["python", "polars"])
@pytest.mark.parametrize("options", [[], ["--raw"]], ids=["default", "raw"])
def test_mine_prints_what_it_would_of_a_file_and_reads_it_again_for_outliers(
    run: Run, log: Path, asked: list[Any], engine: str, options: list[str]
) -> None:
    words = ("--support", "20", "--outliers", "rest", "--engine", engine, *options)

    code, out, err = run("mine", "kafka:logs", "--from", "24h", *words)
    rest = Path("rest").read_bytes()
    _, expected, told = run("mine", log, *words)

    assert (code, out) == (0, expected)
    assert rest == Path("rest").read_bytes()
    assert err == told.replace("60 lines mined", "60 lines mined (not: no_value 2)")
    assert len(asked) == 1


def test_mine_raw_takes_from_the_configuration_where_to_fetch(run: Run, asked: list[Any]) -> None:
    options = ("--raw", "--support", "20", "--set", "corpus.kafka.bootstrap_servers=broker:9092")

    assert run("mine", "kafka:logs", *options)[0] == 0
    assert asked[0][1].bootstrap_servers == "broker:9092"


@pytest.mark.parametrize("verb", [("train", "--store", "store"), ("mine", "--support", "2")])
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["app.log", "--from", "24h"],
            "--from and --to are about kafka:TOPIC, elasticsearch:INDEX and events:DIR, and none is given",
        ),
        (["./kafka:logs", "--to", "24h"], "none is given"),
        (["kafka:logs", "--from", "nonsense"], "argument --from: 'nonsense' is no time: give 2026-11-24"),
        (["kafka:logs", "--to", "2026-02-30"], "argument --to: '2026-02-30' is no time"),
        (["kafka:logs", "--from", "2026-11-24", "--to", "2026-11-24"], "the first time is to be the earlier one"),
        (["kafka:logs", "--from", "1h", "--to", "2h"], "the first time is to be the earlier one"),
    ],
)
def test_times_that_cannot_be_meant_are_wrong_use(
    run: Run, asked: list[Any], verb: tuple[str, ...], words: list[str], told: str
) -> None:
    code, out, err = run(*verb, *words)

    assert (code, out, asked) == (2, "", [])
    assert told in err


def test_yesterday_to_today_is_one_whole_day(run: Run, asked: list[Any]) -> None:
    run("train", "kafka:logs", "--store", "store", "--from", "yesterday", "--to", "today", "--quiet")

    times = asked[0][2]
    assert (times.end - times.start) == 86_400 * SECOND
    assert iso(times.start).endswith("T00:00:00.000Z")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["elasticsearch:logs-*", "--set", "corpus.elasticsearch.url=http://127.0.0.1:1"],
            "logwinnow: Elasticsearch at http://127.0.0.1:1 does not answer",
        ),
        (
            ["elasticsearch:logs-*", "--set", "corpus.elasticsearch.api_key=env:NONE"],
            "logwinnow: secret 'env:NONE' is empty or not there",
        ),
        (
            [
                *("kafka:logs", "--set", "corpus.kafka.security_protocol=SASL_SSL"),
                *("--set", "corpus.kafka.username=u", "--set", "corpus.kafka.password=env:NONE"),
            ],
            "logwinnow: secret 'env:NONE' is empty or not there",
        ),
    ],
)
def test_a_server_that_cannot_be_used_is_told_in_one_line(run: Run, words: list[str], told: str) -> None:
    code, out, err = run("train", "--store", "store", *words)

    assert (code, out) == (1, "")
    assert err.startswith(told)
    assert err.count("\n") == 1


@pytest.mark.usefixtures("asked")
def test_progress_of_fetching_is_told_as_that_of_reading(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.0)

    err = run("train", "kafka:logs", "--store", "store", "--engine", "python")[2]

    told = err.splitlines()
    assert told[0].startswith("read 1 lines, ")
    assert told[59].startswith("read 60 lines, ")
    assert "%, " in told[59]
    assert told[60].startswith("read 60 lines, ")
    assert "%" not in told[60]


def test_the_next_reading_is_timed_from_its_beginning(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.0)

    with progress.reading(quiet=False) as report:
        for seconds, *numbers in ((10.0, 100, 50, 100), (20.0, 200, 99, 100), (20.0, 0, 0, 50), (30.0, 20, 10, 50)):
            now[0] = seconds
            report(*numbers)

    first, _, _, last = capsys.readouterr().err.splitlines()
    assert first == "read 100 lines, 10/s, 50%, 10 s left"
    assert last == "read 20 lines, 2/s, 20%, 40 s left"
