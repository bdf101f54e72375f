"""Documents of alerts, made by the code that makes those of the stream, and the outbox's items of them."""

from typing import Any

import msgspec

from patterns.baselines import Heartbeat, Rate, Values
from patterns.judge import Judge
from patterns.language import parse
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.rules import Rules
from streaming.condensed import condensed_alert, condensed_id
from streaming.config import AlertsConfig
from streaming.documents import alert, alert_id, brief, event, overflow
from streaming.notifying.outbox import Item
from streaming.source import SourceLine
from streaming.unusual import rates, silence, values
from streaming.unusual.counting import HOUR, Counted, NewValue
from streaming.unusual.state import Tables
from streaming.unusual.telling import Telling
from streaming.unusual.usual import Usual

Document = dict[str, Any]

TIME = 1_795_939_200_000_000
WHEN = "2026-11-29T08:00:00.000Z"
PATTERN = "user *{1,1} logged in"


def alert_of(
    line: str, *, count: int = 3, untold: int = 0, patterns: tuple[str, ...] = (PATTERN,), version: str = "v1"
) -> Document:
    """Return the alert of a line that no pattern matches."""
    known = [KnownPattern("", parse(text), level=2, support=9, mined_support=9) for text in patterns]
    judgement = Judge(PatternSet.of(Rules(), known)).judge(line.encode(), TIME)
    assert judgement.outlier
    data = line.encode()
    source = SourceLine(data, data, TIME, "0123456789abcdef0123", "a.log", 0, {"log": {"file": {"path": "/a.log"}}})
    first = event(judgement, [], source, source="app", created=WHEN, version=version)
    identity = alert_id(judgement.shaped.scope, judgement.shaped.shape, 7)
    made = alert(brief(first), identity=identity, bucket="2026-11-29T00:00:00.000Z", count=count, untold=untold)
    return msgspec.json.decode(msgspec.json.encode(made), type=Document)


def condensed_of(*lines: str, pattern: str, name: str | None = None) -> Document:
    """Return the alert of a storm of lines, each of another shape."""
    alerts = [alert_of(line) for line in lines]
    firsts = [
        {**alert, "event": {**alert["event"], "id": alert["event"]["first_event_id"], "kind": "event"}}
        for alert in alerts
    ]
    scope = alerts[0]["logwinnow"].get("scope", "")
    identity = parse(pattern).identity(scope)
    for each in firsts:
        each["logwinnow"] = {
            key: each["logwinnow"][key] for key in ("outlier", "set", "shape", "scope") if key in each["logwinnow"]
        }
        if name is not None:
            each["logwinnow"]["pattern"] = {
                "id": identity,
                "text": pattern,
                "label": "l",
                "state": "pending",
                "name": name,
            }
    made = condensed_alert(
        firsts,
        identity=condensed_id(scope, identity, 7),
        bucket="2026-11-29T00:00:00.000Z",
        count=40 * len(firsts),
        untold=3,
        pattern=(identity, pattern),
        shapes=[each["logwinnow"]["shape"]["id"] for each in firsts] * 10,
    )
    return msgspec.json.decode(msgspec.json.encode(made), type=Document)


def rate_of(host: str = "hostname", text: str = PATTERN) -> Document:
    """Return the alert of a pattern that has too many lines on a host."""
    known = KnownPattern("sshd", parse(text), level=2, support=9, mined_support=9)
    rate = Rate(pattern=known.id, host=host, days=14, hours=((40.0, 6.0),) * 24)
    telling = _telling(known)
    rates.add(Counted({TIME // HOUR: {0: 217}}), Usual((rate,)), telling)
    return _only(telling)


def silent_of(*hosts: str, pattern: str = PATTERN) -> Document:
    """Return the alert of a heartbeat of a host that stopped, of several the one of the silent source."""
    known = KnownPattern("sshd", parse(pattern), level=2, support=9, mined_support=9)
    beats = tuple(Heartbeat(pattern=known.id, host=host, period=60.0, tolerance=4.0, times=99) for host in hosts)
    telling, usual = _telling(known), Usual((), beats)
    silence.hear(Counted({}, dict.fromkeys(range(len(hosts)), (1, TIME))), usual, telling, 0)
    telling.now += HOUR
    silence.look(usual, telling, telling.now, 0)
    return _only(telling)


def value_of(line: str, gap: int, value: str, pattern: str = PATTERN) -> Document:
    """Return the alert of a value that a parameter of a line has for the first time."""
    known = KnownPattern("sshd", parse(pattern), level=2, support=9, mined_support=9)
    judge, data = Judge(PatternSet.of(Rules(), [known])), line.encode()
    judgement = judge.judge(data, TIME)
    source = SourceLine(data, data, TIME, "0123456789abcdef0123", "a.log", 0, {"log": {"file": {"path": "/a.log"}}})
    first = event(judgement, judge.parameters(judgement), source, source="app", created=WHEN, version="v1")
    new = NewValue(known.id, gap, value, 3, TIME, "a.log", 0, msgspec.json.encode(brief(first)))
    telling = _telling(known)
    row = Values(pattern=known.id, gap=gap, values=("usual",), lines=9)
    values.tell(Counted({}, {}, [new]), Usual((), (), (row,)), telling)
    return _only(telling)


def _telling(known: KnownPattern) -> Telling:
    return Telling(AlertsConfig(), "app", "v1", TIME, Tables(), lambda _id: known, lambda _time: True)


def _only(telling: Telling) -> Document:
    [made] = telling.alerts
    return msgspec.json.decode(msgspec.json.encode(made.document), type=Document)


def overflow_of() -> Document:
    """Return the alert of an hour that had too many."""
    return overflow("more than 5 alerts", identity="f" * 20, source="app", time=WHEN, version="v1")


def item_of(document: Document) -> Item:
    """Return what the outbox has of an alert."""
    shape = document["logwinnow"].get("shape", {}).get("id")
    return Item(document["event"]["id"], "alert" if shape else "overflow", shape, msgspec.json.encode(document))
