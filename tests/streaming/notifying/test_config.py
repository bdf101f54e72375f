"""The table [notify]: what the shipped file says, and what cannot be."""

import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from patterns.errors import SettingsError
from patterns.settings import convert, load
from streaming.config import FILE, StreamingConfig
from streaming.notifying.config import NotifyConfig, WebhookConfig

_ROOT = Path(__file__).parents[3]
_SHIPPED = _ROOT / "conf" / FILE


def test_the_shipped_file_names_every_key_of_a_webhook_with_its_default() -> None:
    written = _SHIPPED.read_text().partition("[notify.webhook]")[2].partition("[notify.email]")[0]
    for name in msgspec.to_builtins(WebhookConfig("http://x")):
        assert f"\n# {name} = " in written, name


def test_the_shipped_examples_are_taken_when_their_marks_are_removed() -> None:
    written = _SHIPPED.read_text().partition("[notify]\n")[2].partition("[metrics]")[0]
    table = "\n".join(
        row.removeprefix("# ") for row in written.splitlines() if not row.startswith("# ") or is_assignment(row)
    )
    found = convert(tomllib.loads(table.replace("[notify.", "[")), NotifyConfig, "conf")
    assert found.webhook["team"].body == "slack"
    assert (found.digest_at, found.redact_below) == ("08:00", 10)
    assert found.email.sender == "logwinnow@example.org"


def is_assignment(row: str) -> bool:
    name, equals, _ = row.removeprefix("# ").partition(" = ")
    return row.startswith("# [notify") or bool(equals and name.replace("_", "").isalpha())


def test_the_tables_of_the_page_are_taken() -> None:
    page = (_ROOT / "docs" / "notifying.md").read_text()
    tables = [each.partition("```")[0] for each in page.split("```toml\n")[1:]]
    assert len(tables) == 2
    found = convert(tomllib.loads("\n".join(tables))["notify"], NotifyConfig, "page")
    assert set(found.webhook) == {"chat", "alertmanager", "ours"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"digest_at": "8:00"}, "$.digest_at"),
        ({"digest_at": "24:00"}, "$.digest_at"),
        ({"redact_below": 0}, "$.redact_below"),
        ({"give_up_hours": 0}, "$.give_up_hours"),
        ({"max_waiting_bytes": 1}, "$.max_waiting_bytes"),
        ({"link": "javascript:alert(1)"}, "$.link"),
        ({"link": "https://x/ y"}, "$.link"),
        ({"webhook": {"a b": {"url": "http://x"}}}, "$.webhook"),
        ({"webhook": {"a": {}}}, "missing required field `url`"),
        ({"webhook": {"a": {"url": "http://x", "headers": {"a b": "c"}}}}, "headers has the name 'a b'"),
        ({"webhook": {"a": {"url": "http://x", "headers": {"A": "b\r\nC: d"}}}}, "a value for 'A' with a control"),
        ({"webhook": {"a": {"url": "http://x", "headers": {"Idempotency-Key": "1"}}}}, "set for each request"),
        ({"webhook": {"a": {"url": "http://x", "timeout_seconds": 0}}}, "timeout_seconds"),
        ({"webhook": {"a": {"url": "http://x", "content_type": "a\r\nb"}}}, "content_type"),
    ],
)
def test_a_value_that_cannot_be_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        convert(given, NotifyConfig, "test")
    assert said in str(refused.value)


@pytest.mark.parametrize("name", ["Authorization", "Cookie", "X-Api-Key", "X-Auth-Token", "X-Shared-Secret"])
def test_a_login_in_the_file_itself_is_refused_and_not_repeated(name: str) -> None:
    with pytest.raises(SettingsError, match="a secret is not written in the configuration") as refused:
        convert({"webhook": {"a": {"url": "http://x", "headers": {name: "hunterxx"}}}}, NotifyConfig, "test")
    assert "hunterxx" not in str(refused.value)


def test_a_receiver_can_be_set_by_set() -> None:
    config = load(StreamingConfig, None, {}, ["notify.webhook.team.url=http://x", 'notify.email.to=["a@b"]',
                                              "notify.email.from=c@d"])  # fmt: skip
    assert (config.notify.webhook["team"].url, config.notify.email.sender) == ("http://x", "c@d")
