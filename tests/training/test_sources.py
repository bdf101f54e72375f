"""What a user names → a corpus: files, what is fetched, and both; gone when it is left."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from patterns.errors import LogwinnowError
from patterns.rules import PLAIN, Rules
from patterns.settings import load
from training.config import TrainingConfig
from training.corpus import Corpus
from training.errors import CorpusError
from training.fetched import elasticsearch, kafka
from training.fetched.config import CorpusConfig
from training.fetched.counts import FetchCounts
from training.fetched.spool import HOUR, Spool
from training.fetched.time_range import ANY_TIME, TimeRange
from training.sources import corpus_of

Fetch = Callable[..., None]


def quiet(_lines: int, _done: int, _size: int) -> None:
    """Show no progress."""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files, which is empty."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, Any, Rules, TimeRange]]:
    """Have Kafka and Elasticsearch give a line named for each; collect what they are asked for."""
    made: list[tuple[str, str, Any, Rules, TimeRange]] = []

    def fetch_from(kind: str) -> Fetch:
        def fetch(name: str, config: Any, rules: Rules, counts: FetchCounts, spool: Spool, tell: Any) -> None:
            made.append((kind, name, config, rules, counts.time_range))
            if name == "broken":
                raise CorpusError("broken")
            lines = [] if name == "empty" else [f"{kind} {name}".encode()]
            counts.records = 3 if name == "unread" else len(lines)
            if name == "unread":
                counts.leave_out("no_line", 2)
                counts.leave_out("no_value")
                return
            for line in lines:
                spool.add(line, 5 * HOUR)
                counts.lines += 1
            tell(counts.lines, counts.records, counts.records)

        return fetch

    monkeypatch.setattr(kafka, "fetch", fetch_from("kafka"))
    monkeypatch.setattr(elasticsearch, "fetch", fetch_from("elasticsearch"))
    return made


def config(*assignments: str) -> TrainingConfig:
    return load(TrainingConfig, None, {}, assignments)


def lines_of(corpus: Corpus) -> list[bytes]:
    return list(corpus.data(quiet))


def test_files_and_what_is_fetched_are_one_corpus(tmp_path: Path, temporary: Path, asked: list[Any]) -> None:
    (tmp_path / "a.log").write_bytes(b"file\n")
    paths = ["kafka:logs", str(tmp_path / "a.log"), "elasticsearch:logstash-*,cluster:app", "kafka:logs"]

    with corpus_of(paths, config(), Rules(), ANY_TIME, quiet) as (corpus, fetched):
        assert (
            lines_of(corpus)
            == lines_of(corpus)
            == [
                b"file",
                b"kafka logs",
                b"elasticsearch logstash-*,cluster:app",
                b"kafka logs",
            ]
        )
        assert corpus.size == sum(len(line) + 1 for line in lines_of(corpus))
        assert [piece.record_time for piece in corpus.pieces()][1:] == [5 * HOUR]
        assert [each.source for each in fetched] == [path for path in paths if ":" in path]
        assert len(list(temporary.iterdir())) == 1

    assert list(temporary.iterdir()) == []
    assert [name for _, name, *_ in asked] == ["logs", "logstash-*,cluster:app", "logs"]


def test_of_files_alone_nothing_is_spooled(tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("kafka:logs").write_bytes(b"a file of that name\n")

    with corpus_of(
        ["./kafka:logs"], config("mining.engine=spark", "spark.master=yarn"), None, ANY_TIME, quiet
    ) as opened:
        corpus, fetched = opened
        assert (lines_of(corpus), fetched) == ([b"a file of that name"], [])
        assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("path", ["kafka://broker/logs", "elasticsearch://host/logs"])
def test_a_uri_is_a_uri_whatever_its_scheme(path: str) -> None:
    with corpus_of([path], config(), None, ANY_TIME, quiet) as (corpus, fetched):
        assert (corpus.uris, fetched) == ([path], [])


@pytest.mark.parametrize("path", ["kafka:", "elasticsearch:", "kafka", "Kafka:logs", "mqtt:logs"])
def test_what_names_nothing_to_be_fetched_is_a_file_that_is_not_there(path: str) -> None:
    with pytest.raises(CorpusError, match="No such file"), corpus_of([path], config(), None, ANY_TIME, quiet):
        pass


def test_configuration_times_and_rules_are_handed_on_and_raw_lines_have_no_header(asked: list[Any]) -> None:
    chosen, rules = config("corpus.kafka.bootstrap_servers=broker:9092"), Rules(zone="Europe/Berlin")
    some = TimeRange(1_000, 2_000)

    with corpus_of(["kafka:a"], chosen, rules, some, quiet), corpus_of(["elasticsearch:b"], chosen, None, some, quiet):
        pass

    expected: CorpusConfig = chosen.corpus
    assert asked == [
        ("kafka", "a", expected.kafka, rules, some),
        ("elasticsearch", "b", expected.elasticsearch, Rules(header=PLAIN), some),
    ]


def test_what_was_fetched_is_told_as_the_manifest_has_it(asked: list[Any]) -> None:
    with corpus_of(["kafka:a"], config(), Rules(), TimeRange(0), quiet) as (_, [fetched]):
        fetched.leave_out("no_value")

        assert asked
        assert fetched.as_run() == {
            "source": "kafka:a",
            "start": "1970-01-01T00:00:00.000Z",
            "end": None,
            "records": 1,
            "lines": 1,
            "left_out": {"no_value": 1},
        }


@pytest.mark.usefixtures("asked")
def test_progress_is_never_told_to_be_at_its_end_while_it_is_fetched() -> None:
    told: list[tuple[int, int, int]] = []

    with corpus_of(["kafka:a"], config(), Rules(), ANY_TIME, lambda *numbers: told.append(numbers)):
        assert told == [(1, 0, 1)]


def test_a_missing_file_is_told_before_anything_is_fetched(tmp_path: Path, asked: list[Any]) -> None:
    with (
        pytest.raises(CorpusError, match="No such file"),
        corpus_of(["kafka:logs", str(tmp_path / "none")], config(), Rules(), ANY_TIME, quiet),
    ):
        pass
    assert asked == []


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("kafka:empty", r"^kafka:empty has nothing from 1970-01-01T00:00:00.000Z to the last; check the name, --from"),
        (
            "elasticsearch:unread",
            r"^elasticsearch:unread has no line from .* to the last, in 3 records \(no_line 2, no_value 1\); check for",
        ),
        ("kafka:broken", "^broken$"),
    ],
)
def test_a_source_that_gives_no_line_is_an_error_and_leaves_nothing(
    path: str, told: str, temporary: Path, asked: list[Any]
) -> None:
    with (
        pytest.raises(CorpusError, match=told),
        corpus_of(["kafka:logs", path], config(), Rules(), TimeRange(0), quiet),
    ):
        pass
    assert len(asked) == 2
    assert list(temporary.iterdir()) == []


def test_what_is_fetched_for_a_cluster_lies_in_the_folder_that_its_machines_share(
    tmp_path: Path, temporary: Path, asked: list[Any]
) -> None:
    chosen = config("mining.engine=spark", "spark.master=yarn", f"spark.staging={tmp_path}/shared")

    with corpus_of(["kafka:logs"], chosen, Rules(), ANY_TIME, quiet) as (corpus, _):
        [piece] = corpus.pieces()
        assert Path(piece.path).is_relative_to(tmp_path / "shared")
    assert list((tmp_path / "shared").iterdir()) == list(temporary.iterdir()) == []
    assert asked


@pytest.mark.parametrize("staging", ["", "s3://bucket/staging", "file:///shared"])
def test_for_a_cluster_without_such_a_folder_nothing_is_fetched(staging: str, asked: list[Any]) -> None:
    chosen = config("mining.engine=spark", "spark.master=spark://host:7077", f"spark.staging={staging}")

    with (
        pytest.raises(LogwinnowError, match=r"\$\.spark\.staging is '.*this machine and those of the cluster see"),
        corpus_of(["kafka:logs"], chosen, Rules(), ANY_TIME, quiet),
    ):
        pass
    assert asked == []


@pytest.mark.parametrize("assignments", [["mining.engine=spark"], ["mining.engine=polars", "spark.master=yarn"]])
def test_for_this_machine_alone_no_folder_has_to_be_named(
    assignments: list[str], temporary: Path, asked: list[Any]
) -> None:
    with corpus_of(["kafka:logs"], config(*assignments), Rules(), ANY_TIME, quiet):
        assert len(list(temporary.iterdir())) == len(asked) == 1
