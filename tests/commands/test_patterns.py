"""`logwinnow patterns`: what is shown and exported of a set says what the set says."""

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


@pytest.fixture
def ids(store: Path) -> dict[str, str]:
    """The store's patterns: first word → id."""
    return {text.split()[0]: known.id for text, known in known_patterns(store).items()}


@pytest.fixture
def hostile(run: Run, tmp_path: Path) -> Path:
    """A store whose programs and patterns try to steer a terminal."""
    line = "Nov  3 04:05:06 h evil\x1b\u202e[1]: \x1b[31mred \x9b2J [bold]b[/] \u2066x \x00 \x7f 漢字 größe\n"
    (tmp_path / "evil.log").write_text(line * 4, encoding="utf-8")
    assert run("train", "evil.log", "--store", "evil", "--quiet")[0] == 0
    return tmp_path / "evil"


def test_list_is_a_line_a_pattern_with_most_lines_first(run: Run, store: Path) -> None:
    code, out, err = run("patterns", "list", "--store", store)

    by_id = sorted(known_patterns(store).items(), key=lambda item: item[1].id)
    assert (code, err) == (0, "")
    assert out.split("\n") == [
        "lines  id            level  program  pattern",
        *(f"   20  {known.id}  {known.level:>5}  {known.scope:<7}  {text}" for text, known in by_id),
        "",
    ]


def test_list_as_json_has_what_export_has(run: Run, store: Path) -> None:
    listed = run("patterns", "list", "--store", store, "--json")[1]
    exported = run("patterns", "export", "--store", store, "--format", "jsonl")[1]

    assert sorted(listed.split("\n")) == sorted(exported.split("\n"))
    assert json.loads(listed.split("\n")[0]).keys() >= {"id", "scope", "pattern", "support", "examples"}


def test_list_of_a_program(run: Run, store: Path, ids: dict[str, str]) -> None:
    out = run("patterns", "list", "--store", store, "--scope", "cron")[1]

    assert [line.split()[1] for line in out.split("\n")[1:-1]] == [ids["job"]]


def test_list_of_lines_without_a_program(run: Run, tmp_path: Path) -> None:
    (tmp_path / "plain.log").write_text("alpha beta\n", encoding="utf-8")
    run("train", "plain.log", "--store", "plain", "--quiet")

    assert run("patterns", "list", "--store", "plain", "--scope", "")[1].endswith("  -        alpha beta\n")


def test_an_unknown_program_is_told_with_those_that_there_are(run: Run, store: Path) -> None:
    code, out, err = run("patterns", "list", "--store", store, "--scope", "nginx")

    assert (code, out) == (1, "")
    assert err == "logwinnow: no pattern is of program 'nginx'; there are: 'cron', 'sshd'\n"


@pytest.mark.parametrize(
    ("order", "programs"),
    [("support", ["su", "cron", "ftpd"]), ("scope", ["cron", "ftpd", "su"]), ("last_day", ["ftpd", "su", "cron"])],
)
def test_list_can_be_sorted(run: Run, tmp_path: Path, order: str, programs: list[str]) -> None:
    lines = [f"2026-11-0{day}T04:05:06Z h {program}: hello\n" for day, program in ((2, "su"), (3, "cron"), (1, "ftpd"))]
    (tmp_path / "days.log").write_text(lines[0] * 3 + lines[1] * 2 + lines[2], encoding="utf-8")
    run("train", "days.log", "--store", "days", "--quiet")

    out = run("patterns", "list", "--store", "days", "--sort", order)[1]

    assert [line.split()[3] for line in out.split("\n")[1:-1]] == programs


def test_list_sorted_by_level_begins_with_the_broadest(run: Run, tmp_path: Path) -> None:
    lines = [f"alpha {n}\n" for n in range(50)] + ["beta\n"] * 5 + ["gamma\n"]
    (tmp_path / "levels.log").write_text("".join(lines), encoding="utf-8")
    run("train", "levels.log", "--store", "levels", "--quiet")

    out = run("patterns", "list", "--store", "levels", "--sort", "level")[1]

    levels = [int(line.split()[2]) for line in out.split("\n")[1:-1]]
    assert levels == sorted(levels, reverse=True)
    assert levels[-1] == 1


def test_show_says_all_of_a_pattern(run: Run, store: Path, ids: dict[str, str]) -> None:
    known = next(k for k in known_patterns(store).values() if k.id == ids["Connection"])

    code, out, _ = run("patterns", "show", ids["Connection"], "--store", store)

    lines = out.split("\n")
    assert code == 0
    assert lines[:7] == [
        "pattern   Connection closed by *{1,1}",
        f"id        {ids['Connection']}",
        "program   sshd",
        f"level     mined at a support of {known.level} lines",
        "support   best match of 20 lines; 20 when it was mined",
        "state     known",
        f"seen      {known.first_day} to {known.last_day}",
    ]
    assert lines[7] == f"examples  {known.examples[0]}"
    assert lines[8] == f"          {known.examples[1]}"
    assert lines[10:12] == ["regex of the shape:", known.pattern.regex()]
    assert lines[12] == "regex of the message:"
    assert re.fullmatch(lines[13], "Connection closed by 10.0.0.7")


