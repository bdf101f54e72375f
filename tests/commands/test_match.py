"""`logwinnow match`: every line is judged once, in order, and what is shown of it harms no terminal."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from commands import judged, match
from patterns.judge import shape_id
from patterns.store import Store

Run = Callable[..., tuple[int, str, str]]

HEADER = "Nov  3 05:00:00 web1 sshd[7]: "
KNOWN = HEADER + "Connection closed by 10.0.0.9"
NEW = HEADER + "Accepted publickey for alice from 10.0.0.9 port 22"
NEW_PROGRAM = "Nov  3 05:00:01 web1 su[8]: Connection closed by 10.0.0.9"


def rows(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.split("\n")[:-1]]


def test_quiet_leaves_the_result_and_no_summary(run: Run, store: Path) -> None:
    lines = b"Nov  3 04:05:06 web1 cron[7]: odd thing\n"
    _, out, err = run("match", "-", "--store", store, stdin=lines)
    assert err
    assert run("match", "-", "--store", store, "--quiet", stdin=lines) == (0, out, "")


@pytest.mark.parametrize("shown", [[], ["--json", "--outliers"]])
def test_many_lines_that_come_at_once_are_shown_like_few(
    shown: list[str], run: Run, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = "\n".join([KNOWN, NEW, "", NEW_PROGRAM, NEW, HEADER + "17", KNOWN, "x\r\r"]).encode() + b"\n\xff\n"
    few = run("match", "-", "--store", store, *shown, stdin=lines)

    monkeypatch.setattr(match, "_MANY", 1)

    assert run("match", "-", "--store", store, *shown, stdin=lines) == few
    assert "5 outliers of 4 shapes" in few[2]


def test_json_has_an_object_for_every_line_in_order(run: Run, store: Path) -> None:
    lines = "\n".join([KNOWN, NEW, "", NEW_PROGRAM, HEADER + "17"]).encode()
    ids = {known.pattern.text: known.id for known in Store(str(store)).read().patterns.patterns}

    code, out, err = run("match", "-", "--store", store, "--json", stdin=lines)

    assert code == 0
    assert rows(out) == [
        {
            "outlier": False,
            "pattern": ids["Connection closed by *{1,1}"],
            "state": "known",
            "name": None,
            "severity": None,
            "shape": shape_id("sshd", "Connection closed by <*>"),
            "unjudged": None,
            "reason": None,
            "scope": "sshd",
            "shape_text": "Connection closed by <*>",
            "params": ["10.0.0.9"],
            "nearest": None,
            "line": 1,
            "file": "-",
        },
        {
            "outlier": True,
            "pattern": None,
            "state": None,
            "name": None,
            "severity": None,
            "shape": shape_id("sshd", "Accepted publickey for alice from <*> port <*>"),
            "unjudged": None,
            "reason": "no_pattern",
            "scope": "sshd",
            "shape_text": "Accepted publickey for alice from <*> port <*>",
            "params": [],
            "nearest": {
                "id": ids["Accepted password for alice from *{1,1} port *{1,1}"],
                "text": "Accepted password for alice from *{1,1} port *{1,1}",
                "difference": "word 2: expected password, found publickey",
            },
            "line": 2,
            "file": "-",
        },
        {
            "outlier": False,
            "pattern": None,
            "state": None,
            "name": None,
            "severity": None,
            "shape": shape_id("", ""),
            "unjudged": "blank",
            "reason": None,
            "scope": "",
            "shape_text": "",
            "params": [],
            "nearest": None,
            "line": 3,
            "file": "-",
        },
        {
            "outlier": True,
            "pattern": None,
            "state": None,
            "name": None,
            "severity": None,
            "shape": shape_id("su", "Connection closed by <*>"),
            "unjudged": None,
            "reason": "new_program",
            "scope": "su",
            "shape_text": "Connection closed by <*>",
            "params": [],
            "nearest": {
                "id": ids["Connection closed by *{1,1}"],
                "text": "Connection closed by *{1,1}",
                "difference": "program: expected sshd, found su",
            },
            "line": 4,
            "file": "-",
        },
        {
            "outlier": False,
            "pattern": None,
            "state": None,
            "name": None,
            "severity": None,
            "shape": shape_id("sshd", "<*>"),
            "unjudged": "no_constant",
            "reason": None,
            "scope": "sshd",
            "shape_text": "<*>",
            "params": [],
            "nearest": None,
            "line": 5,
            "file": "-",
        },
    ]
    assert err == (
        "5 lines: 1 matched, 2 outliers of 2 shapes, 2 not judged (blank 1, no_constant 1); "
        f"set {Store(str(store)).current()}\n"
    )


def test_lines_are_judged_by_what_the_operator_decided(run: Run, store: Path) -> None:
    rejected = {"do": "reject", "scope": "sshd", "pattern": "Connection closed by *{1,1}"}
    name = {**rejected, "do": "name", "name": "hung up", "severity": "low"}
    accepted = {"do": "accept", "scope": "sshd", "shape": "Accepted publickey for alice from <*> port <*>"}
    ended = {"do": "accept", "scope": "su", "shape": "Connection closed by <*>", "until": "2026-01-01T00:00:00Z"}
    (store / "operator.jsonl").write_text("\n".join(map(json.dumps, (rejected, name, accepted, ended))))
    lines = f"{KNOWN}\n{NEW}\n{NEW_PROGRAM}".encode()

    _, out, _ = run("match", "-", "--store", store, "--json", stdin=lines)
    said = [tuple(row[key] for key in ("outlier", "reason", "state", "name", "severity")) for row in rows(out)]
    assert said == [
        (True, "rejected", "rejected", "hung up", "low"),
        (False, None, "accepted", None, None),
        (True, "new_program", None, None, None),
    ]
    _, out, err = run("match", "-", "--store", store, stdin=lines)
    assert "-:1: of a rejected pattern of sshd" in out
    assert "  low\n  hung up\n" in out
    assert "3 lines: 1 matched, 2 outliers of 2 shapes" in err


def test_an_operators_file_that_is_broken_is_told(run: Run, store: Path) -> None:
    (store / "operator.jsonl").write_text("accept it\n")
    code, _, err = run("match", "-", "--store", store, stdin=KNOWN.encode())
    assert code == 1
    assert "line 1 of" in err
    assert "operator.jsonl' is no entry" in err


def test_json_of_outliers_alone(run: Run, store: Path) -> None:
    lines = f"{KNOWN}\n{NEW}\n{KNOWN}".encode()

    assert [
        row["line"] for row in rows(run("match", "-", "--store", store, "--json", "--outliers", stdin=lines)[1])
    ] == [2]


def test_people_are_shown_outliers_with_the_word_that_differs(run: Run, store: Path, tmp_path: Path) -> None:
    (tmp_path / "new.log").write_text(f"{KNOWN}\n{NEW}\n\n{NEW_PROGRAM}", encoding="utf-8")
    ids = {known.pattern.text: known.id for known in Store(str(store)).read().patterns.patterns}

    code, out, _ = run("match", "new.log", "--store", store)

    assert code == 0
    assert out == (
        "new.log:2: no pattern of sshd fits\n"
        f"  {NEW}\n"
        "                                         ^^^^^^^^^\n"
        f"  nearest {ids['Accepted password for alice from *{1,1} port *{1,1}']}  "
        "Accepted password for alice from *{1,1} port *{1,1}\n"
        "  word 2: expected password, found publickey\n"
        "new.log:4: new program su\n"
        f"  {NEW_PROGRAM}\n"
        f"  nearest {ids['Connection closed by *{1,1}']}  Connection closed by *{{1,1}}\n"
        "  program: expected sshd, found su\n"
    )


def test_only_the_first_line_of_a_shape_is_explained(run: Run, store: Path) -> None:
    lines = f"{NEW}\n{KNOWN}\n{NEW.replace('22', '23')}\n".encode()

    out = run("match", "-", "--store", store, stdin=lines)[1]

    assert out.count("nearest") == 1
    assert out.endswith(f"\n-:3: as -:1: {NEW.replace('22', '23')}\n")


def test_the_memory_for_shapes_is_bounded(run: Run, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judged, "_REMEMBERED_SHAPES", 1)
    monkeypatch.setattr("commands.match._REMEMBERED_SHAPES", 1)
    lines = b"alpha beta\ngamma delta\n" * 2

    _, out, err = run("match", "-", "--store", store, stdin=lines)

    assert out.count("as -:1") == 1
    assert out.count("no pattern is of lines without a program") == 3
    assert err.startswith("4 lines: 0 matched, 4 outliers of 1 shape or more; ")


def test_all_shows_every_line_behind_its_pattern(run: Run, store: Path) -> None:
    known = next(
        k for k in Store(str(store)).read().patterns.patterns if k.pattern.text == "Connection closed by *{1,1}"
    )
    lines = f"{KNOWN}\n\n{HEADER}17\n{NEW}\n".encode()

    out = run("match", "-", "--store", store, "--all", stdin=lines)[1]

    assert out.split("\n")[:4] == [
        f"{known.id}  {KNOWN}",
        "blank",
        f"no_constant   {HEADER}17",
        "-:4: no pattern of sshd fits",
    ]


def test_of_a_long_line_people_see_what_is_around_the_difference(run: Run, store: Path) -> None:
    first, last = "Accepted password for alice from " + "9 " * 2_000, "gate 22 " + "x " * 2_000

    out = run("match", "-", "--store", store, stdin=(HEADER + first + last).encode())[1].split("\n")

    assert out[4] == "  word 7: expected port, found gate"
    line, mark = out[1], out[2]
    assert line[mark.index("^") : mark.index("^") + 4] == "gate"
    assert line.startswith("  …9 9")
    assert line.endswith("…")
    assert len(line) < 700


@pytest.mark.parametrize(
    ("message", "marked"),
    [
        ("Accepted password for bob from 10.0.0.9 port 22", "bob"),
        ("Accepted password for alice from 10.0.0.9 port", "end"),
        ("Accepted password for alice from 10.0.0.9 port 22 again", "again"),
        ("Accepted größe for alice from 10.0.0.9 port 22", "größe"),
        ("Accepted 漢字 for alice from 10.0.0.9 port 22", "漢字"),
    ],
)
def test_the_mark_stands_under_the_word_that_differs(run: Run, store: Path, message: str, marked: str) -> None:
    out = run("match", "-", "--store", store, stdin=(HEADER + message + "\n").encode())[1].split("\n")

    at = out[2].index("^")
    if marked == "end":
        assert out[2] == " " * cell_len(out[1]) + "^"
    else:
        assert at == cell_len(out[1][: out[1].index(marked)])
        assert out[2].count("^") == cell_len(marked)


def test_a_level_in_the_header_moves_no_mark(run: Run, tmp_path: Path) -> None:
    lines = [f"2026-11-23 10:00:0{n} INFO  job {n} done" for n in range(9)]
    (tmp_path / "job.log").write_text("\n".join(lines), encoding="utf-8")
    run("init", "conf")
    run("train", "job.log", "--quiet")

    failed = run("match", "-", stdin=b"2026-11-23 10:00:09 INFO  job 9 failed\n")[1].split("\n")
    warned = run("match", "-", stdin=b"2026-11-23 10:00:09 WARN  job 9 done\n")[1].split("\n")

    assert failed[1][failed[2].index("^") :] == "failed"
    assert warned[3] == "  word 1: expected INFO, found WARN"
    assert "^" not in "".join(warned)


def test_a_file_and_standard_input_may_be_mixed_and_each_has_its_own_numbers(run: Run, log: Path, store: Path) -> None:
    found = rows(run("match", log, "-", log, "--store", store, "--json", stdin=b"x y\n")[1])

    assert [(row["file"], row["line"]) for row in found] == [
        *((str(log), n) for n in range(1, 61)),
        ("-", 1),
        *((str(log), n) for n in range(1, 61)),
    ]


def test_a_file_whose_name_is_no_text_is_shown_all_the_same(run: Run, store: Path, tmp_path: Path) -> None:
    name = os.fsdecode(b"odd\xff.log")
    (tmp_path / name).write_text("x y\n", encoding="utf-8")

    assert rows(run("match", name, "--store", store, "--json")[1])[0]["file"] == "odd\ufffd.log"
    assert run("match", name, "--store", store)[1].startswith("odd\\udcff.log:1: ")


def test_header_overrides_the_rule_of_the_set(run: Run, store: Path) -> None:
    first = rows(run("match", "-", "--store", store, "--json", "--header", "plain", stdin=KNOWN.encode())[1])[0]

    assert (first["scope"], first["reason"]) == ("", "new_program")
    assert first["shape_text"].startswith("<*> sshd <*> : Connection")


def test_a_header_that_the_set_does_not_know_is_told(run: Run, store: Path) -> None:
    code, out, err = run("match", "-", "--store", store, "--header", "klingon")

    assert (code, out) == (1, "")
    assert err.startswith("logwinnow: header is 'klingon': there is no such format;")


def test_the_store_is_the_configured_one_by_default(run: Run, log: Path) -> None:
    run("train", log, "--quiet")

    assert run("match", log)[2].startswith("60 lines: 60 matched, 0 outliers; set ")


def test_a_store_that_is_given_needs_no_configuration(run: Run, log: Path, store: Path, tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "training.toml").write_text("nonsense", encoding="utf-8")

    assert run("match", log, "--store", store)[0] == 0
    assert run("match", log)[0] == 1


def test_an_older_version_can_be_asked(run: Run, log: Path, store: Path) -> None:
    first = Store(str(store)).current()
    run("train", log, "--store", store, "--header", "plain", "--quiet", "--force")

    assert run("match", log, "--store", store, "--version", first)[2].endswith(f"set {first}\n")
    assert not run("match", log, "--store", store)[2].endswith(f"set {first}\n")
    code, _, err = run("match", log, "--store", store, "--version", "yesterday")
    assert code == 1
    assert f"version 'yesterday' is not in store '{store}'; there are: {first}, " in err


def test_no_color_takes_the_colours_away(run: Run, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    coloured = run("match", "-", "--store", store, stdin=NEW.encode())[1]
    monkeypatch.setenv("NO_COLOR", "1")

    out = run("match", "-", "--store", store, stdin=NEW.encode())[1]

    colour = re.compile("\x1b\\[(?:[0-9]+;)*(?:3|9)[0-9][;m]")
    assert colour.search(coloured)
    assert not colour.search(out)


def test_on_a_terminal_nothing_is_wider_than_it(run: Run, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "50")

    out = run("match", "-", "--store", store, stdin=(NEW + " and more of it " * 5 + "w" * 200).encode())[1]

    assert max(len(re.sub("\x1b\\[[0-9;]*m", "", line)) for line in out.split("\n")) <= 50


def test_real_lines_of_known_kinds_match_and_the_others_are_explained(run: Run, loghub: Path, tmp_path: Path) -> None:
    lines = (loghub / "Linux" / "Linux_2k.log").read_bytes().split(b"\n")
    (tmp_path / "first").write_bytes(b"\n".join(lines[:1000]))
    (tmp_path / "rest").write_bytes(b"\n".join(lines[1000:]))
    run("train", "first", "--store", "store", "--quiet")

    found = rows(run("match", "rest", "--store", "store", "--json")[1])
    told = run("match", "rest", "--store", "store")[1]

    assert len(found) == 1000
    assert 100 < sum(row["outlier"] for row in found) < 130
    assert len(re.findall(r"(?m)^rest:\d+: ", told)) == sum(row["outlier"] for row in found)
