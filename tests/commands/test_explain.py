"""`logwinnow explain`: what it says is what `match` says, what the table has, and what the miner does."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filled_sink import PLANNED_AT, files_sink, fill, published
from hypothesis import given
from hypothesis import strategies as st

from commands.explaining import training
from commands.explaining.reproduced import command
from commands.explaining.training import mined_anew
from mining.ladder import climb_down
from patterns.judge import Shaper, shape_id
from patterns.rules import Rules
from patterns.store import Store

Run = Callable[..., tuple[int, str, str]]

HEADER = "Nov  3 05:00:00 web1 sshd[7]: "
NEW = HEADER + "Accepted publickey for alice from 10.0.0.9 port 22"
PATTERNS = [("sshd", "Accepted password for *{1,1} from *{1,1}"), ("cron", "job *{1,1} started")]


def rows(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.split("\n")[:-1]]


def explained(run: Run, *words: str | Path, stdin: bytes = b"") -> dict[str, Any]:
    code, out, err = run("explain", *words, "--json", stdin=stdin)
    assert (code, err) == (0, "")
    (found,) = rows(out)
    return found


def test_an_outlier_is_explained_by_all_that_is_known_of_it(run: Run, store: Path, ids: dict[str, str]) -> None:
    found = explained(run, NEW, "--store", store)

    said = found["explained"]
    header = said["header"]
    assert header.pop("time").endswith("-11-03T05:00:00.000Z")
    assert header == {"format": "rfc3164", "host": "web1", "program": "sshd", "pid": "7", "level": None}
    assert said["shape_text"] == "Accepted publickey for alice from <*> port <*>"
    assert said["shape"] == shape_id("sshd", said["shape_text"])
    assert said["words"][5] == {"text": "10.0.0.9", "shape": "<*>", "classes": ["number"]}
    verdict = said["verdict"]
    assert (verdict["outlier"], verdict["reason"], verdict["pattern"]) == (True, "no_pattern", None)
    assert [near["id"] for near in said["nearest"]] == [ids["Accepted"]]
    near = said["nearest"][0]
    assert (near["support"], near["difference"]) == (20, "word 2: expected password, found publickey")
    assert [(piece["kind"], piece["pattern"], piece["line"]) for piece in near["pieces"]] == [
        ("same", "Accepted", "Accepted"),
        ("extra", "", "publickey"),
        ("missing", "password", ""),
        ("same", "for", "for"),
        ("same", "alice", "alice"),
        ("same", "from", "from"),
        ("gap", "*{1,1}", "10.0.0.9"),
        ("same", "port", "port"),
        ("gap", "*{1,1}", "22"),
    ]
    trained = found["trained"]
    assert trained["known"] == {
        "scope_lines": 40,
        "scope_shapes": 2,
        "lines": 0,
        "first": None,
        "last": None,
        "days": {},
    }
    assert trained["why"] == "no line of the training had this shape"
    assert trained["mined"]["once"]["level"] == 1
    assert (trained["mined"]["ladder"]["lines"], trained["mined"]["ladder"]["level"]) == (2, 2)
    assert found["then"] is None


def test_a_known_line_is_explained_by_its_pattern_and_its_days(run: Run, store: Path, ids: dict[str, str]) -> None:
    found = explained(run, HEADER + "Connection closed by 10.0.0.9", "--store", store)

    assert found["explained"]["verdict"]["pattern"]["id"] == ids["Connection"]
    assert found["explained"]["verdict"]["params"] == ["10.0.0.9"]
    assert found["explained"]["nearest"] == []
    known = found["trained"]["known"]
    assert (known["lines"], list(known["days"].values())) == (20, [20])
    assert (known["first"][-13:], known["last"][-13:]) == ("T04:05:00.000Z"[-13:], "T04:05:19.000Z"[-13:])
    assert (found["trained"]["why"], found["trained"]["mined"]) == (None, None)


def test_a_line_that_is_not_judged_says_why(run: Run, store: Path) -> None:
    found = explained(run, HEADER + "17", "--store", store)
    assert found["explained"]["verdict"]["unjudged"] == "no_constant"
    assert (found["trained"], found["streamed"]) == (None, None)


@pytest.mark.parametrize("dataset", ["OpenSSH", "BGL", "Zookeeper"])
def test_real_lines_have_the_verdict_that_match_gives_them(
    run: Run, tmp_path: Path, loghub: Path, dataset: str
) -> None:
    log = loghub / dataset / f"{dataset}_2k.log"
    lines = log.read_bytes().split(b"\n")
    (tmp_path / "tenth.log").write_bytes(b"\n".join(lines[:200]) + b"\n")
    assert run("train", "tenth.log", "--store", "store", "--quiet")[0] == 0
    _, out, _ = run("match", log, "--store", "store", "--json", "--quiet")
    judged = rows(out)
    outliers = {row["shape"]: row for row in judged if row["outlier"]}
    chosen = [*list(outliers.values())[:5], judged[0], judged[-1]]
    assert len(outliers) > 2

    given = b"\n".join(lines[row["line"] - 1] for row in chosen) + b"\n"
    code, out, _ = run("explain", "-", "--store", "store", "--json", stdin=given)

    assert code == 0
    for found, row in zip(rows(out), chosen, strict=True):
        said = found["explained"]
        assert (said["scope"], said["shape"], said["shape_text"]) == (row["scope"], row["shape"], row["shape_text"])
        verdict = said["verdict"]
        assert (verdict["outlier"], verdict["unjudged"], verdict["reason"]) == (
            *(row["outlier"], row["unjudged"], row["reason"]),
        )
        assert (verdict["pattern"] or {}).get("id") == row["pattern"]
        assert verdict["params"] == row["params"]
        if row["nearest"]:
            near = {name: said["nearest"][0][name] for name in ("id", "text", "difference")}
            assert near == row["nearest"]


def test_with_a_scope_the_line_is_its_message(run: Run, store: Path) -> None:
    whole = explained(run, NEW, "--store", store)["explained"]
    message = explained(run, "--scope", "sshd", NEW.removeprefix(HEADER), "--store", store)["explained"]
    for name in ("scope", "shape", "shape_text", "words", "verdict", "nearest"):
        assert message[name] == whole[name]
    assert message["header"]["format"] == "plain"


def test_a_past_version_and_the_operators_decisions_say_what_is_judged(run: Run, store: Path, log: Path) -> None:
    past = str(Store(str(store)).current())
    log.write_bytes(log.read_bytes() + NEW.encode() + b"\n")
    assert run("train", log, "--store", store, "--quiet")[0] == 0
    assert explained(run, NEW, "--store", store)["explained"]["verdict"]["outlier"] is False
    assert explained(run, NEW, "--store", store, "--version", past)["explained"]["verdict"]["outlier"] is True
    assert run("explain", NEW, "--store", store, "--version", "20200101")[0] == 1
    shape = "Accepted publickey for alice from <*> port <*>"
    entry = {"do": "accept", "scope": "sshd", "shape": shape, "by": "eve", "at": "2026-11-29T08:00:00Z"}
    (store / "operator.jsonl").write_text(json.dumps(entry) + "\n")

    verdict = explained(run, NEW, "--store", store, "--version", past)["explained"]["verdict"]
    assert (verdict["outlier"], verdict["pattern"]["state"]) == (False, "accepted")
    assert (verdict["decided"]["do"], verdict["decided"]["by"]) == ("accept", "eve")
    assert "decided     accept by eve at 2026-11-29T08:00:00Z" in run("explain", NEW, "--store", store)[1]


class TestOfAnEvent:
    """Of lines that a stream judged."""

    LINES = (
        *(
            b"2026-11-25T10:00:%02dZ web%d sshd[%d]: Accepted key for root from 10.0.0.9" % (n, n % 3, n)
            for n in range(7)
        ),
        b"2026-11-25T10:01:00Z web1 sshd[1]: Accepted password for bob from 10.0.0.9",
        b"2026-11-25T10:01:01Z web1 sshd[1]: Broken \xff of \x1b[31m",
        b"2026-11-25T10:01:02Z web1 sshd[1]: Long " + b"word " * 4_000,
    )

    @pytest.fixture
    def events(self, tmp_path: Path) -> list[dict[str, Any]]:
        published(tmp_path / "patterns", PATTERNS)
        fill(files_sink(tmp_path / "out"), tmp_path / "patterns", self.LINES)
        (file,) = (tmp_path / "out").glob("events/*/*.ndjson")
        return rows(file.read_text())

    def explain(self, run: Run, what: str, *words: str) -> dict[str, Any]:
        of = ("--set", "sink.files.path=out", "--store", "patterns", "--days", "36000")
        return explained(run, what, *of, *words)

    def alerts(self) -> list[dict[str, Any]]:
        return [json.loads(file.read_bytes()) for file in sorted(Path("out").glob("alerts/*/*.json"))]

    def test_it_is_found_with_its_line_and_what_was_said_then(self, run: Run, events: list[dict[str, Any]]) -> None:
        for event, line in zip(events, self.LINES, strict=True):
            found = self.explain(run, event["event"]["id"])
            assert found["explained"]["line"] == line.decode(errors="replace")
            assert found["explained"]["shape"] == event["logwinnow"]["shape"]["id"]
            assert found["then"]["said"]["set"] == event["logwinnow"]["set"]
            assert found["then"]["said"]["outlier"] == event["logwinnow"]["outlier"]
            assert found["then"]["differs"] is False

    def test_hosts_and_times_are_those_of_its_shape(self, run: Run, events: list[dict[str, Any]]) -> None:
        streamed = self.explain(run, events[0]["event"]["id"])["streamed"]
        assert (streamed["lines"], streamed["outliers"], streamed["host_count"]) == (7, 7, 3)
        assert streamed["hosts"] == {"web0": 3, "web1": 2, "web2": 2}
        assert (streamed["first"], streamed["last"]) == ("2026-11-25T10:00:00.000Z", "2026-11-25T10:00:06.000Z")

    @pytest.mark.usefixtures("events")
    def test_an_alert_is_its_first_line_whole(self, run: Run) -> None:
        alerts = self.alerts()
        assert len(alerts) == 3
        lines = {line.decode(errors="replace") for line in self.LINES}
        for alert in alerts:
            found = self.explain(run, alert["event"]["id"])
            assert found["explained"]["line"] in lines
            assert found["explained"]["shape"] == alert["logwinnow"]["shape"]["id"]
            assert alert["logwinnow"]["explain"].endswith(f"logwinnow explain {alert['event']['id']}")

    def test_a_newer_set_that_says_otherwise_differs(self, run: Run, events: list[dict[str, Any]]) -> None:
        published(Path("patterns"), [*PATTERNS, ("sshd", "Accepted key for root from *{1,1}")])
        found = self.explain(run, events[0]["event"]["id"])
        assert found["then"]["differs"] is True
        assert found["then"]["now"]["outlier"] is True
        assert found["explained"]["verdict"]["outlier"] is False
        for file in (Path("patterns") / events[0]["logwinnow"]["set"]).iterdir():
            file.unlink()
        assert self.explain(run, events[0]["event"]["id"])["then"]["now"] is None

    def test_a_compacted_day_is_searched_too(self, run: Run, events: list[dict[str, Any]]) -> None:
        files_sink(Path("out")).done(PLANNED_AT + 10 * 86_400_000_000)
        assert list(Path("out").glob("events/*.zst"))
        assert self.explain(run, events[2]["event"]["id"])["streamed"]["lines"] == 7

    @pytest.mark.usefixtures("events")
    def test_an_id_that_the_sink_has_not_is_an_error_with_its_mend(self, run: Run) -> None:
        code, out, err = run("explain", "a" * 20, "--set", "sink.files.path=out", "--store", "patterns")
        assert (code, out) == (1, "")
        assert "'aaaaaaaaaaaaaaaaaaaa' is the id of no event and no alert in the files below out" in err

    @pytest.mark.usefixtures("events")
    def test_the_verdict_is_told_though_the_sink_is_broken(self, run: Run) -> None:
        next(Path("out").glob("events/*/*.ndjson")).chmod(0)
        (Path("out") / "events" / "2026-11-29.ndjson.zst").write_bytes(b"no zstd at all")
        found = explained(run, self.LINES[0].decode(), "--set", "sink.files.path=out", "--store", "patterns")
        assert found["explained"]["verdict"]["outlier"] is True
        assert "cannot be read" in found["streamed"]["why"]


@given(
    st.dictionaries(
        st.lists(st.sampled_from(["a", "b", "c", "d", "<*>"]), min_size=1, max_size=4).map(" ".join), st.integers(1, 40)
    ),
    st.lists(st.sampled_from(["a", "b", "c", "d", "e", "<*>"]), min_size=1, max_size=4).map(" ".join),
    st.booleans(),
)
def test_what_takes_a_shape_in_is_what_the_ladder_makes_of_so_many_lines(
    shapes: dict[str, int], shape: str, seen_once: bool
) -> None:
    def level(lines: int) -> int | None:
        found = climb_down({**shapes, shape: shapes.get(shape, 0) + lines}, "logcluster", seen_once=seen_once)
        words = training._matches
        return next((each.level for each in found if words(each.cluster.pattern, shape)), None)

    mined = mined_anew(shapes, shape, "logcluster", seen_once=seen_once)
    assert (mined.once.level if mined.once else None) == level(1)
    if mined.ladder is None:
        assert (level(1) or 0) > 1 or all((level(lines) or 0) <= 1 for lines in (2, 4, 64, 1024))
    else:
        assert level(mined.ladder.lines) == mined.ladder.level > 1
        fewer = [lines for lines in range(1, mined.ladder.lines) if (level(lines) or 0) > 1]
        assert not fewer


@pytest.fixture
def shell(tmp_path: Path) -> Callable[[str], str]:
    """Run a command by sh, where `logwinnow` is the one that is tested."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "logwinnow"
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m commands "$@"\n')
    script.chmod(0o755)

    def run(line: str) -> str:
        path = f"{folder}:{os.environ['PATH']}"
        root = str(Path(__file__).parents[2])
        done = subprocess.run(
            ["/bin/sh", "-c", line],
            env={**os.environ, "PATH": path, "PYTHONPATH": root},
            capture_output=True,
            check=True,
            timeout=60,
        )
        return done.stdout.decode()

    return run


