"""
Bodies by an operator's own template of Jinja, in its sandbox.

The template gets `notice`, the fields that streaming/notifying/notice.py lists (None where there is none), and the
filters of Jinja, of which `tojson` makes any value safe in JSON; `slack` escapes what Slack reads as markup, and
`printable` shows control characters as escapes. Nothing is escaped by itself. A template is tried when the stream
starts: with alerts, an unusual rate, an overflow and a digest, all of hostile text.

    {"title": {{ notice.summary | tojson }}, "tags": ["logs", {{ notice.kind | tojson }}]}
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import StrictUndefined, TemplateError, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import htmlsafe_json_dumps

from patterns.errors import SettingsError
from patterns.terminal import printable
from streaming.notifying.bodies import slack_escaped
from streaming.notifying.notice import Notice

_HOSTILE = 'quote " backslash \\ line\nfeed <!channel> & {{ 7*7 }} \u2028 \x1b[2J ünïcödé'
_WHAT_A_TEMPLATE_RAISES = (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError)


def _samples() -> Iterator[Notice]:
    """Yield a notice of each kind: of all fields, masked and without a header, above the cap, of a day."""
    line = dict.fromkeys(("message", "host", "program", "scope", "shape", "nearest", "difference"), _HOSTILE)
    time = "2026-11-29T08:00:00.000Z"
    given = {"id": "0" * 20, "source": _HOSTILE, "time": time, "created": time, "summary": _HOSTILE, "set": "1"}
    numbers = {"since": "2026-11-28T08:00:00.000Z", "until": time}
    for fields in (
        {"kind": "alert", **line, "reason": "no_pattern", "count": 1, "untold": 0, "bucket": time},
        {"kind": "alert", "redacted": True, "message": "<*>", "shape": "<*>", "count": 1, "untold": 0, "bucket": time},
        {"kind": "unusual", **line, "unusual": "rate", "observed": 9.0, "usual": 1.0, "spread": 0.5, "bucket": time},
        {"kind": "overflow", "message": _HOSTILE},
        {"kind": "digest", "digest": numbers},
    ):
        yield msgspec.convert({**given, **fields}, Notice)


def _or_nothing(shown: Callable[[str], str]) -> Callable[[str | None], str]:
    """Return what shows a text, and nothing for a field that a notice does not have."""
    return lambda text: "" if text is None else shown(text)


def _json(value: Any) -> str:
    """Return a value as JSON; of a name that does not exist Jinja's own would not say which."""
    return htmlsafe_json_dumps(str(value) if isinstance(value, Undefined) else value)


class BodyTemplate:
    """A template that was read and tried."""

    def __init__(self, key: str, path: str, content_type: str) -> None:
        """
        Read a template and try it.

        Args:
            key: What the configuration calls it, for errors.
            path: Where it is.
            content_type: Of its output; where that is JSON, it must be.

        Raises:
            SettingsError: It cannot be read, is no template, or what it makes of a sample is no JSON.
        """
        self._key, self._path = key, path
        environment = ImmutableSandboxedEnvironment(autoescape=False, undefined=StrictUndefined)
        environment.filters |= {
            "slack": _or_nothing(slack_escaped),
            "printable": _or_nothing(printable),
            "tojson": _json,
        }
        try:
            self._template = environment.from_string(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise self._wrong(f"{error.strerror}; give json, slack, alertmanager, or the path of a template") from None
        except (UnicodeDecodeError, TemplateError) as error:
            raise self._wrong(f"it is no template: {error}; mend it there") from None
        for sample in _samples():
            body = self.render(sample)
            if "json" in content_type.lower():
                try:
                    json.loads(body)
                except ValueError as error:
                    raise self._wrong(
                        f"what it makes of a notice of kind {sample.kind} is no JSON: {error}; write each value as "
                        "{{ notice.message | tojson }}, or set content_type"
                    ) from None

    def render(self, notice: Notice) -> bytes:
        """
        Return the body of a notice.

        Raises:
            SettingsError: The template fails on it.
        """
        try:
            digest = notice.digest and msgspec.structs.asdict(notice.digest)
            return self._template.render(notice={**msgspec.structs.asdict(notice), "digest": digest}).encode()
        except _WHAT_A_TEMPLATE_RAISES as error:
            raise self._wrong(f"it fails on a notice of kind {notice.kind}: {error}; mend it there") from None

    def _wrong(self, why: str) -> SettingsError:
        return SettingsError(f"{self._key} is {self._path!r}: {why}")
