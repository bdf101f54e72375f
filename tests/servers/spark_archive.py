"""
Spark's classes as a JVM has them once it has read them, so that the JVMs of the tests start in half the time.

Most tests of streams wait for a JVM that reads 10,000 classes from JARs. Java can keep them (application class-data
sharing): a JVM that streams a few lines writes what it has loaded at its end, and those after it map that file. It is
made once, half a minute, in the cache of the tests. A JVM that cannot use it says nothing and reads the JARs.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pyspark

from spark.java import java_home

_ROOT = Path(__file__).parents[2]
_PATIENCE = 300
_QUIET = "-Xlog:disable -Xlog:all=error:stderr"


def archive_options(options: str) -> str:
    """
    Return what a JVM with these options also needs to use the archive; nothing where none can be made.

    Args:
        options: They decide what an archive can be used with, as the collector does.
    """
    cache = Path(os.environ.get("LOGWINNOW_TEST_CACHE") or Path.home() / ".cache" / "logwinnow-tests")
    cache.mkdir(parents=True, exist_ok=True)
    used = [Path(__file__).read_text(), str(java_home()), pyspark.__version__, pyspark.__file__, options]
    archive = cache / f"spark-{hashlib.sha256(repr(used).encode()).hexdigest()[:16]}.jsa"
    with (cache / "spark.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not archive.exists():
            _make(archive, options)
    return f"-XX:SharedArchiveFile={archive} -Xshare:auto {_QUIET}" if archive.stat().st_size else ""


def _make(archive: Path, options: str) -> None:
    """Write the archive, or an empty file where this Java writes none."""
    with tempfile.TemporaryDirectory(dir=archive.parent) as folder:
        made = Path(folder, "made")
        given = {**os.environ, "SPARK_SUBMIT_OPTS": f"{options} -XX:ArchiveClassesAtExit={made} {_QUIET}"}
        for verb in (
            ["simulate", "--lines", "500", "--output", "log"],
            ["train", "log", "--store", "patterns", "--quiet"],
            ["stream", "--once", "--quiet", "--set", 'source.files.paths=["log"]', "--set", "patterns.store=patterns"],
        ):
            _run(verb, folder, given)
        made.touch()
        made.rename(archive)


def _run(verb: list[str], folder: str, environment: Mapping[str, str]) -> None:
    """Run a verb to its end, which is also the end of its JVM: that has the pipe, too."""
    subprocess.run(
        [sys.executable, "-m", "commands", *verb],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(_ROOT)},
        capture_output=True,
        timeout=_PATIENCE,
        check=True,
    )
