"""The bodies, held to the schemas beside this file; and that no line can make markup of itself."""

import json
import subprocess
import sys
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from alert_documents import TIME, WHEN, alert_of, condensed_of, overflow_of
from hypothesis import given
from hypothesis import strategies as st

from patterns.timestamps import SECOND
from streaming.notifying.bodies import alertmanager_body, json_body, slack_body, text_of
from streaming.notifying.notice import DigestNumbers, Notice, digest_summary, notice_of
from streaming.notifying.redaction import Frequent

_DAY = 24 * 3_600 * SECOND
HOSTILE = (
    "<!channel> & <http://evil|click> ``` *bold* :smile: \x1b[2J end",
    "``" * 4_000 + " many backticks",
    "&" * 8_000 + " grows by five",
    "word " * 20_000,
    "rows\n  of a record\n\tat java.lang",
    "\u202eturned around \ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
)

NUMBERS = DigestNumbers(
    since=WHEN, until=WHEN, lines=90_000, outliers=41_000, new_kinds=12, held_back=40_120, accepted=3
)
DIGEST = Notice(
    kind="digest", id="d" * 20, source="app", time=WHEN, created=WHEN, summary=digest_summary(NUMBERS), digest=NUMBERS
)


def notices() -> list[Notice]:
    documents = [alert_of(line, untold=5) for line in ("panic stations", *HOSTILE)]
    documents.append(condensed_of(*HOSTILE[:4], pattern="*{1,1} end"))
    whole = [notice_of(each, "https://kibana.example/app", None) for each in documents]
    masked = [notice_of(each, None, Frequent()) for each in documents]
    return [*whole, *masked, notice_of(overflow_of(), None, None), DIGEST]


def check(name: str, bodies: Iterable[bytes], folder: Path) -> list[Any]:
    """Hold bodies to a schema; return what they say."""
    files = []
    for number, body in enumerate(bodies):
        files.append(folder / f"{number}.json")
        files[-1].write_bytes(body)
    schema = Path(__file__).with_name(f"{name}.schema.json")
    command = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(schema), *map(str, files)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    return [json.loads(file.read_bytes()) for file in files]


def test_each_notice_is_a_message_that_slack_takes(tmp_path: Path) -> None:
    for message, notice in zip(check("slack", map(slack_body, notices()), tmp_path), notices(), strict=True):
        codes = [text for text in texts(message["blocks"]) if text.startswith("```")]
        assert len(codes) == (notice.kind == "alert")
        assert all(text.endswith("```") for text in codes)


def test_each_notice_is_an_alert_that_alertmanager_takes(tmp_path: Path) -> None:
    for (alert,) in check("alertmanager", (alertmanager_body(each, 24, TIME) for each in notices()), tmp_path):
        assert (alert["startsAt"], alert["endsAt"]) == (WHEN, "2026-11-30T08:00:00.000Z")


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("slack", {"text": "x"}),
        ("slack", {"text": "x", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3_001}}]}),
        ("slack", {"text": "x", "blocks": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]}),
        ("slack", {"text": "x", "blocks": [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}]}),
        ("alertmanager", {"labels": {"alertname": "x"}}),
        ("alertmanager", [{"labels": {"alertname": "x", "a-b": "y"}}]),
        ("alertmanager", [{"labels": {"alertname": "x", "a": ""}}]),
        ("alertmanager", [{"labels": {"alertname": "x"}, "startsAt": "yesterday"}]),
    ],
)
def test_the_schemas_refuse_what_the_receivers_would(name: str, body: Any, tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        check(name, [json.dumps(body).encode()], tmp_path)


def test_what_was_held_up_by_an_outage_fires_from_then() -> None:
    (alert,) = json.loads(alertmanager_body(notice_of(alert_of("panic"), None, None), 1, TIME + _DAY))
    assert (alert["startsAt"], alert["endsAt"]) == (WHEN, "2026-11-30T09:00:00.000Z")


def test_two_kinds_are_two_alerts_of_alertmanager_masked_or_not() -> None:
    one, other = alert_of("panic stations"), alert_of("all quiet")
    other["event"]["first_event_id"] = "another"
    for frequent in (None, Frequent()):
        labels = [
            json.loads(alertmanager_body(notice_of(each, None, frequent), 24, TIME))[0]["labels"]
            for each in (one, other)
        ]
        assert labels[0] != labels[1]


def test_a_storm_is_one_alert_of_alertmanager_day_after_day_and_another_storm_another() -> None:
    one, other = (condensed_of("panic a", "panic b", pattern=f"{word} *{{1,1}}") for word in ("panic", "calm"))
    tomorrow = {**one, "event": {**one["event"], "id": "1" * 20}}
    labels = [
        json.loads(alertmanager_body(notice_of(each, None, None), 24, TIME))[0]["labels"]
        for each in (one, tomorrow, other)
    ]
    assert labels[0] == labels[1] != labels[2]


def is_shown(text: str) -> bool:
    """Tell whether nothing in a text moves a cursor but its line feeds."""
    return not {unicodedata.category(each) for each in text.replace("\n", "")} & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def texts(value: Any) -> list[str]:
    """Return all texts that Slack reads as markup."""
    if isinstance(value, list):
        return [text for each in value for text in texts(each)]
    if isinstance(value, dict):
        return [value["text"]] if value.get("type") == "mrkdwn" else [t for each in value.values() for t in texts(each)]
    return []


@given(st.text(min_size=1).map(lambda text: f"panic {text}"))
def test_no_text_of_a_line_is_markup_for_slack(line: str) -> None:
    notice = Notice(
        kind="alert", id="0" * 20, source="app", time=WHEN, created=WHEN, summary=line, message=line, host=line,
        program=line, difference=line, count=1, untold=1, find=line,
    )  # fmt: skip
    body = json.loads(slack_body(notice))
    for text in [body["text"], *texts(body["blocks"])]:
        assert "<" not in text
        assert ">" not in text
        assert all(part.startswith(("amp;", "lt;", "gt;")) for part in text.split("&")[1:])
        assert text.count("`") in {0, 6}
        assert is_shown(text)


def test_a_mail_says_all_of_an_alert_and_moves_no_cursor() -> None:
    text = text_of(notice_of(alert_of("panic \x1b[2J on user bob", untold=7), None, None))
    assert is_shown(text)
    for said in ("panic \\x1b[2J on user bob", "nearest: user *{1,1} logged in", "since the last alert: 7", "find: "):
        assert said in text


def test_a_mail_of_a_storm_shows_its_lines_in_rows_of_their_own() -> None:
    text = text_of(notice_of(condensed_of("panic \x1b[2J a", "panic b", pattern="panic *{1,2}"), None, None))
    assert is_shown(text)
    rows = text.split("\n")
    assert rows[:3] == ["New kinds of lines that are alike:", "    panic \\x1b[2J a", "    panic b"]
    assert "  new shapes: 20" in rows
    assert "  pattern: panic *{1,2}" in rows


def test_a_digest_reads_as_a_sentence() -> None:
    assert DIGEST.summary == (
        "since 2026-11-29 08:00 UTC: 12 new kinds, 3 accepted, 40,120 lines held back, 41,000 outliers of 90,000 lines"
    )
    assert "held back: 40,120" in text_of(DIGEST)
    assert json.loads(json_body(DIGEST))["digest"]["held_back"] == 40_120
