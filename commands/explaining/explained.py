"""A line → what a set says of it and why: header, words, shape, verdict, and the nearest patterns beside the line."""

from dataclasses import replace
from typing import Any, Final

import msgspec

from commands.explaining.asked import Asked
from commands.explaining.sets import JudgedBy
from patterns.aligning import GAP, MISSING, SAME, SHORT, Part, align
from patterns.judge import Judgement, Shaped, Shaper, shape_id
from patterns.language import Pattern
from patterns.line import Line
from patterns.matcher import Matcher, Verdict, parameters
from patterns.pattern_set import PROVISIONAL, KnownPattern
from patterns.rules import PLAIN
from patterns.timestamps import iso
from patterns.words import CLASS_RUN, Slice, Splitter

NEAREST: Final = 3


class Header(msgspec.Struct):
    """What was read in front of the message; time in RFC 3339, `format` plain for none."""

    format: str
    time: str
    host: str | None
    program: str | None
    pid: str | None
    level: str | None


class Word(msgspec.Struct):
    """A word of the shape: what stands for it in the message, and of a run of class words their classes."""

    text: str
    shape: str
    classes: list[str]


class Piece(msgspec.Struct):
    """
    Pattern and line side by side.

    Attributes:
        kind: Of patterns.aligning: same, missing, gap, short or extra.
        pattern: The constant or gap; ``""`` of what no gap takes.
        line: What stands for it in the message; ``""`` where nothing does.
    """

    kind: str
    pattern: str
    line: str

    @property
    def differs(self) -> bool:
        """Whether this is why the pattern does not match."""
        return self.kind not in (SAME, GAP)


class Beside(msgspec.Struct):
    """
    A pattern, and how the line lies in it.

    Attributes:
        difference: The first difference, in words; None where it matches.
        pieces: None where both are so long that it would take seconds.
    """

    id: str
    text: str
    scope: str
    state: str
    level: int
    support: int
    first_day: str | None
    last_day: str | None
    name: str | None
    runbook: str | None
    difference: str | None
    pieces: list[Piece] | None


class Decided(msgspec.Struct):
    """The operator's entry that says the state of the best match."""

    id: str
    do: str
    by: str | None
    at: str | None
    until: str | None
    note: str | None


class Said(msgspec.Struct):
    """
    What a set says of the line.

    Attributes:
        set: Its version.
        outlier: False also for what is not judged.
        unjudged: Why it is not judged, or None.
        reason: Why it is an outlier, or None.
        pattern: The best match, or None.
        params: What its gaps take of the message.
        decided: The operator's entry behind it, or None.
    """

    set: str
    outlier: bool
    unjudged: str | None
    reason: str | None
    pattern: Beside | None
    params: list[str]
    decided: Decided | None


class Explained(msgspec.Struct):
    """A line, what a set says of it, and what is near; `nearest` is empty for a line that is matched or not judged."""

    line: str
    header: Header
    scope: str
    shape: str
    shape_text: str
    words: list[Word]
    verdict: Said
    nearest: list[Beside]


