r"""
Bytes → line: header and message.

A line ends at ``\n`` alone; a final ``\r`` is dropped. Built-in formats:

    rfc5424   <34>1 2003-10-11T22:14:15.003Z web1 su 77 ID47 [x@1 k="v"] message
    iso       2003-10-11T22:14:15.003+02:00 web1 su[77]: message
    rfc3164   Oct 11 22:14:15 web1 su[77]: message

The last two may have a ``<34>`` in front, and lack the host or the tag. (Where a level in capitals, ``stdout F`` or a
number and a bracket follow the time of `iso`, it is another format.) Further formats come from conf/formats.toml.
What no format fits is `plain`: the whole line is the message. A line is never dropped.

A record of several lines (patterns/records.py) is read as one line. Its header is that of its first line, and what
follows belongs to the message.
"""

import base64
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from patterns.errors import RulesError
from patterns.linear import compile_linear, first_bytes
from patterns.rules import AUTO, BUILT_IN_FORMATS, PLAIN, FormatRule, Rules, load_zone
from patterns.timestamps import TimeReader, epoch_reader, iso_reader, rfc3164_reader, strptime_reader

_TAG = r"(?:(?P<program>[^\s:\[\]]{1,128})(?:\[(?P<pid>[^\s\[\]]{0,64})\])?:(?:\s|$))?"
_HOST = r"(?:(?P<host>[^\s\[\]]{0,255}[^\s:\[\]])(?:\s+|$))?"
_PRIORITY = r"(?:<(?P<priority>\d{1,3})>)?"
_NO_HOST = (
    r"(?!\s*(?:(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|SEVERE|CRITICAL|FATAL)\s|"
    r"[A-Z]\s|(?:stdout|stderr)\s[FP]\s|\d+\s\[))"
)
"""What follows a time and is no host, so that the header is not `iso`: a level, a container's stream, a thread."""

_BUILT_IN: Mapping[str, re.Pattern[str]] = {
    name: re.compile(expression, re.ASCII | re.DOTALL)
    for name, expression in {
        "rfc5424": (
            r"<(?P<priority>\d{1,3})>[1-9]\d?\s(?P<timestamp>\S{1,64})\s(?P<host>\S{1,255})\s(?P<program>\S{1,128})\s"
            r"(?P<pid>\S{1,128})\s\S{1,128}\s(?:-|(?:\[(?:[^\]\"]|\"(?:[^\"\\]|\\.)*\")*\])+)(?:\s\ufeff?(?P<message>.*))?"
        ),
        "iso": _PRIORITY
        + r"(?P<timestamp>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)\s"
        + _NO_HOST
        + _HOST
        + _TAG
        + r"(?P<message>.*)",
        "rfc3164": _PRIORITY
        + r"(?P<timestamp>(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\s[\s\d]\d\s\d\d:\d\d:\d\d)\s"
        + _HOST
        + _TAG
        + r"(?P<message>.*)",
    }.items()
}
_GROUPS = ("timestamp", "host", "program", "pid", "level", "message")
_VALUES = (*_GROUPS[:-1], "priority")
_SEPARATOR_BYTES = b" \t\n\v\f\r,;()[]{}"
_NIL = "-"


class Line(NamedTuple):
    """
    One line, read.

    Attributes:
        text: The whole line, invalid UTF-8 replaced.
        original: The whole line's bytes in base64 where they are not UTF-8, else None.
        cut: Whether the line was longer than max_line_bytes, so that only its start is judged.
        format: Name of the header's format; ``plain`` for none.
        time: The header's time in microseconds since 1970, else the record time.
        host: Host in the header, or None.
        program: Program in the header, or None.
        pid: Process id in the header as text, or None.
        priority: Syslog priority, 0 to 191, or None.
        level: Level in the header, or None; it is the first word of the message.
        message: What is judged.
    """

    text: str
    original: str | None
    cut: bool
    format: str
    time: int
    host: str | None
    program: str | None
    pid: str | None
    priority: int | None
    level: str | None
    message: str


class HeaderFormat(NamedTuple):
    """
    A header format, ready for use.

    Attributes:
        name: Its name.
        fullmatch: A line's text → a match with the named groups, or None; of `re`, or of RE2 for a configured one.
        time: Reads its timestamps; None where it has none.
        expression: As it is written; for RE2 where it is configured.
        first_bytes: The least and the greatest byte that a line of it can begin with; 0 stands for an empty line, too.
    """

    name: str
    fullmatch: Callable[[str], re.Match[str] | None]
    time: TimeReader | None
    expression: str
    first_bytes: tuple[int, int] = (0, 255)


def split_lines(data: bytes) -> list[bytes]:
    r"""Return the lines of `data` with a final ``\r`` dropped from each; an unfinished last line counts as one."""
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return [drop_carriage_return(line) for line in lines]


def drop_carriage_return(line: bytes) -> bytes:
    r"""Return a line without its final ``\r``."""
    return line[:-1] if line.endswith(b"\r") else line


def exact_text(data: bytes) -> str:
    """Return bytes as text from which `exact_bytes` makes the same bytes: what is not UTF-8 becomes lone surrogates."""
    return data.decode("utf-8", "surrogateescape")


