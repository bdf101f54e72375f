"""The front door: exit codes, and what it does when something breaks."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from commands import match
from commands.__main__ import main

Run = Callable[..., tuple[int, str, str]]

ROOT = Path(__file__).resolve().parents[2]
VERBS = [["init"], ["mine"], ["train"], ["stream"], ["match"], ["demo"], ["simulate"], ["patterns"]]
DEEDS = [["patterns", what] for what in ("list", "show", "export", "versions")]


def logwinnow(*words: str | Path, **options: object) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "commands", *map(str, words)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": environment}
    return subprocess.Popen(command, **{**pipes, **options})  # type: ignore[call-overload,no-any-return]


@pytest.mark.parametrize("words", [*VERBS, *DEEDS], ids=" ".join)
def test_each_verb_has_help_with_an_example(run: Run, words: list[str]) -> None:
    code, out, err = run(*words, "--help")

    assert (code, err) == (0, "")
    assert "example" in out
    assert f"  logwinnow {' '.join(words)}" in out


@pytest.mark.parametrize(
    "words",
    [[], ["frobnicate"], ["match"], ["match", "x", "--all", "--outliers"], ["train", "x", "--algorithm", "drain"]],
    ids=" ".join,
)
def test_wrong_use_ends_with_2(run: Run, words: list[str]) -> None:
    code, out, err = run(*words)

    assert (code, out) == (2, "")
    assert "usage: logwinnow" in err


def test_a_failure_ends_with_1_and_one_line(run: Run) -> None:
    code, out, err = run("train", "nowhere.log")

    assert (code, out) == (1, "")
    assert err == (
        "logwinnow: 'nowhere.log' cannot be read: No such file or directory; check the path and its rights "
        "(logs: group adm)\n"
    )


def test_an_error_shows_what_steers_a_terminal_as_its_escape(run: Run) -> None:
    code, _, err = run("match", "x", "--config", "\x1b[31m\u202e.toml")

    assert code == 1
    assert err.isascii()
    assert err.removesuffix("\n").isprintable()


def test_a_verb_that_is_interrupted_ends_with_130_and_says_nothing(
    run: Run, monkeypatch: pytest.MonkeyPatch, log: Path, store: Path
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(match, "judged_by", interrupt)

    assert run("match", log, "--store", store) == (130, "", "")


def test_an_operating_system_error_is_told_without_a_traceback(run: Run, store: Path) -> None:
    code, out, err = run("patterns", "export", "--store", store, "--format", "text", "--output", "no/such/folder")

    assert (code, out) == (1, "")
    assert err.startswith("logwinnow: 'no/such/folder': No such file or directory;")


def test_a_reader_that_goes_away_is_no_failure(log: Path, store: Path) -> None:
    log.write_bytes(log.read_bytes() * 2_000)
    with logwinnow("match", log, "--store", store, "--json") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()

        assert process.wait(timeout=60) == 0
        assert process.stderr.read() == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is not here: it is a device of Linux")
def test_a_full_disk_is_told(log: Path, store: Path) -> None:
    with (
        Path("/dev/full").open("wb") as full,
        logwinnow("match", log, "--store", store, "--all", stdout=full) as process,
    ):
        _, err = process.communicate(timeout=60)

    assert process.returncode == 1
    assert b"No space left on device" in err
    assert b"Traceback" not in err


def test_output_of_an_encoding_without_a_character_shows_its_escape(store: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    with logwinnow("match", "-", "--store", store, env=environment) as process:
        out, err = process.communicate("größe\n".encode(), timeout=60)

    assert process.returncode == 0
    assert b"gr\\xf6\\xdfe" in out
    assert b"Traceback" not in err


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_standard_streams_do_no_harm(log: Path, store: Path, closed: str) -> None:
    command = f"exec '{sys.executable}' -m commands match '{log}' - --store '{store}' {closed}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    done = subprocess.run(["sh", "-c", command], env=environment, capture_output=True, input=b"", check=False)  # noqa: S607

    assert done.returncode == 0
    assert b"Traceback" not in done.stderr


def test_lines_are_shown_as_they_arrive_and_the_summary_on_ctrl_c(store: Path) -> None:
    with logwinnow("match", "-", "--store", store, "--json") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number in (1, 2):
            process.stdin.write(b"never seen\n")
            process.stdin.flush()
            # It would wait here for ever if a line stayed in a buffer.
            assert b'"line":%d,' % number in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)

    assert process.returncode == 130
    assert err.startswith(b"2 lines: 0 matched, 2 outliers of 1 shape; set ")
    assert b"Traceback" not in err


def test_match_imports_no_spark(log: Path, store: Path) -> None:
    code = (
        "import sys; from commands.__main__ import main; "
        f"code = main(['match', {str(log)!r}, '--store', {str(store)!r}]); "
        "sys.exit(code or [name for name in sys.modules if name.split('.')[0] in ('pyspark', 'pandas')] or 0)"
    )

    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)

    assert done.returncode == 0


def test_main_takes_the_words_of_this_process_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["logwinnow", "--help"])

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 0
