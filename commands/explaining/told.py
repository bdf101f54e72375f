"""What is said of a line, in words, for one screen."""

from collections.abc import Iterator
from typing import Final

from rich.text import Text

from commands.console import counted, shown, stdout
from commands.explaining.columns import side_by_side
from commands.explaining.explained import Beside, Explained, Said
from commands.explaining.report import Report, Streamed, Then, Trained
from commands.explaining.training import MOST_SHAPES, Mined, TakenIn
from commands.explaining.unusual import Unusual, facts
from patterns.matcher import NEW_PROGRAM
from patterns.pattern_set import KNOWN
from patterns.terminal import printable, printable_rows
from patterns.words import CLASS_RUN

_LINE: Final = 600
_PATTERN: Final = 300
_HOSTS: Final = 5
_WIDTH: Final = 100
"""Columns where the output is no terminal."""

_NAME: Final = 11
_ROWS: Final = 3

_TOO_LONG: Final = "put the line into a file, it is too long for a command; then: logwinnow match FILE --json"


class Teller:
    """Writes reports, one below the other."""

    def __init__(self) -> None:
        """Write to standard output."""
        self._console = stdout()
        self._first = True

    def tell(self, report: Report) -> None:
        """Write a report."""
        self._begin()
        explained = report.explained
        self._say(_headline(explained))
        for row in printable_rows(explained.line, _LINE):
            self._say(Text(row), 2)
        for name, what in _facts(report):
            self._fact(name, what)
        pattern = explained.verdict.pattern
        if pattern is not None and explained.verdict.outlier:
            self._beside(1, pattern, explained.scope)
        for number, near in enumerate(explained.nearest, start=1):
            self._beside(number, near, explained.scope)
        for name, what in _behind(report):
            self._fact(name, what)
        # Whole, so that it can be copied.
        self._say(Text.assemble((f"{'reproduce':<{_NAME}}", "bold"), " ", printable(report.reproduce or _TOO_LONG)))
        self._console.file.flush()

    def tell_unusual(self, alert: Unusual) -> None:
        """Write what an alert says that is about no single line."""
        self._begin()
        self._say(Text.assemble(("UNUSUAL", "bold red"), f"  {alert.kind.replace('_', ' ')}"))
        for row in printable_rows(alert.message, _LINE):
            self._say(Text(row), 2)
        for name, what in facts(alert):
            self._fact(name, what)
        self._console.file.flush()

    def _begin(self) -> None:
        if not self._first:
            self._say(Text(""))
        self._first = False

    def _beside(self, number: int, near: Beside, scope: str) -> None:
        self._fact(f"nearest {number}" if near.difference else "pattern", near.id + "  " + _described(near, scope))
        if near.pieces is None:
            self._say(shown(near.text, most=_PATTERN), _NAME + 1)
            self._say(shown(near.difference or "", "yellow", most=_PATTERN), _NAME + 1)
            return
        if near.difference and not any(piece.differs for piece in near.pieces):
            # Of another program, and all its words fit.
            self._say(shown(near.text, most=_PATTERN), _NAME + 1)
            self._say(shown(near.difference, "yellow", most=_PATTERN), _NAME + 1)
            return
        every = list(side_by_side(near.pieces, self._width - _NAME - 10))
        most = _ROWS if number == 1 else _ROWS - 1
        for rows in every[:most]:
            names = ("pattern", "line", "")
            for name, row in zip(names, rows[:2] if self._console.is_terminal else rows, strict=False):
                if name or row.plain.strip():
                    self._say(Text.assemble((f"{name:<8}", "dim"), row), _NAME + 1)
        if len(every) > most:
            self._say(Text("… (--json has all)", style="dim"), _NAME + 1)

    @property
    def _width(self) -> int:
        return self._console.width if self._console.is_terminal else _WIDTH

    def _fact(self, name: str, what: str) -> None:
        text = Text.assemble((f"{name:<{_NAME}}", "bold"), " ", printable(what))
        if not self._console.is_terminal:
            self._say(text)
            return
        head, body = text[: _NAME + 1], text[_NAME + 1 :]
        for at, row in enumerate(body.wrap(self._console, max(self._width - _NAME - 1, 20))):
            self._say(Text.assemble(head if at == 0 else " " * (_NAME + 1), row))

    def _say(self, text: Text, indent: int = 0) -> None:
        whole = Text.assemble(" " * indent, text)
        if self._console.is_terminal:
            self._console.print(whole, soft_wrap=True)
        else:
            print(whole.plain.rstrip(), file=self._console.file)


