"""The stream's log on standard error: one structured line an event; on a terminal in words."""

import json
import logging
import sys
import time
from typing import Any, TextIO

from patterns.terminal import printable

_COUNTED = ("lines", "matched", "outliers")


class JsonLines(logging.Formatter):
    """``{"time", "level", "event", …facts}``, one object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record; its facts come as ``extra={"facts": {…}}``."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        when = f"{moment}.{int(record.msecs):03}Z"
        head = {"time": when, "level": record.levelname.lower(), "event": record.getMessage()}
        # The one character of ASCII that JSON leaves as it is and a terminal does not show.
        return json.dumps({**head, **_facts(record)}).replace("\x7f", "\\u007f")


class Words(logging.Formatter):
    """The same for people: time, what, and the numbers that are not zero."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        facts = _facts(record)
        said = []
        for name, value in facts.items():
            if isinstance(value, int) and not isinstance(value, bool) and name != "batch":
                if value or name in _COUNTED:
                    said.append(f"{value:,} {name.replace('_', ' ')}")
            else:
                said.append(f"{name} {value}")
        what = record.getMessage().replace("_", " ")
        return printable(f"{time.strftime('%H:%M:%S', time.localtime(record.created))} {what}: {', '.join(said)}")


def log_to(stream: TextIO | None = None, level: int = logging.INFO, *, words: bool | None = None) -> None:
    """Send logwinnow's log to a stream, by default standard error; in words, by default if that is a terminal."""
    # Not as the parameter's default: that would be what standard error was when this was imported.
    stream = stream or sys.stderr
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Words() if (stream.isatty() if words is None else words) else JsonLines())
    log = logging.getLogger("logwinnow")
    log.handlers[:] = [handler]
    log.propagate = False
    log.setLevel(level)


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    return dict(getattr(record, "facts", {}))
