"""
Judged lines → events as JSON, by columns: as `streaming.documents.event` says of each, in another order of fields.

    of the batch    {"event":{"kind":…,"dataset":…,"created":…,"id":"     one text
    of each line    id, line, message, time, offset                        a column each; texts are escaped by the chunk
    of a place      "kafka":{"topic":…,"partition":…,"offset":             a text for each distinct one
    of a header     "log":{…}, "host":{…}, "process":{…}                   the same
    of a kind       "logwinnow":{…,"outlier":…,"shape":{…},"pattern":{…}   the same, and remembered
    of its gaps     "params":["…","…"]                                     a column

Lines that were judged one by one, and those with a parameter that must be cut, are made one by one.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kernels.documents import Escaped, by_code, in_order, joined, lists, rfc3339
from kernels.fields import PRIORITIES, Column
from kernels.judging import BatchJudge, Judged
from kernels.kinds import Kind
from kernels.messages import Messages
from kernels.spans import Positions, Spans, ranges, slices
from patterns.judge import Judgement
from patterns.matcher import Verdict, gap_words
from streaming.documents import KEYWORD, event, keyword, log_of, of_kind, of_set, process_of
from streaming.source import Place, SourceLines

_REMEMBERED_KINDS: Final = 30_000
"""A kilobyte each at the most of kinds that never come again, as in a storm."""

_BEFORE_PARAMETERS: Final = b',"params":["'
_ENDS: Final = pa.array([b"}}", b'"]}}'])
"""Of events without parameters, and with some."""

_json = msgspec.json.Encoder().encode


class KindParts(NamedTuple):
    """
    What events of a kind have in common.

    Attributes:
        kind: The kind.
        fields: What they have below ``logwinnow`` up to what its gaps took, without the first brace.
        gaps: For each gap of its pattern the words of the shape that it takes: the first's index, and one past.
    """

    kind: Kind
    fields: bytes
    gaps: list[tuple[int, int]]


class Parameters(NamedTuple):
    """
    What the gaps of patterns took of some messages.

    Attributes:
        lengths: How many of each message.
        spans: Where they are in the messages' text, one message after the other.
    """

    lengths: Positions
    spans: Spans

    @property
    def longest(self) -> int:
        """Bytes of the longest."""
        return int((self.spans.ends - self.spans.starts).max(initial=0))


class Stamps(NamedTuple):
    """What all events of a batch have: name of the source, when it was planned (RFC 3339), version of the set."""

    source: str
    created: str
    version: str


class EventColumns:
    """Makes events of judged lines by default rules; what it knows of kinds outlives a batch."""

    def __init__(self, judge: BatchJudge) -> None:
        """Take what judged the lines."""
        self._judge, self._of = judge, judge.remembered
        # By which object they are; each holds its kind, so that no other takes its place.
        self._kinds: dict[int, KindParts] = {}

    def kinds(self, judged: Judged) -> list[KindParts]:
        """Return what events of each of the lines' kinds have in common."""
        # A kind holds all that was remembered with it, megabytes of words.
        if self._of is not self._judge.remembered or len(self._kinds) > _REMEMBERED_KINDS:
            self._kinds.clear()
            self._of = self._judge.remembered
        return [self._kinds.get(id(kind)) or self._kind(kind) for kind in judged.kinds]

    def _kind(self, kind: Kind) -> KindParts:
        shape, verdict, gaps = str(kind.shape), None, list[tuple[int, int]]()
        if kind.known is not None:
            verdict = Verdict(kind.known, kind.reason, None)
            gaps = gap_words(kind.known, shape.split(" "))
        elif not kind.unjudged:
            verdict = self._judge.judge.matcher.verdict(kind.scope, shape)
        fields = _json(of_kind(kind.scope, shape, kind.unjudged, verdict))[1:-1]
        found = self._kinds[id(kind)] = KindParts(kind, fields + _BEFORE_PARAMETERS if gaps else fields, gaps)
        return found

    def parameters(self, judged: Judged, kinds: Sequence[KindParts]) -> list[Parameters]:
        """Return what gaps took, for each group of messages."""
        numbers = np.array([len(each.gaps) for each in kinds], np.int64)
        begins = np.cumsum(numbers) - numbers
        gaps = np.array([gap for each in kinds for gap in each.gaps], np.int64).reshape(-1, 2)
        return [_parameters(group, judged.kind[group.lines], numbers, begins, gaps) for group in judged.messages]

    def documents(
        self,
        judged: Judged,
        kinds: Sequence[KindParts],
        parameters: Sequence[Parameters],
        lines: SourceLines,
        stamps: Stamps,
    ) -> pa.Array:
        """
        Return the events of lines.

        Args:
            judged: The lines, judged.
            kinds: Of them.
            parameters: Of them.
            lines: The same lines as their source gave them.
            stamps: Of the batch.
        """
        number = len(lines)
        escaped = Escaped(judged.text)
        texts = [escaped if group.text is judged.text else Escaped(group.text) for group in judged.messages]
        messages = [
            (group.lines, slices(text.text, text.at(group.spans)))
            for group, text in zip(judged.messages, texts, strict=True)
        ]
        took = [
            (group.lines, lists(text.parts(each.spans), each.lengths, b'","'))
            for group, text, each in zip(judged.messages, texts, parameters, strict=True)
        ]
        made = joined(
            b'{"event":{"kind":"event","dataset":%s,"created":%s,"id":"'
            % (_json(stamps.source), _json(stamps.created)),
            pa.array(lines.event_ids, pa.string()).cast(pa.binary()),
            b'","original":"',
            slices(escaped.text, escaped.at(judged.lines)),
            b'"},"message":"',
            in_order(number, messages),
            b'","@timestamp":"',
            rfc3339(judged.times),
            *_place(lines),
            *_log(lines, judged),
            *_host(lines, judged),
            *_process(judged),
            b',"logwinnow":{%s,' % _json(of_set(stamps.version))[1:-1],
            pa.array([each.fields for each in kinds], pa.binary()).take(pa.array(judged.kind)),
            in_order(number, took),
            _ENDS.take(pa.array(np.array([bool(each.gaps) for each in kinds], np.int64)[judged.kind])),
        )
        singles = self._singles(judged, parameters)
        if not singles:
            return made
        alone = [self._alone(judgement, lines, index, stamps) for index, judgement in singles.items()]
        which = np.zeros(number, np.bool_)
        which[list(singles)] = True
        return pc.replace_with_mask(made, pa.array(which), pa.array(alone, pa.binary()))

    def _singles(self, judged: Judged, parameters: Sequence[Parameters]) -> dict[int, Judgement]:
        """Return the lines of which events are made one by one, in order."""
        found = dict(judged.odd)
        for group, took in zip(judged.messages, parameters, strict=True):
            if took.longest <= KEYWORD:
                continue
            of_line = np.repeat(group.lines, took.lengths)
            for index in np.unique(of_line[took.spans.ends - took.spans.starts > KEYWORD]).tolist():
                found[index] = self._judge.judge.judge(judged.line(index), int(judged.times[index]))
        return dict(sorted(found.items()))

    def _alone(self, judgement: Judgement, lines: SourceLines, index: int, stamps: Stamps) -> bytes:
        parameters = self._judge.judge.parameters(judgement)
        source, created, version = stamps
        line = lines.line(index)
        return _json(event(judgement, parameters, line, source=source, created=created, version=version))


