"""
What was told is not told again, by the sink or by a receiver: after a restart, a replay, a retraining, a failover, and
when old lines come once more. Each of a shape by itself and of a storm, which is told as a provisional pattern.
"""

import random
import shutil
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from http_answers import Reply, Request, answering

from commands.__main__ import main
from patterns.judge import Judge
from patterns.language import parse
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.rules import Rules
from patterns.settings import convert
from streaming import judging
from streaming.alerts import HOUR, Alert, AlertBook, AlertState
from streaming.config import AlertsConfig, StreamingConfig
from streaming.errors import StreamingError
from streaming.line_judge import LineJudge
from streaming.notifying.config import NotifyConfig
from streaming.sink.events import Events
from streaming.source import SourceLine
from streaming.tally import Tally
from tests.streaming.conftest import Site

if TYPE_CHECKING:
    from pathlib import Path

# Of yesterday: a night goes on from the newest line of what was trained by hand.
_HEADER = time.strftime("%b %d %H:%M:%S web1 app[1]:", time.gmtime(time.time() - 86_400))
FIRE = f"{_HEADER} the disk is on fire"
DAY = 24 * HOUR
MONDAY = 20_409 * DAY


def storm(seed: int, number: int = 30) -> list[str]:
    """Return lines of as many new shapes, which are alike."""
    chance = random.Random(seed)
    names = ["".join(chance.choices("bcdfghjklmnpqrstvwxz", k=8)) for _ in range(number)]
    return [f"{_HEADER} user {name} of tenant {name} is over quota" for name in names]


