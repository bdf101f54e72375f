"""A storm of new shapes, from the log to the alert, the next training, and the next day."""

import random
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from msgspec.structs import replace

from commands.__main__ import main
from patterns.errors import PatternsError
from patterns.language import parse
from patterns.store import Store
from streaming import judging
from streaming.batches import BatchRecord
from streaming.errors import StreamingError
from streaming.job import Stream
from tests.streaming.running import running

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.streaming.conftest import Site

    Told = Callable[[str], list[dict[str, Any]]]

pytestmark = [pytest.mark.spark, pytest.mark.usefixtures("spark")]

QUOTA = "user *{1,1} of tenant *{1,1} is over quota"
UNIT = "*{1,1} Main process exited code= exited status= *{1,1}"
# Of yesterday: a night goes on from the newest line of what was trained by hand.
_HEADER = time.strftime("%b %d %H:%M:%S web1", time.gmtime(time.time() - 86_400))
USUAL = f"{_HEADER} app[1]: door opened"


def names(number: int, seed: int = 7) -> list[str]:
    chance = random.Random(seed)
    return ["".join(chance.choices("bcdfghjklmnpqrstvwxz", k=8)) for _ in range(number)]


def storm(number: int, seed: int = 7) -> list[str]:
    """Return lines of two kinds of two programs, for each of so many names."""
    return [
        line
        for name in names(number, seed)
        for line in (
            f"{_HEADER} app[1]: user {name} of tenant {name} is over quota",
            f"{_HEADER} systemd[1]: {name}.service: Main process exited, code=exited, status=1/FAILURE",
        )
    ]


def told_of(site: "Site") -> dict[str, dict[str, Any]]:
    """Return the text of each provisional pattern → our own fields of its alert; there must be no two."""
    ours = [alert["logwinnow"] for alert in site.alerts() if "shapes" in alert["logwinnow"]]
    found = {each["pattern"]["text"]: each for each in ours}
    assert len(found) == len(ours)
    return found


def identity(text: str, scope: str) -> str:
    return parse(text).identity(scope)


def test_a_storm_is_two_alerts_and_what_is_new_beside_it_is_told_by_itself(site: "Site", told: "Told") -> None:
    site.publish("door opened", scope="app")
    site.append(USUAL, *storm(700), f"{_HEADER} app[1]: the disk is on fire", *storm(700))
    site.stream_once()
    found = told_of(site)
    assert {text: (each["shapes"], each["count"], each["scope"]) for text, each in found.items()} == {
        QUOTA: (700, 1_400, "app"),
        UNIT: (700, 1_400, "systemd"),
    }
    assert len(site.alerts()) == 3
    (batch,) = told("batch")
    assert {name: batch[name] for name in ("outlier_shapes", "alerts", "alerts_condensed", "alerts_held_back")} == {
        "outlier_shapes": 1_401,
        "alerts": 3,
        "alerts_condensed": 2,
        "alerts_held_back": 0,
    }
    proposed = Store(str(site.store)).provisional()
    assert {(each.scope, each.pattern, each.source, each.shapes) for each in proposed} == {
        ("app", QUOTA, "app", 700),
        ("systemd", UNIT, "app", 700),
    }


def test_its_alert_can_be_found_accepted_rejected_and_explained(
    site: "Site", capsys: pytest.CaptureFixture[str]
) -> None:
    site.publish("door opened", scope="app")
    site.append(*storm(30))
    site.stream_once()
    config = site.folder / "streaming.toml"
    config.write_text(f'[sink.files]\npath = "{site.sink}"\n')
    where = ["--store", str(site.store), "--streaming-config", str(config)]
    of_alert = {alert["logwinnow"]["pattern"]["text"]: alert["event"]["id"] for alert in site.alerts()}

    assert main(["explain", of_alert[QUOTA], "--store", str(site.store), "--config", str(config)]) == 0
    said = capsys.readouterr().out
    assert f"told as     one of 30 new shapes, 30 lines, that are alike: {identity(QUOTA, 'app')}  {QUOTA}" in said
    assert "an outlier (no_pattern) by set" in said
    assert "the same" in said

    assert main(["patterns", "accept", of_alert[QUOTA], *where]) == 0
    assert QUOTA in capsys.readouterr().out
    # Before the next training knows it, too: by the id that the alert shows, or its beginning.
    assert main(["patterns", "reject", identity(UNIT, "systemd")[:6], "--store", str(site.store)]) == 0
    entries = Store(str(site.store)).decisions().entries
    assert [(entry.do, entry.scope, entry.pattern) for entry in entries] == [
        ("accept", "app", QUOTA),
        ("reject", "systemd", UNIT),
    ]
    before = len(site.alerts())
    site.append(*storm(20, seed=8))
    site.stream_once()
    new = [event["logwinnow"] for event in site.events()[-40:]]
    assert {(each["scope"], each["outlier"], each.get("reason")) for each in new} == {
        ("app", False, None),
        ("systemd", True, "rejected"),
    }
    assert len(site.alerts()) == before


