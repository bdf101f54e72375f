"""`logwinnow patterns diff`: what is told of two versions, and what they would have made of lines, line by line."""

import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from filled_sink import files_sink, fill
from hypothesis import given, settings
from hypothesis import strategies as st

from commands.comparing import effect as effect_module
from commands.comparing.effect import Effect, TwoJudges
from patterns.decided import decided
from patterns.decisions import Decision, Decisions
from patterns.judge import Judge
from patterns.language import parse
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.rules import Rules
from patterns.shapes import ShapeTable
from patterns.store import Store
from patterns.words import WordRules
from streaming.documents import KEYWORD

Run = Callable[..., tuple[int, str, str]]
OTHER_RULES = Rules(words=WordRules(classes={**WordRules().classes, "greek": "alpha|beta"}))


def a_set(*texts: str, scope: str = "sshd", rules: Rules | None = None) -> PatternSet:
    return PatternSet.of(
        rules or Rules(), [KnownPattern(scope, parse(text), level=2, support=2, mined_support=2) for text in texts]
    )


def publish(store: Path, *texts: str, rules: Rules | None = None, propose: bool = False) -> str:
    time.sleep(0.002)
    return Store(str(store)).publish(a_set(*texts, rules=rules), ShapeTable.of({}), {}, propose=propose)


def sshd(message: str) -> bytes:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return f"{now} web1 sshd[7]: {message}".encode()


MESSAGES = [
    "alpha came",
    "alpha went",
    "beta came",
    "session 1 opened",
    "session 22 opened",
    "session x opened",
    "12 34",
    "",
]
LONG = " ".join(f"word{letter * number}" for letter in "abcdefgh" for number in range(1, 60))


def judged(old: PatternSet, new: PatternSet, lines: Sequence[bytes]) -> dict[str, Any]:
    """Judge every line by each set, as a stream would."""
    judges = Judge(old), Judge(new)
    found: dict[str, Any] = {"lines": len(lines), "silenced": Counter(), "flagged": Counter(), "outliers": [0, 0]}
    for line in lines:
        before, now = (judge.judge(line, 1_800_000_000_000_000) for judge in judges)
        read = now if before.shaped.unjudged else before
        key = read.shaped.scope, read.shaped.shape
        found["outliers"][0] += before.outlier
        found["outliers"][1] += now.outlier
        if before.outlier != now.outlier:
            found["silenced" if before.outlier else "flagged"][key] += 1
    return found


def measured(effect: Effect) -> dict[str, Any]:
    kinds = {"silenced": effect.silenced, "flagged": effect.flagged}
    counts = {name: Counter({key: kind.lines for key, kind in found.items()}) for name, found in kinds.items()}
    return {"lines": effect.lines, "outliers": effect.outliers, **counts}


TEXTS = ["alpha came", "alpha *{1,1}", "*{1,1} came", "*{1,1} came *{0,1}", "session *{1,1} opened", "beta *{0,1}"]
SETS = st.tuples(st.sets(st.sampled_from(TEXTS), min_size=1), st.sampled_from([Rules(), OTHER_RULES]))


@settings(max_examples=60)
@given(SETS, SETS, st.lists(st.sampled_from(MESSAGES), max_size=30))
def test_the_effect_is_that_of_judging_every_line(
    old: tuple[set[str], Rules], new: tuple[set[str], Rules], messages: list[str]
) -> None:
    first, second = (a_set(*sorted(texts), rules=rules) for texts, rules in (old, new))
    lines = [sshd(message) for message in messages]
    judges, effect = TwoJudges(first, second), Effect("here")

    for line in lines:
        effect.count(judges.line(line), 1, line.decode)

    assert measured(effect) == judged(first, second, lines)
    for kind in (*effect.silenced.values(), *effect.flagged.values()):
        assert judges.line(kind.example.encode()) == kind.found


