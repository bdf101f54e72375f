"""The product: lines judged by its sets, told by its stream's book of alerts, learned from by its nights."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import msgspec

from benchmarks.operations.detectors import Alert, Day, Line
from mining.clusters import Algorithm
from patterns.baselines import Baselines
from patterns.judge import Judge, shape_id
from patterns.rules import Rules
from patterns.set_files import StoredSet
from patterns.store import Store
from patterns.timestamps import SECOND
from streaming.alerts import AlertBook, AlertState
from streaming.config import AlertsConfig
from streaming.tally import OutlierShape
from training.config import Learning, Mining, Nightly, Patterns, TrainingConfig
from training.job import train
from training.nightly.night import Asked, learn_night

BATCH = 60 * SECOND
"""Of how much time a batch has the lines."""


class Ours:
    """logwinnow with its defaults, whose set of a day judges that day."""

    def __init__(
        self,
        name: str,
        how: str,
        store: Path,
        *,
        algorithm: Algorithm = "logcluster",
        every: int = 1,
        baselines: bool = False,
        nightly: Nightly | None = None,
    ) -> None:
        """
        Make ready.

        Args:
            name: What the tables call it.
            how: What is to be said of it.
            store: A folder of its own for the sets.
            algorithm: By which they are mined.
            every: After how many days each there is a nightly training; 0 for never, so that the first set stays.
            baselines: Whether trainings learn what is usual, too; the patterns are the same.
            nightly: How nights learn; None for the defaults.
        """
        self.name, self.how = name, how
        # Every engine finds the same; this one starts no process for the lines of a day.
        mining = Mining(algorithm=algorithm, engine="python")
        self._config = TrainingConfig(
            patterns=Patterns(store=str(store)),
            mining=mining,
            baselines=Learning(learn=baselines),
            nightly=nightly or Nightly(),
        )
        self._every = every
        self._unread: list[str] = []
        self._state = AlertState()
        self._judge: Judge | None = None
        self.told: list[Alert] = []
        """The alerts of the day that was judged last."""

    def learn(self, days: Sequence[Day]) -> None:
        """Train once on all of them."""
        train([str(day.path) for day in days], self._config, Rules(), force=False, progress=_quiet)
        self._take_set()

    def judge(self, day: Day) -> Iterator[Alert]:
        """Yield what the stream's book tells, batch by batch."""
        self.told = []
        for _, lines in groupby(self.outliers(day), key=lambda line: line[0].time // BATCH):
            for alert in self._told(list(lines)):
                self.told.append(alert)
                yield alert

    def judging(self) -> Judge:
        """Return what judges lines by the newest set."""
        if self._judge is None:
            msg = f"{self.name} judges before it has learned; call learn first"
            raise RuntimeError(msg)
        return self._judge

    def newest(self) -> tuple[StoredSet, Baselines | None]:
        """Return the newest set, and what is usual by it."""
        store = Store(self._config.patterns.store)
        stored = store.read()
        return stored, store.read_baselines(stored.version)

    def outliers(self, day: Day) -> Iterator[tuple[Line, str, str]]:
        """Yield the lines of no known kind with scope and shape."""
        judge = self.judging()
        for line in day.lines:
            judgement = judge.judge(line.data, line.time)
            if judgement.outlier:
                yield line, judgement.shaped.scope, judgement.shaped.shape

    def night(self, day: Day) -> None:
        """Learn from the days since the last time as `train --nightly` does, if it is time."""
        self._unread.append(str(day.path))
        if len(self._unread) == self._every:
            learn_night(self._unread, self._config, Rules(), Asked(day.end), _quiet)
            self._unread = []
            self._take_set()

    def _take_set(self) -> None:
        self._judge = Judge(Store(self._config.patterns.store).read().patterns)

    def _told(self, batch: list[tuple[Line, str, str]]) -> Iterator[Alert]:
        times = Counter((scope, shape) for _, scope, shape in batch)
        first = {(scope, shape): line for line, scope, shape in reversed(batch)}
        book = AlertBook(AlertsConfig(), self.name, "", self._state)
        outliers = [_reported(*key, times[key], line) for key, line in first.items()]
        for alert in book.tell(outliers, 0, batch[-1][0].time):
            # The alert that says that more are held back is of no line.
            number = alert.document["event"].get("first_event_id")
            line = next((each for each in first.values() if str(each.number) == number), None)
            yield Alert(line.time if line else batch[-1][0].time, line.number if line else None)
        self._state = book.close()


class EachLine:
    """The same sets without the book: each line of no known kind is an alert. Who has the sets is played, too."""

    def __init__(self, name: str, how: str, of: Ours) -> None:
        """Make ready; `of` learns, and has its nights when all have judged the day."""
        self.name, self.how = name, how
        self._of = of

    def learn(self, days: Sequence[Day]) -> None:
        """The other one does."""

    def judge(self, day: Day) -> Iterator[Alert]:
        """Yield an alert for each."""
        for line, _, _ in self._of.outliers(day):
            yield Alert(line.time, line.number)

    def night(self, day: Day) -> None:
        """The other one has it."""


def _reported(scope: str, shape: str, lines: int, first: Line) -> OutlierShape:
    """Return a shape as the tasks of a stream report it; the number of its first line is the id of its event."""
    document = {
        "message": first.data.decode(errors="replace"),
        "event": {"id": str(first.number)},
        "logwinnow": {"scope": scope, "shape": {"id": shape_id(scope, shape)}},
    }
    return OutlierShape(scope, shape, lines, "", first.number, first.time, msgspec.json.encode(document))


def _quiet(_lines: int, _done: int, _size: int) -> None:
    """Say nothing of how far it is."""
