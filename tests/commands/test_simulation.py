"""The simulated fleet: its promises to those who measure with it."""

import hashlib
import os
import re
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path

import pytest

from commands.simulation.book import Book
from commands.simulation.chance import Chance
from commands.simulation.clock import DAY, HOUR, MINUTE, OFFICE, SECOND, SUNDAY, Clock, Every, Often, daily, weekly
from commands.simulation.fleet import SimulatedLine, simulate
from commands.simulation.hosts import EVERY, FLEET
from commands.simulation.novelty import MOST_TIMES, NOVELTIES
from commands.simulation.programs import STORIES
from commands.simulation.story import Kind
from commands.simulation.traffic import LEAST_FIRST_PART

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
RFC_3164 = re.compile(
    r"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ 1-3]\d \d\d:\d\d:\d\d "
    r"(?P<host>[a-z]+\d?) (?P<program>[A-Za-z][\w./-]*)(\[\d+\])?: (?P<message>\S.*)"
)


def _lines(
    lines: int, seed: int = 1, *, start: datetime = MONDAY, after: float = 0.5, kinds: int = 40
) -> list[SimulatedLine]:
    return list(simulate(lines, seed, start=start, novel_after=after, novel_kinds=kinds))


@pytest.fixture(scope="module")
def two_days() -> list[SimulatedLine]:
    return _lines(40_000)


def _normal_kinds() -> dict[str, Kind]:
    return {step.kind.label: step.kind for story in STORIES for step in story.steps}


def _words(kind: Kind) -> tuple[str, str]:
    return kind.program, re.sub(r"\{[^{}]*\}", "", kind.template)


# What the log is


@pytest.mark.parametrize("lines", [0, 1, 2, 10, 333, 5_000])
def test_there_are_exactly_as_many_lines_as_asked_for(lines: int) -> None:
    assert len(_lines(lines)) == lines


def test_the_lines_are_in_time_order(two_days: list[SimulatedLine]) -> None:
    assert all(earlier.time <= later.time for earlier, later in pairwise(two_days))


def test_40000_lines_are_about_two_days(two_days: list[SimulatedLine]) -> None:
    assert timedelta(days=1.6) < two_days[-1].time - two_days[0].time < timedelta(days=2.4)


def test_every_line_has_the_shape_of_rfc_3164(two_days: list[SimulatedLine]) -> None:
    hosts = {host.name for host in FLEET}

    for line in two_days:
        match = RFC_3164.fullmatch(line.text)
        assert match is not None, line.text
        assert match["host"] in hosts
        assert line.kind.startswith(match["program"] + ".")
        assert "\n" not in line.text


def test_the_header_tells_the_time_of_the_line_in_utc() -> None:
    east = timezone(timedelta(hours=9))
    first = _lines(1, start=datetime(2026, 12, 1, 8, 30, tzinfo=east))[0]

    assert first.time.utcoffset() == timedelta(0)
    assert first.text.startswith(f"Nov 30 23:{first.time:%M:%S} ")


def test_a_day_of_one_digit_is_padded_with_a_blank() -> None:
    assert _lines(1, start=datetime(2026, 12, 3, 8, tzinfo=UTC))[0].text.startswith("Dec  3 08:")


def test_office_hours_are_busier_than_the_night(two_days: list[SimulatedLine]) -> None:
    hours = Counter(line.time.hour for line in two_days if line.time.day == MONDAY.day)

    assert hours[10] > 1.7 * hours[3]


def test_a_login_keeps_its_user_and_its_process(two_days: list[SimulatedLine]) -> None:
    opened = re.compile(r"\S+ \S+ \S+ (\S+) sshd\[(\d+)\]: Accepted password for (\S+)")
    closed = re.compile(r"\S+ \S+ \S+ (\S+) sshd\[(\d+)\]: .* session closed for user (\S+)")
    begun = {match.groups() for line in two_days[:20_000] if (match := opened.match(line.text))}
    ended = {match.groups() for line in two_days if (match := closed.match(line.text))}

    assert len(begun) > 10
    assert begun <= ended


def test_jobs_run_on_their_minutes(two_days: list[SimulatedLine]) -> None:
    hourly = {line.time.minute for line in two_days if line.kind == "CRON.hourly"}

    assert hourly == {17}


# The same for the same


def test_the_same_seed_gives_the_same_lines() -> None:
    assert _lines(3_000, seed=5) == _lines(3_000, seed=5)


def test_another_seed_gives_other_lines() -> None:
    assert _lines(300, seed=5) != _lines(300, seed=6)


@pytest.mark.parametrize(
    ("lines", "seed", "after", "kinds", "expected"),
    [
        (2_000, 3, 0.5, 40, "ffc39036e41781d574ef2c7d5ef1b96ab78a9f6fbccd5f9166dec623e118e4dc"),
        (6_000, 9, 0.3, 15, "b57f508f5cccd0a8a0138cbc4e9e5e3637855508192eb67ee2e9fd6984e6b4a7"),
        (40_000, 1, 0.5, 40, "c0b29c56092d620ef9a9547f53b52fef34b5b5a0efd23561bd74f6828271bb22"),
    ],
)
def test_the_lines_are_those_of_earlier_versions(
    lines: int, seed: int, after: float, kinds: int, expected: str
) -> None:
    log = _lines(lines, seed, after=after, kinds=kinds)

    assert hashlib.sha256("".join(line.text + "\n" for line in log).encode()).hexdigest() == expected


