"""What `explain` looks up in the real Elasticsearch is what it finds in files that have the same events."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from elasticsearch_server import patient
from filled_sink import files_sink, fill, published

from commands.finding import Finder, opened
from commands.finding.elasticsearch import ElasticsearchFinder
from patterns.errors import LogwinnowError
from patterns.judge import shape_id
from patterns.timestamps import DAY
from streaming.config import ElasticsearchSinkConfig, FilesSinkConfig, SinkConfig
from streaming.sink.elasticsearch import ElasticsearchSink
from streaming.sink.installing import ElasticsearchInstallation

pytestmark = pytest.mark.servers

PATTERNS = [("sshd", "Accepted password for *{1,1} from *{1,1}")]
LINES = [
    *(b"2026-11-%02dT10:00:%02dZ web%02d sshd[1]: Accepted key for root" % (24 + n % 3, n, n % 13) for n in range(50)),
    b"2026-11-25T10:00:00Z web1 sshd[1]: Accepted password for bob from 10.0.0.9",
    b"Accepted key for root",
]
KEY = shape_id("sshd", "Accepted key for root")


@pytest.fixture
def finders(elasticsearch: str, index_prefix: str, tmp_path: Path) -> tuple[SinkConfig, SinkConfig]:
    """The configurations of two sinks that have the same events and alerts."""
    config = ElasticsearchSinkConfig(url=elasticsearch, index_prefix=index_prefix)
    list(ElasticsearchInstallation(config).install())
    published(tmp_path / "patterns", PATTERNS)
    for sink in (ElasticsearchSink.of(config), files_sink(tmp_path / "out")):
        fill(sink, tmp_path / "patterns", LINES)
    with closing(patient(str(config.url))) as client:
        client.indices.refresh(index=f"{config.index_prefix}-*")
    files = SinkConfig(files=FilesSinkConfig(str(tmp_path / "out")))
    return SinkConfig(kind="elasticsearch", elasticsearch=config), files


def silent(_lines: int, _done: int, _size: int) -> None: ...


def both(configs: tuple[SinkConfig, SinkConfig], since: int | None = None) -> tuple[Finder, Finder]:
    return opened(configs[0], since, silent), opened(configs[1], since, silent)


def test_a_shape_has_the_same_events_hosts_and_times(finders: tuple[SinkConfig, SinkConfig]) -> None:
    for since in (None, 20_782 * DAY):
        elastic, files = both(finders, since)
        seen, expected = elastic.shape(KEY), files.shape(KEY)
        assert expected.lines > 10
        # Of hosts with as many events each may be named that is among the first ten.
        assert sum(seen.hosts.values()) == sum(expected.hosts.values())
        assert replace(seen, hosts=expected.hosts) == expected


def test_a_shape_that_never_came_has_nothing(finders: tuple[SinkConfig, SinkConfig]) -> None:
    elastic, files = both(finders)
    assert elastic.shape("0" * 12) == files.shape("0" * 12)


def test_events_and_alerts_are_found_by_their_ids(finders: tuple[SinkConfig, SinkConfig], tmp_path: Path) -> None:
    elastic, files = both(finders)
    event = files.shape(KEY).event
    assert event is not None
    alerts = [file.stem for file in (tmp_path / "out").glob("alerts/*/*.json")]
    assert len(alerts) == 2
    for identity in (event["event"]["id"], *alerts):
        assert elastic.document(identity) == files.document(identity)
        assert elastic.document(identity) is not None
    assert elastic.document("0" * 20) is None


def test_where_no_index_is_nothing_is_found(elasticsearch: str) -> None:
    finder = ElasticsearchFinder(ElasticsearchSinkConfig(url=elasticsearch, index_prefix="nothing"), None)
    assert finder.document("0" * 20) is None
    assert finder.shape(KEY).lines == 0


def test_an_elasticsearch_that_is_away_is_an_error() -> None:
    finder = ElasticsearchFinder(ElasticsearchSinkConfig(url="http://127.0.0.1:9"), None)
    with pytest.raises(LogwinnowError, match=r"127\.0\.0\.1:9"):
        finder.shape(KEY)
