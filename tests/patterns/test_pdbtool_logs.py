"""On real logs pdbtool finds each example, and for each line the rule that logwinnow finds."""

import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from traces import records

from patterns.judge import Judge
from patterns.line import split_lines
from patterns.patterndb import CUT, patterndb
from patterns.timestamps import SECOND
from tests.patterns.pdbtool import Sent, rules_found, run_tests, trained, write

DATASETS = ["Apache", "BGL", "HDFS", "Linux", "OpenSSH", "Proxifier", "Spark", "Zookeeper"]


@pytest.mark.parametrize("algorithm", ["logcluster", "slct"])
@pytest.mark.parametrize("dataset", DATASETS)
def test_for_each_line_of_a_real_log_syslog_ng_finds_what_logwinnow_finds(
    pdbtool: str, loghub: Path, tmp_path: Path, dataset: str, algorithm: str
) -> None:
    lines = split_lines((loghub / dataset / f"{dataset}_2k.log").read_bytes())
    # Of a part, so that there are outliers.
    patterns = trained(lines[:400], algorithm)
    path, left_out = write(patterns, tmp_path)
    judge = Judge(patterns)
    sent: list[Sent] = []
    verdicts = []
    for data in lines:
        shaped, verdict = judge.judge(data, SECOND)
        if verdict is not None:
            sent.append((shaped.line.program or "", shaped.line.message.encode()))
            verdicts.append(verdict.known.id if verdict.known else "")

    assert rules_found(pdbtool, path, sent) == verdicts
    assert len(verdicts) > 1900
    assert "" in verdicts
    code, tests, told = run_tests(pdbtool, path)
    assert (code, told) == (0, "")
    assert tests >= len(patterns.patterns) - sum(left_out.values()) > 0
    assert set(left_out) <= {CUT}


def test_a_log_with_a_syslog_header_is_read_by_syslog_ng_itself(pdbtool: str, loghub: Path, tmp_path: Path) -> None:
    log = loghub / "OpenSSH" / "OpenSSH_2k.log"
    patterns = trained(split_lines(log.read_bytes()), "logcluster")
    path, _ = write(patterns, tmp_path)
    command = [pdbtool, "match", "-p", str(path), "-f", str(log), "-T", r"${.classifier.rule_id}\n"]
    found = Counter(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())

    assert found == Counter({one.id: one.support for one in patterns.patterns})


@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
def test_a_set_of_records_of_several_lines_has_examples_that_syslog_ng_finds(
    pdbtool: str, tmp_path: Path, end: bytes
) -> None:
    patterns = trained([record.replace(b"\n", end) for record in records(100)], "logcluster")
    path, left_out = write(patterns, tmp_path)
    code, tests, told = run_tests(pdbtool, path)

    assert (code, told) == (0, "")
    assert tests >= len(patterns.patterns) - sum(left_out.values()) > 4


def test_each_expression_is_also_one_of_pcre_2_and_does_not_backtrack_there(loghub: Path) -> None:
    """`grep -P` runs PCRE 2, and gives up with an error where an expression backtracks too often."""
    grep = shutil.which("grep")
    if grep is None or subprocess.run([grep, "-qP", "^a$"], input=b"a\n", capture_output=True, check=False).returncode:
        pytest.skip("a grep that knows -P, which runs PCRE, is not here: `apt install grep`")
    messages = (loghub / "BGL" / "BGL_2k.log").read_bytes()
    lines = split_lines(messages)
    patterns = trained(lines[:400], "logcluster")
    text = "".join(patterndb(patterns, "2026-11-24", Counter()))
    expressions = re.findall(r"<pattern>@PCRE::(\(\*LIMIT.*)@</pattern>", text)
    found: dict[int, str] = {}
    for one, expression in zip(patterns.patterns, expressions, strict=True):
        written = expression.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        command, environment = [grep, "-anP", written], {"LC_ALL": "C"}
        ran = subprocess.run(command, input=messages, capture_output=True, env=environment, check=False)
        assert (ran.returncode in {0, 1}, ran.stderr) == (True, b"")
        for row in ran.stdout.split(b"\n")[:-1]:
            found.setdefault(int(row.split(b":", 1)[0]) - 1, one.id)

    judge = Judge(patterns)
    verdicts = [judge.judge(data, SECOND).verdict for data in lines]
    assert found == {n: v.known.id for n, v in enumerate(verdicts) if v is not None and v.known is not None}
    assert len(lines) > len(found) > 400
