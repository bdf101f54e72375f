"""`logwinnow deadletters` as a user meets it: files of letters, the sink `files`, no Spark and no server."""

import base64
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from commands import deadletters
from streaming.dead_letters.files import FileLetters
from streaming.dead_letters.letter import REASONS, Sender
from streaming.source import DeadLetter

Run = Callable[..., tuple[int, str, str]]

_AT = 1_795_000_000_000_000  # 2026-11-18T11:06:40Z
_JSON = b'{"message": "Nov  3 04:05:06 web1 cron[7]: job rotate started"}'


@pytest.fixture
def config(store: Path, tmp_path: Path) -> Path:
    """A configuration whose source is a topic of JSON."""
    file = tmp_path / "streaming.toml"
    file.write_text(
        f'source = {{kind = "kafka", name = "app", kafka = {{format = "json"}}}}\npatterns.store = "{store}"\n'
        'sink.files.path = "out"\ndead_letters.path = "letters"\ncheckpoint = "checkpoint"\n'
    )
    return file


def keep(*given: tuple[str, bytes | None] | bytes, batch: int = 0, source: str = "app") -> None:
    """Keep letters of a stream that is gone: reason and bytes, or bytes of reason `no_line`."""
    letters = FileLetters("letters", Sender("kafka", source, "57ea0000"))
    letters.start()
    with letters.part(batch, 0, _AT + batch) as bury:
        for number, each in enumerate(given):
            reason, raw = each if isinstance(each, tuple) else ("no_line", each)
            offset = batch * 100 + number
            bury(DeadLetter(f"{offset:020}", "logs/0", offset, _AT, reason, f"why {offset}", raw))


def lines(text: str) -> list[list[str]]:
    """Return the cells of a table that is no terminal's."""
    return [re.split(r" {2,}", line.strip()) for line in text.splitlines()]


def events() -> list[dict[str, Any]]:
    return [
        json.loads(row) for part in sorted(Path("out").glob("events/*/*")) for row in part.read_bytes().splitlines()
    ]


def test_list_shows_when_where_and_why_the_newest_last(run: Run, config: Path) -> None:
    keep(b"second", ("refused", b"third \xff"), batch=1)
    keep(b"first")
    keep(("no_value", None), batch=2)
    code, out, err = run("deadletters", "list", "--config", config)
    assert (code, err) == (0, "")
    when = "2026-11-18T11:06:40Z"
    assert lines(out) == [
        ["when", "place", "offset", "reason", "bytes", "detail", "text"],
        [when, "logs/0", "0", "no_line", "5", "why 0", "first"],
        [when, "logs/0", "100", "no_line", "6", "why 100", "second"],
        [when, "logs/0", "101", "refused", "7", "why 101", "third \ufffd"],
        [when, "logs/0", "200", "no_value", "-", "why 200", "-"],
        ["4 dead letters: 2 no_line, 1 no_value, 1 refused"],
    ]


def test_list_of_nothing_says_so(run: Run, config: Path) -> None:
    assert run("deadletters", "list", "--config", config) == (0, "0 dead letters\n", "")
    assert run("deadletters", "list", "--json", "--config", config) == (0, "", "")


def test_list_takes_a_reason_and_the_newest(run: Run, config: Path) -> None:
    keep(b"a", ("refused", b"b"), b"c", b"d")
    _, out, _ = run("deadletters", "list", "--reason", "no_line", "--last", "2", "--config", config)
    assert [line[-1] for line in lines(out)] == [
        "text",
        "c",
        "d",
        "3 dead letters: 3 no_line, of which the newest 2 are shown",
    ]
    _, out, _ = run("deadletters", "list", "--json", "--last", "1", "--config", config)
    assert [json.loads(line)["offset"] for line in out.splitlines()] == [3]


def test_a_table_is_bounded_and_json_is_not(run: Run, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadletters, "_SHOWN", 3)
    keep(*(b"x" for _ in range(5)))
    _, out, _ = run("deadletters", "list", "--config", config)
    assert len(out.splitlines()) == 1 + 3 + 1
    assert out.endswith("5 dead letters: 5 no_line, of which the newest 3 are shown\n")
    _, out, _ = run("deadletters", "list", "--json", "--config", config)
    assert len(out.splitlines()) == 5


