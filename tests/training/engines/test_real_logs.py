"""Eight real logs: each engine finds the patterns of engine python, and trains the same set, byte for byte."""

from pathlib import Path
from typing import Any

import pytest

from mining.clusters import Algorithm, Method
from patterns.rules import Rules
from patterns.store import Store
from training.classic import mine_corpus
from training.config import Mining, Patterns, TrainingConfig
from training.corpus import Corpus
from training.engines import EngineName, TrainingSpark, engine
from training.job import train
from training.line_filter import Filter

ENGINES: list[EngineName] = ["polars"]
"""Those that are held to engine python."""

DATASETS = ["Apache", "BGL", "HDFS", "Linux", "OpenSSH", "Proxifier", "Spark", "Zookeeper"]
SUPPORTS = (3, 50)


def quiet(_lines: int, _done: int, _size: int) -> None:
    """Show no progress."""


def mined(name: EngineName, corpus: Corpus, algorithm: Algorithm, *, raw: bool) -> list[Any]:
    """Return all that is found at two supports."""
    by = engine(name, corpus, TrainingSpark())
    lines = by.raw_lines(Filter(), quiet) if raw else by.shaped_lines(Filter(), Rules(), quiet)
    found = [mine_corpus(lines, support, Method(algorithm, anchored=not raw)) for support in SUPPORTS]
    assert all(each.clusters for each in found)
    return [
        (each.clusters, each.candidates, each.lines, lines.left_out, list(lines.outliers(each.coverage, quiet)))
        for each in found
    ]


@pytest.mark.parametrize("raw", [True, False], ids=["raw", "default"])
@pytest.mark.parametrize("algorithm", ["logcluster", "slct"])
@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("dataset", DATASETS)
def test_real_lines_are_mined_as_by_engine_python(
    loghub: Path, dataset: str, name: EngineName, algorithm: Algorithm, raw: bool
) -> None:
    with Corpus([str(loghub / dataset / f"{dataset}_2k.log")]) as corpus:
        assert mined(name, corpus, algorithm, raw=raw) == mined("python", corpus, algorithm, raw=raw)


def files_of_set(name: EngineName, log: Path, root: Path) -> list[bytes]:
    config = TrainingConfig(mining=Mining(engine=name), patterns=Patterns(store=str(root)))
    summary = train([str(log)], config, config.rules({}), force=False, progress=quiet)
    assert Store(str(root)).read().run["engine"] == name
    return [(root / summary["version"] / file).read_bytes() for file in ("patterns.jsonl", "shapes.parquet")]


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("dataset", DATASETS)
def test_the_set_that_is_trained_has_the_bytes_of_engine_python_s(
    loghub: Path, tmp_path: Path, dataset: str, name: EngineName
) -> None:
    log = loghub / dataset / f"{dataset}_2k.log"

    assert files_of_set(name, log, tmp_path / name) == files_of_set("python", log, tmp_path / "python")
