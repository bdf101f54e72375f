"""Lines that two sets are tried on: of files, or what the stream judged in the last days, of either sink."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from commands.comparing.effect import Effect, Found, TwoJudges
from commands.progress import Report
from patterns.errors import EnvelopeError, LogwinnowError, PatternsError
from patterns.rules import Rules
from patterns.store import Store
from patterns.timestamps import iso
from streaming.config import SinkConfig
from streaming.documents import KEYWORD
from training.fetched.documents import DocumentReader, IsAlert
from training.fetched.time_range import TimeRange

_CUT: Final = "…"


class _Shape(msgspec.Struct, gc=False):
    text: str


class _Ours(msgspec.Struct, gc=False):
    outlier: bool
    set: str = ""
    scope: str = ""
    shape: _Shape | None = None


class _Event(msgspec.Struct, gc=False):
    time: str = msgspec.field(name="@timestamp")
    logwinnow: _Ours


_decode = msgspec.json.Decoder(_Event)


def of_files(paths: Sequence[str], judges: TwoJudges, report: Report) -> Effect:
    """
    Try two sets on the lines of files, joined as the old set joins them.

    Raises:
        LogwinnowError: A file cannot be read.
    """
    from commands.reading import batches, check
    from patterns.records import Records

    check(paths)
    effect = Effect(", ".join(paths))
    for batch in batches(paths, Records(judges.rules)):
        for line in batch.lines:
            effect.count(judges.line(line), 1, partial(line.decode, errors="replace"))
        report(effect.lines, 0, 0)
    return effect


def of_sink(config: SinkConfig, asked: TimeRange, store: Store, judges: TwoJudges, report: Report) -> Effect:
    """
    Try two sets on the lines of a sink's events of a time.

    Raises:
        LogwinnowError: It cannot be read, or holds no event of that time.

    Cost: of files, one pass over the events, some seconds for a million; of Elasticsearch a request for each thousand
    shapes. Each shape is judged once; a line that was read by other rules is read anew, of Elasticsearch one a shape.
    """
    events = EventJudge(store, judges)
    if config.kind == "files":
        effect = _of_files_sink(config.files.path, asked, events, report)
    else:
        from commands.comparing.measured_by_search import of_elasticsearch

        effect = of_elasticsearch(config.elasticsearch, asked, events, report)
    if not effect.lines:
        raise LogwinnowError(f"{effect.place} holds no event {asked}; `logwinnow stream` writes them")
    return effect


class EventJudge:
    """Judges events: by their shape where the sets read lines as the stream did, else by their line."""

    def __init__(self, store: Store, judges: TwoJudges) -> None:
        """Begin with no version known; `store` has the rules of those that judged the events."""
        self._store, self._judges = store, judges
        self._alike: dict[str, bool] = {}
        self._reader = DocumentReader(Rules(), None)

    def by_shape(self, version: str, scope: str, shape: str) -> bool:
        """Tell whether scope and shape of an event are what the sets would read: these rules, and not cut."""
        alike = self._alike.get(version)
        if alike is None:
            alike = self._alike[version] = self._judges.same_rules and self._rules(version) == self._judges.rules
        return alike and not (_is_cut(shape) or _is_cut(scope))

    def shape(self, scope: str, shape: str | None) -> Found | None:
        """Judge an event by its shape; None for one that was not judged."""
        return None if shape is None else self._judges.shape(scope, shape)

    def line(self, document: dict[str, Any]) -> Found | None:
        """Judge the line of an event. Raises EnvelopeError where it has none."""
        return self._judges.line(self._reader.line(document, 0))

    def _rules(self, version: str) -> Rules | None:
        try:
            return self._store.head(version).rules
        except PatternsError:
            # It is there no more: then its lines are read anew.
            return None


def _is_cut(text: str) -> bool:
    return len(text) == KEYWORD and text.endswith(_CUT)


def _of_files_sink(path: str, asked: TimeRange, events: EventJudge, report: Report) -> Effect:
    from commands.reporting.read_files import check, event_lines, held

    check(path)
    effect = Effect(f"the files below {path}", told=0)
    begin, end = (None if time is None else iso(time) for time in asked)
    with held(path):
        for lines, done, size in event_lines(Path(path), asked):
            for line in lines:
                _count_event(line, begin, end, events, effect)
            report(effect.lines, done, size)
    return effect


def _count_event(line: bytes, begin: str | None, end: str | None, events: EventJudge, effect: Effect) -> None:
    try:
        event = _decode.decode(line)
        ours, time = event.logwinnow, event.time
        if (begin is not None and time < begin) or (end is not None and time >= end):
            return
        scope, shape = ours.scope, None if ours.shape is None else ours.shape.text
        by_shape = events.by_shape(ours.set, scope, shape or "")
        found = events.shape(scope, shape) if by_shape else events.line(msgspec.json.decode(line))
        effect.count(found, 1, lambda: str(msgspec.json.decode(line)["event"]["original"]))
        effect.told = (effect.told or 0) + ours.outlier
    except (msgspec.MsgspecError, EnvelopeError, IsAlert, KeyError, TypeError):
        effect.damaged += 1
