"""What `logwinnow patterns accept`, `reject`, `name`, `pin` say is in the operator's file, and judged by."""

import getpass
import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest

from patterns.decided import decided
from patterns.decisions import Decision
from patterns.judge import Judge
from patterns.language import parse
from patterns.pattern_set import PENDING, KnownPattern, PatternSet
from patterns.rules import Rules
from patterns.shapes import ShapeTable
from patterns.store import Store
from streaming.documents import alert, brief, event, overflow
from streaming.source import SourceLine

Run = Callable[..., tuple[int, str, str]]

HEADER = "Nov  3 05:00:00 web1 sshd[7]: "
NEW = HEADER + "Accepted publickey for alice from 10.0.0.9 port 22"
SHAPE = "Accepted publickey for alice from <*> port <*>"
KNOWN = HEADER + "Connection closed by 10.0.0.9"
RECEIVED = 1_793_682_000_000_000


def entries(store: Path) -> tuple[Decision, ...]:
    return Store(str(store)).decisions().entries


def reason(store: Path, line: str) -> str | None:
    """Return why a line is an outlier by all that was decided, None if it is none."""
    opened = Store(str(store))
    verdict = Judge(decided(opened.read().patterns, opened.decisions())).judge(line.encode(), RECEIVED).verdict
    assert verdict is not None
    return verdict.reason


def document(store: Path, line: str) -> dict[str, Any]:
    """Return the event of a line, as the stream makes it by the store's set."""
    stored = Store(str(store)).read()
    judge = Judge(stored.patterns)
    judgement = judge.judge(line.encode(), RECEIVED)
    given = SourceLine(line.encode(), line.encode(), RECEIVED, "0" * 20, "a.log", 0, {})
    return event(judgement, judge.parameters(judgement), given, source="a", created="x", version=stored.version)


def tell(sink: Path, first: dict[str, Any], identity: str) -> None:
    """Write the alert of an event to a sink of files."""
    (sink / "alerts" / "2026-11-03").mkdir(parents=True, exist_ok=True)
    told = alert(brief(first), identity=identity, bucket="2026-11-03T00:00:00.000Z", count=1, untold=0)
    (sink / "alerts" / "2026-11-03" / f"{identity}.json").write_bytes(msgspec.json.encode(told) + b"\n")


@pytest.fixture
def sink(tmp_path: Path) -> Path:
    """The folder of the sink that ./conf/streaming.toml names."""
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "streaming.toml").write_text('[sink.files]\npath = "out"\n')
    return tmp_path / "out"


@pytest.fixture
def pending(tmp_path: Path) -> Path:
    """A store with a pending pattern, and a positional one."""
    patterns = [
        KnownPattern("sshd", parse("disk *{1,2} full"), 5, 5, 5, PENDING),
        KnownPattern("sshd", parse("all *{1,1}", positional=True), 7, 9, 9),
    ]
    Store(str(tmp_path / "pending")).publish(PatternSet.of(Rules(), patterns), ShapeTable.of({}), {})
    return tmp_path / "pending"


def test_a_line_is_accepted_by_its_shape_with_its_message(run: Run, store: Path) -> None:
    assert reason(store, NEW) == "no_pattern"
    code, out, err = run("patterns", "accept", NEW, "--store", store, "--note", "keys are new")

    assert (code, err) == (0, "")
    (entry,) = entries(store)
    assert (entry.do, entry.scope, entry.shape, entry.message) == ("accept", "sshd", SHAPE, NEW.removeprefix(HEADER))
    assert (entry.by, entry.note, entry.until) == (getpass.getuser(), "keys are new", None)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", str(entry.at))
    assert reason(store, NEW) is None
    assert reason(store, NEW.replace("alice", "bob")) == "no_pattern"
    assert f"accepted  lines of shape {SHAPE}\n" in out
    assert f"logwinnow patterns withdraw {entry.id}\n" in out
    assert "for a running stream from its next batch" in out


def test_json_has_the_entry_and_what_it_is_about(run: Run, store: Path) -> None:
    words = ("patterns", "accept", "Accepted publickey for alice from ::7 port 9", "--scope", "sshd", "--by", "eve")
    row = json.loads(run(*words, "--store", store, "--json")[1])

    (entry,) = entries(store)
    about = {"shape_id": document(store, NEW)["logwinnow"]["shape"]["id"], "lines": 0}
    assert row == {"entry": entry.id, **msgspec.to_builtins(entry), **about}
    assert (row["scope"], row["shape"], row["by"], row["message"]) == ("sshd", SHAPE, "eve", words[2])


