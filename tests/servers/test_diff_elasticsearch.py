"""Two versions tried on the events of the real Elasticsearch: the same effect as on files that have the same events."""

import json
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from elasticsearch_server import patient
from filled_sink import files_sink, fill, published

from commands.__main__ import main
from streaming.config import ElasticsearchSinkConfig
from streaming.sink.elasticsearch import ElasticsearchSink
from streaming.sink.installing import ElasticsearchInstallation

pytestmark = pytest.mark.servers

OLD = [("sshd", "Accepted password for *{1,1} from *{1,1}"), ("cron", "job *{1,1} started")]
NEW = [("sshd", "Accepted *{1,1} for *{1,1} from *{1,1}"), ("", "job *{1,1} started")]


def lines(head: str) -> list[bytes]:
    """Return lines: known and new, not judged, without a program, and one whose shape is cut in its event."""
    found = [f"{head} web{n % 5} sshd[{n}]: Accepted password for u{n} from 10.0.0.{n}" for n in range(60)]
    found += [f"{head} web1 sshd[9]: Accepted key for root from 10.0.0.{n}" for n in range(7)]
    found += [f"{head} db1 cron[1]: job rotate-{n} started" for n in range(3)]
    found += [f"{head} db1 cron[1]: 77 88", f"{head} web1 sshd[2]: ", "job x1 started", "job x2 started"]
    found += [f"{head} db1 cron[1]: {' '.join(f'word{letter * n}' for letter in 'abcdefgh' for n in range(1, 60))}"] * 2
    # New to both, and one that is not UTF-8.
    return [*(line.encode() for line in found), f"{head} web1 sshd[9]: who is ".encode() + b"\xff"]


@pytest.fixture
def config(elasticsearch: str, index_prefix: str) -> ElasticsearchSinkConfig:
    """A sink whose templates are there."""
    made = ElasticsearchSinkConfig(url=elasticsearch, index_prefix=index_prefix)
    list(ElasticsearchInstallation(made).install())
    return made


def test_the_effect_is_that_on_files(
    config: ElasticsearchSinkConfig,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Pages of two, so that there are several; the same of what is read anew, and of examples.
    monkeypatch.setattr("commands.reporting.event_search._PAGE", 2)
    monkeypatch.setattr("commands.comparing.measured_by_search._AT_ONCE", 2)
    store, out = tmp_path / "patterns", tmp_path / "out"
    published(store, OLD)
    now = time.time_ns() // 1_000
    head = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    for sink in (ElasticsearchSink.of(config), files_sink(out)):
        fill(sink, store, lines(head), planned_at=now)
    with closing(patient(str(config.url))) as client:
        client.indices.refresh(index=f"{config.index_prefix}-*")
    time.sleep(0.002)
    published(store, NEW)
    sinks = {
        "files": f'[sink]\nkind = "files"\n[sink.files]\npath = "{out}"\n',
        "elasticsearch": '[sink]\nkind = "elasticsearch"\n[sink.elasticsearch]\n'
        f'url = "{config.url}"\nindex_prefix = "{config.index_prefix}"\n',
    }
    told = {}
    for kind, text in sinks.items():
        (tmp_path / "streaming.toml").write_text(text, encoding="utf-8")
        words = ["patterns", "diff", "previous", "--store", str(store), "--json", "--quiet"]
        assert main([*words, "--streaming-config", str(tmp_path / "streaming.toml")]) == 0
        told[kind] = json.loads(capsys.readouterr().out)["effect"]

    assert comparable(told["elasticsearch"]) == comparable(told["files"])
    assert told["elasticsearch"]["place"].startswith(f"{config.index_prefix}-events of Elasticsearch")
    assert (told["files"]["silenced"]["lines"], told["files"]["flagged"]["lines"]) == (9, 3)
    assert (told["files"]["by_examples"], told["elasticsearch"]["by_examples"]) == (0, 2)
    for kind in (*told["elasticsearch"]["silenced"]["most"], *told["elasticsearch"]["flagged"]["most"]):
        assert kind["example"].encode() in lines(head)


def comparable(effect: dict[str, Any]) -> dict[str, Any]:
    """Return an effect without its place, and without which of its lines are the examples."""

    def without_examples(kinds: dict[str, Any]) -> dict[str, Any]:
        return {**kinds, "most": [{**kind, "example": ""} for kind in kinds["most"]]}

    left = {key: value for key, value in effect.items() if key not in {"place", "by_examples"}}
    return {**left, **{name: without_examples(left[name]) for name in ("silenced", "flagged")}}
