"""Training on stored tables and new lines is training on all lines at once, byte for byte."""

import os
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commands.simulation.fleet import simulate
from patterns.errors import BrokenPatternSet, NoPatternSet
from patterns.store import Store
from training.config import Lines, Mining, Patterns, TrainingConfig
from training.errors import CorpusError
from training.job import train

MORNING = 1_795_435_200


def trained(store: Path, lines: list[bytes], add: tuple[str, ...] = (), **mining: Any) -> tuple[dict[str, Any], bytes]:
    """Train on lines, on stored versions, or on both; return the summary and patterns.jsonl."""
    # Two versions of one millisecond would have one name.
    time.sleep(0.002)
    config = TrainingConfig(mining=Mining(**mining), patterns=Patterns(store=str(store)))
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / "log"] if lines else []
        for path in paths:
            path.write_bytes(b"".join(line + b"\n" for line in lines))
            os.utime(path, (MORNING, MORNING))
        summary = train(
            [str(path) for path in paths], config, config.rules({}), add=add, force=True, progress=lambda *_: None
        )
    return summary, Store(str(store)).read(summary["version"]).rows


LINES = st.lists(
    st.sampled_from(
        [
            b"Nov 22 10:00:00 h sshd[1]: Accepted password for root from 10.0.0.1",
            b"Nov 23 10:00:00 h sshd[2]: Accepted password for bob from 10.0.0.2",
            b"Nov 23 11:00:00 h sshd[2]: Accepted password for bob from 10.0.0.2",
            b"Nov 23 11:00:00 h sshd[2]: Connection closed",
            b"Nov 21 11:00:00 h cron: job a done in 3 s",
            b"Nov 21 11:00:00 h cron: job b done in 3 s",
            b"a line without a header",
            b"7 8",
            b"",
        ]
    ),
    max_size=10,
).map(lambda lines: [b"Nov 20 10:00:00 h cron: started", *lines])


@settings(max_examples=max(30, settings().max_examples // 20))
@given(st.lists(LINES, min_size=2, max_size=4), st.sampled_from(["logcluster", "slct"]))
def test_stored_parts_and_the_last_one_give_the_patterns_of_all_lines(parts: list[list[bytes]], algorithm: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        summary, whole = trained(root / "whole", [line for part in parts for line in part], algorithm=algorithm)
        versions = [trained(root / "parts", part, algorithm=algorithm)[0]["version"] for part in parts]

        added, rows = trained(root / "parts", parts[-1], tuple(versions[:-1]), algorithm=algorithm)
        by_day = trained(root / "days", parts[0], algorithm=algorithm)[1]
        for part in parts[1:]:
            by_day = trained(root / "days", part, ("current",), algorithm=algorithm)[1]
        stored_alone = trained(root / "parts", [], tuple(reversed(versions)), algorithm=algorithm)[1]

    assert rows == by_day == stored_alone == whole
    same = ("covered", "coverage", "shapes", "patterns", "levels", "seen_once")
    assert {key: added[key] for key in same} == {key: summary[key] for key in same}
    assert added["corpus"]["judged"] + sum(added["added"].values()) == summary["corpus"]["judged"]
    assert list(added["added"]) == versions[:-1]


def test_the_days_of_a_simulated_log_added_one_by_one_give_the_patterns_of_all(tmp_path: Path) -> None:
    start = datetime.fromtimestamp(MORNING, UTC)
    lines = [line.text.encode() for line in simulate(6000, seed=1, start=start)]
    whole = trained(tmp_path / "whole", lines)[1]

    rows = trained(tmp_path / "days", lines[:2000])[1]
    for day in (lines[2000:4000], lines[4000:]):
        rows = trained(tmp_path / "days", day, ("current",))[1]

    assert rows == whole


def test_limits_are_those_of_the_sum(tmp_path: Path) -> None:
    lines = [b"a b", b"c d", b"e f", b"a b"]
    first = trained(tmp_path, lines[:2])[0]["version"]

    summary, rows = trained(tmp_path, lines[2:], (first,), max_shapes=1)

    assert summary["left_out"] == {"shapes": 2, "lines": 2, "least_count": 2, "patterns": 0, "scopes": ()}
    assert rows.count(b"\n") == 1
    assert rows == trained(tmp_path / "whole", lines, max_shapes=1)[1]


def test_the_manifest_says_what_was_added(tmp_path: Path) -> None:
    first = trained(tmp_path, [b"a b", b"c d"])[0]["version"]

    version = trained(tmp_path, [b"e f"], ("current",))[0]["version"]

    run = Store(str(tmp_path)).read(version).run
    assert run["added"] == {first: 2}
    assert run["corpus"]["lines"] == 1


def test_a_version_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    first = trained(tmp_path, [b"a b"])[0]["version"]

    with pytest.raises(CorpusError, match=rf"version '\.\./x' to be added is not in store .*; there are: {first}"):
        trained(tmp_path, [b"a b"], ("../x",))


def test_a_store_without_a_set_has_no_current_version(tmp_path: Path) -> None:
    with pytest.raises(NoPatternSet):
        trained(tmp_path, [b"a b"], ("current",))
    with pytest.raises(CorpusError, match="there are: none yet"):
        trained(tmp_path, [b"a b"], ("20260101",))


def test_a_version_named_twice_is_refused_for_its_lines_would_count_twice(tmp_path: Path) -> None:
    first = trained(tmp_path, [b"a b"])[0]["version"]

    with pytest.raises(CorpusError, match="is to be added twice"):
        trained(tmp_path, [b"a b"], (first, "current"))


def test_a_table_of_other_rules_is_refused_with_their_names_and_the_mend(tmp_path: Path) -> None:
    trained(tmp_path, [b"a b"])
    config = TrainingConfig(lines=Lines(header="plain", zone="Asia/Tokyo"), patterns=Patterns(store=str(tmp_path)))

    with pytest.raises(CorpusError, match=r"mined by other rules \(header, zone\).*; mine its logs again"):
        train([], config, config.rules({}), add=("current",), force=True, progress=lambda *_: None)


def test_a_damaged_table_is_refused(tmp_path: Path) -> None:
    first = trained(tmp_path, [b"a b"])[0]["version"]
    (tmp_path / first / "shapes.parquet").write_bytes(b"PAR1")

    with pytest.raises(BrokenPatternSet, match=r"shapes\.parquet"):
        trained(tmp_path, [b"a b"], ("current",))