@pytest.mark.parametrize(
    ("given", "seconds"), [("30m", 1_800), ("2h", 7_200), ("7d", 604_800), ("1w", 604_800), ("2099-01-01", None)]
)
def test_an_acceptance_ends_when_it_is_said_to(given: str, seconds: int | None, run: Run, store: Path) -> None:
    assert run("patterns", "accept", NEW, "--store", store, "--until", given)[0] == 0
    (entry,) = entries(store)
    now = time.time_ns() // 1_000
    assert entry.active(now)
    if seconds is None:
        assert entry.until == "2099-01-01T00:00:00Z"
    else:
        assert not entry.active(now + seconds * 1_000_000 + 60_000_000)
        assert entry.active(now + seconds * 1_000_000 - 60_000_000)


@pytest.mark.parametrize(
    ("given", "why"), [("yesterday", "is over"), ("2020-01-01", "is over"), ("soon", "is no time")]
)
def test_an_end_that_is_no_time_to_come_is_wrong_use(given: str, why: str, run: Run, store: Path) -> None:
    code, _, err = run("patterns", "accept", NEW, "--store", store, "--until", given)
    assert (code, entries(store)) == (2, ())
    assert f"argument --until: {given!r} {why}" in err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([KNOWN], r"^logwinnow: shape \w{12} \(Connection closed by <\*>\) is known already, by pattern \w{12}: Conn"),
        (["Connection reset"], r"'Connection reset' names no program, and .* with --scope PROGRAM \('cron', 'sshd';"),
        (["12 34", "--scope", "sshd"], "'12 34' is not judged at all: no word of it is a constant"),
        ([""], "'' names no program"),
        (["", "--scope", "sshd"], "'' is not judged at all: it is blank"),
        (["0123456789ab"], "no shape or pattern has the id '0123456789ab', neither in the store .* nor in the sink"),
        (["0" * 20], r"no alert or event has the id '0{20}' in the files below "),
    ],
)
def test_what_cannot_be_accepted_is_told_with_its_mend(words: list[str], why: str, run: Run, store: Path) -> None:
    code, out, err = run("patterns", "accept", *words, "--store", store)
    assert (code, out, entries(store)) == (1, "", ())
    assert re.search(why, err)


def test_what_is_accepted_for_good_is_not_accepted_again_and_what_is_for_a_time_may_be(run: Run, store: Path) -> None:
    run("patterns", "accept", NEW, "--store", store, "--until", "1h")
    code, out, _ = run("patterns", "accept", NEW, "--store", store)
    first, second = entries(store)
    assert code == 0
    assert f"accepted by entry {first.id}, until {first.until}" in out
    code, _, err = run("patterns", "accept", NEW, "--store", store, "--until", "1h")
    assert code == 1
    assert f"is accepted already, by entry {second.id}; to say it otherwise: logwinnow patterns withdraw" in err


def test_an_alert_is_accepted_by_its_id(run: Run, store: Path, sink: Path) -> None:
    tell(sink, document(store, NEW), "ab" * 10)
    assert run("patterns", "accept", "AB" * 10, "--store", store)[0] == 0
    (entry,) = entries(store)
    assert (entry.scope, entry.shape, entry.message) == ("sshd", SHAPE, NEW.removeprefix(HEADER))


def test_the_alert_that_no_more_are_told_is_of_no_shape(run: Run, store: Path, sink: Path) -> None:
    tell(sink, document(store, NEW), "ab" * 10)
    document_of_none = overflow("more than 5 alerts", identity="cd" * 10, source="a", time="t", version="v")
    (sink / "alerts" / "2026-11-03" / f"{'cd' * 10}.json").write_bytes(msgspec.json.encode(document_of_none))
    code, _, err = run("patterns", "accept", "cd" * 10, "--store", store)
    assert code == 1
    assert "is of no shape: 'more than 5 alerts" in err


