"""
Nights: a stream that runs from Kafka to Elasticsearch while, night by night, what it judged is learned.

Time is compressed. The fleet is simulated, with records that say the time of their lines, and a night is learned by
`train --nightly --to MIDNIGHT` as soon as the stream has judged its day.
"""

import json
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count, groupby
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaProducer
from live import Live, original
from stream_process import StreamProcess

from commands.simulation.events.event import Event
from commands.simulation.events.writer import learning_days
from commands.simulation.fleet import SimulatedLine
from commands.simulation.weeks import planned_events, simulate_days
from patterns.decided import decided
from patterns.decisions import Decisions
from patterns.judge import Judge
from patterns.pattern_set import REJECTED
from patterns.store import Store
from patterns.timestamps import microseconds

pytestmark = [pytest.mark.servers, pytest.mark.spark]

_ROOT = Path(__file__).parents[2]
_LINES_A_DAY = 300
_LONG_AGO = timedelta(days=60)

Day = list[SimulatedLine]


@dataclass
class Weeks:
    """
    Days of a fleet, and what is known of them before.

    Attributes:
        days: Their lines.
        learning: How many of them are training's, by the user's word.
        incident: An attack, which is excluded as soon as it is over, and comes again on the next day.
        deployment: Software that is renewed, and stays.
    """

    days: Sequence[Day]
    learning: int
    incident: Event
    deployment: Event

    @property
    def midnights(self) -> list[datetime]:
        """The end of each day."""
        first = self.days[0][0].time.replace(hour=0, minute=0, second=0, microsecond=0)
        return [first + timedelta(days=number) for number in range(1, len(self.days) + 1)]


def weeks(nights: int) -> Weeks:
    """Return days with so many nights after those that are for learning: with a deployment, and then an incident."""
    length = next(days for days in count(nights + 2) if days - learning_days(days) - 1 >= nights)
    # A Monday whose lines can still be dated, whenever this runs.
    long_ago = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - _LONG_AGO
    start = long_ago - timedelta(days=long_ago.weekday())
    learning = learning_days(length)
    for seed in count(1):
        events = planned_events(length, seed, start=start, lines_per_day=_LINES_A_DAY)
        incident = next((event for event in events if event.cause == "incident"), None)
        deployment = next((event for event in events if event.cause == "deployment"), None)
        if incident is None or deployment is None:
            continue
        came, again = ((begin - start).days for begin, _ in incident.windows)
        if learning <= (deployment.windows[0][0] - start).days < came < again < length - 1:
            lines = simulate_days(length, seed, start=start, lines_per_day=_LINES_A_DAY)
            days = [list(day) for _, day in groupby(lines, key=lambda line: line.time.date())]
            return Weeks(days, learning, incident, deployment)
    raise AssertionError


@dataclass
class Watch:
    """
    The stream, and who watches it.

    Attributes:
        versions: By the number of a day, the set by which its lines are to be judged.
        decided: Likewise the operator's file.
        rejected: The pattern whose lines are outliers from the second day on.
        accepted: A shape of the deployment that is no outlier any more, and the day after which.
    """

    live: Live
    stream: StreamProcess
    weeks: Weeks
    versions: dict[int, str] = field(default_factory=dict)
    decided: dict[int, Decisions] = field(default_factory=dict)
    rejected: str = ""
    accepted: tuple[str, int] | None = None

    def judge_day(self, number: int) -> None:
        """Send a day's lines and wait until they are judged."""
        store = Store(str(self.live.store))
        self.versions[number] = str(store.current())
        self.decided[number] = store.decisions()
        send(self.live, self.weeks.days[number])
        sent = sum(map(len, self.weeks.days[self.weeks.learning : number + 1]))
        self.stream.wait_for_lines(sent)

    def learn_night(self, number: int, *more: str) -> dict[str, Any]:
        """Learn what came up to the end of a day; return the summary."""
        until = self.weeks.midnights[number]
        source = ["--nightly", f"kafka:{self.live.topic}", "--to", until.isoformat()]
        server = ["--set", f"corpus.kafka.bootstrap_servers={self.live.kafka}"]
        return dict(json.loads(run("train", *source, *server, *self.store, "--json", "--quiet", *more)))

    def reject(self) -> None:
        """Reject the pattern that most lines have, and say how severe it is."""
        of = Counter(event["logwinnow"]["pattern"]["id"] for event in self.live.events() if not is_outlier(event))
        self.rejected = of.most_common(1)[0][0]
        run("patterns", "reject", self.rejected, *self.store)
        run("patterns", "name", self.rejected, "--name", "beaten", "--severity", "high", *self.store)

    def accept(self, number: int) -> None:
        """Accept the first alert about the deployment, if there is one."""
        texts = {line.text for line in self.weeks.days[number] if line.event == self.weeks.deployment.id}
        told = [alert for alert in self.live.alerts() if original(alert).decode() in texts]
        if told:
            alert = min(told, key=lambda alert: str(alert["event"]["id"]))
            where = ["--streaming-config", str(self.live.folder / "streaming.toml")]
            run("patterns", "accept", alert["event"]["id"], *where, *self.store)
            self.accepted = alert["logwinnow"]["shape"]["id"], number

    def judge(self, number: int) -> Judge:
        """Return the judge of a day, as anybody can have it who has the store."""
        patterns = Store(str(self.live.store)).read(self.versions[number]).patterns
        return Judge(decided(patterns, self.decided[number]))

    @property
    def store(self) -> list[str]:
        return ["--store", str(self.live.store)]


