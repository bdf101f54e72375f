"""
A pipeline of conf/logstash, read by a grammar of Logstash's language, and what it makes of lines, without Logstash.

    file ─► Pipeline ─┬─► the expression of grok ─► real grok (grok.py) ─┐
                      └─► mutate, date, conditions, outputs ─────────────┴─► record of Kafka, document of Elasticsearch

Logstash can be had from nowhere that the tests fetch from. Real are the grammar, and grok with its engine for regular
expressions. The rest is what the plugins' documentation says, in as much as our files use it: anything else in a file
is an error here. So what is **not** tried is Logstash itself: that its plugins know the options and take their values,
that `date` reads the times (here Python does, of zone UTC), how files are followed, and what is lost in a crash.

The grammar is a third party's, after Logstash's own. It takes more than that: a comma behind the last item of a list, a
comment between the pairs of a hash, and a text that is empty.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from grok import Captures, Grok
from logstash_pipeline_parser import Pipeline as Grammar

SHIPPED: Final = Path(__file__).parents[2] / "conf" / "logstash"

RECEIVED: Final = datetime(2026, 11, 24, 12, 0, 0, 250_000, UTC)
"""When Logstash gets each line."""

MACHINE: Final = "shipper"
"""The machine that it runs on."""

Event = dict[str, Any]
"""Fields as Logstash has them, objects in objects; with `@metadata`, which no output writes."""

_REFERENCE = re.compile(r"%\{(\+)?([^{}]+)\}")
_JODA = {"MMM dd HH:mm:ss": "%b %d %H:%M:%S", "MMM  d HH:mm:ss": "%b  %d %H:%M:%S"}


class Pipeline:
    """
    A pipeline.

    Attributes:
        tree: What the grammar reads: sections with plugins with settings, as nested lists.

    Raises:
        ParseError: The text is not in Logstash's language.
    """

    def __init__(self, text: str) -> None:
        # The grammar takes backslashes for escapes, which in Logstash they are by config.support_escapes alone.
        grammar = Grammar(text.replace("\\", "\\\\"))
        for name in list(grammar.get_types()):
            # Paths and addresses would come as such.
            grammar.remove_type(name)
        self.tree: list[Any] = grammar.parse()

    def plugin(self, section: str, name: str) -> Mapping[str, Any]:
        """Return the settings of the only plugin of its name outside of conditions."""
        [settings] = [each[1] for each in self._section(section) if each[0] == name]
        return _settings(settings)

    def grok(self) -> tuple[str, Mapping[str, str]]:
        """Return the expression of its grok, and what it defines."""
        settings = self.plugin("filter", "grok")
        [(field, expression)] = settings["match"].items()
        assert field == "message"
        return expression, settings["pattern_definitions"]

    def events(self, grok: Grok, lines: Sequence[str]) -> list[Event]:
        """Return the events that its filter makes of lines of a file."""
        return [
            self._event(line, captures)
            for line, captures in zip(lines, grok.captures(*self.grok(), lines), strict=True)
        ]

    def _event(self, line: str, captures: Captures | None) -> Event:
        event: Event = {
            "@timestamp": RECEIVED,
            "@version": "1",
            "message": line,
            "host": {"name": MACHINE},
            "log": {"file": {"path": "/var/log/syslog"}},
        }
        for name, content in self._section("filter"):
            if name == "if":
                [sign, reference], [plugins] = content
                assert sign == "!"
                if find(event, reference) is None:
                    for inner, settings in plugins:
                        _run(event, inner, _settings(settings), captures)
            else:
                _run(event, name, _settings(content), captures)
        return event

    def _section(self, section: str) -> Iterable[Any]:
        return [plugin for name, plugins in self.tree if name == section for plugin in plugins]


def find(event: Event, reference: str) -> Any:
    """Return what a field reference, `[host][name]` or `message`, refers to; None for nothing."""
    value: Any = event
    for part in _parts(reference):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def put_in(event: Event, template: str) -> str:
    """Return a text of the configuration with the fields that it refers to; what is not there stays as written."""

    def text(found: re.Match[str]) -> str:
        if found[1]:
            assert found[2] == "yyyy.MM.dd"
            return f"{event['@timestamp']:%Y.%m.%d}"
        value = find(event, found[2])
        return found[0] if value is None else str(value)

    return _REFERENCE.sub(text, template)


def written(event: Event) -> dict[str, Any]:
    """Return an event as outputs write it in JSON."""
    return {name: _written(value) for name, value in event.items() if name != "@metadata"}


def _run(event: Event, name: str, settings: Mapping[str, Any], captures: Captures | None) -> None:
    match name:
        case "mutate":
            assert settings.keys() <= {"copy", "add_field"}
            # Options of the plugin come before those that all plugins have.
            for source, target in settings.get("copy", {}).items():
                if (value := find(event, source)) is not None:
                    _put(event, target, value)
            for target, value in settings.get("add_field", {}).items():
                _put(event, target, put_in(event, value))
        case "grok":
            assert settings.keys() == {"pattern_definitions", "match", "overwrite"}
            assert settings["overwrite"] == ["message"]
            if captures is None:
                event["tags"] = [*event.get("tags", []), "_grokparsefailure"]
            for target, value in (captures or {}).items():
                _put(event, target, value)
        case "date":
            assert settings.keys() == {"match", "locale", "remove_field"}
            _date(event, *settings["match"], remove=settings["remove_field"])
        case _:
            raise AssertionError(f"{name} is not known here")


def _date(event: Event, field: str, *formats: str, remove: Iterable[str]) -> None:
    text = find(event, field)
    if text is None:
        return
    for each in formats:
        try:
            if each == "ISO8601":
                time = datetime.fromisoformat(text)
            else:
                time = datetime.strptime(f"{RECEIVED.year} {text}", f"%Y {_JODA[each]}")  # noqa: DTZ007 (zone: below)
        except ValueError:
            continue
        event["@timestamp"] = time.replace(tzinfo=time.tzinfo or UTC)
        for name in remove:
            del event[name]
        return
    event["tags"] = [*event.get("tags", []), "_dateparsefailure"]


def _put(event: Event, reference: str, value: Any) -> None:
    *outer, last = _parts(reference)
    for part in outer:
        event = event.setdefault(part, {})
    event[last] = value


def _parts(reference: str) -> list[str]:
    return reference[1:-1].split("][") if reference.startswith("[") else [reference]


def _settings(pairs: Iterable[Any]) -> dict[str, Any]:
    return {name: _value(value) for name, [value] in pairs}


def _value(value: Any) -> Any:
    """Return a hash as a dict, and a codec as one of its settings by its name."""
    match value:
        case [str(codec), [*settings]]:
            return {codec: _settings(settings)}
        case [[str(), [_]], *_]:
            return {name: inner for name, [inner] in value}
        case _:
            return value


def _written(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _written(inner) for name, inner in value.items()}
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