HOSTILE = (
    b"Nov  3 05:00:00 web1 sshd[7]: it's 100% "
    b"$(touch pwned) `touch pwned` \\n \\ \x1b[31m \xff \x00 \xe2\x80\xae \xc3\xa9"
    b'; "x"'
)


@pytest.mark.parametrize("line", [HOSTILE, NEW.encode(), b"-n %s", b"\x00"])
def test_the_command_reproduces_the_verdict_of_any_line(
    run: Run, store: Path, tmp_path: Path, shell: Callable[[str], str], line: bytes
) -> None:
    found = explained(run, "-", "--store", store, stdin=line + b"\n")
    assert found["reproduce"].isprintable()
    (row,) = rows(shell(found["reproduce"]))
    assert row["shape"] == found["explained"]["shape"]
    assert row["shape_text"] == found["explained"]["shape_text"]
    assert row["outlier"] == found["explained"]["verdict"]["outlier"]
    assert row["unjudged"] == found["explained"]["verdict"]["unjudged"]
    assert not list(tmp_path.rglob("pwned"))


@pytest.mark.parametrize("scope", ["sshd", "", "two words", "it's\x1b", "docker/<*>"])
def test_the_command_reproduces_the_verdict_of_a_message_of_any_program(
    run: Run, store: Path, shell: Callable[[str], str], scope: str
) -> None:
    found = explained(run, "--scope", scope, "Accepted 'publickey' for alice", "--store", store)
    assert found["reproduce"].isprintable()
    (row,) = rows(shell(found["reproduce"]))
    said = row.get("explained", row)
    assert (said["scope"], said["shape"]) == (scope, found["explained"]["shape"])