def test_of_what_is_unusual_of_a_known_kind_there_is_nothing_to_accept(run: Run, store: Path, sink: Path) -> None:
    event_of = {"id": "cd" * 10, "kind": "alert"}
    told = {"event": event_of, "message": "9 lines \x1b[2J", "logwinnow": {"kind": "rate", "shape": {"id": "0" * 12}}}
    (sink / "alerts" / "2026-11-03").mkdir(parents=True, exist_ok=True)
    (sink / "alerts" / "2026-11-03" / f"{'cd' * 10}.json").write_bytes(msgspec.json.encode(told))
    code, _, err = run("patterns", "accept", "cd" * 10, "--store", store)
    assert (code, entries(store)) == (1, ())
    assert "of which there is nothing to accept: '9 lines" in err
    assert "\x1b" not in err


def test_an_alert_of_a_line_that_it_does_not_hold_whole_wants_the_line(run: Run, store: Path, sink: Path) -> None:
    tell(sink, document(store, HEADER + "word " * 3_000), "ab" * 10)
    code, _, err = run("patterns", "accept", "ab" * 10, "--store", store)
    assert (code, entries(store)) == (1, ())
    assert "is longer than an alert keeps; give the line itself" in err


@pytest.mark.parametrize("where", ["alert", "event", "compacted"])
def test_a_shape_is_accepted_by_the_beginning_of_its_id(where: str, run: Run, store: Path, sink: Path) -> None:
    first = document(store, NEW)
    other = document(store, HEADER + "nothing like it")
    rows = b"".join(msgspec.json.encode(each) + b"\n" for each in (document(store, KNOWN), other, first))
    if where == "alert":
        tell(sink, first, "ab" * 10)
        tell(sink, other, "cd" * 10)
    else:
        (sink / "events" / "2026-11-03").mkdir(parents=True)
        (sink / "events" / "2026-11-03" / "0-0.ndjson").write_bytes(rows if where == "event" else b"broken")
    if where == "compacted":
        with pa.CompressedOutputStream(str(sink / "events" / "2026-11-03.ndjson.zst"), "zstd") as file:
            file.write(rows)
    identity = first["logwinnow"]["shape"]["id"]
    assert run("patterns", "accept", identity[:5], "--store", store)[0] == 0
    assert [entry.shape for entry in entries(store)] == [SHAPE]


def test_a_beginning_that_two_open_shapes_have_names_none(run: Run, store: Path, sink: Path) -> None:
    # Any number of shapes, until two ids begin alike.
    seen: dict[str, dict[str, Any]] = {}
    number = 0
    while True:
        word = "".join(chr(97 + int(digit)) for digit in str(number))
        each = document(store, f"{HEADER}new {word}")
        before = seen.setdefault(each["logwinnow"]["shape"]["id"][:4], each)
        if before is not each:
            break
        number += 1
    tell(sink, each, "ab" * 10)
    tell(sink, before, "cd" * 10)
    identity = each["logwinnow"]["shape"]["id"]
    code, _, err = run("patterns", "accept", identity[:4], "--store", store)
    assert (code, entries(store)) == (1, ())
    assert f"{identity[:4]!r} names no single pattern or shape: 2 ids begin so, " in err
    assert run("patterns", "accept", identity, "--store", store)[0] == 0


def test_a_shape_of_an_older_trainings_table_is_read_by_todays_rules(run: Run, store: Path, tmp_path: Path) -> None:
    old = document(store, KNOWN)["logwinnow"]["shape"]["id"]
    (tmp_path / "other.log").write_text("Nov  3 04:05:06 web1 sshd[1]: nothing else here\n" * 60)
    assert run("train", "other.log", "--store", store, "--force", "--quiet")[0] == 0
    assert reason(store, KNOWN) == "no_pattern"
    assert run("patterns", "accept", old, "--store", store)[0] == 0
    (entry,) = entries(store)
    assert entry.shape == "Connection closed by <*>"
    assert re.fullmatch(r"Connection closed by 10\.0\.0\.\d+", str(entry.message))
    assert reason(store, KNOWN) is None


def test_lines_of_the_last_training_that_have_it_are_counted(run: Run, store: Path) -> None:
    known = Store(str(store)).read().patterns.patterns
    closed = next(each for each in known if each.pattern.text.startswith("Connection"))
    run("patterns", "reject", closed.id, "--store", store)
    out = run("patterns", "accept", KNOWN, "--store", store)[1]
    assert "lines     20 of those of the last training\n" in out
    assert f"before    rejected by entry {entries(store)[0].id}, as lines of pattern {closed.id}" in out
    assert reason(store, KNOWN) is None


