"""
All who can do a task do it, in rounds: each once a round, so that what disturbs the machine disturbs all of them.

Who fails is out for the rest of the task, and on larger files of the same corpus too: what takes too long at a million
lines takes longer at ten.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.training import measure
from benchmarks.training.corpus import Corpus, blocks
from benchmarks.training.measure import Outcome
from benchmarks.training.peers import Peer
from benchmarks.training.resident import Resident, WarmOutcome
from benchmarks.training.results import Found, agree


@dataclass(frozen=True, slots=True)
class Measurement:
    """
    One run, as it is kept in training.json.

    Attributes:
        corpus: Name of the corpus.
        lines: How many lines it has.
        task: logcluster, slct or default.
        support: Lines; 0 for the default mode, which needs none.
        peer: Who ran.
        cores: How many it was told to use; 0 is all.
        round: From 1; 0 is the first run of one whose process stays, and 1 its first warm one.
        seconds: Wall time; of a process that stays, of this run alone.
        peak: Bytes of memory.
        session: Seconds in which Spark started, in round 0.
        process: Seconds from the start of a process that stays to the end of round 0.
        patterns: How many were found.
        agrees: Whether they are those of the first who ran, engine python mostly; None where nobody can tell.
        note: What else is to be known of the run.
        failure: Why it is no measurement; "" if it is one.
    """

    corpus: str
    lines: int
    task: str
    support: int
    peer: str
    cores: int = 0
    round: int = 1
    seconds: float = 0.0
    peak: int = 0
    session: float = 0.0
    process: float = 0.0
    patterns: int = 0
    agrees: bool | None = None
    note: str = ""
    failure: str = ""


Told = Callable[[Measurement], None]


class Competition:
    """Runs the tasks one after the other, and remembers who is out."""

    def __init__(self, rounds: int, timeout: float, told: Told) -> None:
        """
        Prepare.

        Args:
            rounds: How often each runs.
            timeout: Seconds that a run may take.
            told: Called with each measurement, at once.
        """
        self._rounds = rounds
        self._timeout = timeout
        self._told = told
        self._out: dict[tuple[str, str, str], str] = {}

    def run(self, corpus: Corpus, task: str, support: int, peers: Sequence[Peer]) -> None:
        """Have everybody do one task; the first who succeeds is whom the others must agree with."""
        with corpus.path.open("rb") as file:
            # Nobody pays for the disk.
            for _ in blocks(file):
                pass
        about = Measurement(corpus.name, corpus.lines, task, 0 if task == "default" else support, "")
        with tempfile.TemporaryDirectory(prefix="benchmark-") as folder, ExitStack() as residents:
            runners = {}
            for peer in peers:
                if task not in peer.tasks:
                    continue
                out = peer.lacks or self._out.get((peer.name, corpus.name, task), "")
                if out:
                    self._told(replace(about, peer=peer.name, failure=out))
                else:
                    runners[peer.name] = _Runner(
                        peer, corpus, task, support, Path(folder), residents, timeout=self._timeout
                    )
            reference: Found | None = None
            for number in range(1, self._rounds + 1):
                for name, runner in list(runners.items()):
                    for each in [0, 1] if runner.peer.resident and number == 1 else [number]:
                        measured, found = runner.run(replace(about, peer=name, cores=runner.peer.cores, round=each))
                        reference = reference or found
                        if found and reference:
                            measured = replace(measured, agrees=agree(runner.peer.comparison, found, reference))
                        self._told(measured)
                        if measured.failure:
                            self._out[name, corpus.name, task] = measured.failure
                            del runners[name]
                            break

    def is_out(self, peer: str, corpus: Corpus, task: str) -> bool:
        """Tell whether a peer failed at a task on this corpus or a smaller one."""
        return (peer, corpus.name, task) in self._out


class _Runner:
    """A peer at one task."""

    def __init__(
        self, peer: Peer, corpus: Corpus, task: str, support: int, folder: Path, residents: ExitStack, *, timeout: float
    ) -> None:
        self.peer = peer
        self._given = corpus, task, support
        self._folder = folder
        self._timeout = timeout
        self._residents = residents
        self._resident: Resident | None = None

    def run(self, about: Measurement) -> tuple[Measurement, Found | None]:
        """Run once and read what came out."""
        with _place(self._folder / self.peer.name) as output:
            outcome = self._outcome(output)
            found = None
            measured = replace(about, seconds=outcome.seconds, peak=outcome.peak, failure=outcome.failure)
            if isinstance(outcome, WarmOutcome) and about.round == 0:
                measured = replace(measured, session=outcome.session, process=outcome.process)
            if not outcome.failure:
                try:
                    found = self.peer.found(output)
                    measured = replace(measured, patterns=found.patterns, note=found.note)
                except (OSError, ValueError, KeyError) as error:
                    measured = replace(measured, failure=f"its output cannot be read: {error}")
        return measured, found

    def _outcome(self, output: Path) -> Outcome:
        if not self.peer.resident:
            return measure.run(self.peer.call(*self._given, output), output, self._timeout, self.peer.environment)
        if self._resident is None:
            errors = self._folder / f"{self.peer.name}.errors"
            # Killed, Spark leaves its temporary folders behind: let them be below ours.
            here = dict.fromkeys(("SPARK_LOCAL_DIRS", "TMPDIR"), os.fspath(self._folder))
            resident = Resident(self.peer.call(*self._given), errors, {**self.peer.environment, **here})
            self._resident = self._residents.enter_context(resident)
        return self._resident.run(output, self._timeout)


@contextmanager
def _place(folder: Path) -> Iterator[Path]:
    """Yield where a run prints; what it leaves there or beside it goes."""
    folder.mkdir()
    try:
        yield folder / "output"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
