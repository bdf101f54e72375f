"""`logwinnow backtest` of a log beside a stream that judges the same log: the same outliers, and the same alerts."""

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from commands.__main__ import main

if TYPE_CHECKING:
    from tests.streaming.conftest import Site

pytestmark = [pytest.mark.spark, pytest.mark.usefixtures("spark")]


def test_a_stream_tells_what_a_backtest_says(site: "Site", loghub: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = (loghub / "OpenSSH" / "OpenSSH_2k.log").read_bytes().split(b"\n")[:-1]
    site.append(*lines[:200])
    assert main(["train", str(site.log), "--store", str(site.store), "--quiet"]) == 0
    site.append(*lines[200:], b"", b"Dec 10 11:04:45 LabSZ sshd[1]: 17")

    site.stream_once()
    assert main(["backtest", "--on", str(site.log), "--store", str(site.store), "--json", "--quiet"]) == 0

    (result,) = json.loads(capsys.readouterr().out)["sets"]
    ours = [event["logwinnow"] for event in site.events()]
    outliers = Counter(each["shape"]["id"] for each in ours if each["outlier"])
    assert result["lines"] == len(ours)
    assert result["unjudged"] == dict(Counter(each["unjudged"] for each in ours if "unjudged" in each))
    assert (result["outliers"], result["shapes"]) == (outliers.total(), len(outliers))
    assert {kind["shape"]: kind["lines"] for kind in result["top"]}.items() <= outliers.items()
    # The log is of one day, and so is the stream, but at midnight.
    buckets = {alert["logwinnow"]["bucket"] for alert in site.alerts()}
    if len(buckets) == 1:
        assert sum(result["alerts"].values()) == len(site.alerts()) > 5
