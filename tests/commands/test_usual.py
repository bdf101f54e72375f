"""What `train` and `patterns show` say of what is usual."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from patterns.store import Store

Run = Callable[..., tuple[int, str, str]]

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
LEARN = ("--set", "baselines.learn=true", "--set", "baselines.least_lines=5")


def said(at: datetime, host: str, what: str) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}Z {host} app: {what}\n"


def four_days() -> Iterator[str]:
    for hour in range(4 * 24):
        at = BEGIN + timedelta(hours=hour)
        yield said(at, "web1", "still alive")
        for minute in range(0, 60, 10):
            yield said(
                at + timedelta(minutes=minute), "web1", f"job {hour * 7 + minute} from \x1b3{minute % 20 // 10}m done"
            )


@pytest.fixture
def days(tmp_path: Path) -> Path:
    path = tmp_path / "days.log"
    path.write_text("".join(four_days()), encoding="utf-8")
    return path


def ids(store: str) -> dict[str, str]:
    return {str(known.pattern.constants[0]): known.id for known in Store(store).read().patterns.patterns}


def test_train_says_how_much_is_usual(run: Run, days: Path) -> None:
    code, out, _ = run("train", days, "--store", "store", *LEARN)
    assert code == 0
    assert "baselines  1 rate, 2 heartbeats, values of 1 parameter, of 4 days\n" in out
    summary = json.loads(run("train", days, "--store", "store", "--json", *LEARN)[1])
    assert summary["baselines"] == {
        "from": "2026-03-01",
        "to": "2026-03-04",
        "days": 4,
        "rates": 1,
        "heartbeats": 2,
        "values": 1,
        "pairs": 2,
        "left_out": {"pairs": 0, "lines": 0},
    }


def test_train_says_what_was_too_much(run: Run, days: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.baselines.learned.MOST_PAIRS", 1)
    _, out, _ = run("train", days, "--store", "store", *LEARN)
    assert "not observed: 1 pair of a pattern and a host beyond the 1 with the most lines, 96 lines;" in out


def test_show_says_what_is_usual_of_a_pattern_and_steers_no_terminal(run: Run, days: Path) -> None:
    run("train", days, "--store", "store", "--quiet", *LEARN)
    code, out, _ = run("patterns", "show", ids("store")["job"], "--store", "store")
    assert code == 0
    assert "\x1b" not in out
    usual = out[out.index("usual lines an hour") :]
    assert usual == (
        "usual lines an hour, from 0 to 23 o'clock UTC, each ± its spread:\n"
        "host  days  lines\n"
        f"web1     4  {' '.join(['6±0.0'] * 24)}\n"
        "heartbeats:\n"
        "host   every  late by  seen\n"
        "web1  10 min    1 min  576\n"
        "all values of a parameter:\n"
        "parameter  lines  values\n"
        "        2    576  '\\x1b30m', '\\x1b31m'\n"
    )


def test_show_says_where_nothing_is_usual_and_nothing_where_nothing_was_learned(run: Run, days: Path) -> None:
    run("train", days, "--store", "store", "--quiet", "--set", "baselines.learn=true")
    alive = ids("store")["still"]
    assert "heartbeats:" in run("patterns", "show", alive, "--store", "store")[1]
    days.write_text("".join(list(four_days())[:100]))
    run("train", days, "--store", "store", "--quiet", "--force", "--set", "baselines.learn=true")
    assert run("patterns", "show", alive, "--store", "store")[1].endswith("usual: nothing of it, in 1 day\n")
    run("train", days, "--store", "store", "--quiet", "--force")
    assert "usual" not in run("patterns", "show", alive, "--store", "store")[1]
