r"""
A record → the bytes of the line that is judged or mined: the same for trainer and stream.

A record is one line, whatever line feeds are in it: all of it (*plain*), or the text in a JSON object (*envelope*). A
text with a header of its own is the line as it is: what it says of itself wins. Else what the envelope knows is put in
front, as an ``iso`` header from which patterns/line.py reads just that, and the text as message:

    {"@timestamp": 1795514400.5, "host": "web1", "ident": "su", "pid": "77", "log": "failed\n"}
    2026-11-24T10:00:00.500000+00:00 web1 su[77]: failed

Objects in objects and dots in keys are both understood. The fields are those that these write:

                     text          time                  host                 program             pid
    rsyslog          msg, message  timereported          hostname             syslogtag           procid
    syslog-ng        MESSAGE       ISODATE, DATE         HOST                 PROGRAM             PID
    journald         MESSAGE       __REALTIME_TIMESTAMP  _HOSTNAME            SYSLOG_IDENTIFIER   _PID
    Filebeat         message       @timestamp            host.name            process.name        process.pid
      of syslog                                          log.syslog.hostname  log.syslog.appname  log.syslog.procid
    Logstash         message       @timestamp            host.hostname        process.name        process.pid
      without ECS                                        logsource            program             pid
    Fluent Bit       log, message  @timestamp, time      host                 ident               pid
      in Kubernetes                                      kubernetes.host      kubernetes.container_name
    Docker           log           time

What is no time is passed over; with none at all it is the record time. What a header cannot hold is written ``_``.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

import msgspec

from patterns.errors import EnvelopeError
from patterns.line import LineReader, exact_bytes, exact_text
from patterns.rules import AUTO, PLAIN, Rules, load_zone
from patterns.timestamps import SECOND, iso_reader, rfc3164_reader

_Name = tuple[str, str, str]
"""A field's name, and what is before and behind its first dot: an object and the name in there."""


def _names(names: str) -> Sequence[_Name]:
    return [(name, name.partition(".")[0], name.partition(".")[2]) for name in names.split()]


_TEXTS: Final = ("message", "log", "msg", "MESSAGE")
_TIMES: Final = ("@timestamp", "timestamp", "timereported", "time", "__REALTIME_TIMESTAMP", "ISODATE", "DATE")
# What a line says of its host comes before what a shipper says of its own: behind a relay they differ.
_HOSTS: Final = _names(
    "log.syslog.hostname hostname logsource host.hostname host.name host _HOSTNAME HOST "
    "kubernetes.host kubernetes.node.name"
)
_PROGRAMS: Final = _names(
    "log.syslog.appname process.name program programname app-name appname ident SYSLOG_IDENTIFIER _COMM PROGRAM "
    "kubernetes.container_name kubernetes.container.name"
)
_PIDS: Final = _names("log.syslog.procid process.pid procid pid _PID SYSLOG_PID PID")
_KEYS: Final = frozenset(key for names in (_HOSTS, _PROGRAMS, _PIDS) for name in names for key in name[:2])
_TAG: Final = "syslogtag"

FIELDS: Final = frozenset(
    {*_TEXTS, *_TIMES, _TAG, *(name for names in (_HOSTS, _PROGRAMS, _PIDS) for name, _, _ in names)}
)
"""All that an envelope may be asked for, but a `field` that is configured."""

_NIL = "-"
_WHITE_SPACE = " \t\n\r\f\v"

_Fit = Callable[[Any], str | None]
"""A field's value → a word that its place in a header can hold; None where it says nothing."""


def _fit(longest: int, unfit: str) -> _Fit:
    """Return what makes words fit by what patterns/line.py sets: a length, and characters that are none of them."""
    pattern = re.compile(unfit, re.ASCII)

    @lru_cache(maxsize=4096)
    def fitted(text: str) -> str | None:
        word = pattern.sub("_", text.strip(_WHITE_SPACE))
        return word if word not in {"", _NIL} else None

    def fit(value: Any) -> str | None:
        if type(value) is int and abs(value) < 2**64:
            value = str(value)
        return fitted(value[:longest]) if isinstance(value, str) else None

    return fit


