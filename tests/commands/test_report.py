"""`logwinnow report` of the sink `files`: what it counts, what it chooses, and what it refuses."""

import itertools
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from filled_sink import PLANNED_AT, files_sink, fill, published

from commands.reporting import chosen, read_files, tally, timeline
from commands.reporting.figures import Figures
from commands.reporting.marks import GAP, MARKED, marked
from commands.reporting.page import render
from commands.reporting.read_files import FilesReader
from patterns.decisions import Decision
from patterns.errors import LogwinnowError
from patterns.store import Store
from patterns.timestamps import DAY, SECOND
from streaming.sink.files import COMPACTED
from training.fetched.time_range import ANY_TIME, TimeRange

Run = Callable[..., tuple[int, str, str]]

PATTERNS = [("sshd", "Accepted password for *{1,1} from *{1,1}"), ("cron", "job *{1,1} started")]


def micro(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND


def sshd(time: str, host: str = "web1", message: str = "Accepted password for alice from 10.0.0.7") -> bytes:
    return f"{time} {host} sshd[7]: {message}".encode()


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """The folder of a sink; `stored` publishes beside it."""
    published(tmp_path / "patterns", PATTERNS)
    return tmp_path / "out"


def judged(out: Path, *lines: bytes, batch: int = 0, planned_at: int = PLANNED_AT) -> None:
    fill(files_sink(out), out.parent / "patterns", lines, batch=batch, planned_at=planned_at)


def read(out: Path, asked: TimeRange = ANY_TIME) -> FilesReader:
    return FilesReader(str(out), asked, lambda _lines, _done, _size: None)


def figures(out: Path, asked: TimeRange = ANY_TIME) -> Figures:
    return read(out, asked).figures


def test_totals_are_those_of_the_events(out: Path) -> None:
    judged(
        out,
        *(sshd(f"2026-11-27T10:{n:02}:00Z", f"web{n % 3}") for n in range(60)),
        sshd("2026-11-27T11:00:00.250Z", "db1", "Accepted key for root from 10.0.0.9"),
        sshd("2026-11-27T12:00:00Z", "db1", "Accepted key for bob from 10.0.0.8"),
        b"2026-11-27T12:30:00Z db1 cron[1]: 77 88",
        b"",
    )
    found = figures(out)
    assert (found.lines, found.matched, found.outliers, found.unjudged) == (64, 60, 2, {"no_constant": 1, "blank": 1})
    assert (found.alerts, found.held_back, found.hosts, found.damaged, found.further) == (2, 0, 4, 0, 0)
    assert found.share_matched == 60 / 62
    assert {program.scope: (program.lines, program.matched, program.outliers) for program in found.programs} == {
        "sshd": (62, 60, 2),
        "cron": (1, 0, 0),
        "": (1, 0, 0),
    }
    assert sum(found.chart_lines) == 64
    assert sum(found.chart_outliers) == 2
    assert sum(found.sets.values()) == 64


def test_lines_of_a_rejected_pattern_are_outliers_with_what_the_operator_says_of_it(out: Path) -> None:
    pattern = Decision(do="reject", scope="cron", pattern="job *{1,1} started")
    said = Decision(do="name", scope="cron", pattern="job *{1,1} started", name="<b>job", severity="critical")
    Store(str(out.parent / "patterns")).decide(add=[pattern, said])
    judged(out, *(f"2026-11-27T10:{n:02}:00Z web1 cron[1]: job {n} started".encode() for n in range(5)))
    judged(out, *(sshd(f"2026-11-27T10:{n:02}:00Z") for n in range(7)), batch=1)
    reader = read(out)
    found = reader.figures
    assert (found.lines, found.matched, found.outliers, found.further) == (12, 7, 5, 0)
    assert [(kind.lines, reader.pattern_details([kind.id])[kind.id].scope) for kind in found.patterns] == [(7, "sshd")]
    [shape] = found.shapes
    detail = reader.shape_details([shape.id])[shape.id]
    assert (detail.reason, detail.pattern, detail.said) == ("rejected", pattern.pattern, ("critical", "<b>job"))
    page = render(reader, datetime.now(UTC))
    assert '<span class="badge new">rejected</span>' in page
    assert '<span class="badge"><bdi>&lt;b&gt;job</bdi></span>' in page
    assert "no pattern shares a word with it" not in page


def test_a_shape_is_shown_by_its_earliest_line_with_the_hosts_of_all(out: Path) -> None:
    message = "Accepted password for {} to 10.0.0.{}"
    judged(
        out,
        *(sshd(f"2026-11-27T10:0{n}:00Z", f"h{host}", message.format("eve", n)) for n, host in enumerate("5512334")),
        sshd("2026-11-27T09:00:00Z", "h9", message.format("eve", 99)),
    )
    reader = read(out)
    [kind] = reader.figures.shapes
    detail = reader.shape_details([kind.id])[kind.id]
    assert (kind.lines, kind.first, kind.last) == (8, micro("2026-11-27T09:00:00"), micro("2026-11-27T10:06:00"))
    assert detail.message == message.format("eve", 99)
    assert (detail.hosts, detail.host_count) == (("h3", "h5", "h1"), 6)


def test_the_differing_words_are_marked_in_the_line_and_in_the_pattern(out: Path) -> None:
    judged(out, sshd("2026-11-27T10:00:00Z", message="Accepted key for root from 10.0.0.9"))
    reader = read(out)
    [detail] = reader.shape_details([reader.figures.shapes[0].id]).values()
    example, nearest = marked(detail)
    assert example == [[("Accepted ", ""), ("key", MARKED), (" for root from 10.0.0.9", "")]]
    assert nearest == [
        [("Accepted ", ""), ("password", MARKED), (" for ", ""), ("*{1,1}", GAP), (" from ", ""), ("*{1,1}", GAP)]
    ]


def test_a_compacted_day_stands_for_its_folder(out: Path) -> None:
    judged(out, sshd("2026-11-27T10:00:00Z"), sshd("2026-11-27T10:01:00Z"))
    before = figures(out)
    files_sink(out).done(PLANNED_AT + DAY)
    [compacted] = out.glob(f"events/*{COMPACTED}")
    assert figures(out) == before
    left = compacted.with_name(compacted.name.removesuffix(COMPACTED))
    left.mkdir()
    (left / "00000000-57ea0000-00000.ndjson").write_bytes(b"not removed yet\n")
    assert figures(out) == before


def test_from_and_to_are_the_times_of_lines(out: Path) -> None:
    judged(out, *(sshd(f"2026-11-27T{hour:02}:00:00Z") for hour in range(24)))
    found = figures(out, TimeRange(micro("2026-11-27T06:00:00"), micro("2026-11-27T12:00:00")))
    assert (found.lines, found.first, found.last) == (6, micro("2026-11-27T06:00:00"), micro("2026-11-27T11:00:00"))
    assert (found.chart.start, found.chart.end) == (
        micro("2026-11-27T06:00:00") // SECOND,
        micro("2026-11-27T12:00:00") // SECOND,
    )


def test_days_judged_long_before_the_range_are_not_read(out: Path) -> None:
    judged(out, sshd("2026-11-27T10:00:00Z"))
    judged(out, sshd("2026-11-20T10:00:00Z"), batch=1, planned_at=PLANNED_AT - 7 * DAY)
    for part in out.glob("events/2026-11-21/*"):
        part.write_bytes(b"no event\n")
    assert figures(out, TimeRange(micro("2026-11-25T00:00:00"))).damaged == 0
    assert figures(out).damaged == 1


@pytest.mark.parametrize(
    "row",
    [
        b"no JSON",
        b"[]",
        b'{"@timestamp": "2026-11-27T10:00:00.000Z"}',
        b'{"@timestamp": "yesterday", "logwinnow": {"outlier": false, "unjudged": "blank"}}',
        b'{"@timestamp": "2026-13-45T10:00:00.000Z", "logwinnow": {"outlier": false, "unjudged": "blank"}}',
        b'{"@timestamp": "2026-11-27T10:00:00.000Z", "logwinnow": {"outlier": true, "shape": {"id": "x"}}}',
        b'{"@timestamp": "2026-11-27T10:00:00.000Z", "logwinnow": {"outlier": false, "pattern": {"id": "x"}}}',
        b"\xff\xfe",
    ],
)
def test_a_row_that_is_no_event_is_counted_and_said(row: bytes, out: Path, run: Run) -> None:
    judged(out, sshd("2026-11-27T10:00:00Z"))
    [part] = out.glob("events/*/*")
    part.write_bytes(row + b"\n" + part.read_bytes())
    found = figures(out)
    assert (found.lines, found.damaged) == (1, 1)
    assert [program.scope for program in found.programs] == ["sshd"]
    assert len(found.patterns) == 1
    assert run("report", "--set", f"sink.files.path={out}", "-o", "page.html")[0] == 0
    assert "1 row of the sink could not be read as an event" in Path("page.html").read_text()


def test_kinds_over_the_limit_are_in_the_totals_and_said(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "MOST_KINDS", 2)
    words = ["one", "two", "three", "four", "five"]
    judged(out, *(sshd("2026-11-27T10:00:00Z", message=f"never {word} seen") for word in words))
    reader = read(out)
    assert (reader.figures.outliers, reader.figures.further, len(reader.figures.shapes)) == (5, 3, 2)
    assert "3 lines of further kinds are in the totals" in render(reader, datetime.now(UTC))


def test_hosts_over_the_limit_are_at_least(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "MOST_HOSTS", 3)
    judged(out, *(sshd("2026-11-27T10:00:00Z", f"h{n}", "never seen") for n in range(9)))
    found = figures(out)
    assert (found.hosts, found.at_least) == (3, True)


def test_new_is_first_seen_in_the_last_quarter_and_vanished_has_ten_lines_and_none_there(out: Path) -> None:
    cron = "2026-11-27T{:02}:{:02}:00Z h cron[1]: job x started"
    judged(
        out,
        *(sshd(f"2026-11-27T{hour:02}:30:00Z") for hour in range(1, 13)),
        *(cron.format(hour, 0).encode() for hour in (20, 21, 24 - 1)),
    )
    found = figures(out)
    picked = chosen.choose(found)
    texts = {
        kind.id: detail.text for kind in found.patterns for detail in read(out).pattern_details([kind.id]).values()
    }
    standings = {texts[kind.id].split()[0]: standings for kind, standings in picked.patterns}
    assert standings == {"Accepted": ("most", "rarest", "vanished"), "job": ("most", "rarest", "new")}
    judged(out, sshd("2026-11-27T22:00:00Z"), batch=1)
    assert chosen.choose(figures(out)).standings == {"most": 2, "rarest": 2, "new": 1, "vanished": 0}


def test_a_page_lists_a_bounded_number_of_shapes_and_says_how_many_more(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chosen, "SHAPES_BY_LINES", 2)
    monkeypatch.setattr(chosen, "SHAPES_BY_AGE", 1)
    for count, word in enumerate(["one", "two", "three", "four", "five"], 1):
        rows = [sshd(f"2026-11-27T0{9 - count}:00:00Z", message=f"never {word} seen")] * count
        judged(out, *rows, batch=count)
    reader = read(out)
    shown = chosen.choose(reader.figures).shapes
    messages = [reader.shape_details([kind.id])[kind.id].message for kind in shown]
    assert messages == ["never five seen", "never four seen", "never one seen"]
    assert "3 of 5 outlier shapes" in render(reader, datetime.now(UTC))


def test_a_clock_that_is_years_off_does_not_press_the_others_into_one_bar(out: Path) -> None:
    judged(
        out,
        b"0001-01-01T00:00:00Z h sshd[1]: Accepted password for x from 10.0.0.7",
        b"9999-12-31T23:59:59Z h sshd[1]: Accepted password for x from 10.0.0.7",
        *(sshd(f"2026-11-27T{n // 100:02}:{n % 60:02}:00Z") for n in range(2_200)),
    )
    reader = read(out)
    found = reader.figures
    assert found.lines == 2_202
    assert found.chart.width <= 3_600
    assert found.not_drawn == 2
    assert "2 lines of other times, from 0001-01-01 to 9999-12-31, are not drawn" in render(reader, datetime.now(UTC))


def test_lines_of_the_first_and_the_last_year_alone_have_a_page(out: Path) -> None:
    rows = [b"0001-01-01T00:00:00Z h sshd[1]: x", b"9999-12-31T23:59:59Z h sshd[1]: x"]
    judged(out, *rows)
    assert "9999-12-31" in render(read(out), datetime.now(UTC))


def test_more_rows_than_memory_should_hold_make_times_coarser_and_lose_no_line(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged(out, *(sshd(f"2026-11-27T{n // 60:02}:{n % 60:02}:{n % 59:02}Z") for n in range(1_440)))
    exact = figures(out)
    monkeypatch.setattr(timeline, "MOST_ROWS", 100)
    coarse = figures(out)
    assert exact.chart.width % 3_600
    assert sum(coarse.chart_lines) == sum(exact.chart_lines) == 1_440
    assert (coarse.first, coarse.last, coarse.lines) == (exact.first, exact.last, exact.lines)


def test_the_page_says_where_it_is_and_asks_for_nothing_else(out: Path, run: Run) -> None:
    judged(out, sshd("2026-11-27T10:00:00Z"))
    assert run("report", "--set", f"sink.files.path={out}") == (0, "report: logwinnow-report.html\n", "")
    page = Path("logwinnow-report.html").read_text()
    assert "default-src 'none'" in page
    page = re.sub(r"<script>.*</script>", "", page, flags=re.DOTALL)
    assert not re.search(r"""(src|href|url|action)\s*[=(]\s*["']?(?!#)[a-z/]""", page)


@pytest.mark.parametrize("text", ["x " * 5_000_000, "\x00" * 9_000, '"' * 9_000, "🙂" * 9_000])
def test_lines_however_long_make_no_large_page(text: str, out: Path) -> None:
    words = ["".join(letters) for letters in itertools.product("abcdefghijklmnopqrstu", repeat=2)]
    words = words[:5] if len(text) > 10_000 else words
    judged(out, *(sshd("2026-11-27T10:00:00Z", message=f"never {word} {text}") for word in words))
    assert len(render(read(out), datetime.now(UTC)).encode()) < 1_500_000


def no_folder(out: Path) -> None: ...


def no_event(out: Path) -> None:
    (out / "events").mkdir(parents=True)


def no_file(out: Path) -> None:
    judged(out, sshd("2026-11-27T10:00:00Z"))
    [part] = out.glob("events/*/*")
    broken = out / "events" / f"2026-11-01{COMPACTED}"
    with pa.CompressedOutputStream(str(broken), "zstd") as packed:
        packed.write(part.read_bytes())
    broken.write_bytes(broken.read_bytes()[:-20])


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (no_folder, "no stream has written events there"),
        (no_event, "holds no event of any time"),
        (no_file, "cannot be read"),
    ],
)
def test_a_sink_that_cannot_be_read_is_told(prepare: Callable[[Path], Any], said: str, out: Path, run: Run) -> None:
    prepare(out)
    code, printed, told = run("report", "--set", f"sink.files.path={out}")
    assert (code, printed) == (1, "")
    assert said in told
    assert not Path("logwinnow-report.html").exists()


