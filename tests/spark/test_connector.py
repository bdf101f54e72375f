from pathlib import Path

import pyspark
import pytest

from spark import connector as module
from spark.config import SparkConfig
from spark.connector import connector
from spark.errors import SparkError

_JAR = f"spark-sql-kafka-0-10_2.13-{pyspark.__version__}.jar"


def test_all_jars_of_the_folder_are_sparks(tmp_path: Path) -> None:
    for name in (_JAR, "kafka-clients-3.9.2.jar", "notes.txt"):
        (tmp_path / name).touch()
    jars = connector(SparkConfig(jars=str(tmp_path)))["spark.jars"].split(",")
    assert jars == [str(tmp_path / "kafka-clients-3.9.2.jar"), str(tmp_path / _JAR)]


@pytest.mark.parametrize("there", [[], ["spark-sql-kafka-0-10_2.13-3.0.0.jar"]])
def test_a_folder_without_the_connector_of_this_spark_is_an_error_that_says_how_to_fill_it(
    there: list[str], tmp_path: Path
) -> None:
    for name in there:
        (tmp_path / name).touch()
    with pytest.raises(SparkError, match=rf"\$\.spark\.jars is .*{_JAR}.*logwinnow setup connector {tmp_path}"):
        connector(SparkConfig(jars=str(tmp_path)))


def test_what_is_in_the_cache_is_not_fetched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = tmp_path / "logwinnow" / f"kafka-connector-{pyspark.__version__}"
    fetched: list[Path] = []

    def fetch(folder: Path) -> list[str]:
        fetched.append(folder)
        folder.mkdir(parents=True)
        (folder / _JAR).touch()
        return [_JAR]

    monkeypatch.setattr(module, "fetch", fetch)
    for _ in range(2):
        assert connector(SparkConfig())["spark.jars"] == str(folder / _JAR)
    assert fetched == [folder]


def test_what_cannot_be_fetched_is_an_error_that_says_what_the_resolver_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\necho ':: resolving'>&2\necho 'unresolved dependency: not found' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(program))
    with pytest.raises(SparkError, match=r"cannot be fetched: unresolved dependency: not found; without a network"):
        module.fetch(tmp_path / "jars")
    assert not (tmp_path / "jars").exists()