class Receiver:
    """A webhook's receiver that takes everything, and remembers which ids."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.url = ""

    def __call__(self, request: Request) -> Reply:
        self.ids.append(request.json["id"])
        return Reply(200, b"ok")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    with answering(made) as made.url:
        yield made


class Told:
    """A site whose stream told of a fire and of a storm, and a receiver that got both."""

    def __init__(self, site: Site, receiver: Receiver) -> None:
        self.site, self.source, self.receiver = site, site, receiver
        site.publish("door opened", scope="app")
        site.append(FIRE, *storm(1))

    @property
    def config(self) -> StreamingConfig:
        notify = convert({"webhook": {"team": {"url": self.receiver.url}}}, NotifyConfig, "test")
        return msgspec.structs.replace(self.site.config(self.source.log), notify=notify)

    def begin(self) -> None:
        self.site.stream_once(self.config)
        self.alerts = self.site.alerts()
        assert [alert["logwinnow"].get("shapes") for alert in sorted(self.alerts, key=_shapes)] == [None, 30]
        assert sorted(self.receiver.ids) == sorted(alert["event"]["id"] for alert in self.alerts)

    def check_quiet(self) -> None:
        """Send the fire and more of the storm again: it is judged, and nobody hears of it."""
        before = len(self.site.events())
        self.source.append(FIRE, *storm(1), *storm(2))
        self.site.stream_once(self.config)
        new = [event["logwinnow"]["outlier"] for event in self.site.events()[before:]]
        assert new == [True] * 61
        assert self.site.alerts() == self.alerts
        assert len(self.receiver.ids) == 2
        assert self.site.untold() == 61


def _shapes(alert: dict[str, Any]) -> int:
    return int(alert["logwinnow"].get("shapes", 0))


@pytest.fixture
def told(site: Site, receiver: Receiver) -> Told:
    return Told(site, receiver)


@pytest.mark.spark
@pytest.mark.usefixtures("spark")
def test_no_alert_comes_again_after_a_restart(told: Told) -> None:
    told.begin()
    told.check_quiet()


@pytest.mark.spark
@pytest.mark.usefixtures("spark")
def test_no_alert_comes_again_after_a_replay(told: Told) -> None:
    with pytest.MonkeyPatch.context() as patch:
        # The record says that the batch is done, and its alerts are put; Spark does not hold it for done.
        patch.setattr(judging, "_stamps", lambda *_: 1 / 0)
        with pytest.raises(StreamingError):
            told.site.stream_once(told.config)
    crashed = told.site.alerts()
    told.begin()
    assert told.alerts == crashed
    told.check_quiet()


@pytest.mark.spark
@pytest.mark.usefixtures("spark")
def test_no_alert_comes_again_after_a_retraining(told: Told) -> None:
    told.begin()
    told.site.publish("door opened", "door closed", scope="app")
    told.check_quiet()


@pytest.mark.spark
@pytest.mark.usefixtures("spark")
def test_no_alert_comes_again_after_a_night_that_learned_the_storm_as_pending(told: Told) -> None:
    file = told.site.folder / "usual.log"
    file.write_text(f"{_HEADER} door opened\n" * 9)
    assert main(["train", str(file), "--store", str(told.site.store), "--quiet", "--force"]) == 0
    told.begin()
    until = time.strftime("%Y-%m-%dT%H:%M", time.gmtime(time.time() + 120))
    events, store = f"events:{told.site.sink}", str(told.site.store)
    assert main(["train", "--nightly", events, "--to", until, "--store", store, "--quiet"]) == 0
    told.check_quiet()
    patterns = {event["logwinnow"].get("pattern", {}).get("state") for event in told.site.events()[31:]}
    assert patterns == {"pending"}


@pytest.mark.spark
@pytest.mark.usefixtures("spark")
def test_no_alert_comes_again_after_a_failover_to_another_machine(told: Told, tmp_path_factory: Any) -> None:
    told.begin()
    other: Path = tmp_path_factory.mktemp("other") / "elsewhere"
    shutil.copytree(told.site.folder, other)
    for folder in (told.site.checkpoint, told.site.store, told.site.sink):
        shutil.rmtree(folder)
    # The source is where it was, as a broker is.
    told.source, told.site = told.site, Site(other)
    told.check_quiet()
    # The line that was judged there is not judged here once more.
    ids = [event["event"]["id"] for event in told.site.events()]
    assert len(ids) == len(set(ids)) == 31 + 61


class _Nowhere:
    def write(self, events: Events) -> None: ...


def judged(
    state: AlertState, lines: list[str], *, of: int, at: int, max_age: int = 400 * DAY
) -> tuple[AlertState, list[Alert]]:
    """Return the alerts of a batch that was planned `at`, of records of a time, and the state as a record has it."""
    known = PatternSet.of(Rules(), [KnownPattern("app", parse("door opened"), 2, 2, 2)])
    judge, tally = LineJudge(Judge(known), "app", "v1", at, max_age), Tally()
    for offset, line in enumerate(lines):
        data = line.encode()
        judge.write([SourceLine(data, data, of, f"{offset}", "/a.log", offset, {})], _Nowhere(), tally)
    book = AlertBook(AlertsConfig(), "app", "v1", state)
    too_old = tally.counts["outliers_too_old"]
    made = book.tell(tally.shapes.values(), 0, tally.record_time or 0, too_old=too_old, now=at)
    return msgspec.json.decode(msgspec.json.encode(book.close()), type=AlertState), made


def test_no_alert_comes_again_with_a_backfill_of_the_same_bucket_or_of_one_before() -> None:
    state, first = judged(AlertState(), [FIRE, *storm(1)], of=MONDAY, at=MONDAY)
    assert len(first) == 2
    state, second = judged(state, [FIRE, *storm(3)], of=MONDAY + DAY, at=MONDAY + DAY)
    assert len(second) == 2
    for of in (MONDAY + DAY, MONDAY, MONDAY - 3 * DAY):
        state, again = judged(state, [FIRE, *storm(1), *storm(4)], of=of, at=MONDAY + DAY + HOUR)
        assert again == []
    assert sum(each.untold for each in state.provisional.values()) == 3 * 60


def test_of_a_backfill_that_is_older_than_max_age_there_is_one_summary_and_no_alert() -> None:
    state, [summary] = judged(
        AlertState(), [FIRE, *storm(1)], of=MONDAY - 8 * DAY, at=MONDAY, max_age=AlertsConfig().max_age_hours * HOUR
    )
    assert summary.document["message"].startswith("31 outliers of this batch are older than 168 hours")
    assert state == AlertState()
