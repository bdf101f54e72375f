"""
Spark's connector of Kafka: JARs that are no part of Spark.

Without a folder of them in the configuration they are fetched once, by Spark's own resolver, into the user's cache.
`logwinnow setup connector DIR` fetches them into a folder, for machines without a network.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pyspark

from spark.config import SparkConfig
from spark.errors import SparkError

_COORDINATES: Final = f"org.apache.spark:spark-sql-kafka-0-10_2.13:{pyspark.__version__}"
"""Of the same release as Spark: another one may not run."""

_EXCLUDED: Final = "org.apache.hadoop:hadoop-client-api,org.apache.hadoop:hadoop-client-runtime,org.slf4j:slf4j-api"
"""What Spark has itself: 50 MB of 60."""

_JAR: Final = f"spark-sql-kafka-0-10_2.13-{pyspark.__version__}.jar"


def connector(config: SparkConfig) -> dict[str, str]:
    """
    Return the settings by which a session has the connector.

    Raises:
        SparkError: The folder of JARs has none of Spark's release, or it cannot be fetched.

    Cost: at the first time, starts a JVM and fetches some 10 MB.
    """
    folder = _cache() if config.jars is None else Path(config.jars)
    if config.jars is None and not (folder / _JAR).is_file():
        fetch(folder)
    jars = sorted(folder.glob("*.jar"))
    if _JAR not in {jar.name for jar in jars}:
        raise SparkError(
            f"$.spark.jars is {str(folder)!r}: there is no {_JAR}, the connector for this Spark; where there is a "
            f"network, run: logwinnow setup connector {folder}"
        )
    return {"spark.jars": ",".join(str(jar.resolve()) for jar in jars)}


def fetch(folder: Path) -> list[str]:
    """
    Put the connector's JARs into a folder; return their names.

    Raises:
        SparkError: They cannot be fetched, or written.

    Cost: starts a JVM and fetches some 10 MB.
    """
    with TemporaryDirectory(prefix="logwinnow-connector-") as temporary:
        # In a process of its own: a session that is there already would fetch nothing.
        program = [sys.executable, "-m", "spark.connector", temporary]
        resolved = subprocess.run(program, check=False, capture_output=True, text=True, errors="replace")
        jars = sorted(Path(temporary).glob("jars/*.jar"))
        if resolved.returncode or not jars:
            raise SparkError(
                f"{_COORDINATES} cannot be fetched: {_why(resolved.stderr)}; without a network, run `logwinnow setup "
                "connector DIR` on a machine that has one, copy DIR, and set spark.jars to it; a broken copy in ~/.m2 "
                "is in the way as well: remove it there"
            )
        try:
            folder.mkdir(parents=True, exist_ok=True)
            # Spark's own JAR comes last: with it the folder is whole.
            for jar in sorted(jars, key=lambda jar: jar.name.endswith(_JAR)):
                partial = folder / f".{jar.name}.{os.getpid()}"
                shutil.copyfile(jar, partial)
                partial.replace(folder / _name(jar))
        except OSError as error:
            raise SparkError(
                f"{str(folder)!r} cannot be written: {error.strerror}; check its rights, or set spark.jars"
            ) from None
    return [_name(jar) for jar in jars]


def _cache() -> Path:
    try:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:
        raise SparkError(
            "there is no home folder for the connector of Kafka: run `logwinnow setup connector DIR`, and set "
            "spark.jars to DIR"
        ) from None
    return cache / "logwinnow" / f"kafka-connector-{pyspark.__version__}"


def _name(jar: Path) -> str:
    """Return a JAR's own name: Spark's resolver puts its group in front."""
    return jar.name.partition("_")[2]


def _why(printed: str) -> str:
    """Return what of the resolver's output says most."""
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    telling = [line for line in lines if "not found" in line or "Exception" in line or "ERROR" in line]
    return (telling or lines or ["it said nothing"])[-1][:300]


def _resolve(folder: str) -> None:
    from spark import session

    wanted = {"spark.jars.packages": _COORDINATES, "spark.jars.excludes": _EXCLUDED, "spark.jars.ivy": folder}
    session.start(SparkConfig(master="local[1]"), wanted).stop()


if __name__ == "__main__":
    _resolve(sys.argv[1])
