"""`logwinnow train`: what it publishes, says and refuses."""

import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from commands import progress
from patterns.store import Store

Run = Callable[..., tuple[int, str, str]]


def test_train_publishes_a_set_and_says_what_was_found(run: Run, log: Path) -> None:
    code, out, err = run("train", log, "--store", "store")

    version = Store("store").current()
    assert (code, err) == (0, "")
    assert out == (
        f"published  {version} in store\n"
        "lines      60, all judged\n"
        "headers    rfc3164 60\n"
        "patterns   3 of 2 programs, for 3 shapes\n"
        "coverage   100.0% of the judged lines\n"
        "mined at   3 at 2 to 9 lines\n"
        "seen once  0 patterns, 0.0% of the judged lines\n"
    )


def test_json_is_the_summary_alone(run: Run, log: Path) -> None:
    code, out, err = run("train", log, "--store", "store", "--json")

    summary = json.loads(out)
    assert (code, err) == (0, "")
    assert summary["version"] == Store("store").current()
    assert (summary["corpus"]["lines"], summary["covered"], summary["patterns"]) == (60, 60, 3)


def test_quiet_says_nothing(run: Run, log: Path) -> None:
    assert run("train", log, "--store", "store", "--quiet") == (0, "", "")


def test_a_dash_is_standard_input(run: Run, log: Path) -> None:
    code, out, _ = run("train", "-", "--store", "store", stdin=log.read_bytes())

    assert code == 0
    assert "lines      60, all judged\n" in out


def test_several_files_are_one_corpus(run: Run, log: Path) -> None:
    assert json.loads(run("train", log, log, "--store", "store", "--json")[1])["corpus"]["lines"] == 120


def test_a_stored_version_is_added_to_the_files_and_said(run: Run, log: Path, store: Path) -> None:
    first = Store(str(store)).current()

    code, out, _ = run("train", log, "--store", store, "--add", "current")

    assert code == 0
    assert f"lines      60, all judged\nadded      60 judged lines of {first}\nheaders    rfc3164 60\n" in out
    assert "coverage   100.0% of the judged lines\n" in out
    assert sum(known.support for known in Store(str(store)).read().patterns.patterns) == 120


def test_stored_versions_alone_are_enough(run: Run, log: Path, store: Path) -> None:
    first = Store(str(store)).current()
    run("train", log, "--store", store, "--quiet")

    code, out, _ = run("train", "--store", store, "--add", "current", "--add", str(first))

    assert code == 0
    assert [line.split()[0] for line in out.splitlines()][:4] == ["published", "added", "added", "patterns"]
    assert "coverage   100.0% of the judged lines\n" in out


def test_neither_a_file_nor_a_version_is_wrong_use(run: Run) -> None:
    code, out, err = run("train", "--store", "store")

    assert (code, out) == (2, "")
    assert "give a FILE, or a VERSION by --add" in err


def test_what_is_left_out_is_said_with_the_mend(run: Run, tmp_path: Path) -> None:
    lines = ["x: a b", "x: a b", "y: c d", "y: e f", "z: g h", "z: g h", "z: i j", "z: i j", "z: k l", "\x1b[31m: o p"]
    text = "".join(f"Nov  3 04:05:06 h {line}\n" for line in lines)
    (tmp_path / "few.log").write_text(text, encoding="utf-8")

    shapes = run("train", "few.log", "--store", "store", "--set", "mining.max_shapes=4")[1]
    patterns = run("train", "few.log", "--store", "store", "--set", "mining.max_patterns=3", "--force")[1]

    assert "left out   4 shapes of 4 lines, each seen less than 2 times: more than $.mining.max_shapes; raise" in shapes
    assert "left out   4 patterns seen once, all of y, no program, z: more than $.mining.max_patterns;" in patterns
    stored = json.loads(run("train", "few.log", "--store", "s", "--set", "mining.max_patterns=3", "--json")[1])
    assert stored["left_out"] == {"shapes": 0, "lines": 0, "least_count": 1, "patterns": 4, "scopes": ["y", "", "z"]}


