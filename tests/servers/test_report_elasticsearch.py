"""`logwinnow report` of the real Elasticsearch: the same figures as of files that have the same events."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from elasticsearch_server import patient
from filled_sink import files_sink, fill, published

from commands.__main__ import main
from commands.finding import opened
from commands.reporting import chosen
from commands.reporting.figures import Figures, Reader
from commands.reporting.read_elasticsearch import ElasticsearchReader
from commands.reporting.read_files import FilesReader
from patterns.decisions import Decision
from patterns.errors import LogwinnowError
from patterns.store import Store
from streaming.config import ElasticsearchSinkConfig, FilesSinkConfig, SinkConfig
from streaming.sink.elasticsearch import ElasticsearchSink
from streaming.sink.installing import ElasticsearchInstallation
from training.fetched.time_range import ANY_TIME, TimeRange

pytestmark = pytest.mark.servers

PATTERNS = [
    ("sshd", "Accepted password for *{1,1} from *{1,1}"),
    ("cron", "job *{1,1} started"),
    ("", "job *{1,1} started"),
]


def lines() -> list[bytes]:
    """Return lines of two days: known, new, not judged, without a program, of a clock that is years off."""
    found = []
    for hour in range(48):
        day, rest = divmod(hour, 24)
        head = f"2026-11-{25 + day}T{rest:02}:"
        found += [
            f"{head}{n:02}:07Z web{n % 5} sshd[{n}]: Accepted password for u{n} from 10.0.0.{n}" for n in range(60)
        ]
        found += [f"{head}59:59.999Z db{hour % 7} cron[1]: job rotate started", f"{head}30:00Z db1 cron[1]: 77 88"]
        found += [f"{head}1{n}:00Z web{hour % 4} sshd[9]: Accepted key for root from 10.0.0.9" for n in range(hour % 3)]
        found += [f"{head}02:00Z web1 new{hour % 2}[9]: job {hour} of a new program", f"{head}02:00Z web1 sshd[2]: "]
    return [
        line.encode() for line in (*found, "job x1 started", "nothing of this kind", "1999-01-01T00:00:00Z h sshd: x")
    ]


@pytest.fixture
def config(elasticsearch: str, index_prefix: str) -> ElasticsearchSinkConfig:
    """A sink whose templates are there."""
    made = ElasticsearchSinkConfig(url=elasticsearch, index_prefix=index_prefix)
    list(ElasticsearchInstallation(made).install())
    return made


def filled(config: ElasticsearchSinkConfig, folder: Path, rows: Sequence[bytes]) -> None:
    """Fill both sinks with the events of lines; one pattern is rejected, and has a name."""
    published(folder / "patterns", PATTERNS)
    pattern = "job *{1,1} started"
    name = Decision(do="name", pattern=pattern, name="a job", severity="low")
    Store(str(folder / "patterns")).decide(add=[Decision(do="reject", pattern=pattern), name])
    for sink in (ElasticsearchSink.of(config), files_sink(folder / "out")):
        fill(sink, folder / "patterns", rows)
    with closing(patient(str(config.url))) as client:
        client.indices.refresh(index=f"{config.index_prefix}-*")


def test_alerts_and_shapes_are_found_by_their_ids_in_indices_as_in_files(
    config: ElasticsearchSinkConfig, tmp_path: Path
) -> None:
    filled(config, tmp_path, lines())
    indices = SinkConfig(kind="elasticsearch", elasticsearch=config)
    files = SinkConfig(files=FilesSinkConfig(str(tmp_path / "out")))
    alerts = [msgspec.json.decode(file.read_bytes()) for file in (tmp_path / "out").glob("alerts/*/*.json")]
    assert {alert["logwinnow"]["reason"] for alert in alerts} == {"no_pattern", "new_program", "rejected"}
    in_indices, in_files = (opened(sink, None, silent) for sink in (indices, files))
    for alert in alerts:
        identity, shape = alert["event"]["id"], alert["logwinnow"]["shape"]["id"]
        assert in_indices.document(identity) == in_files.document(identity) == alert
        assert list(in_indices.outliers(shape[:8])) == list(in_files.outliers(shape[:8])) == [alert]
    assert in_indices.document("0" * 20) is None
    # Where no alert is, an event of the shape is found.
    with closing(patient(str(config.url))) as client:
        client.indices.delete(index=list(client.indices.get(index=f"{config.index_prefix}-alerts-*")))
    shape = alerts[0]["logwinnow"]["shape"]["id"]
    [event] = in_indices.outliers(shape)
    assert event["event"]["kind"] == "event"
    assert event["logwinnow"]["shape"]["id"] == shape
    assert list(in_indices.outliers("0123456789")) == []


def silent(_lines: int, _done: int, _size: int) -> None: ...


def comparable(figures: Figures) -> Figures:
    """Return figures without their place, and in an order of their own."""
    return replace(
        figures,
        place="",
        unjudged=dict(figures.unjudged),
        patterns=sorted(figures.patterns, key=lambda kind: kind.id),
        shapes=sorted(figures.shapes, key=lambda kind: kind.id),
        programs=sorted(figures.programs, key=lambda program: program.scope),
    )


def check_equal(ours: Reader, theirs: Reader) -> None:
    assert comparable(ours.figures) == comparable(theirs.figures)
    assert chosen.choose(ours.figures) == chosen.choose(theirs.figures)
    patterns = [kind.id for kind in ours.figures.patterns]
    shapes = [kind.id for kind in ours.figures.shapes]
    assert ours.pattern_details(patterns) == theirs.pattern_details(patterns)
    assert ours.shape_details(shapes) == theirs.shape_details(shapes)


@pytest.mark.parametrize(
    "asked",
    [
        ANY_TIME,
        TimeRange(1_795_651_200_000_000, 1_795_737_600_000_000),
        TimeRange(end=1_795_650_000_000_000),
        TimeRange(1_795_640_000_123_000),
    ],
)
def test_indices_give_the_same_figures_as_files(
    asked: TimeRange, config: ElasticsearchSinkConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Pages of two, so that there are several.
    monkeypatch.setattr("commands.reporting.event_search._PAGE", 2)
    monkeypatch.setattr("commands.reporting.read_elasticsearch._DETAILS", 2)
    filled(config, tmp_path, lines())
    with ElasticsearchReader(config, config.index_prefix, asked, silent) as found:
        check_equal(found, FilesReader(str(tmp_path / "out"), asked, silent))
        assert found.figures.lines > 1_000
        assert len(found.figures.shapes) >= 2


def test_the_command_writes_a_page_of_the_indices(
    config: ElasticsearchSinkConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    filled(config, tmp_path, lines())
    page = tmp_path / "page.html"
    settings = ["sink.kind=elasticsearch", f"sink.elasticsearch.url={config.url}"]
    settings.append(f"sink.elasticsearch.index_prefix={config.index_prefix}")
    assert main(["report", "-o", str(page), *(word for each in settings for word in ("--set", each))]) == 0
    assert capsys.readouterr().out == f"report: {page}\n"
    assert "Accepted " in page.read_text()


def test_no_event_of_that_time_is_told(config: ElasticsearchSinkConfig) -> None:
    with pytest.raises(LogwinnowError, match="holds no event of any time"):
        ElasticsearchReader(config, config.index_prefix, ANY_TIME, silent).__enter__()