_host = _fit(256, r"[\s\[\]\ud800-\udfff]|:\Z")
_program = _fit(128, r"[\s:\[\]\ud800-\udfff]")
_pid = _fit(64, r"[\s\[\]\ud800-\udfff]")

# Half a surrogate pair, but none of those that `exact_text` writes for bytes that are not UTF-8.
_HALF_A_PAIR = re.compile(r"[\ud800-\udc7f\udd00-\udfff]")

_LONGEST_TIME = 64
_SHORTEST_TIME = len("Nov 24 10:00:00")
"""Whatever is shorter is a day or an hour."""

_FIRST_EPOCH = 10**8
_EPOCHS = ((10**11, SECOND), (10**14, 1_000), (10**17, 1), (10**20, 1e-3))
"""Numbers up to → microseconds in one: its size tells the unit, seconds to nanoseconds, each from 1973 to 5138."""

_DECODER = msgspec.json.Decoder(dict[str, Any])


def plain_line(value: bytes) -> bytes:
    r"""
    Return the line that a text is: without what ends a line, and with a space for each line feed inside.

    Line feeds are what a corpus is cut at, and a line's final ``\r`` is dropped there: with neither in it, a line is
    the same one in a corpus and by itself.
    """
    line = value.removesuffix(b"\n").rstrip(b"\r")
    return line.replace(b"\r\n", b" ").replace(b"\n", b" ") if b"\n" in line else line


class Envelope:
    """
    Takes lines out of JSON objects. Not thread-safe.

    Attributes:
        puts_in_front: Whether what the object knows becomes the header of a text without one.
    """

    def __init__(self, rules: Rules, field: str | None = None) -> None:
        """
        Make one.

        Args:
            rules: How the lines are read afterwards. Where they read neither any format nor ``iso``, nothing is put in
                front of a text.
            field: The one field that may hold the text, with dots between the names of nested ones; None for the
                usual ones.

        Raises:
            RulesError: A format cannot be compiled.
        """
        self._reader = LineReader(rules)
        self.puts_in_front = rules.header in {AUTO, "iso"}
        self._longest_header = rules.max_line_bytes
        self._texts = _TEXTS if field is None else (field,)
        zone = load_zone(rules.zone)
        self._iso = iso_reader(zone)
        self._rfc3164 = rfc3164_reader(zone)

    def line(self, value: bytes | Mapping[str, Any], record_time: int) -> bytes:
        """
        Return the line in an envelope.

        Args:
            value: The JSON text, or the object already decoded.
            record_time: When the record reached us, in microseconds since 1970; stands in for a missing time.

        Raises:
            EnvelopeError: It is no JSON object, or no field that may hold the text does.
        """
        document, text = self.opened(value)
        if not self.puts_in_front or self._reader.read(text, record_time).format != PLAIN:
            return text
        return self.headed(document, text, record_time)

    def opened(self, value: bytes | Mapping[str, Any]) -> tuple[Mapping[str, Any], bytes]:
        """Return the object in an envelope and the text that it holds; it raises what `line` raises."""
        document = _decoded(value) if isinstance(value, bytes) else value
        return document, self._text(document)

    def has_header(self, text: bytes) -> bool:
        """Tell whether a text has a header of its own."""
        return self._reader.has_header(text)

    def headed(self, document: Mapping[str, Any], text: bytes, record_time: int) -> bytes:
        """Return a text that has no header behind the one that its object makes."""
        header = self._header(document, record_time)
        return header + text if len(header) <= self._longest_header else text

    def _text(self, document: Mapping[str, Any]) -> bytes:
        for name in self._texts:
            value = _find(document, name)
            if isinstance(value, list) and value:
                # Logstash's grok, told nothing else, puts what it found behind the text it read.
                value = _bytes(value) if type(value[0]) is int else value[0]
            if isinstance(value, str):
                value = _encoded(value)
            if isinstance(value, bytes):
                return plain_line(value)
        *others, last = self._texts
        raise EnvelopeError(f"no text in field {', '.join(others)}{' or ' if others else ''}{last}")

    def _header(self, document: Mapping[str, Any], record_time: int) -> bytes:
        """Return what the envelope knows as a header with a space behind; empty where it knows nothing."""
        time = self._time(document, record_time)
        hosts, programs, pids = _worth_a_look(_KEYS.intersection(document))
        host = _word(document, hosts, _host)
        program, pid = _tag(document)
        program = program or _word(document, programs, _program)
        pid = pid or _word(document, pids, _pid)
        if time is None and not (host or program or pid):
            return b""
        # A dash for what is not known, so that no word of the message is taken for it.
        tag = f"{program or _NIL}[{pid}]" if pid else program or _NIL
        return f"{_stamp(record_time if time is None else time)} {host or _NIL} {tag}: ".encode()

    def _time(self, document: Mapping[str, Any], record_time: int) -> int | None:
        for name in _TIMES:
            value = document.get(name)
            time = None if value is None else self._read_time(value, record_time)
            if time is not None:
                return time
        return None

    def _read_time(self, value: object, record_time: int) -> int | None:
        if isinstance(value, str):
            if len(value) > _LONGEST_TIME:
                return None
            if not value[:9].isdecimal():
                return self._read_text(value, record_time)
            try:
                value = float(value)
            except ValueError:
                return None
        if isinstance(value, int | float) and value >= _FIRST_EPOCH:
            return next((round(value * unit) for below, unit in _EPOCHS if value < below), None)
        return None

    def _read_text(self, text: str, record_time: int) -> int | None:
        if len(text) < _SHORTEST_TIME:
            return None
        time = self._iso(text, record_time)
        return self._rfc3164(text, record_time) if time is None and len(text) == _SHORTEST_TIME else time