def test_the_store_is_the_configured_one_by_default(run: Run, log: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("[patterns]\nstore = 'here'\n", encoding="utf-8")

    assert run("train", log, "--config", "mine.toml", "--quiet")[0] == 0
    assert run("train", log, "--set", "patterns.store=there", "--quiet")[0] == 0
    assert run("train", log, "--quiet")[0] == 0
    assert all(Store(root).current() for root in ("here", "there", "logwinnow-data/patterns"))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--algorithm", "slct"], {"algorithm": "slct", "support": None}),
        (["--support", "20"], {"support": 20}),
        (["--support", "50%"], {"support": "50%"}),
        (["--set", "mining.support=3", "--support", "4"], {"support": 4}),
        (["--engine", "python"], {"engine": "python"}),
        (["--set", "mining.engine=python", "--engine", "polars"], {"engine": "polars"}),
        ([], {"algorithm": "logcluster", "engine": "polars", "support": None}),
    ],
)
def test_options_override_the_configuration(run: Run, log: Path, options: list[str], said: dict[str, object]) -> None:
    assert run("train", log, "--store", "store", *options, "--quiet")[0] == 0

    assert said.items() <= Store("store").read().run.items()


def test_header_overrides_the_configuration(run: Run, log: Path) -> None:
    out = run("train", log, "--store", "store", "--header", "plain")[1]

    assert "headers    plain 60\n" in out
    assert Store("store").read().patterns.rules.header == "plain"


def test_formats_beside_the_configuration_are_used_and_stored(run: Run, tmp_path: Path) -> None:
    (tmp_path / "httpd.log").write_text("[Thu Jun 09 06:07:04 2005] [notice] LDAP: ready\n", encoding="utf-8")
    run("init", "etc")

    out = run("train", "httpd.log", "--config", "etc/training.toml", "--store", "store")[1]

    assert "headers    apache_error 1\n" in out
    assert "apache_error" in Store("store").read().patterns.rules.formats


