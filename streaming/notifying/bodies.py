"""
A notice as a webhook's receiver wants it: our JSON, a message for Slack, an alert for Alertmanager.

    json            the notice, an object
    slack           {"text", "blocks"}: of incoming webhooks, and of what takes the same (Mattermost reads `text`)
    alertmanager    [{"labels", "annotations", "startsAt", "endsAt"[, "generatorURL"]}] for POST /api/v2/alerts

Slack refuses a text above 3,000 characters and a header above 150, and reads `&`, `<`, `>` as markup: of channels and
people that are to be called, say. Lines stand in a block of code, which nothing in them ends. Alertmanager tells alerts
apart by their labels alone, so the kind of line is one; it holds an alert for over at `endsAt`.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from patterns.terminal import printable, printable_rows
from streaming.notifying.notice import UNUSUAL, DigestNumbers, Notice

SLACK_TEXT: Final = 3_000
SLACK_HEADER: Final = 150

_CODE_CHARACTERS: Final = 2_400
# One character may become five, and the whole must still fit.
_ESCAPED_CHARACTERS: Final = SLACK_TEXT - 100
_LABEL_CHARACTERS: Final = 500
_ANNOTATION_CHARACTERS: Final = 2_000
_DEFAULT_SEVERITY: Final = {"alert": "warning", "unusual": "warning", "overflow": "warning", "digest": "info"}
_ALERT_NAMES: Final = {
    "alert": "LogwinnowNewKind",
    "unusual": "LogwinnowUnusual",
    "overflow": "LogwinnowTooManyKinds",
    "digest": "LogwinnowDigest",
}
_TITLES: Final = {"alert": "New kind of line", "overflow": "Too many new kinds of lines", "digest": "Digest"}


def json_body(notice: Notice) -> bytes:
    """Return the notice as JSON; what it does not have is left out."""
    return msgspec.json.encode(notice)


def slack_body(notice: Notice) -> bytes:
    """Return a message for Slack."""
    title = printable(f"{_title(notice)}: {notice.source}", SLACK_HEADER)
    blocks: list[dict[str, Any]] = [{"type": "header", "text": {"type": "plain_text", "text": title, "emoji": False}}]
    if notice.kind == "alert" and notice.message is not None:
        blocks.append(_section(_code(_lines(notice))))
        blocks.append(_section("\n".join(f"*{name}* {_short(value)}" for name, value in _facts(notice))))
    else:
        blocks.append(_section(slack_escaped(_cut(notice.summary))))
        if notice.kind == "unusual":
            blocks.append(_section("\n".join(f"*{name}* {_short(value)}" for name, value in _facts(notice))))
    ends = [text for text in (notice.find and f"find: {_short(notice.find)}", _slack_link(notice)) if text]
    if ends:
        blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": "  ·  ".join(ends)}]})
    return msgspec.json.encode({"text": slack_escaped(_cut(notice.summary)), "blocks": blocks})


def slack_escaped(text: str) -> str:
    """Return a text in one row in which Slack finds no links, channels, people or code; control characters shown."""
    return _escaped(printable(text))


def alertmanager_body(notice: Notice, repeat_after_hours: int, now: int) -> bytes:
    """
    Return a list of one alert for Alertmanager.

    Args:
        notice: What is to be told.
        repeat_after_hours: For how long it fires: a kind that is still unknown is told again then.
        now: In microseconds since 1970: what was held up by an outage fires from then for as long.
    """
    starts = datetime.fromisoformat(notice.created)
    ends = max(starts, datetime.fromtimestamp(now // 1_000_000, UTC)) + timedelta(hours=repeat_after_hours)
    labels = {
        "alertname": _ALERT_NAMES[notice.kind],
        "source": notice.source,
        "severity": notice.severity or _DEFAULT_SEVERITY[notice.kind],
        "host": notice.host,
        "program": notice.scope or notice.program,
        # Without an id of its own that of the alert: two kinds of one program are two alerts.
        "kind": notice.shape_id or notice.pattern_id or notice.id,
        "unusual": notice.unusual,
    }
    annotations = {
        "summary": notice.summary,
        "description": notice.message,
        "nearest": notice.nearest,
        "find": notice.find,
        "runbook_url": notice.runbook,
        "set": notice.set,
    }
    if notice.digest is not None:
        annotations |= {name: str(value) for name, value in _numbers(notice.digest)}
    body = {
        "labels": _texts(labels, _LABEL_CHARACTERS),
        "annotations": _texts(annotations, _ANNOTATION_CHARACTERS),
        "startsAt": _rfc3339(starts),
        "endsAt": _rfc3339(ends),
    }
    return msgspec.json.encode([{**body, "generatorURL": notice.link} if notice.link else body])


def text_of(notice: Notice) -> str:
    """Return a notice as plain text of several rows, for a mail; nothing in it moves a cursor."""
    if notice.digest is not None:
        rows = [f"{name.replace('_', ' ')}: {value}" for name, value in _numbers(notice.digest)]
        return "\n".join([printable(notice.summary), "", *rows])
    rows = [printable(notice.summary if notice.kind != "alert" else f"{_title(notice)}:")]
    if notice.kind == "alert" and notice.message is not None:
        rows += [f"    {row}" for row in printable_rows(_lines(notice), _ANNOTATION_CHARACTERS)]
    if notice.kind == "unusual" or (notice.kind == "alert" and notice.message is not None):
        rows += [f"  {name}: {printable(value, _LABEL_CHARACTERS)}" for name, value in _facts(notice)]
    if notice.find:
        rows.append(f"  find: {printable(notice.find, _LABEL_CHARACTERS)}")
    rows.append(f"  id: {notice.id}")
    return "\n".join(rows)


def _title(notice: Notice) -> str:
    if notice.unusual is not None:
        return f"{UNUSUAL[notice.unusual]}{f', {notice.name}' if notice.name else ''}"
    return notice.name or ("New kinds of lines that are alike" if notice.shapes else _TITLES[notice.kind])


def _lines(notice: Notice) -> str:
    """Return the line of an alert, or some of a provisional pattern's."""
    return "\n".join(notice.examples or (notice.message or "",))