def _parameters(group: Messages, kind: Positions, numbers: Positions, begins: Positions, gaps: Positions) -> Parameters:
    lengths = numbers[kind]
    if group.words is None or not lengths.any():
        none = np.zeros(0, np.int64)
        return Parameters(np.zeros(len(kind), np.int64), Spans(none, none))
    first, behind = gaps[ranges(begins[kind], lengths)].T
    some = behind > first
    words = np.repeat(group.words.first, lengths)
    starts, ends = group.words.spans
    # An empty gap is anywhere.
    starts = np.where(some, starts[np.where(some, words + first, 0)], 0)
    return Parameters(lengths, Spans(starts, np.where(some, ends[np.where(some, words + behind - 1, 0)], 0)))


def _place(lines: SourceLines) -> list[pa.Array | bytes]:
    """Return what says where lines stand, but for log and host, behind the time."""
    inner = lines.numbered if lines.numbered != "log" else None

    def told(place: int) -> bytes:
        fields = lines.places[place].fields
        rest = {name: each for name, each in fields.items() if name not in {"log", "host", inner}}
        begun = b'"' + (b"," + _json(rest)[1:-1] if rest else b"")
        return begun if inner is None else b"%s,%s:%s," % (begun, _json(inner), _json(fields[inner])[:-1])

    begun = by_code(lines.place, told)
    return [begun] if inner is None else [begun, b'"offset":', _numbers(lines.offsets), b"}"]