def run(*arguments: str) -> str:
    """Run a verb; return what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "commands", *arguments], capture_output=True, encoding="utf-8", cwd=_ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def send(live: Live, day: Day) -> None:
    """Send lines as records of their time."""
    with closing(KafkaProducer(bootstrap_servers=live.kafka, linger_ms=5)) as producer:
        for line in day:
            producer.send(live.topic, line.text.encode(), timestamp_ms=int(line.time.timestamp() * 1000))
        producer.flush()


def by_day(events: Sequence[Mapping[str, Any]], of: Weeks) -> Iterator[list[tuple[SimulatedLine, Mapping[str, Any]]]]:
    """Yield the lines of each day that was judged with their events: equal lines have equal ones."""
    found: dict[bytes, list[Mapping[str, Any]]] = defaultdict(list)
    for event in sorted(events, key=lambda event: str(event["event"]["created"])):
        found[original(dict(event))].append(event)
    for day in of.days[of.learning :]:
        yield [(line, found[line.text.encode()].pop(0)) for line in day]


@pytest.mark.parametrize("nights", [3, pytest.param(14, marks=pytest.mark.slow)])
def test_night_by_night_what_came_twice_is_known_and_an_attack_is_not_and_the_operator_is_obeyed(
    nights: int, live: Live
) -> None:
    fleet = weeks(nights)
    first = live.folder / "first.log"
    first.write_bytes(b"".join(line.text.encode() + b"\n" for day in fleet.days[: fleet.learning] for line in day))
    live.train(first)
    live = replace(live, topic=f"{live.topic}-nights", settings={"alerts.max_age_hours": 87_600})
    # Records of so long ago would be gone at once.
    live.make_topic(retention_ms="-1")
    begin, end = fleet.incident.windows[0]
    with live.run() as stream:
        watch = Watch(live, stream, fleet)
        for number, midnight in enumerate(fleet.midnights[:-1]):
            if number < fleet.learning:
                continue
            watch.judge_day(number)
            if number == fleet.learning:
                watch.reject()
            if watch.accepted is None:
                watch.accept(number)
            excluded = ["--exclude", f"{begin.isoformat()}..{end.isoformat()}"] if end <= midnight else []
            assert watch.learn_night(number, *excluded)["version"] != watch.versions[number]
        watch.judge_day(len(fleet.days) - 1)
        stream.process.terminate()
        assert stream.end() == 0
    check_each_was_judged_by_the_set_of_its_day(watch)
    check_what_was_learned(watch)
    check_the_operator_was_obeyed(watch)
    live.check_alerts(live.events())


def check_each_was_judged_by_the_set_of_its_day(watch: Watch) -> None:
    """Check that each line is one event, judged as offline by the set and the decisions of its day."""
    events = watch.live.events()
    assert len(events) == sum(map(len, watch.weeks.days[watch.weeks.learning :]))
    for number, day in enumerate(by_day(events, watch.weeks), start=watch.weeks.learning):
        judge = watch.judge(number)
        for line, event in day:
            assert event["logwinnow"]["set"] == watch.versions[number]
            assert is_outlier(event) == judge.judge(line.text.encode(), microseconds(line.time)).outlier, line


def check_what_was_learned(watch: Watch) -> None:
    """Check that a shape is an outlier no more once it came on two days, and what an attack brought is, to the end."""
    begin, end = watch.weeks.incident.windows[0]
    seen: dict[str, set[int]] = defaultdict(set)
    attack: dict[str, set[int]] = defaultdict(set)
    last = watch.judge(len(watch.weeks.days) - 1)
    for number, day in enumerate(by_day(watch.live.events(), watch.weeks), start=watch.weeks.learning):
        for line, event in day:
            if len(seen[shape_of(event)]) >= 2 and event["logwinnow"].get("reason") != REJECTED:
                assert not is_outlier(event), line
            if line.event == watch.weeks.incident.id and line.novel:
                attack[shape_of(event)].add(number)
                assert is_outlier(event), line
                assert last.judge(line.text.encode(), microseconds(line.time)).outlier, line
        for line, event in day:
            if not begin <= line.time < end:
                seen[shape_of(event)].add(number)
    # But for its window, this would have been learned.
    assert any(len(days) == 2 for days in attack.values())


def check_the_operator_was_obeyed(watch: Watch) -> None:
    """Check that the accepted shape is quiet, and no line of the rejected pattern is, whatever was learned since."""
    assert watch.accepted is not None
    accepted, since = watch.accepted
    first = Judge(Store(str(watch.live.store)).read(watch.versions[watch.weeks.learning]).patterns)
    of_accepted = of_rejected = 0
    for number, day in enumerate(by_day(watch.live.events(), watch.weeks), start=watch.weeks.learning):
        for line, event in day:
            if shape_of(event) == accepted:
                assert is_outlier(event) == (number <= since), line
                of_accepted += number > since
            verdict = first.judge(line.text.encode(), microseconds(line.time)).verdict
            if number > watch.weeks.learning and verdict and verdict.known and verdict.known.id == watch.rejected:
                ours = event["logwinnow"]
                assert (ours["outlier"], ours["reason"]) == (True, REJECTED)
                named = {"id": watch.rejected, "state": REJECTED, "name": "beaten", "severity": "high"}
                assert named.items() <= ours["pattern"].items()
                of_rejected += 1
    assert of_accepted
    assert of_rejected
    assert any(alert["logwinnow"].get("pattern", {}).get("severity") == "high" for alert in watch.live.alerts())


def is_outlier(event: Mapping[str, Any]) -> bool:
    return bool(event["logwinnow"]["outlier"])


def shape_of(event: Mapping[str, Any]) -> str:
    return str(event["logwinnow"]["shape"]["id"])