def test_json_has_the_bytes_whole(run: Run, config: Path) -> None:
    raw = [bytes(range(256)), b"", b"x" * 10_000_000]
    keep(*raw, ("no_value", None))
    _, out, _ = run("deadletters", "list", "--json", "--config", config)
    *whole, empty = map(json.loads, out.splitlines())
    assert [base64.b64decode(row["raw"]) for row in whole] == raw
    assert empty == {
        "id": f"{3:020}",
        "kind": "kafka",
        "source": "app",
        "stream": "57ea0000",
        "batch": 0,
        "planned_at": _AT,
        "place": "logs/0",
        "offset": 3,
        "record_time": _AT,
        "reason": "no_value",
        "detail": "why 3",
        "raw": None,
    }


HOSTILE = [
    b"\x1b]0;title\x07\x1b[2J\x9b31m",
    b"<script>alert(1)</script> &amp; [bold]b[/] [link=x]y",
    "\u202eevil \u2066 \u200b \ufeff".encode(),
    b"\x00\x7f\r\n\x0b\x85",
    b"\xff\xfe\xc3",
    b"x" * 10_000_000,
    b"\xf0\x9f\x98" * 1_000_000,
]


@pytest.mark.parametrize("terminal", [False, True])
def test_nothing_of_a_letter_steers_a_terminal(
    terminal: bool, run: Run, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if terminal:
        monkeypatch.setattr(
            deadletters,
            "stdout",
            lambda: Console(
                force_terminal=True,
                no_color=True,
                width=160,
                highlight=False,
                markup=False,
                emoji=False,
                file=sys.stdout,
            ),
        )
    keep(*HOSTILE)
    letters = FileLetters("letters", Sender("kafka", "\x1b[31m", "57ea0001"))
    with letters.part(1, 0, _AT + 1) as bury:
        bury(DeadLetter("9" * 20, "\x1b[2Jlogs/0", 7, -(2**63), "refused", "\x1b[2J\n\u202ewhy " * 100, b"x"))
    code, out, err = run("deadletters", "list", "--config", config)
    assert (code, err) == (0, "")
    shown = re.sub(r"\x1b\[\d*m", "", out) if terminal else out
    assert all(character.isprintable() or character == "\n" for character in shown)
    assert len(out) < 30_000
    for harmless in ("\\x1b[2J", "\\u202e", "<script>", "[bold]b[/]"):
        assert harmless in shown


def test_a_damaged_row_is_told_and_stops_nothing(run: Run, config: Path) -> None:
    keep(b"a", b"b")
    [file] = Path("letters").glob("*/*")
    first, second = file.read_bytes().splitlines()
    file.write_bytes(b"\n".join([first, b"\x1b[31m", *([b"{}"] * 9), second]) + b"\n")
    for more, shown in ((), 4), (("--json",), 2):
        code, out, err = run("deadletters", "list", *more, "--config", config)
        assert (code, len(out.splitlines())) == (0, shown)
        told = err.splitlines()
        assert told[0].startswith(f"logwinnow: {file}:2: no dead letter: JSON is malformed")
        assert len(told) == 6
        assert told[-1] == "logwinnow: 10 rows are no dead letter, and stay as they are"


def test_a_list_into_a_closed_pipe_is_no_failure(config: Path) -> None:
    keep(*(b"x" * 100 for _ in range(5_000)))
    command = f"'{sys.executable}' -m commands deadletters list --json --config '{config}' | head -1"
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        capture_output=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(deadletters.__file__).parents[1])},
    )
    assert (done.stdout.count(b"\n"), done.stderr) == (1, b"")


def test_replay_makes_events_and_says_what_it_did(run: Run, config: Path) -> None:
    keep(b"Nov  3 04:05:06 web1 cron[7]: job rotate started", b"Nov  3 04:05:06 web1 cron[7]: odd thing")
    keep(_JSON, ("no_value", None), batch=1)
    keep(b"x", source="other", batch=2)
    code, out, err = run("deadletters", "replay", "--config", config)
    assert (code, err) == (
        1,
        "logwinnow: 2 dead letters failed again: 2 no_line; mend what their details say, and replay again\n",
    )
    assert lines(out) == [
        ["events", "1"],
        ["alerts", "0"],
        ["failed", "2 no_line"],
        ["logs/0 offset 0: no JSON object: JSON is malformed: invalid character (byte 0)"],
        ["logs/0 offset 1: no JSON object: JSON is malformed: invalid character (byte 0)"],
        ["left", "1 without bytes, so that nothing can be judged: `logwinnow deadletters drop --reason no_value`"],
        ["left", "1 of another source: its own configuration replays them"],
    ]
    plain = ("--set", "source.kafka.format=plain")
    code, out, err = run("deadletters", "replay", "--reason", "no_line", *plain, "--config", config)
    assert (code, err) == (0, "")
    assert lines(out)[:2] == [["events", "2"], ["alerts", "1"]]
    assert sorted(event["kafka"]["offset"] for event in events()) == [0, 1, 100]
    assert run("deadletters", "drop", "--reason", "no_value", "--config", config)[1].startswith("dropped  1\n")
    code, out, _ = run("deadletters", "replay", "--config", config)
    assert (code, lines(out)[0]) == (0, ["events", "0"])
    assert lines(run("deadletters", "list", "--config", config)[1])[-1] == ["1 dead letter: 1 no_line"]