def test_a_storm_that_runs_on_over_many_small_batches_is_few_alerts(site: "Site") -> None:
    site.publish("door opened", scope="app")
    site.append(USUAL)
    with running(Stream(site.config(seconds=0.05), once=False)) as wait_until:
        sent = storm(120)
        for at in range(0, len(sent), 8):
            site.append(*sent[at : at + 8])
            wait_until(partial(_has_events, site, min(at + 9, 241)))
    assert len(site.alerts()) <= 2 * (10 + 4 + 1)
    assert told_of(site).keys() == {QUOTA, UNIT}
    ours = [alert["logwinnow"] for alert in site.alerts()]
    assert sum(each["count"] + each["untold"] for each in ours) + site.untold() == 240


def test_the_next_training_adopts_the_ids_and_the_next_days_lines_and_alerts_have_them(
    site: "Site", capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(site, [USUAL] * 3) == 0
    ids = {identity(QUOTA, "app"), identity(UNIT, "systemd")}
    # Users whose lines are many would be patterns of their own, were the words not held.
    root = [line.replace(names(1)[0], "root") for line in storm(1)] * 40
    site.append(*storm(60), *root)
    site.stream_once()
    assert {each["pattern"]["id"] for each in told_of(site).values()} == ids

    assert night(site) == 0
    patterns = Store(str(site.store)).read().patterns
    assert {known.id: known.state for known in patterns.patterns if known.id in ids} == dict.fromkeys(ids, "pending")
    assert Store(str(site.store)).provisional() == ()
    assert "2 of 2 patterns that alerts named" in capsys.readouterr().out

    # On the same day nothing is told again, although the set says now that they are pending.
    alerts = len(site.alerts())
    site.append(*storm(40, seed=9))
    site.stream_once()
    new = [event["logwinnow"] for event in site.events()[-80:]]
    assert {(each["pattern"]["id"], each["pattern"]["state"], each["reason"]) for each in new} == {
        (each, "pending", "pending") for each in ids
    }
    assert len(site.alerts()) == alerts

    # On the next day each is told once more, under its id, and with what was held back.
    make_it_yesterday(site)
    site.append(*storm(30, seed=10))
    site.stream_once()
    again = [alert["logwinnow"] for alert in site.alerts()]
    assert {each["pattern"]["id"] for each in again} == ids
    assert {(each["shapes"], each["count"], each["untold"]) for each in again} == {(30, 30, 40)}
    assert Store(str(site.store)).provisional() == ()


def test_a_store_that_cannot_be_written_costs_the_hint_and_is_said_once(
    site: "Site", told: "Told", monkeypatch: pytest.MonkeyPatch
) -> None:
    site.publish("door opened", scope="app")

    def refuse(_store: Store, _change: object) -> None:
        raise PatternsError("store 'x' cannot be written: no right")

    monkeypatch.setattr(Store, "change_provisional", refuse)
    with running(Stream(site.config(seconds=0.05), once=False)) as wait_until:
        for number, word in enumerate(("quota", "limit", "bounds"), start=1):
            site.append(*(line.replace("quota", word) for line in storm(30)[::2]))
            wait_until(partial(_has_alerts, site, number))
    assert len(told("provisional_refused")) == 1


def test_a_batch_that_crashed_tells_and_proposes_the_same_when_it_is_replayed(
    site: "Site", monkeypatch: pytest.MonkeyPatch
) -> None:
    site.publish("door opened", scope="app")
    site.append(*storm(40))
    for crash in ("sink.done", "notify"):
        with monkeypatch.context() as patch:
            if crash == "notify":
                patch.setattr(judging, "_stamps", lambda *_: 1 / 0)
            else:
                patch.setattr("streaming.sink.files.FilesSink.done", lambda *_: 1 / 0)
            with pytest.raises(StreamingError):
                site.stream_once()
    alerts, proposed = site.alerts(), (site.store / "provisional.jsonl").read_bytes()
    site.append(USUAL)
    site.stream_once()
    assert site.alerts() == alerts
    assert len(alerts) == 2
    assert (site.store / "provisional.jsonl").read_bytes() == proposed
    assert len(site.events()) == 81


def _has_events(site: "Site", number: int) -> bool:
    return len(site.lines()) >= number


def _has_alerts(site: "Site", number: int) -> bool:
    return len(site.alerts()) == number


def make_it_yesterday(site: "Site") -> None:
    """Have all alerts been told a day earlier: a stream that follows files goes by the clock."""
    (site.sink / "alerts").rename(site.folder / "yesterday")
    for path in (site.checkpoint / "logwinnow" / "batches").glob("[0-9]*.json"):
        record = msgspec.json.decode(path.read_bytes(), type=BatchRecord)
        assert record.alerts is not None
        before = record.alerts
        state = replace(
            before,
            hour=before.hour - 24,
            shapes={key: (told_in - 24, untold) for key, (told_in, untold) in before.shapes.items()},
            provisional={key: replace(each, told_in=each.told_in - 24) for key, each in before.provisional.items()},
            alone=tuple((scope, text, start - 24) for scope, text, start in before.alone),
        )
        path.write_bytes(msgspec.json.encode(replace(record, alerts=state)))


def train(site: "Site", lines: list[str]) -> int:
    file = site.folder / "usual.log"
    file.write_text("".join(f"{line}\n" for line in lines))
    return main(["train", str(file), "--store", str(site.store), "--quiet"])


def night(site: "Site") -> int:
    """Learn what was streamed until now."""
    until = time.strftime("%Y-%m-%dT%H:%M", time.gmtime(time.time() + 120))
    return main(["train", "--nightly", f"events:{site.sink}", "--to", until, "--store", str(site.store)])