@given(st.binary(max_size=40).filter(lambda data: b"\n" not in data))
def test_a_command_is_one_line_without_what_steers_a_terminal(data: bytes) -> None:
    made = command(data, None, Rules(), "st'ore", "v")
    assert made is not None
    assert made.isprintable()
    words = shlex.split(made.replace(" | ", " ; "))
    assert words[0] == "printf"


def test_a_line_of_megabytes_has_no_command_and_one_screen(run: Run, store: Path) -> None:
    line = NEW.encode() + b" very long" * 300_000
    assert explained(run, "-", "--store", store, stdin=line)["reproduce"] is None
    _, out, _ = run("explain", "-", "--store", store, stdin=line)
    assert "put the line into a file" in out
    assert len(out) < 8_000


def test_what_people_read_steers_no_terminal(run: Run, hostile: Path) -> None:
    line = (Path("evil.log").read_bytes().split(b"\n")[0]).replace(b"red", b"blue \x9b2J \xe2\x80\xae")
    code, out, err = run("explain", "-", "--store", hostile, stdin=line + b"\n")
    assert (code, err) == (0, "")
    assert out.startswith("OUTLIER  no pattern of evil")
    assert all(row.isprintable() for row in out.split("\n"))
    assert "[bold]b[/]" in out


def test_what_people_read_has_all_on_one_screen(run: Run, store: Path) -> None:
    code, out, _ = run("explain", NEW, "--store", store)
    assert code == 0
    said = out.split("\n")
    assert len(said) < 25
    assert said[0].startswith("OUTLIER  no pattern of sshd matches; set 2")
    names = [row[:11].strip() for row in said if row[:1].isalpha()]
    assert names[1:] == ["header", "shape", "nearest 1", "training", "taken in by", "stream", "reproduce"]
    at = next(number for number, row in enumerate(said) if row.lstrip().startswith("pattern Accepted"))
    assert " ".join(said[at].split()) == "pattern Accepted password for alice from *{1,1} port *{1,1}"
    assert " ".join(said[at + 1].split()) == "line Accepted publickey for alice from 10.0.0.9 port 22"
    marked = said[at + 2]
    assert said[at][marked.index("^") :].startswith("password ")
    assert said[at + 1][marked.index("^") :].startswith("publickey ")


