"""`logwinnow demo` on a log: it leaves a page, and says where."""

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.spark
def test_the_demo_leaves_a_page_of_what_it_streamed_and_says_where(log: Path, tmp_path: Path) -> None:
    log.write_bytes(log.read_bytes() + b"Nov  3 04:06:00 web1 sshd[1]: never seen\n")
    command = [sys.executable, "-m", "commands", "demo", str(log)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path), "COLUMNS": "400"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    [place] = re.findall(r"Open it in a browser: file://(.*)", done.stdout)
    page = Path(unquote(place)).read_text()
    assert "<em>1 line</em> of 31 is of no known kind" in page
    assert "never seen" in page
