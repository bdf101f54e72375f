"""`logwinnow backtest`: what it says is what `match` says of each line, and what the stream's own code would tell."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from commands.backtesting.alerts import ShapeOfDay, by_whole_days, told
from patterns.judge import Judge
from patterns.store import Store
from patterns.timestamps import DAY, SECOND, iso, utc_day
from streaming.alerts import HOUR, AlertBook, AlertState
from streaming.config import AlertsConfig
from streaming.line_judge import LineJudge
from streaming.sink.events import Events
from streaming.source import SourceLine
from streaming.tally import Tally

Run = Callable[..., tuple[int, str, str]]


def backtested(run: Run, *words: str | Path) -> dict[str, Any]:
    code, out, err = run("backtest", *words, "--json", "--quiet")
    assert (code, err) == (0, "")
    return dict(json.loads(out))


def matched(run: Run, log: Path, store: Path) -> list[dict[str, Any]]:
    _, out, _ = run("match", log, "--store", store, "--json", "--quiet")
    return [json.loads(line) for line in out.split("\n")[:-1]]


@pytest.fixture
def trained(run: Run, tmp_path: Path, loghub: Path) -> Callable[[str, int], tuple[Path, Path]]:
    """Train on the first lines of a real log; return the log and the store, which has a set of the whole log too."""

    def train(dataset: str, lines: int) -> tuple[Path, Path]:
        log, store = loghub / dataset / f"{dataset}_2k.log", tmp_path / "store"
        (tmp_path / "first.log").write_bytes(b"\n".join(log.read_bytes().split(b"\n")[:lines]) + b"\n")
        assert run("train", tmp_path / "first.log", "--store", store, "--quiet")[0] == 0
        return log, store

    return train


@pytest.mark.parametrize("dataset", ["OpenSSH", "BGL", "Linux", "Zookeeper"])
def test_its_numbers_are_those_of_match(
    run: Run, trained: Callable[[str, int], tuple[Path, Path]], dataset: str
) -> None:
    log, store = trained(dataset, 300)
    rows = matched(run, log, store)

    (result,) = backtested(run, "--on", log, "--store", store)["sets"]

    outliers = [row for row in rows if row["outlier"]]
    assert len(outliers) > 3
    assert result["lines"] == len(rows)
    assert result["unjudged"] == dict(Counter(row["unjudged"] for row in rows if row["unjudged"]))
    assert result["outliers"] == len(outliers)
    assert result["matched"] == sum(row["pattern"] is not None for row in rows)
    shapes = Counter(row["shape"] for row in outliers)
    assert result["shapes"] == len(shapes)
    assert {kind["shape"]: kind["lines"] for kind in result["top"]}.items() <= shapes.items()
    assert sorted((kind["lines"] for kind in result["top"]), reverse=True) == sorted(shapes.values(), reverse=True)[:10]
    first = {row["shape"]: row for row in outliers}
    for kind in result["top"]:
        near = first[kind["shape"]]["nearest"]
        assert kind["nearest"] == (f"{near['id']}, {near['difference']}" if near else None)
        assert kind["reason"] == first[kind["shape"]]["reason"]
    programs: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        if row["unjudged"] is None:
            programs[row["scope"]][0] += 1
            programs[row["scope"]][1] += row["outlier"]
    assert {each["scope"]: [each["lines"], each["outliers"]] for each in result["programs"]} == programs


def streamed(log: Path, store: Path, config: AlertsConfig) -> Counter[str]:
    """Judge a log as a stream does that gets each line when it was written, a hundred at a time; alerts by day."""
    stored = Store(str(store)).read()
    plain = Judge(stored.patterns)
    lines = [(plain.judge(line, DAY).shaped.line.time, line) for line in log.read_bytes().split(b"\n")[:-1]]
    lines.sort(key=lambda line: line[0])
    state, days = AlertState(), Counter[str]()
    for start in range(0, len(lines), 100):
        tally = Tally()
        for at, (time, line) in enumerate(lines[start : start + 100], start=start):
            judge = LineJudge(plain, "app", stored.version, time + SECOND)
            judge.write([SourceLine(line, line, time, f"{at}", "app.log", at, {})], _Nowhere(), tally)
        book = AlertBook(config, "app", stored.version, state)
        for alert in book.tell(tally.shapes.values(), 0, 0):
            if "overflow" not in alert.document["logwinnow"]:
                days[alert.document["@timestamp"][:10]] += 1
        state = msgspec.json.decode(msgspec.json.encode(book.close()), type=AlertState)
    return days


class _Nowhere:
    def write(self, events: Events) -> None: ...


@pytest.fixture
def fleet(run: Run, tmp_path: Path) -> tuple[Path, Path]:
    """Some days of many programs, with what is new on each, and a set of the first."""
    whole = tmp_path / "fleet.log"
    lines = [
        f"2026-11-{16 + day}T{minute // 60:02}:{minute % 60:02}:0{step}Z web1 app{minute % 4}[1]: {said}"
        for day in range(5)
        for minute in range(0, 1_440, 7)
        for step, said in enumerate(
            [
                f"request {minute} done",
                *([f"failure {'abcdefgh'[minute % 5]} of day kind {'uvwxyz'[day]}"] if minute % 3 == 0 else []),
                *([f"retry {'abcdefgh'[minute % 5]} again"] if day in (1, 3, 4) and minute % 11 == 0 else []),
            ]
        )
    ]
    whole.write_text("\n".join(lines) + "\n")
    (tmp_path / "day.log").write_text("\n".join(line for line in lines if line.startswith("2026-11-16")) + "\n")
    assert run("train", tmp_path / "day.log", "--store", tmp_path / "store", "--quiet")[0] == 0
    return whole, tmp_path / "store"


@pytest.mark.parametrize("hours", [24, 48, 72])
def test_alerts_a_day_are_those_that_the_stream_tells(
    run: Run, fleet: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    log, store = fleet
    monkeypatch.setenv("LOGWINNOW_ALERTS__REPEAT_AFTER_HOURS", str(hours))
    (result,) = backtested(run, "--on", log, "--store", store)["sets"]
    expected = streamed(log, store, AlertsConfig(repeat_after_hours=hours))
    assert len(expected) > 2
    assert result["alerts"] == dict(expected)
    assert result["held_back"] == 0


def test_a_storm_is_condensed_as_the_stream_does() -> None:
    monday = 20_409 * DAY
    names = [f"{a}{b}{c}" for a in "xyz" for b in "xyz" for c in "xyz"]
    shapes = [
        ShapeOfDay("p", f"object {name} of pool <*> is gone", 2, monday + day * DAY + at * SECOND)
        for day in range(2)
        for at, name in enumerate(names)
    ]
    assert told(shapes, AlertsConfig()).days == {utc_day(monday): 1, utc_day(monday + DAY): 1}
    assert told(shapes, AlertsConfig(condense_above=0)).days == {utc_day(monday): 27, utc_day(monday + DAY): 27}
    assert told(shapes[:10], AlertsConfig()).days == {utc_day(monday): 10}


def test_alerts_above_the_cap_are_held_back_and_counted(run: Run, fleet: tuple[Path, Path], monkeypatch: Any) -> None:
    log, store = fleet
    monkeypatch.setenv("LOGWINNOW_ALERTS__PER_HOUR", "2")
    (result,) = backtested(run, "--on", log, "--store", store)["sets"]
    assert result["held_back"] > 0
    assert all(number <= 48 for number in result["alerts"].values())


@pytest.mark.parametrize("hours", [6, 60])
def test_an_interval_of_no_whole_days_is_counted_by_days_and_says_so(
    run: Run, fleet: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    log, store = fleet
    daily = backtested(run, "--on", log, "--store", store)["sets"][0]["alerts"]
    monkeypatch.setenv("LOGWINNOW_ALERTS__REPEAT_AFTER_HOURS", str(hours))
    assert backtested(run, "--on", log, "--store", store)["sets"][0]["alerts"] == daily
    assert f"repeat_after_hours is {hours}" in run("backtest", "--on", log, "--store", store, "--quiet")[1]


def test_a_shape_is_told_by_the_time_of_its_first_line() -> None:
    monday = 20_409 * DAY
    shapes = [
        ShapeOfDay("p", "a", 3, monday + 5 * HOUR),
        ShapeOfDay("p", "a", 1, monday + DAY),
        ShapeOfDay("p", "b", 1, monday),
    ]
    days = {utc_day(monday): 2, utc_day(monday + DAY): 1}
    assert told(shapes, AlertsConfig()).days == days
    assert told(shapes[::-1], AlertsConfig()).days == days
    assert by_whole_days(AlertsConfig(repeat_after_hours=48))
    assert not by_whole_days(AlertsConfig(repeat_after_hours=36))
    assert iso(monday)[:10] in days


def test_two_sets_stand_beside_each_other_with_what_only_one_flags(
    run: Run, trained: Callable[[str, int], tuple[Path, Path]]
) -> None:
    log, store = trained("OpenSSH", 200)
    old = str(Store(str(store)).current())
    before = {row["shape"] for row in matched(run, log, store) if row["outlier"]}
    assert run("train", log, "--store", store, "--quiet")[0] == 0

    found = backtested(run, "--set", old, "--set", "current", "--on", log, "--store", store)

    assert [each["set"] for each in found["sets"]] == [old, Store(str(store)).current()]
    assert found["sets"][1]["outliers"] == 0
    first, second = found["differences"]
    assert (first["only"], first["beside"]) == (0, 1)
    assert {kind["shape"] for kind in first["kinds"]} == before
    assert first["lines"] == found["sets"][0]["outliers"]
    assert (second["only"], second["kinds"]) == (1, [])
    code, out, _ = run("backtest", "--set", old, "--set", "current", "--on", log, "--store", store)
    assert code == 0
    assert f"only A flags, not B: {len(before)} kinds" in out
    assert "every outlier of B is one of A, too" in out


def test_no_set_flags_every_judged_line(run: Run, log: Path, store: Path) -> None:
    log.write_bytes(log.read_bytes() + b"Nov  3 05:00:00 web1 sshd[7]: never seen\n")
    found = backtested(run, "--set", "none", "--set", "current", "--on", log, "--store", store)
    none, current = found["sets"]
    assert (none["set"], none["outliers"], none["matched"], none["shapes"]) == ("none", 61, 0, 4)
    assert (current["outliers"], current["matched"]) == (1, 60)
    assert [(each["shapes"], each["lines"]) for each in found["differences"]] == [(3, 60), (0, 0)]


def test_an_accept_and_a_reject_change_what_the_operators_file_would(run: Run, log: Path, store: Path) -> None:
    new = b"Nov  3 05:00:00 web1 sshd[7]: Accepted publickey for alice\n"
    log.write_bytes(log.read_bytes() + new * 3)
    (kind,) = backtested(run, "--on", log, "--store", store)["sets"][0]["top"]
    rejected = next(known for known in Store(str(store)).read().patterns.patterns if known.scope == "cron")

    tried = ("--accept", kind["shape"], "--reject", rejected.id[:6])
    found = backtested(run, *tried, "--on", log, "--store", store)

    now, changed = found["sets"]
    assert (now["outliers"], changed["outliers"]) == (3, 20)
    assert [each["lines"] for each in found["differences"]] == [3, 20]
    assert changed["set"].endswith(f" and accept {kind['shape']}, reject {rejected.id[:6]}")
    assert changed["top"][0]["reason"] == "rejected"
    assert not (store / "operator.jsonl").exists()
    entries = [
        {"do": "accept", "scope": "sshd", "shape": kind["text"]},
        {"do": "reject", "scope": "cron", "pattern": rejected.pattern.text},
    ]
    (store / "operator.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    (decided,) = backtested(run, "--on", log, "--store", store)["sets"]
    assert {**decided, "set": ""} == {**changed, "set": ""}


def test_sets_that_read_lines_by_other_rules_have_no_kinds_in_common(run: Run, log: Path, store: Path) -> None:
    old = str(Store(str(store)).current())
    assert run("train", log, "--store", store, "--header", "plain", "--quiet", "--force")[0] == 0
    found = backtested(run, "--set", old, "--set", "current", "--on", log, "--store", store)
    assert found["differences"] == []
    assert [each["lines"] for each in found["sets"]] == [60, 60]
    _, out, _ = run("backtest", "--set", old, "--set", "current", "--on", log, "--store", store)
    assert "the sets read lines by other rules (header)" in out
    given = log.read_bytes()
    code, _, err = run("backtest", "--set", old, "--set", "current", "--on", "-", "--store", store, stdin=given)
    assert code == 1
    assert "standard input cannot be" in err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--set", "current", "--set", "none", "--set", "none"], 2, "two sets"),
        (["--set", "none", "--accept", "aaaa"], 2, "has nothing to decide about"),
        (["--set", "20200101"], 1, "version '20200101' is not in store"),
        (["--accept", "aaaaaaaaaaaa"], 1, "--accept is 'aaaaaaaaaaaa': that is the id of no outlier shape or pattern"),
        (["--reject", "zzzz"], 1, "--reject is 'zzzz': that is the id of no pattern"),
        (["--from", "today"], 2, "--from and --to are about"),
    ],
)
def test_what_cannot_be_done_is_told(run: Run, log: Path, store: Path, words: list[str], code: int, said: str) -> None:
    found, out, err = run("backtest", *words, "--on", log, "--store", store)
    assert (found, out) == (code, "")
    assert said in err


def test_what_people_read_steers_no_terminal(run: Run, hostile: Path) -> None:
    text = Path("evil.log").read_bytes().split(b"\n")[0].replace(b"[bold]b", b"[bold]new")
    Path("new.log").write_bytes(text + b"\n")
    code, out, err = run("backtest", "--on", "new.log", "--store", hostile, "--quiet")
    assert (code, err) == (0, "")
    assert all(row.isprintable() for row in out.split("\n"))
    assert "[bold]new[/]" in out


def test_engines_give_the_same(run: Run, fleet: tuple[Path, Path], tmp_path: Path) -> None:
    log, store = fleet
    (tmp_path / "training.toml").write_text('[mining]\nengine = "python"\n')
    assert backtested(run, "--on", log, "--store", store) == backtested(
        run, "--on", log, "--store", store, "--config", tmp_path / "training.toml"
    )
