import os
import resource
import sys
import time
from pathlib import Path

from benchmarks.training.measure import run

MEBIBYTE = 2**20

_HOLDER = "import time; held = bytearray(b'x') * (80 << 20); time.sleep(0.5)"


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_time_is_that_of_the_whole_process(tmp_path: Path) -> None:
    outcome = run(python("import time; time.sleep(0.3)"), tmp_path / "output", 30)
    assert not outcome.failure
    assert 0.3 <= outcome.seconds < 5


def test_memory_is_that_of_all_processes_together(tmp_path: Path) -> None:
    both = f"import subprocess, sys; code = {_HOLDER!r}\nchild = subprocess.Popen([sys.executable, '-c', code])\n"
    outcome = run(python(f"{both}exec(code); child.wait()"), tmp_path / "output", 30)
    assert not outcome.failure
    assert 160 * MEBIBYTE < outcome.peak < 300 * MEBIBYTE


def test_memory_that_was_held_between_two_looks_is_seen_of_one_process(tmp_path: Path) -> None:
    # The kernel counts from what the process had that began it: more than that must be held to be seen.
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024 + 100
    outcome = run(python(f"held = bytearray(b'x') * ({held} << 20); del held"), tmp_path / "output", 30)
    assert outcome.peak > held * MEBIBYTE


def test_who_takes_too_long_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    child = tmp_path / "child"
    code = (
        "import os, subprocess, sys, time\n"
        "process = subprocess.Popen(['sleep', '60'], process_group=0)\n"
        f"open({str(child)!r}, 'w').write(str(process.pid))\n"
        "time.sleep(60)"
    )
    outcome = run(python(code), tmp_path / "output", 5)
    assert outcome.failure == "longer than 5 s"
    assert outcome.seconds < 30
    assert ended(int(child.read_text()))


def test_a_failure_is_told_by_the_last_line_of_standard_error(tmp_path: Path) -> None:
    outcome = run(
        python("import sys; print('one', file=sys.stderr); sys.exit('because\\n\\n')"), tmp_path / "output", 30
    )
    assert outcome.failure == "because"


def test_a_failure_without_a_word_is_told_by_its_code(tmp_path: Path) -> None:
    assert run(python("raise SystemExit(3)"), tmp_path / "output", 30).failure == "exit code 3"
    assert run(python("import os; os.abort()"), tmp_path / "output", 30).failure == "killed by signal 6"


def test_output_goes_to_the_file(tmp_path: Path) -> None:
    run(python("print('a')"), tmp_path / "output", 30)
    assert (tmp_path / "output").read_bytes() == b"a\n"


def ended(process: int) -> bool:
    """Wait a little for a process to end; one that nobody waits for has ended, too."""
    for _ in range(50):
        try:
            os.kill(process, 0)
            if b") Z " in Path(f"/proc/{process}/stat").read_bytes():
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.1)
    return False