def _headline(explained: Explained) -> Text:
    said, program = explained.verdict, printable(explained.scope, 60)
    of = f" of {program}" if program else ""
    if said.unjudged:
        return Text.assemble(("NOT JUDGED", "bold"), f"  {said.unjudged.replace('_', ' ')}; set {said.set}")
    if not said.outlier:
        return Text.assemble(("KNOWN", "bold green"), f"  a pattern{of} matches; set {said.set}")
    why = f"no pattern{of} matches"
    if said.reason == NEW_PROGRAM:
        why = f"the set knows no line of {program}" if program else "the set knows no line without a program"
    elif said.pattern is not None:
        why = f"a pattern{of} matches, and it is {said.reason}"
    return Text.assemble(("OUTLIER", "bold red"), f"  {why}; set {said.set}")


def _facts(report: Report) -> Iterator[tuple[str, str]]:
    explained = report.explained
    header, said = explained.header, explained.verdict
    if header.format != "plain":
        parts = [header.format, header.time, *(f"{name} {value}" for name, value in _named(explained) if value)]
        yield "header", ", ".join(parts)
    elif explained.scope:
        yield "program", explained.scope
    yield "shape", f"{explained.shape}  {_classes(explained)}"
    if said.pattern is not None and not said.outlier:
        yield "pattern", f"{said.pattern.id}  {_cut(said.pattern.text)}"
        yield "", _described(said.pattern, explained.scope)
        if said.params:
            yield "gaps took", _cut("  ".join(value or '""' for value in said.params))
    if said.decided is not None:
        entry = said.decided
        who = f" by {entry.by}" if entry.by else ""
        until = f", until {entry.until}" if entry.until else ""
        yield (
            "decided",
            f"{entry.do}{who} at {entry.at or 'no known time'}{until} (entry {entry.id})"
            + (f": {entry.note}" if entry.note else ""),
        )
    if report.then is not None and report.then.condensed is not None:
        told = report.then.condensed
        of = f"{counted(told.shapes, 'new shape')}, {counted(told.lines, 'line')}"
        yield "told as", f"one of {of}, that are alike: {told.pattern}  {_cut(told.text)}"
    if report.then is not None and report.then.unusual is not None:
        yield "told as", report.then.unusual
    if report.then is not None:
        yield "then", _then(report.then, said)


def _named(explained: Explained) -> list[tuple[str, str | None]]:
    header = explained.header
    program = f"{header.program}[{header.pid}]" if header.program and header.pid else header.program
    scope = explained.scope if header.program and explained.scope != header.program else None
    return [("host", header.host), ("program", program), ("known as", scope), ("level", header.level)]


def _classes(explained: Explained) -> str:
    """Return the shape with each run of class words named by its classes."""
    words = [f"<{' '.join(word.classes)}>" if word.shape == CLASS_RUN else word.shape for word in explained.words]
    return _cut(" ".join(words))


def _described(near: Beside, scope: str) -> str:
    seen = "in no line as its best match"
    if near.first_day:
        days = near.first_day if near.first_day == near.last_day else f"{near.first_day} to {near.last_day}"
        seen = f"{counted(near.support, 'line')}, {days}"
    elif near.support:
        seen = counted(near.support, "line")
    mined = "seen once" if near.level == 1 else f"mined at support {near.level:,}" if near.level else "the operator's"
    state = "" if near.state == KNOWN else f", {near.state}"
    name = f", called {near.name!r}" if near.name else ""
    runbook = f", runbook {near.runbook}" if near.runbook else ""
    program = "" if near.scope == scope else f", of {near.scope or 'no program'}"
    return f"{seen}, {mined}{program}{state}{name}{runbook}"


