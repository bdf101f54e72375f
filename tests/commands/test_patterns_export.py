"""`logwinnow patterns export`: what other programs get of a set says what the set says."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from patterns.judge import Judge
from patterns.line import split_lines
from patterns.pattern_set import KnownPattern
from patterns.store import Store
from patterns.timestamps import SECOND

Run = Callable[..., tuple[int, str, str]]


def known_patterns(store: Path) -> dict[str, KnownPattern]:
    return {known.pattern.text: known for known in Store(str(store)).read().patterns.patterns}


def test_list_as_json_has_what_export_has(run: Run, store: Path) -> None:
    listed = run("patterns", "list", "--store", store, "--json")[1]
    exported = run("patterns", "export", "--store", store, "--format", "jsonl")[1]

    assert sorted(listed.split("\n")) == sorted(exported.split("\n"))
    assert json.loads(listed.split("\n")[0]).keys() >= {"id", "scope", "pattern", "support", "examples"}


def test_export_of_regexes_is_an_object_a_line(run: Run, store: Path, log: Path) -> None:
    out = run("patterns", "export", "--store", store, "--format", "regex")[1]

    rows = [json.loads(line) for line in out.split("\n")[:-1]]
    assert [list(row) for row in rows] == [["id", "scope", "regex", "exact"]] * 3
    assert all(row["exact"] != row["regex"] for row in rows)
    for line in log.read_text(encoding="utf-8").split("\n")[:-1]:
        message = line.split("]: ", 1)[1]
        for form in ("regex", "exact"):
            assert sum(bool(re.search(row[form], message)) for row in rows) == 1


def test_where_word_classes_may_be_others_to_engines_that_backtrack_there_is_no_exact_regex(
    run: Run, log: Path
) -> None:
    run("train", log, "--store", "own", "--quiet", "--set", r'words.classes={number="\\pN+"}')

    code, out, err = run("patterns", "export", "--store", "own", "--format", "regex")

    rows = [json.loads(line) for line in out.split("\n")[:-1]]
    assert (code, err, {row["exact"] for row in rows}) == (0, "", {None})
    assert all(row["regex"] for row in rows)


def test_export_of_regexes_over_shapes_is_the_exact_one(run: Run, store: Path) -> None:
    out = run("patterns", "export", "--store", store, "--format", "regex", "--over", "shape")[1]

    regexes = {known.id: known.pattern.regex() for known in known_patterns(store).values()}
    rows = [json.loads(line) for line in out.split("\n")[:-1]]
    assert rows == [{"id": row["id"], "scope": row["scope"], "regex": regexes.pop(row["id"])} for row in rows]
    assert not regexes


def test_export_as_text_is_separated_by_tabs(run: Run, store: Path, ids: dict[str, str]) -> None:
    out = run("patterns", "export", "--store", store, "--format", "text")[1]

    assert f"{ids['job']}\t20\tcron\tjob rotate started\n" in out
    assert out.count("\n") == 3


def test_export_as_jsonl_is_the_published_file(run: Run, store: Path, tmp_path: Path) -> None:
    published = next(store.glob("*/patterns.jsonl")).read_bytes()

    assert run("patterns", "export", "--store", store, "--format", "jsonl")[1].encode() == published
    assert run("patterns", "export", "--store", store, "--format", "jsonl", "--output", "out") == (0, "", "")
    assert (tmp_path / "out").read_bytes() == published


def test_over_without_regex_is_wrong_use(run: Run, store: Path) -> None:
    code, _, err = run("patterns", "export", "--store", store, "--format", "text", "--over", "shape")

    assert code == 2
    assert err.endswith("logwinnow patterns export: error: --over is for --format regex alone\n")


def test_export_as_patterndb_is_one_rule_a_pattern_of_the_day_of_the_version(
    run: Run, store: Path, tmp_path: Path, ids: dict[str, str]
) -> None:
    version = Store(str(store)).current() or ""
    exported = run("patterns", "export", "--store", store, "--format", "patterndb")

    assert (exported[0], exported[2]) == (0, "")
    day = f"{version[:4]}-{version[4:6]}-{version[6:8]}"
    assert exported[1].startswith(f'<?xml version="1.0" encoding="UTF-8"?>\n<patterndb version="4" pub_date="{day}">\n')
    assert re.findall(r'<rule [^>]*id="(\w+)"', exported[1]) == [known.id for known in known_patterns(store).values()]
    assert set(ids.values()) == set(re.findall(r'<rule [^>]*id="(\w+)"', exported[1]))
    written = run("patterns", "export", "--store", store, "--format", "patterndb", "--output", "out.xml")
    assert written == (0, "", "")
    assert (tmp_path / "out.xml").read_text(encoding="utf-8") == exported[1]


def test_a_patterndb_passes_the_test_of_syslog_ng(run: Run, store: Path, pdbtool: str, tmp_path: Path) -> None:
    run("patterns", "export", "--store", store, "--format", "patterndb", "--output", "out.xml")
    command = [pdbtool, "test", "--validate", str(tmp_path / "out.xml")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)

    # Three examples of each pattern, but the third has one message alone.
    assert (ran.returncode, ran.stdout.count("Testing message: "), ran.stderr) == (0, 7, "")


def test_what_a_patterndb_lacks_is_told_by_numbers(run: Run, hostile: Path, tmp_path: Path) -> None:
    lines = [f"onExtend:{n} {'x ' * 1200 * (n == 3)}\n" for n in range(5)]
    (tmp_path / "odd.log").write_text("".join(lines), encoding="utf-8")
    run("train", "odd.log", "--store", "odd", "--quiet")

    code, out, err = run("patterns", "export", "--store", "odd", "--format", "patterndb")
    assert (code, err.split("\n")) == (
        0,
        [
            "left out: 3 examples: it may match otherwise: all its words are class words, or the classes are your own",
            "left out: 1 example: the line's start alone was kept",
            "",
        ],
    )
    assert "<example>" not in out
    assert run("patterns", "export", "--store", hostile, "--format", "patterndb", "--output", "out.xml") == (
        0,
        "",
        "left out: 1 example: it has a character that XML forbids\n",
    )


def test_a_patterndb_is_utf_8_whatever_the_terminal_is(run: Run, tmp_path: Path) -> None:
    (tmp_path / "names.log").write_text("größe 漢字 ist da\n", encoding="utf-8")
    run("train", "names.log", "--store", "names", "--quiet")
    command = [sys.executable, "-m", "commands", "patterns", "export", "--store", "names", "--format", "patterndb"]
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1", "PYTHONPATH": str(Path(__file__).parents[2])}
    out = subprocess.run(command, capture_output=True, check=True, env=environment).stdout

    assert '<test_message program="">größe 漢字 ist da</test_message>' in out.decode()


def test_a_version_without_its_day_and_classes_that_pcre_reads_otherwise_are_told(
    run: Run, store: Path, log: Path, tmp_path: Path
) -> None:
    version = Store(str(store)).current() or ""
    (store / version).rename(store / "1st")
    (store / "CURRENT").write_text("1st\n", encoding="utf-8")
    export = ("patterns", "export", "--format", "patterndb", "--output", "out.xml")

    code, out, err = run(*export, "--store", store)
    assert (code, out) == (1, "")
    assert err.startswith("logwinnow: version '1st' does not begin with the day of its publishing, which a patterndb")
    run("train", log, "--store", "own", "--quiet", "--set", r'words.classes={number="\\pN+"}')
    code, out, err = run(*export, "--store", "own")
    assert (code, out) == (1, "")
    assert err.startswith("logwinnow: word class 'number' is '\\\\pN+': PCRE, which syslog-ng runs, may read it")
    assert not (tmp_path / "out.xml").exists()


@pytest.mark.parametrize("dataset", ["Linux", "OpenSSH"])
def test_an_exported_regex_is_one_of_pcre_and_matches_each_line_of_its_pattern(
    run: Run, loghub: Path, dataset: str
) -> None:
    """`grep -P` runs PCRE."""
    grep = shutil.which("grep")
    if grep is None or subprocess.run([grep, "-qP", "^a$"], input=b"a\n", capture_output=True, check=False).returncode:
        pytest.skip("a grep that knows -P, which runs PCRE, is not here: `apt install grep`")
    run("train", loghub / dataset / f"{dataset}_2k.log", "--store", "real", "--quiet")
    judge = Judge(Store("real").read().patterns)
    messages: dict[str, list[bytes]] = {}
    for data in split_lines((loghub / dataset / f"{dataset}_2k.log").read_bytes()):
        shaped, verdict = judge.judge(data, SECOND)
        if verdict is not None and verdict.known is not None:
            messages.setdefault(verdict.known.id, []).append(shaped.line.message.encode())
    out = run("patterns", "export", "--store", "real", "--format", "regex")[1]

    environment = {"LC_ALL": "C.UTF-8"}
    for row in map(json.loads, out.split("\n")[:-1]):
        own = b"".join(message + b"\n" for message in messages.pop(row["id"]))
        for form in ("regex", "exact"):
            command, lines = [grep, "-acP", row[form]], own + b"no line of it\n"
            ran = subprocess.run(command, input=lines, capture_output=True, env=environment, check=False)
            assert (int(ran.stdout), ran.stderr) == (own.count(b"\n"), b"")
    assert not messages