def test_show_takes_the_beginning_of_an_id(run: Run, store: Path, ids: dict[str, str]) -> None:
    whole = run("patterns", "show", ids["job"], "--store", store)

    assert run("patterns", "show", ids["job"][:4], "--store", store) == whole
    assert run("patterns", "show", ids["job"][:6].upper(), "--store", store) == whole


def test_show_of_several_separates_them(run: Run, store: Path, ids: dict[str, str]) -> None:
    out = run("patterns", "show", ids["job"], ids["Accepted"], "--store", store)[1]

    assert out.startswith("pattern   job")
    assert "\n\npattern   Accepted" in out


def test_an_unknown_id_is_told_with_those_that_begin_alike(run: Run, store: Path, ids: dict[str, str]) -> None:
    wanted = ids["job"]
    wrong = wanted[:11] + ("0" if wanted[11] != "0" else "1")

    code, out, err = run("patterns", "show", wrong, "--store", store)

    assert (code, out) == (1, "")
    assert err == f"logwinnow: no pattern has the id '{wrong}'; alike begin {wanted}; see: logwinnow patterns list\n"


@pytest.mark.parametrize("given", ["", "\x1b[2J", "*"])
def test_what_is_no_id_is_told(run: Run, store: Path, given: str) -> None:
    code, _, err = run("patterns", "show", given, "--store", store)

    assert code == 1
    assert err.endswith("; see: logwinnow patterns list\n")
    assert "\x1b" not in err


def test_a_beginning_that_is_too_short_or_of_several_is_told(run: Run, tmp_path: Path, ids: dict[str, str]) -> None:
    short = run("patterns", "show", ids["job"][:3], "--store", "store")[2]
    assert f"names no single pattern: 1 id begins so, {ids['job']}; give 4 digits or more" in short

    lines = "".join(f"{a}{b}{c}x\n" for a in "abcdefghij" for b in "klmnopqrst" for c in "uvwxyz")
    (tmp_path / "many.log").write_text(lines, encoding="utf-8")
    run("train", "many.log", "--store", "many", "--quiet")
    every = sorted(known.id for known in known_patterns(tmp_path / "many").values())
    digit = every[0][0]
    told = run("patterns", "show", digit, "--store", "many")[2]
    assert f" ids begin so, {', '.join(every[:5])}; " in told


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


def test_versions_marks_the_current_one(run: Run, store: Path, log: Path) -> None:
    first = Store(str(store)).current()
    run("train", log, "--store", store, "--force", "--quiet")
    second = Store(str(store)).current()

    assert run("patterns", "versions", "--store", store) == (0, f"{first}\n{second}  CURRENT\n", "")
    (store / "CURRENT").write_text(f"{first}\n", encoding="utf-8")
    assert run("patterns", "versions", "--store", store)[1] == f"{first}  CURRENT\n{second}\n"


@pytest.mark.parametrize(
    "what", [["list"], ["show", "abcd"], ["export", "--format", "text"], ["versions"]], ids=" ".join
)
def test_without_a_set_the_way_to_one_is_told(run: Run, what: list[str]) -> None:
    code, out, err = run("patterns", *what)

    assert (code, out) == (1, "")
    assert err == (
        "logwinnow: store 'logwinnow-data/patterns' holds no pattern set; "
        "run: logwinnow train FILE --store logwinnow-data/patterns\n"
    )


@pytest.mark.parametrize(
    ("words", "terminal"),
    [
        (["list"], False),
        (["show"], False),
        (["export", "--format", "text"], False),
        (["export", "--format", "patterndb"], False),
        (["list"], True),
        (["show"], True),
        (["list", "--json"], True),
        (["export", "--format", "text"], True),
        (["export", "--format", "jsonl"], True),
        (["export", "--format", "regex"], True),
        (["export", "--format", "patterndb"], True),
    ],
)
def test_nothing_that_steers_a_terminal_leaves_a_set(
    run: Run, hostile: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], *, terminal: bool
) -> None:
    ids = [known.id for known in known_patterns(hostile).values()]
    if terminal:
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setattr(type(sys.stdout), "isatty", lambda _: True)

    code, out, _ = run("patterns", *words, *(ids if words == ["show"] else []), "--store", hostile)

    assert code == 0
    plain = re.sub("\x1b\\[[0-9;]*m", "", out)
    assert all(line.isprintable() for line in plain.replace("\t", " ").split("\n"))
    assert "evil" in plain
    # Of a pattern's text the brackets are no part, but an example has them.
    assert ("[bold]b[/]" in re.sub(r"\s+", "", plain)) == (words[-1] in {"show", "--json", "jsonl"})


def test_on_a_terminal_the_list_fits_its_width(run: Run, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "60")

    out = re.sub("\x1b\\[[0-9;]*m", "", run("patterns", "list", "--store", store)[1])

    assert max(map(len, out.split("\n"))) <= 60
    assert all(known.id in out for known in known_patterns(store).values())


def test_on_a_terminal_a_regex_is_not_broken(
    run: Run, store: Path, ids: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "60")

    out = re.sub("\x1b\\[[0-9;]*m", "", run("patterns", "show", ids["Accepted"], "--store", store)[1])

    assert re.fullmatch(out.split("\n")[-2], "Accepted password for alice from 10.0.0.7 port 4022")


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