def test_a_pending_pattern_is_accepted_by_its_id(run: Run, pending: Path) -> None:
    line = HEADER + "disk 7 nearly full"
    assert reason(pending, line) == "pending"
    known = parse("disk *{1,2} full")
    out = run("patterns", "accept", known.identity("sshd")[:6], "--store", pending)[1]
    (entry,) = entries(pending)
    assert (entry.pattern, entry.shape, entry.scope) == ("disk *{1,2} full", None, "sshd")
    assert "before    pending\n" in out
    assert reason(pending, line) is None


def test_a_line_of_a_pending_pattern_is_accepted_by_its_shape_and_says_what_accepts_all(
    run: Run, pending: Path
) -> None:
    out = run("patterns", "accept", HEADER + "disk 7 full", "--store", pending)[1]
    assert f"to accept all of these: logwinnow patterns accept {parse('disk *{1,2} full').identity('sshd')}" in out
    assert reason(pending, HEADER + "disk 8 full") is None
    assert reason(pending, HEADER + "disk 7 nearly full") == "pending"


def test_a_known_pattern_is_not_accepted(run: Run, pending: Path) -> None:
    identity = parse("all *{1,1}", positional=True).identity("sshd")
    code, _, err = run("patterns", "accept", identity, "--store", pending)
    assert (code, entries(pending)) == (1, ())
    assert f"pattern {identity} (all *{{1,1}}) is known already" in err


def test_a_rejected_pattern_makes_outliers_and_is_rejected_once(run: Run, pending: Path) -> None:
    line, identity = HEADER + "all 7", parse("all *{1,1}", positional=True).identity("sshd")
    assert reason(pending, line) is None
    assert run("patterns", "reject", identity[:4], "--store", pending)[0] == 0
    (entry,) = entries(pending)
    assert (entry.do, entry.pattern, entry.positional) == ("reject", "all *{1,1}", True)
    assert reason(pending, line) == "rejected"
    code, _, err = run("patterns", "reject", identity, "--store", pending)
    assert code == 1
    assert f"pattern {identity} is rejected already, by entry {entry.id}" in err
    # The later word counts, also about the same pattern.
    assert run("patterns", "accept", identity, "--store", pending)[0] == 0
    assert reason(pending, line) is None


def test_a_name_keeps_what_is_not_given_and_loses_what_is_empty(run: Run, pending: Path) -> None:
    identity = parse("all *{1,1}", positional=True).identity("sshd")

    def name(*words: str) -> tuple[int, dict[str, str | None]]:
        code, _, _ = run("patterns", "name", identity, "--store", pending, *words)
        last = entries(pending)[-1]
        return code, {key: getattr(last, key) for key in ("name", "severity", "runbook")}

    assert name("--name", "all of it") == (0, {"name": "all of it", "severity": None, "runbook": None})
    whole = {"name": "all of it", "severity": "high", "runbook": "https://wiki/all"}
    assert name("--severity", "high", "--runbook", "https://wiki/all") == (0, whole)
    assert name("--name", "") == (0, {**whole, "name": None})
    assert name() == (2, {**whole, "name": None})
    assert name("--severity", "", "--runbook", "") == (1, {**whole, "name": None})
    assert name("--severity", "loud")[0] == 2


def test_show_says_what_the_operator_said(run: Run, pending: Path) -> None:
    identity = parse("disk *{1,2} full").identity("sshd")
    assert "state    pending\n" in run("patterns", "show", identity, "--store", pending)[1]
    run("patterns", "accept", identity, "--store", pending)
    run("patterns", "name", identity, "--severity", "high", "--name", "disk \x1b", "--store", pending)
    out = run("patterns", "show", identity, "--store", pending)[1]
    said = r"state     accepted by the operator; pending as mined\nname      disk \\x1b\nseverity  high\n"
    assert re.search(said, out)


