"""How judged lines are shown: as JSON for programs, or in words for people."""

from collections.abc import Sequence
from typing import Final

import msgspec
from rich.cells import cell_len
from rich.padding import Padding
from rich.text import Text

from commands.console import counted, shown, stdout, write_json
from patterns.judge import Judge, Judgement, shape_id
from patterns.line import Line
from patterns.matcher import NEW_PROGRAM, Verdict
from patterns.rules import Rules
from patterns.terminal import printable, printable_rows
from patterns.words import Splitter

_SHOWN: Final = 600
"""Characters of a line that people are shown; a pattern may be as long."""

_BEFORE_MARK: Final = 100
_REMEMBERED_SHAPES: Final = 100_000
_ID_WIDTH: Final = 12
_INDENT: Final = 2


class _Nearest(msgspec.Struct):
    id: str
    text: str
    difference: str


class _Row(msgspec.Struct):
    outlier: bool
    pattern: str | None
    state: str | None
    name: str | None
    severity: str | None
    shape: str
    unjudged: str | None
    reason: str | None
    scope: str
    shape_text: str
    params: list[str]
    nearest: _Nearest | None
    line: int
    file: str


class JsonWriter:
    """Writes one JSON object a line."""

    def __init__(self, judge: Judge, *, every: bool) -> None:
        """Take what judged the lines, and whether every line is written or outliers alone."""
        self._judge = judge
        self._every = every

    def write(self, file: str, judged: Sequence[tuple[int, Judgement]]) -> None:
        """Write lines of a file, each with its number."""
        # A file's name may have bytes that are no text.
        file = file.encode(errors="surrogateescape").decode(errors="replace")
        write_json([self._row(each, number, file) for number, each in judged if self._every or each.outlier])

    def _row(self, judgement: Judgement, number: int, file: str) -> _Row:
        (_, scope, shape, unjudged, _), verdict = judgement
        known = verdict.known if verdict else None
        return _Row(
            outlier=judgement.outlier,
            pattern=known.id if known else None,
            state=known.state if known else None,
            name=known.name if known else None,
            severity=known.severity if known else None,
            shape=shape_id(scope, shape),
            unjudged=unjudged,
            reason=verdict.reason if verdict else None,
            scope=scope,
            shape_text=shape,
            params=self._judge.parameters(judgement) if known else [],
            nearest=_nearest(verdict) if verdict else None,
            line=number,
            file=file,
        )


def _nearest(verdict: Verdict) -> _Nearest | None:
    if verdict.nearest is None:
        return None
    known = verdict.nearest.known
    return _Nearest(known.id, known.pattern.text, str(verdict.nearest.difference))