def test_what_became_of_them_is_one_json_object_or_nothing(run: Run, config: Path) -> None:
    keep(b"Nov  3 04:05:06 web1 cron[7]: odd thing", _JSON, ("no_value", None), batch=1)
    code, out, _ = run("deadletters", "replay", "--json", "--config", config)
    assert code == 1
    said = {"events": 1, "alerts": 0, "alerts_held_back": 0, "failed": {"no_line": 1}, "left": {"empty": 1}}
    assert json.loads(out) == said
    code, out, err = run("deadletters", "replay", "--quiet", "--config", config)
    assert (code, out) == (1, "")
    assert err.startswith("logwinnow: 1 dead letter failed again")
    drop = ("deadletters", "drop", "--reason", "no_value", "--config", config)
    assert json.loads(run(*drop, "--json")[1]) == {"dropped": 1, "left": {"other_reason": 1}}
    assert run(*drop, "--quiet") == (0, "", "")


def test_replay_keeps_what_is_damaged(run: Run, config: Path) -> None:
    keep(_JSON)
    [file] = Path("letters").glob("*/*")
    with file.open("ab") as rows:
        rows.write(b"{}\n")
    code, _, err = run("deadletters", "replay", "--config", config)
    assert code == 0
    assert err.endswith("logwinnow: 1 row is no dead letter, and stays as it is\n")
    assert file.read_bytes() == b"{}\n"


def test_replay_without_a_set_says_how_to_get_one(run: Run, config: Path) -> None:
    code, out, err = run("deadletters", "replay", "--set", "patterns.store=none", "--config", config)
    assert (code, out) == (1, "")
    assert err == "logwinnow: store 'none' holds no pattern set; run: logwinnow train FILE --store none\n"


def test_held_back_alerts_are_said(run: Run, config: Path) -> None:
    keep(*(b"Nov  3 04:05:06 web1 cron[7]: odd %s" % word for word in (b"x", b"y", b"z")))
    options = ("--set", "source.kafka.format=plain", "--set", "alerts.per_hour=1", "--config", config)
    _, out, _ = run("deadletters", "replay", *options)
    assert lines(out) == [["events", "3"], ["alerts", "2"], ["held back", "2 alerts over the cap of an hour"]]


@pytest.mark.parametrize(
    "wrong",
    [
        (),
        ("burn",),
        ("list", "--reason", "bad"),
        ("list", "--last", "0"),
        ("list", "--last", "x"),
        ("list", "file"),
        ("replay", "--yes"),
        ("drop",),
        ("drop", "--reason", "all"),
    ],
)
def test_wrong_use_is_2(wrong: Iterable[str], run: Run) -> None:
    code, out, err = run("deadletters", *wrong)
    assert (code, out) == (2, "")
    assert err.startswith("usage: logwinnow ")
    assert "Traceback" not in err


@pytest.mark.parametrize("what", ["list", "replay", "drop"])
def test_a_wrong_setting_or_file_is_named(what: str, run: Run) -> None:
    more = ("--reason", "no_value")
    code, _, err = run("deadletters", what, *more, "--set", "dead_letters.kind=paper")
    assert (code, err.count("\n")) == (1, 1)
    assert "$.dead_letters.kind is 'paper'" in err
    code, _, err = run("deadletters", what, *more, "--config", "/none.toml")
    assert (code, err.count("\n")) == (1, 1)
    code, _, err = run("deadletters", what, *more, "--set", "dead_letters.kafka.password=secret1")
    assert code == 1
    assert "secret1" not in err


def test_the_reasons_are_those_that_streams_give() -> None:
    assert deadletters._REASONS == REASONS


@pytest.mark.parametrize("what", [(), ("list",), ("replay",), ("drop",)])
def test_help_has_an_example(what: Iterable[str], run: Run) -> None:
    code, out, _ = run("deadletters", *what, "--help")
    assert code == 0
    assert "  logwinnow deadletters" in out.split("example")[-1]
