"""Records of several lines on the command line: joined as the set was mined, and shown line by line."""

import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from traces import JAVA_BY_SYSLOG, LINES, PYTHON, file_of, records

from commands import reading
from commands.reading import batches, records_of
from patterns import records as joining
from patterns.records import Records
from patterns.rules import Rules
from patterns.store import Store

Run = Callable[..., tuple[int, str, str]]

RECORDS = [record for record in records(300) if record.startswith(b"Nov")]
NEW = PYTHON.replace("ZeroDivisionError: division by zero", "TypeError: unsupported operand")
JOINED = Records(Rules(multiline="no_header"))


def filled(kind: str) -> bytes:
    return kind.format(second=1, millisecond=2, number=77).encode()


@pytest.fixture
def traces(tmp_path: Path) -> Path:
    """A log of syslog lines and stack traces."""
    path = tmp_path / "traces.log"
    path.write_bytes(file_of(RECORDS))
    return path


@pytest.fixture
def joined(run: Run, traces: Path, tmp_path: Path) -> Path:
    """A store whose set joins what has no header."""
    store = tmp_path / "joined"
    code, _, err = run("train", traces, "--multiline", "no_header", "--store", store, "--quiet")
    assert (code, err) == (0, "")
    return store


def test_a_set_is_trained_on_records_and_says_so(joined: Path) -> None:
    assert Store(str(joined)).read().patterns.rules.multiline == "no_header"
    assert Store(str(joined)).read().run["corpus"]["lines"] == len(RECORDS)


def test_the_summary_of_a_training_counts_records(run: Run, traces: Path) -> None:
    _, out, _ = run("train", traces, "--multiline", "no_header")

    assert re.search(rf"^records +{len(RECORDS)}, all judged$", out, re.MULTILINE)


def test_lines_that_were_mined_as_records_are_judged_as_records(run: Run, traces: Path, joined: Path) -> None:
    code, out, err = run("match", traces, "--store", joined)

    assert (code, out) == (0, "")
    assert err.startswith(f"{len(RECORDS)} records: {len(RECORDS)} matched, 0 outliers")


def test_people_see_the_lines_of_a_record_with_the_word_marked_that_differs(run: Run, joined: Path) -> None:
    data = file_of([filled(LINES[1]), filled(NEW), filled(LINES[1])], b"\r\n")

    _, out, _ = run("match", "-", "--store", joined, stdin=data)

    assert out.split("\n")[:16] == [
        "-:2: no pattern of billing fits",
        "  Nov 23 10:00:01 web1 billing[77]: Unhandled exception while invoice 77 was written",
        "  Traceback (most recent call last):",
        '    File "/srv/billing/invoice.py", line 71, in write',
        "      total = sum(item.price for item in items) / len(items)",
        "  TypeError: unsupported operand",
        "  ^^^^^^^^^^",
        "  ",
        "  During handling of the above exception, another exception occurred:",
        "  ",
        "  Traceback (most recent call last):",
        '    File "/srv/billing/main.py", line 12, in main',
        "      write(invoice)",
        "  billing.errors.NoInvoice: invoice is empty",
        "  nearest " + out.split("nearest ")[1].split("\n")[0],
        "  word 31: expected ZeroDivisionError:, found TypeError:",
    ]


def test_one_row_stands_for_a_record_where_all_are_shown(run: Run, joined: Path) -> None:
    data = file_of([filled(PYTHON), filled(LINES[1]), filled(NEW), filled(NEW)])

    _, out, _ = run("match", "-", "--store", joined, "--all", stdin=data)

    rows = out.split("\n")
    assert rows[0].endswith("Unhandled exception while invoice 77 was written (+11 lines)")
    assert rows[1].endswith("Accepted publickey for root from 10.0.0.1")
    assert rows[-2] == f"-:26: as -:14: {filled(NEW).decode().split(chr(10))[0]} (+11 lines)"


def test_a_difference_that_goes_on_in_the_next_line_is_marked_where_it_begins(run: Run, tmp_path: Path) -> None:
    log, store = tmp_path / "a.log", tmp_path / "store"
    log.write_bytes(b"Nov  3 04:05:06 h su: state is up\n\tand well\n" * 9)
    run("train", log, "--multiline", "indented", "--store", store, "--quiet")

    _, out, _ = run("match", "-", "--store", store, stdin=b"Nov  3 04:05:06 h su: state is 17\n\t18 and\n\twell\n")

    assert out.split("\n")[1:5] == [
        "  Nov  3 04:05:06 h su: state is 17",
        "                                 ^^",
        "      18 and",
        "      well",
    ]


def test_nothing_of_a_record_harms_a_terminal(run: Run, joined: Path) -> None:
    hostile = b"Nov 23 10:00:00 web1 su[7]: \x1b[2Jnew\nkind\rof\x1b]0;x\x07\n\t\tline\xe2\x80\xae\n"

    _, out, _ = run("match", "-", "--store", joined, stdin=hostile)

    assert all(row.isprintable() for row in out.split("\n"))
    assert "\n  kind\\x0dof\\x1b]0;x\\x07\n          line\\u202e\n" in out


def test_json_numbers_a_record_by_its_first_line(run: Run, joined: Path) -> None:
    data = file_of([filled(LINES[1]), filled(PYTHON), filled(JAVA_BY_SYSLOG), filled(LINES[1])])

    _, out, _ = run("match", "-", "--store", joined, "--json", stdin=data)

    rows = [json.loads(row) for row in out.split("\n")[:-1]]
    assert [row["line"] for row in rows] == [1, 2, 14, 21]
    assert [row["scope"] for row in rows] == ["sshd", "billing", "tomcat", "sshd"]