class PeopleWriter:
    """Writes outliers with what explains them; where every line is wanted, the others behind their pattern's id."""

    def __init__(self, rules: Rules, *, every: bool) -> None:
        """Take the rules by which the lines were judged, and whether every line is written or outliers alone."""
        self._splitter = Splitter(rules.words)
        self._every = every
        self._console = stdout()
        self._told: dict[tuple[str, str], str] = {}

    def write(self, file: str, judged: Sequence[tuple[int, Judgement]]) -> None:
        """Write lines of a file, each with its number."""
        named = printable(file)
        for number, judgement in judged:
            verdict, line = judgement.verdict, judgement.shaped.line
            if verdict is not None and verdict.outlier:
                self._outlier(judgement, verdict, f"{named}:{number}")
            elif self._every:
                label = verdict.known.id if verdict and verdict.known else str(judgement.shaped.unjudged)
                print(f"{label:<{_ID_WIDTH}}  {_brief(line.text)}".rstrip(), file=self._console.file)
        self._console.file.flush()

    def _outlier(self, judgement: Judgement, verdict: Verdict, place: str) -> None:
        line, scope, shape, *_ = judgement.shaped
        before = self._told.get((scope, shape))
        if before is not None:
            self._say(Text.assemble((place, "bold"), f": as {before}: ", _brief(line.text)))
            return
        if len(self._told) < _REMEMBERED_SHAPES:
            self._told[scope, shape] = place
        self._say(Text.assemble((place, "bold"), f": {_reason(verdict, printable(scope, 60))}"))
        self._show(line, verdict)
        if verdict.known is not None:
            known = verdict.known
            self._say(
                Text.assemble(("pattern ", "dim"), f"{known.id}  ", shown(known.pattern.text, most=_SHOWN)), _INDENT
            )
            for said in filter(None, (known.severity, known.name, known.runbook)):
                self._say(shown(said, "yellow", most=_SHOWN), _INDENT)
            return
        if verdict.nearest is None:
            of_it = "" if verdict.reason == NEW_PROGRAM or not scope else "of this program "
            self._say(Text(f"no pattern {of_it}shares a word with it"), _INDENT)
            return
        known = verdict.nearest.known
        self._say(Text.assemble(("nearest ", "dim"), f"{known.id}  ", shown(known.pattern.text, most=_SHOWN)), _INDENT)
        self._say(shown(str(verdict.nearest.difference), "yellow", most=_SHOWN), _INDENT)

    def _show(self, line: Line, verdict: Verdict) -> None:
        """Write the line or record with the word marked that differs from the nearest pattern."""
        word = verdict.nearest.difference.word if verdict.nearest else 0
        place = self._place(line, word)
        if place is None:
            self._say_rows(printable_rows(line.text, _SHOWN))
            return
        (*above, before), (marked, *more), (after, *below) = map(printable_rows, _cut(line.text, *place))
        if more:
            # What differs goes on in the next line: it is marked where it begins.
            *more, last = more
            after, below = "", [*more, last + after, *below]
        self._say_rows(above)
        self._say(Text.assemble(before, (marked, "bold red underline"), after), _INDENT)
        if not self._console.is_terminal:
            self._say(Text(" " * cell_len(before) + "^" * max(cell_len(marked), 1)), _INDENT)
        self._say_rows(below)

    def _say_rows(self, rows: Sequence[str]) -> None:
        for row in rows:
            # On a terminal rich leaves out what is empty.
            self._say(Text(row or " " * self._console.is_terminal), _INDENT)

    def _place(self, line: Line, word: int) -> tuple[int, int] | None:
        """Return which characters of the line a word of its shape, by number from 1, stands for; None for no such."""
        slices = self._splitter.slices(line.message)
        header = len(line.level) + 1 if line.level else 0
        body = line.message[header:]
        begin = len(line.text) - len(body) if line.text.endswith(body) else line.text.find(body)
        if word == len(slices) + 1 and begin >= 0:
            # A word is missing at the end.
            start = end = slices[-1].end
        elif 1 <= word <= len(slices) and begin >= 0:
            _, start, end = slices[word - 1]
        else:
            return None
        # The level in front of the message is not where the message is.
        return (begin + start - header, begin + end - header) if start >= header else None

    def _say(self, text: Text, indent: int = 0) -> None:
        if self._console.is_terminal:
            text.overflow = "fold"
            self._console.print(Padding(text, (0, 0, 0, indent), expand=False))
        else:
            print(" " * indent + text.plain, file=self._console.file)


def _brief(text: str) -> str:
    """Return a line, or of a record the first line and how many follow."""
    first, more, rest = text.partition("\n")
    if not more:
        return printable(text, _SHOWN)
    first = first.removesuffix("\r")
    return f"{printable(first, _SHOWN)} (+{counted(rest.count(more) + 1, 'line')})"


def _reason(verdict: Verdict, program: str) -> str:
    if verdict.known is not None:
        return f"of a {verdict.known.state} pattern" + (f" of {program}" if program else "")
    if verdict.reason == NEW_PROGRAM:
        return f"new program {program}" if program else "no pattern is of lines without a program"
    return f"no pattern of {program} fits" if program else "no pattern fits"


def _cut(text: str, start: int, end: int) -> tuple[str, str, str]:
    """Return what stands before [start, end), there, and behind it; of a long line only what is around it."""
    begin, stop = 0, len(text)
    if stop > _SHOWN:
        begin = max(0, start - _BEFORE_MARK)
        stop = min(stop, begin + _SHOWN)
    end = min(end, stop)
    return (
        ("…" if begin else "") + text[begin:start],
        text[start:end],
        text[end:stop] + ("…" if stop < len(text) else ""),
    )