def _decoded(value: bytes) -> dict[str, Any]:
    try:
        return _DECODER.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        why = str(error)
    try:
        # Slower, it reads what some write: text that is not UTF-8, half a surrogate pair where a text was cut, control
        # characters as they are, NaN, a byte order mark.
        document = json.loads(exact_text(value).removeprefix("\ufeff"), strict=False)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise EnvelopeError(f"no JSON object: {why}")
    return document


def _find(document: Mapping[str, Any], path: str) -> Any:
    """Return what is at a dotted path, whichever of its dots are in the keys; None for nothing."""
    value = document.get(path)
    dot = path.find(".")
    while value is None and dot >= 0:
        inner = document.get(path[:dot])
        if isinstance(inner, dict):
            value = _find(inner, path[dot + 1 :])
        dot = path.find(".", dot + 1)
    return value


@lru_cache(maxsize=1024)
def _worth_a_look(keys: frozenset[str]) -> tuple[Sequence[_Name], ...]:
    """Return the hosts, programs and pids that an object with these keys may have: a few of many."""
    return tuple([name for name in names if name[0] in keys or name[1] in keys] for names in (_HOSTS, _PROGRAMS, _PIDS))


def _word(document: Mapping[str, Any], names: Sequence[_Name], fit: _Fit) -> str | None:
    """Return the first of some fields that says anything, made fit for a header."""
    for name, outer, inner in names:
        value = document.get(name)
        if value is None and isinstance(within := document.get(outer), dict):
            value = _find(within, inner)
        if isinstance(value, list) and value:
            # As with the text; but here what grok found is what the line says.
            value = value[-1]
        word = fit(value)
        if word:
            return word
    return None


def _tag(document: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """
    Return program and process id in rsyslog's syslogtag, such as ``postfix/smtpd[12]:``.

    It is what a file would have; rsyslog's programname ends at the slash.
    """
    tag = document.get(_TAG)
    if not isinstance(tag, str):
        return None, None
    program, _, rest = tag.partition("[")
    return _program(program.strip(_WHITE_SPACE).removesuffix(":")), _pid(rest.partition("]")[0])


def _bytes(numbers: list[Any]) -> bytes | None:
    """Return a text that journald writes as its bytes' numbers, since it has control characters or is not UTF-8."""
    try:
        return bytes(numbers)
    except (ValueError, TypeError):
        return None


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        return exact_bytes(_HALF_A_PAIR.sub("\ufffd", text))


def _stamp(time: int) -> str:
    return f"{_second(time // SECOND)}.{time % SECOND:06}+00:00"


@lru_cache(maxsize=4096)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()[:19]