def test_a_shape_is_looked_up_by_the_rules_of_the_set(store: Path) -> None:
    table = Store(str(store)).read_shapes(str(Store(str(store)).current()))
    shaped = Shaper(Rules()).shape(b"Nov  3 04:05:00 web1 cron[1]: job rotate started", 0)
    known, shapes = training.of_table(table, shaped.scope, shaped.shape)
    assert known.lines == 20
    assert shapes == {"job rotate started": 20}
    nowhere, none = training.of_table(table, "other", shaped.shape)
    assert (nowhere.scope_lines, nowhere.lines, none) == (0, 0, {})


@pytest.mark.parametrize(
    ("run", "lines", "said"),
    [
        ({"left_out": {"least_count": 3, "scopes": []}}, 2, "$.mining.max_shapes"),
        ({"left_out": {"least_count": 1, "scopes": ["su"]}}, 2, "$.mining.max_patterns"),
        ({"support": "5%"}, 2, "mined at a support of 5% lines alone"),
        ({}, 2, "$.mining.seen_once"),
    ],
)
def test_a_shape_of_the_training_that_no_pattern_covers_says_why(run: dict[str, Any], lines: int, said: str) -> None:
    assert said in training.why_left(run, "su", lines)


def test_kinds_seen_once_that_were_not_learned_are_told(run: Run, log: Path) -> None:
    log.write_bytes(log.read_bytes() + NEW.encode() + b"\n")
    assert run("train", log, "--store", "store", "--quiet", "--set", "mining.seen_once=false")[0] == 0
    trained = explained(run, NEW, "--store", "store")["trained"]
    assert trained["known"]["lines"] == 1
    assert "$.mining.seen_once" in trained["why"]