def _facts(notice: Notice) -> list[tuple[str, str]]:
    """Return what is known of an alert beside its line, for people."""
    facts = [
        ("time", notice.time),
        ("lines", f"{notice.count:,}" if notice.count else None),
        ("new shapes", f"{notice.shapes:,}" if notice.shapes else None),
        ("host", notice.host),
        ("program", notice.program),
        ("why", notice.reason and notice.reason.replace("_", " ")),
        ("severity", notice.severity),
        ("nearest", notice.nearest),
        ("difference", notice.difference),
        ("pattern", notice.pattern),
        ("value", notice.value),
        ("held back since the last alert", f"{notice.untold:,}" if notice.untold else None),
        ("runbook", notice.runbook),
    ]
    return [(name, value) for name, value in facts if value]


def _numbers(digest: DigestNumbers) -> list[tuple[str, str]]:
    values = msgspec.structs.asdict(digest)
    return [
        (name, f"{value:,}" if isinstance(value, int) else value) for name, value in values.items() if value is not None
    ]


def _section(text: str) -> dict[str, Any]:
    return {
        "type": "section",
        "text": {"type": "mrkdwn", "text": text if len(text) <= SLACK_TEXT else text[:SLACK_TEXT]},
    }


def _code(message: str) -> str:
    """Return a line as a block of code for Slack, which nothing in it ends."""
    text = "\n".join(printable_rows(message, _CODE_CHARACTERS))
    while len(escaped := _escaped(text)) > _ESCAPED_CHARACTERS:
        # Never in the middle of an escape.
        text = text[: len(text) * 3 // 4] + "…"
    return f"```{escaped}```"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("`", "\u02cb")


def _short(text: str) -> str:
    return slack_escaped(text if len(text) <= 200 else text[:199] + "…")


def _cut(text: str) -> str:
    # Five times as long at the most, when it is escaped.
    return text if len(text) <= SLACK_TEXT // 5 else text[: SLACK_TEXT // 5 - 1] + "…"


def _slack_link(notice: Notice) -> str | None:
    # The operator's own: it has no space, and what would end the link is escaped.
    return f"<{slack_escaped(notice.link).replace('|', '%7C')}|look further>" if notice.link else None


def _texts(values: dict[str, str | None], most: int) -> dict[str, str]:
    return {name: value if len(value) <= most else value[: most - 1] + "…" for name, value in values.items() if value}


def _rfc3339(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
