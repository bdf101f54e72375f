"""`logwinnow patterns`: what is shown of a set says what the set says."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from patterns.pattern_set import KnownPattern
from patterns.store import Store

Run = Callable[..., tuple[int, str, str]]


def known_patterns(store: Path) -> dict[str, KnownPattern]:
    return {known.pattern.text: known for known in Store(str(store)).read().patterns.patterns}


def test_list_is_a_line_a_pattern_with_most_lines_first(run: Run, store: Path) -> None:
    code, out, err = run("patterns", "list", "--store", store)

    by_id = sorted(known_patterns(store).items(), key=lambda item: item[1].id)
    assert (code, err) == (0, "")
    assert out.split("\n") == [
        "lines  id            level  program  pattern",
        *(f"   20  {known.id}  {known.level:>5}  {known.scope:<7}  {text}" for text, known in by_id),
        "",
    ]


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
