"""From the real Kafka to the real Elasticsearch: each record one document, judged as offline, alerts one a shape."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from live import Live, original

pytestmark = [pytest.mark.servers, pytest.mark.spark]


def match(log: Path, store: Path) -> list[dict[str, Any]]:
    """Return what `logwinnow match` says of a log."""
    command = [sys.executable, "-m", "commands", "match", "--json", "--store", str(store), str(log)]
    done = subprocess.run(command, check=False, capture_output=True, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr
    return [json.loads(row) for row in done.stdout.splitlines()]


@pytest.mark.parametrize("dataset", ["OpenSSH", pytest.param("Linux", marks=pytest.mark.slow)])
def test_rows_of_the_topic_are_documents_of_the_index_and_outliers_those_of_match(
    dataset: str, live: Live, loghub: Path
) -> None:
    lines = (loghub / dataset / f"{dataset}_2k.log").read_bytes().splitlines()
    known, live_log = live.folder / "known.log", live.folder / "live.log"
    known.write_bytes(b"\n".join(lines[:400]) + b"\n")
    live_log.write_bytes(b"\n".join(lines) + b"\n")
    live.train(known)
    live.send(lines)
    live.run_once()
    found = live.check()
    assert found["events"] == len(lines)
    expected = Counter(lines[row["line"] - 1] for row in match(live_log, live.store) if row["outlier"])
    outliers = [event for event in live.events() if event["logwinnow"]["outlier"]]
    assert Counter(original(event) for event in outliers) == expected
    # An alert of a storm stands for some shapes.
    told = sum(alert["logwinnow"].get("shapes", 1) for alert in live.alerts())
    assert told == len({event["logwinnow"]["shape"]["id"] for event in outliers}) > 0
    # All is judged: another run finds nothing to do.
    assert sum(record["lines"] for record in live.run_once()) == 0
    assert live.check() == found