def test_a_pin_has_the_level_and_is_refused_for_what_is_rejected(run: Run, pending: Path) -> None:
    identity = parse("disk *{1,2} full").identity("sshd")
    assert run("patterns", "pin", identity, "--store", pending)[0] == 0
    (entry,) = entries(pending)
    assert (entry.do, entry.pattern, entry.level, entry.positional) == ("pin", "disk *{1,2} full", 5, False)
    # A pinned pattern is known.
    assert reason(pending, HEADER + "disk 7 full") is None
    run("patterns", "reject", identity, "--store", pending)
    code, _, err = run("patterns", "pin", identity, "--store", pending)
    assert code == 1
    assert f"first: logwinnow patterns withdraw {entries(pending)[-1].id}" in err


def test_entries_are_listed_with_what_became_of_them(run: Run, store: Path) -> None:
    rows = [
        {"do": "accept", "scope": "sshd", "shape": "a b", "by": "eve", "note": "why \x1b[2J"},
        {"do": "reject", "scope": "sshd", "pattern": "a b"},
        {"do": "accept", "scope": "sshd", "pattern": "a b"},
        {"do": "accept", "shape": "7 <*>"},
        {"do": "accept", "shape": "over", "until": "2026-01-01T00:00:00Z"},
        {"do": "name", "scope": "sshd", "pattern": "a b", "severity": "low"},
    ]
    (store / "operator.jsonl").write_text("# ours\n" + "\n".join(map(json.dumps, rows)))
    code, out, _ = run("patterns", "decisions", "--store", store, "--json")
    listed = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    states = ["counts", "replaced", "counts", "means nothing", "ended", "counts"]
    assert [row["state"] for row in listed] == states
    assert "it has no constant" in listed[3]["why"]
    assert listed[0] == {"entry": entries(store)[0].id, "state": "counts", "why": None, **rows[0]}
    assert [row["entry"] for row in listed] == [entry.id for entry in entries(store)]
    out = run("patterns", "decisions", "--store", store)[1]
    assert [line.split()[0] for line in out.splitlines()[1:]] == [row["entry"] for row in listed]
    assert r"a b · (why \x1b[2J)" in out
    assert "a b · low" in out


def test_what_was_said_before_counts_again_when_a_decision_is_withdrawn(run: Run, store: Path) -> None:
    run("patterns", "accept", NEW, "--store", store)
    first, closed = entries(store)[0], Store(str(store)).read().patterns.patterns[-1]
    run("patterns", "reject", closed.id, "--store", store)
    (store / "operator.jsonl").write_bytes(b"# keep me\n" + (store / "operator.jsonl").read_bytes())
    code, out, _ = run("patterns", "withdraw", first.id[:5].upper(), "--store", store)
    assert code == 0
    assert out.startswith(f"withdrawn  {first.id} accept: {SHAPE}\n")
    assert reason(store, NEW) == "no_pattern"
    assert [entry.do for entry in entries(store)] == ["reject"]
    assert (store / "operator.jsonl").read_bytes().startswith(b"# keep me\n{")
    code, _, err = run("patterns", "withdraw", first.id, "--store", store)
    assert (code, err) == (1, f"logwinnow: no entry has the id {first.id!r}; see: logwinnow patterns decisions\n")
    code, _, err = run("patterns", "withdraw", entries(store)[0].id[:3], "--store", store)
    assert code == 1
    assert "give 4 digits or more" in err


def test_an_entry_that_means_nothing_can_be_listed_and_withdrawn(run: Run, store: Path) -> None:
    (store / "operator.jsonl").write_text('{"do":"accept","shape":"7 <*>"}\n')
    identity = entries(store)[0].id
    code, _, err = run("patterns", "accept", NEW, "--store", store)
    assert code == 1
    assert f"the operator's entry {identity}" in err
    assert run("patterns", "withdraw", identity, "--store", store)[0] == 0
    assert run("patterns", "accept", NEW, "--store", store)[0] == 0


def test_hostile_text_is_kept_as_it_is_and_shown_without_harm(run: Run, hostile: Path) -> None:
    line = "Nov  3 04:05:06 h evil\x1b\u202e[1]: \x1b[31mnew \x9b2J [bold]b[/] \u2066x \x7f 漢字"
    code, out, _ = run("patterns", "accept", line, "--store", hostile, "--note", "\x1b[2J\udcff")
    out += run("patterns", "decisions", "--store", hostile)[1]
    assert code == 0
    assert reason(hostile, line) is None
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2066]", out)
    assert "[bold]b[/]" in str(entries(hostile)[0].message)
    assert entries(hostile)[0].note == "\x1b[2J\ufffd"