@pytest.mark.parametrize("streamed_by", [Rules(), OTHER_RULES], ids=["the sets' rules", "other rules"])
@pytest.mark.parametrize(
    "rules", [(None, None), (None, OTHER_RULES), (OTHER_RULES, OTHER_RULES)], ids=["", "new", "both"]
)
def test_the_effect_on_a_sink_is_that_of_judging_every_line_again(
    rules: tuple[Rules | None, Rules | None], streamed_by: Rules, run: Run, tmp_path: Path
) -> None:
    store, sink = tmp_path / "store", tmp_path / "out"
    lines = [sshd(message) for message in [*MESSAGES * 3, LONG, f"{LONG} and more", LONG, "\u20ac 12 sold"]]
    lines += [b"\xff\xfe broken came", sshd("alpha came") + b" \xe9t\xe9", b"a plain line"]
    publish(store, "session *{1,1} opened", rules=streamed_by)
    fill(files_sink(sink), store, lines, planned_at=time.time_ns() // 1_000)
    texts = [
        ["alpha came", "session *{1,1} opened"],
        ["*{1,1} came", "alpha *{1,1}", f"{LONG} *{{0,0}}".removesuffix(" *{0,0}")],
    ]
    versions = [publish(store, *some, rules=by) for some, by in zip(texts, rules, strict=True)]

    code, out, err = run("patterns", "diff", *versions, "--store", store, "--json", "--streaming-config", conf(sink))

    assert (code, err) == (0, "")
    effect = json.loads(out)["effect"]
    expected = judged(a_set(*texts[0], rules=rules[0]), a_set(*texts[1], rules=rules[1]), lines)
    for name in ("silenced", "flagged"):
        assert {(kind["program"], kind["shape"]): kind["lines"] for kind in effect[name]["most"]} == expected[name]
        assert effect[name]["lines"] == expected[name].total()
    assert [effect["outliers_old"], effect["outliers_new"]] == expected["outliers"]
    assert effect["lines"] == len(lines)
    assert any(len(kind["shape"]) > KEYWORD for kind in effect["silenced"]["most"])


def conf(sink: Path) -> Path:
    """Return a configuration with this sink."""
    file = sink.parent / "streaming.toml"
    file.write_text(f'[sink.files]\npath = "{sink}"\n', encoding="utf-8")
    return file


def test_on_files_both_sets_are_tried_line_by_line(run: Run, tmp_path: Path) -> None:
    store, log = tmp_path / "store", tmp_path / "app.log"
    log.write_bytes(b"\n".join(sshd(message) for message in MESSAGES) + b"\n")
    versions = publish(store, "alpha came"), publish(store, "beta *{1,1}", propose=True)

    code, out, _ = run("patterns", "diff", "current", "--on", log, "--store", store, "--json")

    effect = json.loads(out)["effect"]
    assert code == 0
    assert (effect["lines"], effect["outliers_then"], effect["place"]) == (8, None, str(log))
    [flagged] = effect["flagged"]["most"]
    assert (flagged["shape"], flagged["lines"], flagged["reason"]) == ("alpha came", 1, "no_pattern")
    [silenced] = effect["silenced"]["most"]
    assert (silenced["shape"], silenced["example"][-9:], silenced["reason"]) == ("beta came", "beta came", "no_pattern")
    assert versions[0] == json.loads(out)["old"]["version"]


def test_lines_of_more_shapes_than_are_told_one_by_one_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effect_module, "MOST_KINDS", 2)
    judges, effect = TwoJudges(a_set("never"), a_set("*{1,1} new")), Effect("here")

    for word in ("a", "b", "c", "a", "c"):
        effect.count(judges.line(sshd(f"{word} new")), 1, str)

    assert (sum(kind.lines for kind in effect.silenced.values()), effect.further) == (3, 2)


@pytest.fixture
def grown(run: Run, store: Path, log: Path) -> str:
    """A proposed version, trained on more lines; returned is its name."""
    with log.open("ab") as file:
        file.write(b"Nov  3 04:06:00 web1 kernel: disk is full\n" * 3)
        file.write(b"Nov  3 04:06:00 web1 cron[9]: job rotate of logs started\n" * 4)
    assert run("train", log, "--store", store, "--propose", "--quiet")[0] == 0
    return Store(str(store)).versions()[-1]