def test_a_header_by_which_nothing_could_be_joined_is_refused(run: Run, traces: Path, joined: Path) -> None:
    code, _, err = run("match", traces, "--store", joined, "--header", "plain")

    assert code == 1
    assert "no line would begin a record" in err


def test_examples_of_a_pattern_are_shown_line_by_line(run: Run, joined: Path) -> None:
    (known,) = Store(str(joined)).read().patterns.scopes["kernel"]

    _, out, _ = run("patterns", "show", known.id, "--store", joined)

    assert "kernel: Call Trace:\n" in out
    assert "\n             oom_kill_process+0x2b1/0x430\n" in out


@pytest.mark.parametrize("engine", ["python", "polars"])
def test_mine_joins_by_an_option(run: Run, traces: Path, tmp_path: Path, engine: str) -> None:
    rest = tmp_path / "rest"
    options = ["--support", "20", "--multiline", "no_header", "--engine", engine, "--outliers", rest]
    code, out, err = run("mine", traces, *options, "--filter", "(?s)web1 (tomcat|kernel)", "--quiet")

    assert (code, err) == (0, "")
    assert out.startswith("kernel: Call Trace: *{1,1}\n")
    assert [row.split(" ")[0] for row in out.split("\n\n")[:-1]] == ["kernel:", "tomcat:"]
    assert rest.read_bytes() == b""


def test_outliers_are_written_as_the_records_they_are(run: Run, traces: Path, tmp_path: Path) -> None:
    rest = tmp_path / "rest"
    run("mine", traces, "--support", "1000", "--multiline", "no_header", "--outliers", rest, "--quiet")

    assert rest.read_bytes() == traces.read_bytes()


def test_the_configuration_joins_where_no_option_does(run: Run, traces: Path) -> None:
    _, _, err = run("mine", traces, "--support", "20", "--set", "lines.multiline=no_header")
    assert err.startswith(f"{len(RECORDS)} records mined")

    _, _, err = run("mine", traces, "--support", "20", "--set", "lines.multiline=no_header", "--multiline", "off")
    assert " lines mined (not: blank " in err


def test_raw_lines_are_never_joined(run: Run, traces: Path) -> None:
    code, _, err = run("mine", traces, "--support", "20", "--raw", "--multiline", "indented")
    assert code == 2
    assert "--multiline joins lines to records, and --raw mines each line as it stands; leave one out" in err

    assert run("mine", traces, "--support", "20", "--raw", "--multiline", "off", "--quiet")[0] == 0


def test_a_way_to_join_that_there_is_not_is_wrong_use(run: Run, traces: Path) -> None:
    assert run("train", traces, "--multiline", "all")[0] == 2

    code, _, err = run("train", traces, "--set", "lines.multiline=all")
    assert code == 1
    assert "$.lines.multiline" in err


class Arriving(io.BufferedIOBase):
    """What comes in the given parts, and then ends; an exception among them is raised."""

    def __init__(self, parts: list[bytes | BaseException]) -> None:
        self._parts = iter(parts)

    def read1(self, _size: int = -1, /) -> bytes:
        part = next((part for part in self._parts if part), b"")
        if isinstance(part, BaseException):
            raise part
        return part


HEAD = b"Nov 23 10:00:00 h su: up"
PARTS = st.lists(st.sampled_from([HEAD, b"\n", b"\r\n", b"\tat a", b"b", HEAD + b"\n", b"x" * 40]))


@given(PARTS, st.integers(24, 60))
def test_records_are_the_same_in_whatever_parts_they_arrive(parts: list[bytes], longest: int) -> None:
    data = b"".join(parts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "LONGEST_LINE", longest)
        patch.setattr(joining, "BLOCK_BYTES", 64)
        found = [record for some in records_of(Arriving(list(parts)), JOINED) for record in some]

        lines, offset = [], 0
        for line in data.split(b"\n")[: data.count(b"\n") + (not data.endswith(b"\n") and bool(data))]:
            lines.append((line[:longest], offset))
            offset += len(line) + 1
        assert found == [record for record, _ in JOINED.joined(lines)]


def test_what_is_left_out_of_a_long_line_counts_where_lines_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LONGEST_LINE", 24)
    monkeypatch.setattr(joining, "BLOCK_BYTES", 64)
    parts: list[bytes | BaseException] = [HEAD + b"\n" + b"x" * 20, b"x" * 100 + b"\n\tat a\n"]

    # The last line is too far from the header.
    assert list(records_of(Arriving(parts), JOINED)) == [[HEAD + b"\n" + b"x" * 24], [b"\tat a"]]


def test_a_record_is_there_when_the_next_one_begins() -> None:
    arriving = records_of(Arriving([HEAD + b"\n\tat a\n", b"\tat b\n", HEAD + b"\n"]), JOINED)

    assert list(arriving) == [[HEAD + b"\n\tat a\n\tat b"], [HEAD]]


def test_the_last_record_is_there_when_the_user_ends_it() -> None:
    arriving = records_of(Arriving([HEAD + b"\n\tat a\n", KeyboardInterrupt()]), JOINED)

    assert next(arriving) == [HEAD + b"\n\tat a"]
    with pytest.raises(KeyboardInterrupt):
        next(arriving)


def test_batches_count_lines_and_not_records(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes((HEAD + b"\n\tat a\n" + HEAD + b"\n") * 20_000)

    found = list(batches([str(path)], JOINED))

    assert len(found) > 2
    assert [number for batch in found for number in batch.numbers()] == [
        3 * number + line for number in range(20_000) for line in (1, 3)
    ]