def _then(then: Then, said: Said) -> str:
    was = _verdict(then.said)
    if not then.differs:
        return f"{was} by set {then.said.set}: the same"
    if then.said.set == said.set:
        return f"{was} by the same set: what the operator decided changed since"
    now = "the store has it no more" if then.now is None else f"today it says {_verdict(then.now)}"
    return f"{was} by set {then.said.set} ({now}); it DIFFERS from what is said above"


def _verdict(said: Said) -> str:
    if said.unjudged:
        return f"not judged ({said.unjudged})"
    if said.outlier:
        return f"an outlier ({said.reason})"
    return f"known ({said.pattern.id if said.pattern else 'no pattern'})"


def _behind(report: Report) -> Iterator[tuple[str, str]]:
    if report.trained is not None:
        yield from _trained(report.trained, report.explained)
    if report.streamed is not None:
        yield "stream", _streamed(report.streamed)


def _trained(trained: Trained, explained: Explained) -> Iterator[tuple[str, str]]:
    known = trained.known
    if known is None:
        yield "training", trained.why or ""
        return
    program = f"of {explained.scope}" if explained.scope else "without a program"
    of = f"{counted(known.scope_lines, 'line')} {program} in {counted(known.scope_shapes, 'shape')}"
    if known.lines:
        yield "training", f"{counted(known.lines, 'line')} of this shape on {_days(known.days)}; {of}"
        if trained.why:
            yield "", f"no pattern: {trained.why}"
    else:
        yield "training", f"no line of this shape; {of}" if known.scope_lines else f"no line {program}"
    if trained.mined is not None:
        yield from _mined(trained.mined)
    elif trained.why:
        yield "taken in by", f"not sought: more than {MOST_SHAPES:,} shapes are slow to mine"


def _days(days: dict[str, int]) -> str:
    first, last = next(iter(days)), next(reversed(days))
    return first if len(days) == 1 else f"{len(days)} days, {first} to {last}"


def _mined(mined: Mined) -> Iterator[tuple[str, str]]:
    said = []
    for what in (mined.once, mined.ladder):
        if what is not None:
            kind = "as a kind seen once" if what.level == 1 else f"at level {what.level:,} {_as(what)}"
            said.append(f"{counted(what.lines, 'such line', 'such lines')} in training: {kind}")
    yield (
        "taken in by",
        "; ".join(said) or "no 1,024 such lines in training: the ladder would refuse what they are part of",
    )
    classic = mined.classic
    if classic is not None and classic.level > 1:
        yield "", f"mined at one support, with 1 such line: at {counted(classic.level, 'line')}, {_as(classic)}"
    else:
        yield "", "mined at one support, with 1 such line: at none above 1"


def _as(what: TakenIn) -> str:
    return f"as {_cut(what.pattern, 120)}"


def _streamed(streamed: Streamed) -> str:
    since = f" since {streamed.since[:16]}Z" if streamed.since else ""
    if streamed.why is not None:
        return f"cannot be asked: {streamed.why}"
    if not streamed.lines:
        return f"no event of this shape{since} in {streamed.place}"
    hosts = [f"{host or 'no host'} {lines:,}" for host, lines in list(streamed.hosts.items())[:_HOSTS]]
    more = f" and {streamed.host_count - len(hosts):,} more" if streamed.host_count > len(hosts) else ""
    return (
        f"{counted(streamed.lines, 'event')}{since}, {streamed.outliers:,} of them outliers, "
        f"{streamed.first} to {streamed.last}, on {counted(streamed.host_count, 'host')}: {', '.join(hosts)}{more}"
    )


def _cut(text: str, most: int = _PATTERN) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
