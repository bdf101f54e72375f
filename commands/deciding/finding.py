"""What `logwinnow patterns accept` is given → a pending pattern, or a shape with the message that it is read by."""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pyarrow.compute as pc

from commands.deciding.word import Ground
from commands.pattern_ids import ALIKE, LEAST_PREFIX, ambiguous, provisional
from patterns.errors import BrokenPatternSet, LogwinnowError
from patterns.judge import Shaper, shape_id
from patterns.language import parse
from patterns.matcher import Matcher
from patterns.settings import find, load

if TYPE_CHECKING:
    from commands.finding import Finder as Sink
    from patterns.pattern_set import KnownPattern
    from patterns.rules import Rules

_ALERT: Final = re.compile(r"[0-9a-fA-F]{20}")
_ID: Final = re.compile(rf"[0-9a-fA-F]{{{LEAST_PREFIX},12}}")
_SHOWN: Final = 80


class Subject(NamedTuple):
    """Lines of one scope and shape; `message` is what the shape is read by under other rules, None where it is lost."""

    scope: str
    shape: str
    message: str | None


class Finder:
    """Finds what a user names, by the newest set's rules."""

    def __init__(self, ground: Ground, streaming_config: Path | None, assignments: list[str]) -> None:
        """Take the store, where the stream's configuration is, and what overrides it."""
        self._ground = ground
        self._sink = streaming_config, assignments
        self._shaper = Shaper(ground.stored.patterns.rules)

    def find(self, given: str, scope: str | None) -> "Subject | KnownPattern":
        """
        Return what is named.

        Args:
            given: The id of an alert, a shape or a pattern, or its beginning; else a line. With `scope` a message.
            scope: A program; None for a line as the log has it.

        Raises:
            LogwinnowError: It is nothing, or more than one thing, or is not judged.
            OSError: A file of the sink cannot be read.
        """
        if scope is not None:
            return self.of_message(self._shaper.splitter.scope(scope) if scope else "", given)
        if _ALERT.fullmatch(given):
            return self._of_alert(given.lower())
        if _ID.fullmatch(given):
            return self._of_id(given.lower())
        return self._of_line(given)

    def of_message(self, scope: str, message: str) -> Subject:
        """Return the shape of a message, which must be one that is judged."""
        apart = self._shaper.splitter.take_apart(message)
        why = self._shaper.splitter.unjudged(apart.shape)
        if why is not None:
            said = {"blank": "it is blank", "no_constant": "no word of it is a constant"}[why]
            raise LogwinnowError(f"{message[:_SHOWN]!r} is not judged at all: {said}; there is nothing to accept")
        return Subject(scope, apart.shape, message)

    def _of_line(self, given: str) -> Subject:
        shaped = self._shaper.shape(given.encode(), self._ground.now)
        scopes = self._ground.stored.patterns.scopes
        if not shaped.scope and scopes and "" not in scopes:
            names = ", ".join(map(repr, list(scopes)[:ALIKE]))
            raise LogwinnowError(
                f"{given[:_SHOWN]!r} names no program, and the set knows none of lines without one: give the whole "
                f"line as the log has it, or its message with --scope PROGRAM ({names}; '' for none)"
            )
        return self.of_message(shaped.scope, shaped.line.message)

    def _of_alert(self, identity: str) -> "Subject | KnownPattern":
        sink = self._opened()
        alert = sink.document(identity)
        if alert is None:
            raise LogwinnowError(
                f"no alert or event has the id {identity!r} in {sink.place}; give another configuration by "
                "--streaming-config or --set, or the line itself"
            )
        if "shapes" in alert.get("logwinnow", {}):
            return self._provisional(alert["logwinnow"])
        if "kind" in alert.get("logwinnow", {}):
            raise LogwinnowError(
                f"alert {identity!r} is about lines of a known kind, of which there is nothing to accept: "
                f"{alert.get('message', '')[:_SHOWN]!r}; what has become usual the next training learns"
            )
        if "shape" not in alert.get("logwinnow", {}):
            raise LogwinnowError(f"alert {identity!r} is of no shape: {alert.get('message', '')[:_SHOWN]!r}")
        return self._of_document(alert)

    def _provisional(self, ours: dict[str, Any]) -> "KnownPattern":
        """Return the provisional pattern of an alert; where the set has it by now, as it has it."""
        identity, scope = ours["pattern"]["id"], ours.get("scope", "")
        if any(known.id == identity for known in self._ground.decided.patterns):
            return self._ground.judged(identity)
        return provisional(scope, parse(ours["pattern"]["text"]))

    def _of_document(self, document: dict[str, Any]) -> Subject:
        ours = document["logwinnow"]
        found = self.of_message(ours.get("scope", ""), document["message"])
        if document["message"].endswith("…") and shape_id(found.scope, found.shape) != ours["shape"]["id"]:
            raise LogwinnowError(
                f"the line of shape {ours['shape']['id']} is longer than an alert keeps; give the line itself"
            )
        return found

    def _of_id(self, given: str) -> "Subject | KnownPattern":
        """Return what has an id, or the beginning: of what is known already only where nothing else has it."""
        found: dict[str, Subject | KnownPattern] = dict(self._tabled(given))
        ids = {known.id for known in self._ground.decided.patterns if known.id.startswith(given)}
        found |= {identity: self._ground.judged(identity) for identity in ids}
        for proposed in self._ground.store.provisional():
            if proposed.id.startswith(given):
                found.setdefault(proposed.id, provisional(proposed.scope, proposed.parsed))
        if given in found:
            return found[given]
        matcher = Matcher(self._ground.decided)
        open_ones = {identity: each for identity, each in found.items() if _is_open(each, matcher)}
        if not open_ones:
            open_ones = dict(self._told(given)) or found
        if len(open_ones) > 1:
            raise ambiguous(given, open_ones, "pattern or shape")
        for each in open_ones.values():
            return each
        raise LogwinnowError(
            f"no shape or pattern has the id {given!r}, neither in the store {self._ground.store.root!r} nor in the "
            "sink of conf/streaming.toml; give another configuration by --streaming-config, or the line itself (a line "
            "that looks like an id: its message, with --scope)"
        )

    def _told(self, given: str) -> Iterator[tuple[str, Subject]]:
        for document in self._opened().outliers(given):
            yield document["logwinnow"]["shape"]["id"], self._of_document(document)

    def _opened(self) -> "Sink":
        """Return what looks things up in the sink of conf/streaming.toml."""
        from commands.finding import opened
        from streaming.config import FILE, StreamingConfig

        config, assignments = self._sink
        stream = load(StreamingConfig, find(FILE, config), os.environ, assignments)
        return opened(stream.sink, None, lambda _lines, _done, _size: None)

    def _tabled(self, given: str) -> Iterator[tuple[str, Subject]]:
        """Yield the shapes whose id begins so, of the newest version that has one."""
        for version in sorted(self._ground.store.versions(), reverse=True):
            rows: dict[str, tuple[str, str, list[str]]] = {}
            # Of an old version the table may be gone.
            with suppress(BrokenPatternSet):
                rows = dict(self._rows(version, given))
            if not rows:
                continue
            rules = self._ground.stored.patterns.rules
            with suppress(BrokenPatternSet):
                rules = self._ground.store.read(version).patterns.rules
            for identity, (scope, shape, examples) in rows.items():
                yield identity, self._reread(scope, shape, examples, rules)
            return

    def _rows(self, version: str, given: str) -> Iterator[tuple[str, tuple[str, str, list[str]]]]:
        for table in self._ground.store.read_shapes(version).tables():
            scopes, shapes = table["scope"].to_pylist(), table["shape"].to_pylist()
            for at, (scope, shape) in enumerate(zip(scopes, shapes, strict=True)):
                identity = shape_id(scope, shape)
                if identity.startswith(given):
                    yield identity, (scope, shape, table["examples"][at].as_py())

    def _reread(self, scope: str, shape: str, examples: list[str], rules: "Rules") -> Subject:
        """Return the shape of a table as today's rules read it, by an example that was kept whole."""
        shaper = self._shaper if rules == self._ground.stored.patterns.rules else Shaper(rules)
        for example in examples:
            shaped = shaper.shape(example.encode(), self._ground.now)
            if (shaped.scope, shaped.shape) == (scope, shape):
                return self.of_message(scope, shaped.line.message)
        return Subject(scope, shape, None)


def _is_open(found: "Subject | KnownPattern", matcher: Matcher) -> bool:
    """Tell whether there is something to accept."""
    if isinstance(found, Subject):
        return matcher.verdict(found.scope, found.shape).outlier
    return not found.is_quiet


def lines_of(ground: Ground, subject: Subject) -> int | None:
    """Return how many lines of the last training have a shape; None where its table is gone. Cost: a pass over it."""
    lines = 0
    try:
        for table in ground.store.read_shapes(ground.stored.version).tables():
            same = pc.and_(pc.equal(table["scope"], subject.scope), pc.equal(table["shape"], subject.shape))
            lines += pc.sum(table.filter(same)["count"]).as_py() or 0
    except BrokenPatternSet:
        return None
    return lines