def _log(lines: SourceLines, judged: Judged) -> list[pa.Array | bytes]:
    """Return the object log: of the header level and priority, of the place file and offset."""
    levels, priorities = _codes(judged.fields.level), judged.fields.priority.astype(np.int64)
    offsets = lines.offsets if lines.numbered == "log" else lines.origins
    if offsets is None and (levels < 0).all() and (priorities < 0).all():
        return []
    width, high = PRIORITIES + 1, len(judged.fields.level.texts) + 1
    keys = (lines.place * high + levels + 1) * width + priorities + 1

    def told(key: int) -> bytes:
        rest, priority = divmod(key, width)
        place, level = divmod(rest, high)
        fields = log_of(judged.fields.level.texts[level - 1] if level else None, priority - 1 if priority else None)
        fields |= lines.places[place].fields.get("log", {})
        if not fields:
            return b""
        begun = b',"log":' + _json(fields)
        # The offset follows.
        return begun[:-1] + b',"offset":' if "file" in fields else begun

    begun = by_code(keys, told)
    if offsets is None:
        return [begun]
    if lines.numbered == "log":
        return [begun, _numbers(offsets), b"}"]
    there = pa.array(offsets >= 0)
    return [begun, pc.if_else(there, joined(_numbers(offsets), b"}"), pa.scalar(b"", pa.binary()))]


def _host(lines: SourceLines, judged: Judged) -> list[pa.Array]:
    hosts = _codes(judged.fields.host)
    texts = judged.fields.host.texts
    if (hosts < 0).all() and not any("host" in place.fields for place in lines.places):
        return []

    def told(key: int) -> bytes:
        return _named_host(texts[key]) if key < len(texts) else _host_of(lines.places[key - len(texts)])

    return [by_code(np.where(hosts >= 0, hosts, len(texts) + lines.place), told)]


@lru_cache(maxsize=65_536)
def _named_host(name: str) -> bytes:
    return b',"host":' + _json({"name": keyword(name)})


def _host_of(place: Place) -> bytes:
    return b',"host":' + _json(place.fields["host"]) if "host" in place.fields else b""


def _process(judged: Judged) -> list[pa.Array]:
    programs, pids = _codes(judged.fields.program), _codes(judged.fields.pid)
    if (programs < 0).all():
        return []
    names, texts = judged.fields.program.texts, judged.fields.pid.texts
    width = len(texts) + 1

    def told(key: int) -> bytes:
        program, pid = divmod(key, width)
        return _named_process(names[program], texts[pid - 1] if pid else None) if key >= 0 else b""

    return [by_code(np.where(programs >= 0, programs * width + pids + 1, -1), told)]


@lru_cache(maxsize=65_536)
def _named_process(program: str, pid: str | None) -> bytes:
    return b',"process":' + _json(process_of(program, pid))


def _codes(column: Column) -> Positions:
    """Return the codes of a column, wide enough to be combined with others."""
    return column.codes.astype(np.int64)


def _numbers(numbers: Positions) -> pa.Array:
    return pa.array(numbers).cast(pa.string()).cast(pa.binary())