def test_chance_is_the_same_on_every_machine() -> None:
    chance = Chance(7)

    assert [chance.below(1000), chance.between(1, 6), chance.mostly_low(0, 500)] == [323, 1, 212]
    assert (chance.gap(), chance.pick("abcdef"), chance.favour("abcdef")) == (0.0157410468785473, "d", "a")
    assert chance.shuffled([1, 2, 3, 4, 5]) == [1, 4, 2, 3, 5]


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_the_lines_do_not_depend_on_the_order_of_sets(hash_seed: str) -> None:
    code = (
        "from datetime import UTC, datetime; from commands.simulation.fleet import simulate\n"
        "for line in simulate(2000, 3, start=datetime(2026, 11, 16, tzinfo=UTC)): print(line.text)"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).resolve().parents[2],
        env=os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONIOENCODING": "utf-8"},
        stdout=subprocess.PIPE,
        check=True,
    ).stdout.decode()

    assert printed.splitlines() == [line.text for line in _lines(2_000, seed=3)]


def test_the_first_lines_come_at_once_however_many_are_wanted() -> None:
    endless = simulate(10**12, 1, start=MONDAY)

    assert next(endless).time.date() == MONDAY.date()


# Fair labels


@pytest.mark.parametrize(("lines", "after"), [(20_000, 0.5), (20_000, 0.25), (31_000, 0.8), (40_000, 0.5)])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_normal_kind_occurs_three_times_before_the_first_novel_line(lines: int, after: float, seed: int) -> None:
    log = _lines(lines, seed, after=after)
    first = next(number for number, line in enumerate(log) if line.novel)
    before = Counter(line.kind for line in log[: int(lines * after)])

    assert first >= lines * after
    assert {line.kind for line in log[first:] if not line.novel and before[line.kind] < 3} == set()


def test_normal_kinds_are_known_in_time_wherever_the_log_begins() -> None:
    log = _lines(20_000, 9, start=datetime(2026, 11, 21, 13, 37, tzinfo=UTC))
    before = Counter(line.kind for line in log[:10_000])

    assert {line.kind for line in log[10_000:] if not line.novel and before[line.kind] < 3} == set()


def test_the_promise_holds_from_the_least_first_part_on() -> None:
    log = _lines(2 * LEAST_FIRST_PART, 4)
    before = Counter(line.kind for line in log[:LEAST_FIRST_PART])

    assert {line.kind for line in log[LEAST_FIRST_PART:] if not line.novel and before[line.kind] < 3} == set()


def test_hardly_a_normal_kind_is_left_out_of_a_day(two_days: list[SimulatedLine]) -> None:
    first_day = {line.kind for line in two_days[:20_000]}

    assert len(set(_normal_kinds()) - first_day) <= 5


def test_rare_normal_kinds_recur_behind_the_first_novel_line(two_days: list[SimulatedLine]) -> None:
    first_part = Counter(line.kind for line in two_days[:20_000])
    second_part = {line.kind for line in two_days[20_000:]}

    assert sum(kind in second_part for kind, times in first_part.items() if times <= 5) > 30


def test_there_are_many_normal_kinds_and_most_are_rare(two_days: list[SimulatedLine]) -> None:
    times = Counter(line.kind for line in two_days if not line.novel)

    assert len(times) >= 120
    assert sum(count <= 20 for count in times.values()) > len(times) / 3
    assert sum(count for _, count in times.most_common(30)) > 0.4 * len(two_days)


def test_people_are_mostly_known_before_the_first_novel_line(two_days: list[SimulatedLine]) -> None:
    named = [re.findall(r"session opened for user (\w+)", line.text) for line in two_days]
    early = {user for users in named[:20_000] for user in users}
    late = [user for users in named[20_000:] for user in users]

    assert sum(user not in early for user in late) < 0.02 * len(late)


# Novel lines


def test_there_are_at_least_forty_novel_kinds() -> None:
    assert len({kind.label for _, kind in NOVELTIES}) == len(NOVELTIES) >= 40


def test_novel_kinds_never_occur_as_normal_kinds() -> None:
    normal = _normal_kinds()

    assert {kind.label for _, kind in NOVELTIES}.isdisjoint(normal)
    assert {_words(kind) for _, kind in NOVELTIES}.isdisjoint(map(_words, normal.values()))


def test_novel_lines_are_labelled_and_nothing_else_is(two_days: list[SimulatedLine]) -> None:
    novel = {kind.label for _, kind in NOVELTIES}

    assert all(line.novel == (line.kind in novel) for line in two_days)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_as_many_novel_kinds_as_asked_for_appear_one_to_twenty_times(seed: int) -> None:
    times = Counter(line.kind for line in _lines(20_000, seed, kinds=25) if line.novel)

    assert len(times) == 25
    assert max(times.values()) <= MOST_TIMES