def exact_bytes(text: str) -> bytes:
    """Return the bytes of a text that `exact_text` made."""
    return text.encode("utf-8", "surrogateescape")


class LineReader:
    """
    Reads lines by `rules`. Not thread-safe.

    Attributes:
        formats: The header formats in the order in which they are tried.
    """

    def __init__(self, rules: Rules) -> None:
        """Raises RulesError for a format that cannot be compiled."""
        self._limit = rules.max_line_bytes
        self.formats = list(_formats(rules))
        self._beginning_with = lru_cache(maxsize=256)(self._formats_of)

    def read(self, data: bytes, record_time: int) -> Line:
        """
        Read one line.

        Args:
            data: Its bytes without the line's end.
            record_time: When the record reached us, in microseconds since 1970; stands in for a missing time.
        """
        judged = self._judged(data)
        try:
            text, original = data.decode(), None
        except UnicodeDecodeError:
            text, original = data.decode(errors="replace"), base64.b64encode(data).decode()
        start = text if judged is data else judged.decode(errors="replace")
        first, rest = _split_first(start)
        for header in self._beginning_with(first[:1]):
            found = header.fullmatch(first)
            if found is not None:
                groups = found.groupdict()
                return _line(header, groups, rest, record_time, text=text, original=original, cut=judged is not data)
        return Line(text, original, judged is not data, PLAIN, record_time, None, None, None, None, None, start)

    def has_header(self, data: bytes) -> bool:
        """Tell whether `read` would find a header in a line, or in a record that begins with it."""
        text = self._judged(data).decode(errors="replace")
        return any(header.fullmatch(text) is not None for header in self._beginning_with(text[:1]))

    def _formats_of(self, character: str) -> list[HeaderFormat]:
        """Return the formats that a line can have which begins with a character; ``""`` for an empty one."""
        first = character.encode()[0] if character else 0
        return [each for each in self.formats if each.first_bytes[0] <= first <= each.first_bytes[1]]

    def _judged(self, data: bytes) -> bytes:
        return data if len(data) <= self._limit else data[: _cut(data, self._limit)]


def _split_first(text: str) -> tuple[str, str]:
    """Return the first line of a record, which is nearly always all of it, and what follows with the line end."""
    end = text.find("\n")
    if end < 0:
        return text, ""
    if text.endswith("\r", 0, end):
        end -= 1
    return text[:end], text[end:]


def _cut(data: bytes, limit: int) -> int:
    """Return where to cut: at the last separator up to `limit`, else before the character that crosses it."""
    at = max(data.rfind(separator, 0, limit + 1) for separator in _SEPARATOR_BYTES)
    if at > 0:
        return at
    while limit > 1 and data[limit] & 0xC0 == 0x80:
        limit -= 1
    return limit


def _line(
    header: HeaderFormat,
    found: Mapping[str, str | None],
    rest: str,
    record_time: int,
    *,
    text: str,
    original: str | None,
    cut: bool,
) -> Line:
    given = map(found.get, _VALUES)
    timestamp, host, program, pid, level, priority = [None if not value or value == _NIL else value for value in given]
    message = (found.get("message") or "") + rest
    time = header.time(timestamp, record_time) if header.time and timestamp else None
    return Line(
        text=text,
        original=original,
        cut=cut,
        format=header.name,
        time=record_time if time is None else time,
        host=host,
        program=program,
        pid=pid,
        priority=int(priority) if priority and int(priority) < 192 else None,
        level=level,
        message=f"{level} {message}" if level else message,
    )


def _formats(rules: Rules) -> Iterable[HeaderFormat]:
    if rules.header == PLAIN:
        return
    names = (*BUILT_IN_FORMATS, *rules.formats) if rules.header == AUTO else (rules.header,)
    for name in names:
        if name in rules.formats:
            yield _configured(name, rules.formats[name], rules.zone)
        else:
            zone = load_zone(rules.zone)
            time = rfc3164_reader(zone) if name == "rfc3164" else iso_reader(zone)
            yield HeaderFormat(name, _BUILT_IN[name].fullmatch, time, _BUILT_IN[name].pattern)


def _configured(name: str, rule: FormatRule, default_zone: str) -> HeaderFormat:
    compiled = compile_linear(rule.expression, f"expression of format {name!r}")
    groups = set(compiled.groupindex)
    if "message" not in groups or not groups <= set(_GROUPS):
        raise RulesError(
            f"format {name!r} has the named groups {sorted(groups)}: message is required and the others may be "
            f"{', '.join(_GROUPS[:-1])}; name them (?P<message>...)"
        )
    if "timestamp" in groups and not rule.time:
        raise RulesError(
            f"format {name!r} has a timestamp but time is empty; say how it reads: iso, epoch, or strptime directives"
        )
    zone = load_zone(rule.zone or default_zone)
    readers: dict[str, TimeReader] = {"iso": iso_reader(zone), "epoch": epoch_reader()}
    time = readers.get(rule.time) or (strptime_reader(rule.time, zone) if rule.time else None)
    return HeaderFormat(name, compiled.fullmatch, time, rule.expression, first_bytes(compiled))
