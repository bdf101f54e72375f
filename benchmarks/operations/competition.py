"""Who competes, and how some weeks are played to all of them at once."""

import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

from benchmarks.operations.detectors import Alert, Day, Detector
from benchmarks.operations.figures import Run, run
from benchmarks.operations.ours import EachLine, Ours
from benchmarks.operations.rivals import Changes, Drain, Shapes
from benchmarks.operations.truth import Truth, Verdict
from benchmarks.operations.watched import Watched
from benchmarks.operations.weeks import Weeks

Competing = Callable[[Path], list[Detector]]
Noted = Callable[[Detector, Day], None]


def detectors(folder: Path) -> list[Detector]:
    """
    Return all who compete, ours first; without Drain3 where it is not installed. They know nothing yet.

    Args:
        folder: Where sets are kept.
    """
    ours = Ours(
        "logwinnow",
        "LogCluster's ladder, as it is shipped: an alert for each new shape, once a UTC day; each night it learns what "
        "was seen on two days.",
        folder / "logcluster",
        baselines=True,
    )
    frozen = Ours(
        "logwinnow without nights",
        "The set of the days for learning judges all others: what is new is told on each day on which it comes.",
        folder / "frozen",
        every=0,
    )
    return [
        ours,
        Watched(
            "logwinnow, with baselines",
            "The same sets and alerts, and what the stream tells by learned baselines: unusual rates, heartbeats that "
            "stopped, silent hosts, values that never were; all with their defaults.",
            folder / "watched",
            ours,
        ),
        Ours("logwinnow, SLCT", "The same, mined by SLCT.", folder / "slct", algorithm="slct"),
        frozen,
        EachLine(
            "one alert a line, nights",
            "The same lines as logwinnow's, each an alert: what telling by shapes is worth.",
            ours,
        ),
        EachLine(
            "one alert a line",
            "What logcheck does: rules say what is known, every other line is reported. Its rules are written by hand; "
            "for them stand the patterns that logwinnow mines of the days for learning, and nobody adds to them.",
            frozen,
        ),
        Shapes(
            "masked shapes",
            "The set of (program, message with logwinnow's class words masked) of all lines so far: an alert for each "
            "that is not in it, once for ever. No mining.",
        ),
        *(_drain() if find_spec("drain3") else []),
    ]


def _drain() -> list[Detector]:
    masks = "IP addresses, hexadecimal and other numbers and ids masked, as its documentation does it"
    online = "It reads messages behind the header and learns as it goes"
    masked = Drain("Drain3, masks", f"{masks}. {online}; an alert for each new cluster.", masks=True)
    return [
        Drain(
            "Drain3, default",
            f"Its default configuration, which masks nothing. {online}; an alert for each new cluster.",
            masks=False,
        ),
        masked,
        Drain(
            "Drain3, masks and programs",
            "The same with the program as the first word of each message.",
            masks=True,
            tags=True,
        ),
        Changes(
            "Drain3, masks, changes too",
            "As with masks; an alert for each cluster whose template changes, too.",
            masked,
        ),
    ]


class Player:
    """A detector while weeks are played to it."""

    def __init__(self, detector: Detector) -> None:
        """Nothing was played yet."""
        self.detector = detector
        self.alerts: list[Alert] = []
        self.seconds = 0.0

    def learn(self, days: Sequence[Day]) -> None:
        """Let it learn."""
        begin = time.process_time()
        self.detector.learn(days)
        self.seconds += time.process_time() - begin

    def live(self, day: Day) -> None:
        """Let it judge a day."""
        begin = time.process_time()
        self.alerts.extend(self.detector.judge(day))
        self.seconds += time.process_time() - begin

    def night(self, day: Day) -> None:
        """Let it have its night."""
        begin = time.process_time()
        self.detector.night(day)
        self.seconds += time.process_time() - begin


def play(
    weeks: Weeks, competing: Competing = detectors, noted: Noted | None = None
) -> tuple[list[Run], dict[str, list[Verdict]], Truth]:
    """
    Play weeks to all detectors.

    Args:
        weeks: The weeks.
        competing: Returns who competes when given a folder for their sets.
        noted: Called for each detector after each night.

    Returns:
        A run for each detector, its verdicts by its name, in time order, and what is true.

    Cost: one pass over the weeks for all; a day's lines and all labels in memory, of the days for learning all lines.
    """
    with tempfile.TemporaryDirectory(prefix="operations-") as name:
        folder = Path(name)
        (folder / "log").mkdir()
        players = [Player(detector) for detector in competing(folder)]
        days = weeks.play(folder / "log")
        learning = list(islice(days, weeks.learned))
        for player in players:
            player.learn(learning)
        begin = learning[-1].end
        del learning
        for day in days:
            for player in players:
                player.live(day)
            for player in players:
                player.night(day)
                if noted is not None:
                    noted(player.detector, day)
    truth = Truth.of(weeks.labels, weeks.events(), begin)
    verdicts = {player.detector.name: list(truth.judge(player.alerts)) for player in players}
    live = weeks.days - weeks.learned
    runs = [
        run(name, weeks.seed, live, verdicts[name], truth, seconds=player.seconds)
        for player in players
        for name in [player.detector.name]
    ]
    return runs, verdicts, truth


def judged(weeks: Weeks) -> tuple[list[Run], dict[str, list[Verdict]]]:
    """Play weeks to all detectors; as `play`, without what is true, for it has all labels and is to cross processes."""
    runs, verdicts, _ = play(weeks)
    return runs, verdicts
