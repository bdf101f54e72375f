import json
from pathlib import Path

import pytest
from alert_documents import alert_of

from patterns.errors import SettingsError
from streaming.notifying.notice import notice_of
from streaming.notifying.templates import BodyTemplate


def template(folder: Path, text: str, content_type: str = "application/json") -> BodyTemplate:
    (folder / "body.json").write_text(text)
    return BodyTemplate("notify.webhook.team.body", str(folder / "body.json"), content_type)


def test_a_template_makes_the_body_of_a_notice(tmp_path: Path) -> None:
    made = template(tmp_path, '{"title": {{ notice.summary | tojson }}, "n": {{ notice.count | tojson }}}')
    body = json.loads(made.render(notice_of(alert_of('panic "here" \\ {{ 7*7 }}'), None, None)))
    assert body == {"title": 'new kind in app (3 lines): panic "here" \\ {{ 7*7 }}', "n": 3}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"title": "{{ notice.summary }}"}', "is no JSON"),
        ('{"title": {{ notice.sumary | tojson }}}', "has no attribute 'sumary'"),
        ("{% if %}", "it is no template"),
        ("{{ notice.message | nonsense }}", "it is no template"),
        ("{{ notice.__class__.__mro__ }}", "it fails on a notice of kind alert"),
        ("{{ 1 // 0 }}", "it fails on a notice of kind alert"),
    ],
)
def test_a_template_that_will_fail_is_refused_at_the_start(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        template(tmp_path, text)
    assert str(refused.value).startswith("notify.webhook.team.body is ")
    assert said in str(refused.value)


def test_another_content_type_may_be_any_text(tmp_path: Path) -> None:
    made = template(tmp_path, "{{ notice.message | printable }}", "text/plain")
    assert made.render(notice_of(alert_of("panic \x1b[2J"), None, None)) == b"panic \\x1b[2J"


def test_a_template_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file or directory; give json, slack, alertmanager, or the path"):
        BodyTemplate("notify.webhook.team.body", str(tmp_path / "none"), "application/json")