def test_what_people_are_told(run: Run, store: Path, log: Path, grown: str) -> None:
    first = Store(str(store)).current()

    code, out, err = run("patterns", "diff", "current", "--store", store, "--on", log)

    assert (code, err) == (0, "")
    ids = {known.pattern.text: known.id for known in Store(str(store)).read(grown).patterns.patterns}
    job = ids["job rotate of logs started"]
    assert out.split("\n") == [
        f"old       {first}, the current one: 3 patterns of 60 lines",
        f"new       {grown}: 5 patterns of 67 lines",
        "patterns  2 added, 3 the same",
        f"tried on  67 lines of {log}",
        "outliers  7 by the old set, 0 by the new one",
        "silenced  7 lines of 2 shapes",
        "flagged   0 lines of 0 shapes",
        "",
        "outliers that the new set silences: 2 shapes",
        "lines  program  line",
        "    4  cron     Nov  3 04:06:00 web1 cron[9]: job rotate of logs started",
        "                  now: job rotate of logs started",
        "    3  kernel   Nov  3 04:06:00 web1 kernel: disk is full",
        "                  now: disk is full",
        "",
        "added, new patterns: 2 changes",
        "lines  program     id            pattern",
        f"    4  cron     +  {job}  job rotate of logs started",
        "                                   before: outliers",
        "                                   e.g. Nov  3 04:06:00 web1 cron[9]: job rotate of logs started",
        f"    3  kernel   +  {ids['disk is full']}  disk is full",
        "                                   before: outliers",
        "                                   e.g. Nov  3 04:06:00 web1 kernel: disk is full",
        "",
    ]


def test_programs_are_told_one_object(run: Run, store: Path, grown: str) -> None:
    code, out, _ = run("patterns", "diff", "current", grown[:-3], "--store", store, "--json", "--days", "0")

    [told] = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert list(told) == [
        *("store", "old", "new", "decisions", "other_rules", "left_out", "counts", "changes", "mined", "effect"),
        "not_measured",
    ]
    assert (told["counts"]["added"], told["counts"]["same"]) == (2, 3)
    assert told["mined"] == {"silenced": {"lines": 7, "shapes": 2}, "flagged": {"lines": 0, "shapes": 0}}
    assert told["effect"] is told["not_measured"] is None
    assert [(change["class"], change["lines"], change["old"]) for change in told["changes"]] == [
        ("added", 4, []),
        ("added", 3, []),
    ]
    assert told["changes"][0]["others"] == [{"id": None, "pattern": None, "state": None, "lines": 4, "shapes": 1}]
    assert told["changes"][1]["examples"] == ["Nov  3 04:06:00 web1 kernel: disk is full"]


@pytest.mark.usefixtures("grown")
def test_a_sink_that_is_not_there_is_no_reason_to_tell_nothing(run: Run, store: Path) -> None:
    code, out, _ = run("patterns", "diff", "current", "--store", store)

    assert code == 0
    assert "effect    not measured: sink.files.path is 'logwinnow-data/out': no stream has written events there" in out
    assert (
        "of the lines that the sets were mined from, the new one silences 7 lines of 2 shapes and flags 0 lines" in out
    )
    assert "added, new patterns: 2 changes" in out


