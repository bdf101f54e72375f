"""What one night leaves for the next."""

import json
from pathlib import Path

import pytest

from tests.training.nightly.nights import Nights, days_of, line, moment
from training.errors import NightError
from training.fetched.time_range import TimeRange
from training.nightly.memory import Memory, joined, remembered


def test_what_a_night_leaves_is_read_again(tmp_path: Path) -> None:
    nights = Nights(tmp_path)
    excluded = (TimeRange(moment(0, 1), moment(0, 2)), TimeRange(moment(0, 3), None))
    nights.learn(0, days_of({0: ["door opened"]}), excluded=excluded[:1])
    stored, table = nights.now, nights.store.read_shapes(nights.now.version)

    found = remembered(stored, table, moment(9))

    assert (found.through, found.trained, found.excluded) == (moment(1), "2026-03-02", excluded[:1])
    again = Memory(found.through, found.trained, excluded, "x").as_run()
    assert json.loads(json.dumps(again)) == again


def test_of_a_set_by_files_the_newest_line_says_how_far_it_reaches_but_none_of_the_future(tmp_path: Path) -> None:
    nights = Nights(tmp_path)
    nights.train([line(0, "door opened", 7), line(0, "mail came", 9), line(4, "clock is wrong")])
    stored, table = nights.now, nights.store.read_shapes(nights.now.version)

    assert remembered(stored, table, moment(2)).through == moment(0, 9) + 1_000
    assert remembered(stored, table, moment(5)).through == moment(4, 12) + 1_000
    assert remembered(stored, table, moment(0)).through == moment(0)


def test_times_are_remembered_while_their_rows_may_be_there() -> None:
    old, new, open_end = (TimeRange(0, 5), TimeRange(7, 9), TimeRange(3, None))

    assert joined((old, new), (open_end, new), 5) == (open_end, new)


@pytest.mark.parametrize("damaged", [{"through": "no time"}, {"through": 5}, {"excluded": [3]}, {"excluded": [{}]}])
def test_a_manifest_that_cannot_be_understood_is_an_error_with_the_mend(
    tmp_path: Path, damaged: dict[str, object]
) -> None:
    nights = Nights(tmp_path)
    nights.learn(0, days_of({0: ["door opened"]}))
    path = Path(nights.store.root) / nights.now.version / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["run"]["nightly"].update(damaged)
    path.write_text(json.dumps(manifest))

    with pytest.raises(NightError, match="roll back to an earlier version, or train anew"):
        nights.learn(1, days_of({1: ["door opened"]}))