def test_a_day_that_goes_away_meanwhile_is_told(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judged(out, sshd("2026-11-27T10:00:00Z"))
    found = read_files._files

    def gone(path: Path, asked: TimeRange) -> Any:
        for file in list(found(path, asked)):
            file.unlink()
            yield file

    monkeypatch.setattr(read_files, "_files", gone)
    with pytest.raises(LogwinnowError, match=r"was compacted while it was read: start again"):
        read(out)


def test_a_page_that_cannot_be_written_is_told(out: Path, run: Run) -> None:
    judged(out, sshd("2026-11-27T10:00:00Z"))
    code, _, told = run("report", "--set", f"sink.files.path={out}", "-o", "no/such/folder.html")
    assert code == 1
    assert "'no/such/folder.html': No such file or directory" in told


@pytest.mark.parametrize("times", [("--from", "2026-11-02", "--to", "2026-11-01"), ("--from", "sometime")])
def test_times_in_which_nothing_can_be_are_wrong_use(times: tuple[str, ...], run: Run) -> None:
    assert run("report", *times)[0] == 2


def test_the_events_of_alerts_that_were_held_back_are_said(out: Path) -> None:
    judged(out, sshd("2026-11-27T10:00:00Z"))
    alert = {"@timestamp": "2026-11-27T10:00:00.000Z", "logwinnow": {"overflow": True}}
    (out / "alerts" / "2026-11-27").mkdir()
    (out / "alerts" / "2026-11-27" / "x.json").write_text(json.dumps(alert))
    assert figures(out).held_back == 1
    assert "more were held back in 1 hour" in render(read(out), datetime.now(UTC))
