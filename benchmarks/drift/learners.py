"""Who learns, and how often: our sets by night, by week and never, and others who learn as they go."""

from importlib.util import find_spec
from pathlib import Path

from benchmarks.operations.detectors import Detector
from benchmarks.operations.ours import Ours
from benchmarks.operations.rivals import Drain, Shapes

NIGHTLY, NEVER = "nightly", "never"


def learners(folder: Path) -> list[Detector]:
    """
    Return all who compete, ours first; without Drain3 where it is not installed. They know nothing yet.

    Args:
        folder: Where sets are kept.
    """
    return [
        Ours(
            NIGHTLY,
            "logwinnow as it is shipped: an alert for each new shape, once a UTC day; each night it learns what was "
            "seen on two days.",
            folder / "nightly",
        ),
        Ours(
            "weekly",
            "The same, learning on each seventh night what came since the last one.",
            folder / "weekly",
            every=7,
        ),
        Ours(NEVER, "The same alerts by the set of the days for learning, for ever.", folder / "never", every=0),
        Shapes(
            "masked shapes",
            "The set of (program, message with logwinnow's class words masked) of all lines so far, which is that of a "
            "night that adds all it saw: an alert for each that is not in it, once for ever.",
        ),
        *(_drain() if find_spec("drain3") else []),
    ]


def _drain() -> list[Detector]:
    how = (
        "It reads messages behind the header, with addresses, numbers and ids masked as its documentation does it, and "
        "learns as it goes; an alert for each new cluster"
    )
    return [
        Drain("Drain3, masks", f"{how}.", masks=True),
        Drain("Drain3, masks and programs", f"{how}; the program is the first word.", masks=True, tags=True),
    ]