def test_old_events_are_not_tried(run: Run, tmp_path: Path) -> None:
    store, sink = tmp_path / "store", tmp_path / "out"
    publish(store, "alpha came")
    line = sshd("beta came")
    fill(files_sink(sink), store, [line, line.replace(line[:4], b"2020"), line], planned_at=time.time_ns() // 1_000)
    publish(store, "beta came", propose=True)

    told = json.loads(
        run("patterns", "diff", "current", "--store", store, "--json", "--streaming-config", conf(sink))[1]
    )

    assert (told["effect"]["lines"], told["effect"]["outliers_then"], told["effect"]["silenced"]["lines"]) == (2, 2, 2)


def test_what_the_operator_decided_counts_in_both(run: Run, tmp_path: Path) -> None:
    store, log = tmp_path / "store", tmp_path / "app.log"
    log.write_bytes(sshd("beta came") + b"\n")
    publish(store, "alpha came")
    publish(store, "beta *{0,1}", propose=True)
    decision = Decision(do="accept", scope="sshd", shape="beta came")
    (store / "operator.jsonl").write_bytes(Decisions((decision,)).encoded)

    told = json.loads(run("patterns", "diff", "current", "--store", store, "--json", "--on", log)[1])

    assert (told["decisions"], told["effect"]["outliers_old"], told["effect"]["outliers_new"]) == (1, 0, 0)
    assert decided(a_set("alpha came"), Decisions((decision,))).patterns[0].state == "accepted"


def test_the_second_version_is_the_current_or_the_newest(run: Run, tmp_path: Path) -> None:
    store = tmp_path / "store"
    one, two, three = publish(store, "a"), publish(store, "b"), publish(store, "c", propose=True)

    def compared(*names: str) -> tuple[str, str]:
        told = json.loads(run("patterns", "diff", *names, "--store", store, "--json", "--days", "0")[1])
        return told["old"]["version"], told["new"]["version"]

    assert compared("current") == (two, three)
    assert compared(one) == (one, two)
    assert compared("previous") == (one, two)
    assert compared(three) == (three, two)
    assert compared(three, "previous") == (three, one)


@pytest.mark.usefixtures("grown")
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["current", "current"], 1, "both are version "),
        (["1999"], 1, "version '1999' is not in store "),
        (["current", "--days", "-1"], 2, "'-1' is no number of days"),
        (["current", "--on", "no.log"], 1, "'no.log'"),
        (["current", "--on", "x", "--days", "3"], 2, "not allowed with"),
    ],
    ids=str,
)
def test_wrong_use_is_told(run: Run, store: Path, words: list[str], code: int, said: str) -> None:
    got, out, err = run("patterns", "diff", *words, "--store", store)

    assert (got, out) == (code, "")
    assert said in err


def test_without_a_newer_version_that_is_told(run: Run, store: Path) -> None:
    err = run("patterns", "diff", "current", "--store", store)[2]

    assert ", and there is no newer one; name two: logwinnow patterns versions" in err


def test_a_damaged_version_is_told(run: Run, store: Path, grown: str) -> None:
    (store / grown / "shapes.parquet").write_bytes(b"PAR1")

    code, out, err = run("patterns", "diff", "current", "--store", store)

    assert (code, out) == (1, "")
    assert err.startswith(f"logwinnow: pattern set '{grown}' in '{store}' is damaged: shapes.parquet: ")


@pytest.mark.parametrize("terminal", [False, True])
@pytest.mark.parametrize("how", [[], ["--json"]], ids=["text", "json"])
def test_nothing_that_steers_a_terminal_is_shown(
    run: Run, hostile: Path, monkeypatch: pytest.MonkeyPatch, how: list[str], *, terminal: bool
) -> None:
    old = Store(str(hostile)).current()
    assert old is not None
    log = Path("evil.log")
    log.write_bytes(log.read_bytes() + b"Nov  3 04:05:06 h evil\x1b[1]: \x1b]0;more \xff\xe2\x80\xae [bold]\n" * 2)
    assert run("train", log, "--store", hostile, "--propose", "--quiet")[0] == 0
    if terminal:
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setattr(type(sys.stdout), "isatty", lambda _: True)

    code, out, _ = run(
        "patterns", "diff", old, Store(str(hostile)).versions()[-1], "--store", hostile, "--on", log, *how
    )

    assert code == 0
    plain = re.sub("\x1b\\[[0-9;]*m", "", out)
    assert all(line.isprintable() for line in plain.split("\n")) or how
    assert "\x1b]" not in plain
    assert "evil" in plain


def test_the_report_has_a_section_on_a_version(run: Run, tmp_path: Path) -> None:
    store, sink = tmp_path / "store", tmp_path / "out"
    publish(store, "alpha came")
    fill(files_sink(sink), store, [sshd("beta came"), sshd("alpha came")], planned_at=time.time_ns() // 1_000)
    new = publish(store, "beta came", propose=True)
    how = ["--set", f"sink.files.path={sink}", "--set", f"patterns.store={store}"]

    assert run("report", "--diff", "current", *how)[:2] == (0, "report: logwinnow-report.html\n")
    page = Path("logwinnow-report.html").read_text(encoding="utf-8")
    assert new in page
    assert re.findall(r'class="badge[^"]*">(\w+)</span>', page.partition('id="changes"')[2]) == [
        *("silenced", "flagged", "added", "gone"),
    ]
    assert run("report", "--diff", "a", "b", "c", *how)[0] == 2
    assert "version '1999' is not in store" in run("report", "--diff", "1999", *how)[2]