def test_a_smaller_corpus_is_refused_and_published_by_force(run: Run, store: Path, tmp_path: Path) -> None:
    (tmp_path / "small.log").write_text("one line\n", encoding="utf-8")
    before = Store(str(store)).current()

    code, out, err = run("train", "small.log", "--store", store)

    assert (code, out) == (1, "")
    assert "--force" in err
    assert Store(str(store)).current() == before
    assert run("train", "small.log", "--store", store, "--force", "--quiet")[0] == 0
    assert Store(str(store)).current() != before


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--support", "0"], "$.mining.support is 0: a pattern needs at least 1 line of support"),
        (["--support", "101%"], "$.mining.support is '101%'"),
        (["--support", "-3"], "$.mining.support is -3"),
        (["--support", "many"], "$.mining.support is 'many'"),
        (["--support", "61"], "no pattern was found in 60 judged lines"),
        (["--set", "mining.suport=3"], "unknown field `suport`; there are: algorithm,"),
        (["--set", "mining"], "--set is 'mining': write --set key=value"),
        (["--header", "klingon"], "header is 'klingon': there is no such format; give one of auto, plain,"),
        (["--config", "none.toml"], "--config is 'none.toml': there is no such file"),
        (["--config", "app.log"], "app.log: is no TOML"),
        (["--store", "app.log"], "store 'app.log' c"),
        (["--store", "klingon://x"], "store is 'klingon://x'"),
        (["--add", "current"], "holds no pattern set"),
        (["--add", "yesterday"], "version 'yesterday' to be added is not in store"),
        (["--set", "mining.max_shapes=0"], "mining.max_shapes"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_used_is_told_in_one_line(run: Run, log: Path, words: list[str], told: str) -> None:
    code, out, err = run("train", log, *words)

    assert (code, out) == (1, "")
    assert err.startswith("logwinnow: ")
    assert told in err
    assert err.count("\n") == 1


def test_an_unknown_key_of_the_file_is_told_with_file_and_path(run: Run, log: Path, tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "training.toml").write_text("[mining]\nalgoritm = 'slct'\n", encoding="utf-8")

    code, _, err = run("train", log)

    assert code == 1
    assert err.startswith("logwinnow: conf/training.toml: $.mining: object contains unknown field `algoritm`;")


LONG = b"0123456789 " * 1_000_000 + b"word\n"
"""10 MB without a constant in its judged start."""

CORPORA = {
    "no line": (b"", None),
    "blank lines": (b"  \t \n\n   \n", None),
    "numbers alone": (b"1 2 3\n4\n", None),
    "a 10 MB line of numbers": (LONG, None),
    "CRLF": (b"job 1 done\r\njob 2 done\r\n", "lines      2, all judged\n"),
    "invalid UTF-8": (b"job \xff done\n" * 2, "2 not UTF-8\n"),
    "NUL": (b"job \x00 done\n" * 2, "lines      2, all judged\n"),
    "a 10 MB line": (b"job done " * 1_100_000 + b"\n", "1 longer than $.lines.max_line_bytes"),
    "100,000 words": (b" ".join(b"w%s" % hex(n).encode() for n in range(100_000)) + b" end\n", None),
    "100,000 words without digits": (
        b" ".join(bytes(97 + ord(c) % 26 for c in f"{n:06}") for n in range(100_000)) + b"\n",
        "1 longer than $.lines.max_line_bytes",
    ),
    "no newline at the end": (b"job 1 done\njob 2 done", "lines      2, all judged\n"),
    "garbage": (random.Random(7).randbytes(100_000), "not UTF-8\n"),
}


@pytest.mark.parametrize(("data", "said"), CORPORA.values(), ids=CORPORA)
def test_odd_bytes_are_counted_or_refused(run: Run, tmp_path: Path, data: bytes, said: str | None) -> None:
    (tmp_path / "odd.log").write_bytes(data)

    code, out, err = run("train", "odd.log", "--store", "store")

    if said is None:
        assert (code, out) == (1, "")
        assert err.startswith("logwinnow: no pattern was found in 0 judged lines;")
        assert Store("store").current() is None
    else:
        assert (code, err) == (0, "")
        assert said in out


def test_a_folder_a_glob_and_packed_files_are_read_and_standard_input_is_unpacked(run: Run, log: Path) -> None:
    packed = gzip.compress(log.read_bytes())
    Path("logs/old").mkdir(parents=True)
    Path("logs/old/app.log.1.gz").write_bytes(packed)
    log.rename("logs/app.log")

    def lines(*files: str, stdin: bytes = b"") -> int:
        out = run("train", *files, "--store", "store", "--json", "--force", stdin=stdin)[1]
        return int(json.loads(out)["corpus"]["lines"])

    assert lines("logs") == 120
    assert lines("logs/**/*.gz") == 60
    assert lines("logs", "logs/app.log", "logs/*.log") == 120
    assert lines("-", stdin=packed) == 60


def test_a_folder_without_a_file_and_a_broken_packed_file_are_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "app.log.gz").write_bytes(gzip.compress(b"a line\n" * 100)[:-4])

    assert "'empty' is a folder without a file; name another" in run("train", "empty")[2]
    assert "/app.log.gz' is no whole gzip file: " in run("train", "app.log.gz", "--store", "store")[2]
    assert not Store("store").versions()


def test_hostile_text_in_the_summary_is_escaped(run: Run, tmp_path: Path) -> None:
    lines = b"".join(b"Nov  3 04:05:06 h \x1b[31mevil[1]: see [red]%s\xe2\x80\xae now\n" % w for w in (b"a b c", b"d"))
    (tmp_path / "evil.log").write_bytes(lines * 20)

    code, out, _ = run("train", "evil.log", "--store", "s\x1b[1m", "--set", "mining.support=40")

    assert code == 0
    assert "in s\\x1b[1m\n" in out
    assert all(line.isprintable() for line in out.split("\n"))


@pytest.mark.parametrize(("engine", "told"), [("python", "60 lines"), ("polars", "0 MB")])
def test_progress_without_a_terminal_is_a_plain_line_now_and_then(
    run: Run, log: Path, monkeypatch: pytest.MonkeyPatch, engine: str, told: str
) -> None:
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.0)
    words = ("train", log, "--store", "store", "--engine", engine)

    code, out, err = run(*words)

    assert code == 0
    assert out.startswith("published")
    assert err.startswith(f"read {told}, ")
    assert err.endswith("/s\n")
    assert run(*words, "--quiet") == (0, "", "")


def test_progress_on_a_terminal_is_a_bar_on_standard_error_that_goes(
    run: Run, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")

    code, out, err = run("train", log, "--store", "store")

    assert code == 0
    assert "reading" in err
    assert "mining" in err
    assert "━" not in out
    # The line of the bar is erased and the cursor shown again.
    assert err.endswith("\x1b[1A\x1b[2K") or "\x1b[?25h" in err[-40:]