def test_hostile_lines_are_among_the_novel_ones(two_days: list[SimulatedLine]) -> None:
    novel = [line.text for line in two_days if line.novel]

    assert any("\x1b[2J" in text for text in novel)
    assert any("\x1b[31m" in text for text in novel)
    assert any("<script>" in text for text in novel)
    assert not any("\x1b" in line.text for line in two_days if not line.novel)


def test_a_program_never_seen_before_is_among_the_novel_ones() -> None:
    normal = {kind.program for kind in _normal_kinds().values()}

    assert any(kind.program not in normal for _, kind in NOVELTIES)


def test_without_novel_kinds_all_is_normal() -> None:
    assert not any(line.novel for line in _lines(3_000, kinds=0))


def test_novel_kinds_without_room_are_left_out() -> None:
    novel = [line.kind for line in _lines(100) if line.novel]

    assert len(novel) == len(set(novel)) == 10
    assert not any(line.novel for line in _lines(2_000, after=1.0))


def test_novel_lines_may_begin_at_once() -> None:
    log = _lines(20_000, after=0.0)

    assert len(log) == 20_000
    assert len({line.kind for line in log if line.novel}) == 40


@pytest.mark.parametrize(
    "wrong",
    [
        {"lines": -1},
        {"novel_after": 1.5},
        {"novel_after": -0.1},
        {"novel_kinds": -1},
        {"start": datetime(2026, 11, 16)},  # noqa: DTZ001 - that is the point
    ],
)
def test_arguments_without_sense_are_refused_at_once(wrong: dict[str, object]) -> None:
    arguments: dict[str, object] = {"lines": 10, "start": MONDAY} | wrong

    with pytest.raises(ValueError, match="novel_after a share"):
        simulate(seed=1, **arguments)  # type: ignore[arg-type]


# How stories are written and timed


def test_a_story_of_a_book_has_its_steps() -> None:
    book = Book(part="on {here}")
    book.at(daily(4, 0), EVERY, user="anna").story("""
        0             tool.begun  {user} begins {part},
                          and goes on
        1-3     x2-4  tool.read   read {number:1-9} files
        60            tool.begun
    """)
    (story,) = book.stories
    begun, read, again = story.steps

    assert begun.kind is again.kind
    assert begun.kind.template == "{user} begins on {here}, and goes on"
    assert (read.wait, read.times, again.wait) == ((1, 3), (2, 4), (60, 60))
    assert story.given == {"user": "anna"}


def test_lines_of_a_book_are_stories_of_one_step() -> None:
    book = Book()
    book.through(OFFICE, EVERY).lines("""
        12      tool.one  the one
        0.5     tool.two  the {{other}}
    """)

    assert [story.when for story in book.stories] == [Often(12, OFFICE), Often(0.5, OFFICE)]
    assert [story.steps[0].kind.label for story in book.stories] == ["tool.one", "tool.two"]


@pytest.mark.parametrize(
    "table", ["soon tool.begun text", "0 tool.unknown", "0 tool.begun text\n0 tool.begun another text", "0"]
)
def test_a_table_that_cannot_be_read_is_refused(table: str) -> None:
    with pytest.raises(ValueError, match=r"tool|row"):
        Book().at(daily(4, 0), EVERY).story(table)


def test_an_unknown_slot_is_refused_where_the_kind_is_made() -> None:
    with pytest.raises(KeyError, match="nobody"):
        Kind("tool.begun", "text of {nobody}")


def test_a_kind_has_one_template_in_all_books() -> None:
    templates: dict[str, set[str]] = {}
    for story in STORIES:
        for step in story.steps:
            templates.setdefault(step.kind.label, set()).add(step.kind.template)

    assert {label for label, texts in templates.items() if len(texts) > 1} == set()


def test_what_is_planned_by_the_clock_comes_one_second_after_it() -> None:
    chance = Chance(1)

    assert Every(HOUR, 17 * MINUTE).next(0, chance) == 17 * MINUTE + SECOND
    assert daily(4, 0).next(4 * HOUR + SECOND, chance) == DAY + 4 * HOUR + SECOND
    assert weekly(SUNDAY, 0, 0).next(0, chance) == 6 * DAY + SECOND


def test_what_is_not_planned_comes_as_often_as_it_should() -> None:
    when, chance, now, times = Often(40, OFFICE), Chance(1), 0, 0
    while (now := when.next(now, chance)) < 5 * DAY:
        times += 1

    assert 160 < times < 240


def test_a_clock_counts_from_the_monday_before_its_start() -> None:
    clock = Clock(datetime(2026, 11, 18, 1, 2, 3, tzinfo=UTC))

    assert clock.start == 2 * DAY + HOUR + 2 * MINUTE + 3 * SECOND
    assert clock.moment(0) == MONDAY
