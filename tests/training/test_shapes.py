"""Lines → table of shapes, and every line counted."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patterns.errors import RulesError
from patterns.line import split_lines
from patterns.rules import FormatRule, Rules
from patterns.shapes import ShapeKey, ShapeTable
from patterns.timestamps import DAY, SECOND
from training.corpus import CorpusLine
from training.shapes import CorpusCounts, count_shapes, tabulate
from training.tables import add_up

NOON = 1_795_435_200 * SECOND


def tabulated(lines: list[bytes], rules: Rules | None = None) -> tuple[ShapeTable, CorpusCounts]:
    return tabulate([CorpusLine(line, NOON) for line in lines], rules or Rules())


def test_lines_of_one_scope_shape_and_day_are_one_row() -> None:
    table, _ = tabulated(
        [
            b"Nov 23 10:00:00 web1 sshd[1]: port 22 open",
            b"Nov 23 11:00:00 web2 sshd[2]: port 80 open",
            b"Nov 22 10:00:00 web1 sshd[3]: port 22 open",
            b"Nov 23 10:00:00 web1 su: port 22 open",
            b"port 22 open",
        ]
    )

    assert {key: row.count for key, row in table.rows()} == {
        ShapeKey("sshd", "port <*> open", "2026-11-23"): 2,
        ShapeKey("sshd", "port <*> open", "2026-11-22"): 1,
        ShapeKey("su", "port <*> open", "2026-11-23"): 1,
        ShapeKey("", "port <*> open", "2026-11-23"): 1,
    }
    row = dict(table.rows())[ShapeKey("sshd", "port <*> open", "2026-11-23")]
    assert (row.first, row.last) == (NOON - 2 * 3600 * SECOND, NOON - 3600 * SECOND)
    assert set(row.texts()) == {
        "Nov 23 10:00:00 web1 sshd[1]: port 22 open",
        "Nov 23 11:00:00 web2 sshd[2]: port 80 open",
    }


def test_a_line_without_a_time_is_of_the_day_of_its_record() -> None:
    table, _ = tabulate([CorpusLine(b"a", 5 * DAY), CorpusLine(b"a", -1)], Rules())

    assert {key.day for key, _ in table.rows()} == {"1970-01-06", "1969-12-31"}


@pytest.mark.parametrize("stamp", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00Z"])
def test_a_time_at_the_end_of_the_calendar_does_not_stop_the_trainer(stamp: str) -> None:
    table, counts = tabulated([f"{stamp} web1 su: session opened".encode()])

    assert counts.judged == 1
    assert {key.day for key, _ in table.rows()} == {"0001-01-01" if stamp.endswith("Z") else "2026-11-23"}


def test_every_line_is_counted_by_what_it_was() -> None:
    _, counts = tabulated(
        [
            b"",
            b" \t",
            b"12 13",
            b"plain words",
            b"caf\xe9 closed",
            b"word " * 200,
            b"Nov 23 10:00:00 web1 su: x",
            b"2026-11-23T10:00:00Z web1 su: x",
            b"<13>1 - - - - - - 7",
            b"ok|x",
        ],
        Rules(formats={"mine": FormatRule(r"ok\|(?P<message>.*)")}, max_line_bytes=256),
    )

    assert counts.as_run() == {
        "lines": 10,
        "judged": 6,
        "unjudged": {"blank": 2, "no_constant": 2},
        "formats": {"iso": 1, "mine": 1, "plain": 6, "rfc3164": 1, "rfc5424": 1},
        "cut": 1,
        "not_utf8": 1,
    }


LINES = st.lists(st.sampled_from([b"a 1", b"a 2", b"b", b"", b"7", b"Nov 23 10:00:00 h su: a", b"\xff x"]), max_size=12)


@given(LINES, st.integers(0, 12))
def test_the_table_of_two_corpora_is_the_sum_of_theirs(lines: list[bytes], cut: int) -> None:
    whole, counts = tabulated(lines)
    table, one = tabulated(lines[:cut])
    rest, other = tabulated(lines[cut:])

    assert list(add_up([table, rest]).rows()) == list(whole.rows())
    assert whole.lines == counts.judged == one.judged + other.judged
    assert counts.lines == len(lines) == counts.judged + sum(counts.unjudged.values()) == sum(counts.formats.values())
    one.add(other)
    assert one == counts


@given(LINES)
def test_counting_shapes_alone_gives_what_the_table_has_of_them(lines: list[bytes]) -> None:
    table, counts = tabulated(lines)

    scopes, same = count_shapes([CorpusLine(line, NOON) for line in lines], Rules())

    assert same == counts
    assert scopes == table.scopes()
    assert [[scope, *shapes] for scope, shapes in scopes.items()] == sorted([s, *sorted(m)] for s, m in scopes.items())


@pytest.mark.parametrize("dataset", ["Linux", "BGL"])
def test_the_table_of_a_real_log_is_the_sum_of_the_tables_of_its_parts_in_any_order(dataset: str, loghub: Path) -> None:
    lines = split_lines((loghub / dataset / f"{dataset}_2k.log").read_bytes())
    whole, _ = tabulated(lines)
    parts = [tabulated(part[::-1])[0] for part in (lines[1::3], lines[2::3], lines[0::3])]

    assert list(add_up(parts).rows()) == list(whole.rows())
    assert whole.lines == 2000


def test_rules_that_cannot_be_used_are_refused_before_a_line_is_read() -> None:
    with pytest.raises(RulesError):
        tabulate(iter(()), Rules(header="nosuch"))
