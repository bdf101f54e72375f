"""Who competes: how each is called, what is read of its output, and with what that must agree."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from benchmarks.training.corpus import Corpus
from benchmarks.training.results import Comparison, Found, printed, published, told

TASKS = {"logcluster": "LogCluster, raw lines", "slct": "SLCT, raw lines", "default": "default mode"}
"""What is done with a corpus: an algorithm at one support, or all that `train` does by default."""

RAW = frozenset({"logcluster", "slct"})
DEFAULT = frozenset({"default"})

_PROGRAMS = Path(__file__).with_name("programs")
_LOGWINNOW = [sys.executable, "-m", "commands"]
_MINE = "mine {file} --raw --algorithm {task} --support {support} --quiet --engine"
_TRAIN = "train {file} --store {output}.store --quiet --set"
# The larger table: the default one is made for smaller logs, and slower at these.
_SLOTS = "5000000"
_CPUS = len(os.sched_getaffinity(0))


@dataclass(frozen=True)
class Peer:
    """
    A program that competes.

    Attributes:
        name: What `--only` and the report call it.
        tasks: What it can do.
        command: Program and arguments; of a resident one, those of programs/resident.py. `{file}`, `{task}`,
            `{support}` and `{output}` are filled in.
        comparison: In what its result is compared with ours.
        found: Reads its result.
        ours: Whether it is an engine of logwinnow.
        resident: Whether it runs in a process that stays, Spark's session with it.
        oracle: Whether another result is an error; LogClusterC is known to differ from the Perl program.
        cores: How many it is told to use; 0 is all.
        environment: Variables for it.
        lacks: Why it cannot run here; "" if it can.
    """

    name: str
    tasks: frozenset[str]
    command: list[str]
    comparison: Comparison
    found: Callable[[Path], Found] = printed
    ours: bool = False
    resident: bool = False
    oracle: bool = True
    cores: int = 0
    environment: dict[str, str] = field(default_factory=dict)
    lacks: str = ""

    def call(self, corpus: Corpus, task: str, support: int, output: Path | None = None) -> list[str]:
        """Return the command for a corpus; without an output `{output}` stays, for each run of a resident one."""
        return [
            part.replace("{file}", str(corpus.path))
            .replace("{task}", task)
            .replace("{support}", str(support))
            .replace("{output}", "{output}" if output is None else str(output))
            for part in self.command
        ]


def peers() -> list[Peer]:
    """Return all who compete, those that lack something too."""
    return [*_engines(), *_reference_programs(), *_written_here(), *_other_algorithms()]


def spark_on(cores: int) -> list[Peer]:
    """Return engine spark on some cores alone, for the speed-up."""
    return [_spark(tasks, f"logwinnow-spark-{cores}", cores) for tasks in (RAW, DEFAULT)]


def _engines() -> Iterator[Peer]:
    for engine in ("python", "polars"):
        mine, train = f"{_MINE} {engine}".split(), f"{_TRAIN} mining.engine={engine}".split()
        yield Peer(f"logwinnow-{engine}", RAW, [*_LOGWINNOW, *mine], "exact", ours=True)
        yield Peer(f"logwinnow-{engine}", DEFAULT, [*_LOGWINNOW, *train], "exact", published, ours=True)
    for tasks in (RAW, DEFAULT):
        yield _spark(tasks, "logwinnow-spark")


def _spark(tasks: frozenset[str], name: str, cores: int = 0) -> Peer:
    mine, train = f"{_MINE} spark", f"{_TRAIN} mining.engine=spark"
    command, found = (mine, printed) if tasks is RAW else (train, published)
    return Peer(
        name,
        tasks,
        ["logwinnow", *command.split()],
        "exact",
        found,
        ours=True,
        resident=True,
        cores=cores,
        # `mine --raw` takes no --set.
        environment={"LOGWINNOW_SPARK__MASTER": f"local[{cores or '*'}]"},
    )


def _reference_programs() -> Iterator[Peer]:
    logcluster = ["--support={support}", "--input={file}"]
    yield _installed(("logcluster.pl", "logcluster"), "logcluster", logcluster)
    large = [*logcluster, f"--wtablesize={_SLOTS}"]
    yield _installed(("logclusterc", "LogClusterC"), "logcluster", large, "LogClusterC", oracle=False)
    yield _installed(("slct",), "slct", ["-s", "{support}", "-w", _SLOTS, "{file}"])


def _installed(
    programs: tuple[str, ...], task: str, arguments: list[str], name: str = "", *, oracle: bool = True
) -> Peer:
    program = next(filter(None, map(shutil.which, programs)), None)
    lacks = "" if program else f"no {' or '.join(programs)} on PATH"
    command = [program or programs[0], *arguments]
    return Peer(name or programs[0], frozenset({task}), command, "clusters", oracle=oracle, lacks=lacks)


def _written_here() -> Iterator[Peer]:
    two_pass = [sys.executable, str(_PROGRAMS / "two_pass.py"), "{file}", "{task}", "{support}"]
    yield Peer("two-pass", RAW, two_pass, "counts")
    yield Peer("rdd", RAW, ["rdd", "{file}", "{task}", "{support}", "local[*]"], "counts", resident=True)


def _other_algorithms() -> Iterator[Peer]:
    drain, folding = str(_PROGRAMS / "drain.py"), str(_PROGRAMS / "folding.py")
    for name, program, argument, package in (
        ("drain3", drain, "plain", "drain3"),
        ("drain3-masks", drain, "masks", "drain3"),
        ("logfold", folding, str(_CPUS), "logfold"),
    ):
        lacks = "" if find_spec(package) else f"the package {package} is not installed; make bench installs it"
        yield Peer(name, DEFAULT, [sys.executable, program, "{file}", argument], "number", told, lacks=lacks)