class Explainer:
    """Explains lines by a set. Not thread-safe."""

    def __init__(self, judged_by: JudgedBy, scope: str | None = None) -> None:
        """
        Make ready.

        Args:
            judged_by: The set.
            scope: The program of all lines, which are messages then; None for lines with their headers.

        Raises:
            RulesError: The rules of the set cannot be used.
        """
        rules = judged_by.patterns.rules
        self._by, self._scope = judged_by, scope
        self._shaper = Shaper(rules if scope is None else replace(rules, header=PLAIN))
        self._matcher = Matcher(judged_by.patterns)

    @property
    def _splitter(self) -> Splitter:
        return self._shaper.splitter

    def judge(self, asked: Asked) -> Judgement:
        """Judge a line."""
        shaped = self._shaper.shape(asked.data, asked.record_time)
        if self._scope is not None:
            shaped = shaped._replace(scope=self._scope)
        return Judgement(shaped, None if shaped.unjudged else self._matcher.verdict(shaped.scope, shaped.shape))

    def explain(self, judgement: Judgement) -> Explained:
        """Say what there is to say of a judged line. Cost: for an outlier a pass over its program's patterns."""
        shaped, verdict = judgement
        line = shaped.line
        slices = self._splitter.slices(line.message)
        near = []
        if verdict is not None and verdict.known is None:
            near = self._matcher.nearest(shaped.scope, shaped.shape, NEAREST)
        return Explained(
            line=line.text,
            header=_header(line),
            scope=shaped.scope,
            shape=shape_id(shaped.scope, shaped.shape),
            shape_text=shaped.shape,
            words=[self._word(each, line.message) for each in slices],
            verdict=self._said(shaped, verdict, slices),
            nearest=[_beside(each.known, str(each.difference), slices, line.message) for each in near],
        )

    def _word(self, part: Slice, message: str) -> Word:
        text = message[part.start : part.end]
        return Word(text, part.text, self._splitter.classes_of(text) if part.text == CLASS_RUN else [])

    def _said(self, shaped: Shaped, verdict: Verdict | None, slices: list[Slice]) -> Said:
        message, known = shaped.line.message, verdict.known if verdict else None
        entry = self._by.entry(known) if known else None
        return Said(
            set=self._by.version,
            outlier=verdict is not None and verdict.outlier,
            unjudged=shaped.unjudged,
            reason=verdict.reason if verdict else None,
            pattern=_beside(known, None, slices, message) if known else None,
            params=parameters(known, slices, message) if known else [],
            decided=Decided(entry.id, entry.do, entry.by, entry.at, entry.until, entry.note) if entry else None,
        )


def then(document: dict[str, Any]) -> Said:
    """Return what was said of an event or alert when it came, as far as its document holds it."""
    ours = document["logwinnow"]
    known = ours.get("pattern") or {}
    # Of a storm's pattern, which no set had, the line was not.
    known = {} if known.get("state") == PROVISIONAL else known
    return Said(
        set=str(ours.get("set")),
        outlier=bool(ours.get("outlier")),
        unjudged=ours.get("unjudged"),
        reason=ours.get("reason"),
        pattern=_remembered(known, ours.get("scope", "")) if known else None,
        params=ours.get("params", []),
        decided=None,
    )


def same_verdict(one: Said, other: Said) -> bool:
    """Tell whether two sets say the same of a line: outlier or not, why, and by which pattern."""
    ids = [said.pattern.id if said.pattern else None for said in (one, other)]
    return (one.outlier, one.unjudged, one.reason, ids[0]) == (other.outlier, other.unjudged, other.reason, ids[1])


def _remembered(known: dict[str, Any], scope: str) -> Beside:
    return Beside(
        id=str(known.get("id")),
        text=str(known.get("text")),
        scope=scope,
        state=str(known.get("state")),
        level=0,
        support=0,
        first_day=known.get("first_day"),
        last_day=None,
        name=known.get("name"),
        runbook=known.get("runbook"),
        difference=None,
        pieces=None,
    )


def _header(line: Line) -> Header:
    return Header(line.format, iso(line.time), line.host, line.program, line.pid, line.level)


def _beside(known: KnownPattern, difference: str | None, slices: list[Slice], message: str) -> Beside:
    parts = align(known.pattern, [each.text for each in slices])
    return Beside(
        id=known.id,
        text=known.pattern.text,
        scope=known.scope,
        state=known.state,
        level=known.level,
        support=known.support,
        first_day=known.first_day,
        last_day=known.last_day,
        name=known.name,
        runbook=known.runbook,
        difference=difference,
        pieces=None if parts is None else [_piece(known.pattern, part, slices, message) for part in parts],
    )


def _piece(pattern: Pattern, part: Part, slices: list[Slice], message: str) -> Piece:
    taken = message[slices[part.start].start : slices[part.end - 1].end] if part.end > part.start else ""
    if part.kind in (GAP, SHORT):
        least, most = pattern.gaps[part.place]
        written = f"*{{{least},{'' if most is None else most}}}"
    elif part.kind in (SAME, MISSING):
        constant = pattern.constants[part.place]
        written = constant if isinstance(constant, str) else f"({'|'.join(constant)})"
    else:
        written = ""
    return Piece(part.kind, written, taken)
