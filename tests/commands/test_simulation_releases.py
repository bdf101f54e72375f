"""Releases: what the schedule says of them is so, they follow on each other, and all else is as without them."""

from collections import Counter

import pytest

from commands.simulation.events.event import Event
from commands.simulation.events.releases import MOST_RELEASES, RELEASES, Release
from commands.simulation.events.troubles import SORTS
from commands.simulation.fleet import SimulatedLine
from commands.simulation.programs import STORIES
from commands.simulation.story import Kind
from commands.simulation.weeks import planned_events, simulate_days

DAYS, VOLUME = 35, 3_000


@pytest.fixture(scope="module")
def events() -> dict[str, Event]:
    found = planned_events(DAYS, 2, lines_per_day=VOLUME, troubles=8, releases=MOST_RELEASES)
    return {event.id: event for event in found}


@pytest.fixture(scope="module")
def lines() -> list[SimulatedLine]:
    return list(simulate_days(DAYS, 2, lines_per_day=VOLUME, troubles=8, releases=MOST_RELEASES))


def test_there_are_as_many_as_asked_for_and_all_else_happens_as_without(events: dict[str, Event]) -> None:
    without = planned_events(DAYS, 2, lines_per_day=VOLUME, troubles=8)

    assert Counter(event.cause for event in events.values())["release"] == MOST_RELEASES
    assert [event for event in events.values() if event.cause != "release"] == list(without)


def test_their_lines_are_novel_of_their_kinds_and_behind_their_begin(
    events: dict[str, Event], lines: list[SimulatedLine]
) -> None:
    said = [line for line in lines if line.cause == "release"]

    assert len({line.event for line in said}) > 0.9 * MOST_RELEASES
    for line in said:
        event = events[line.event or ""]
        assert line.novel
        assert line.kind in event.kinds
        assert line.time >= event.windows[0][0]


def test_what_a_release_ends_is_said_no_more_but_in_troubles(
    events: dict[str, Event], lines: list[SimulatedLine]
) -> None:
    gone = {kind: event.windows[0][0] for event in events.values() if event.cause == "release" for kind in event.gone}
    late = [line for line in lines if line.kind in gone and line.time >= gone[line.kind]]

    assert gone
    assert {line.cause for line in late} <= {"incident", "novelty", *SORTS}


def test_a_later_release_of_a_program_ends_what_an_earlier_one_left(events: dict[str, Event]) -> None:
    releases = [event for event in events.values() if event.cause == "release"]
    left = {kind for event in releases for kind in event.kinds}

    assert left & {kind for event in releases for kind in event.gone}


def test_troubles_have_the_form_that_a_release_gave_their_program(
    events: dict[str, Event], lines: list[SimulatedLine]
) -> None:
    released = {kind for event in events.values() if event.cause == "release" for kind in event.kinds}

    assert [line for line in lines if line.cause in {"incident", *SORTS} and line.kind in released]


def test_troubles_stay_what_they_are(lines: list[SimulatedLine]) -> None:
    without = simulate_days(DAYS, 2, lines_per_day=VOLUME, troubles=8)
    troubles = {"incident", "novelty", "burst", "value"}

    told = Counter((line.event, line.novel) for line in lines if line.cause in troubles)
    assert {key[0] for key in told} == {line.event for line in without if line.cause in troubles}
    assert all(not novel for event, novel in told if event and event.startswith(("burst", "value")))
    assert all(any(key == (event, True) for key in told) for event, _ in told if event and event.startswith("novelty"))


def test_a_release_changes_words_between_slots_and_never_a_slot() -> None:
    kind = Kind("tool.read", "worker {worker} read {number:1-9}kB")
    wording = Release("wording", "tool", "", wording=(("worker", "agent"), ("kB", "KiB")))
    form = Release("form", "tool", "", form='level=info msg="MESSAGE"')

    second = wording.instead(kind, kind, 1)
    assert second is not None
    assert (second.label, second.template) == ("tool.read_1", "agent {worker} read {number:1-9}KiB")
    third = form.instead(second, kind, 2)
    assert third is not None
    assert (third.label, third.template) == ("tool.read_2", 'level=info msg="agent {worker} read {number:1-9}KiB"')
    renamed = Release("renamed", "tool", "", name="toold").instead(third, kind, 3)
    assert renamed is not None
    assert (renamed.program, renamed.template) == ("toold", third.template)
    assert Release("wording", "tool", "", gone=frozenset({"tool.read"})).instead(renamed, kind, 4) is None


def test_each_of_the_tables_changes_something() -> None:
    kinds = {step.kind.label: step.kind for story in STORIES for step in story.steps}
    for release in (each for some in RELEASES.values() for each in some):
        changed = [
            kind
            for kind in kinds.values()
            if kind.program == release.program and release.instead(kind, kind, 1) is not kind
        ]
        assert changed or release.stories, release.about
        for old, _ in release.wording:
            assert any(old in kind.template for kind in changed), old
        assert release.gone <= {*kinds, "*"}


def test_none_is_asked_for_with_a_number_below_zero() -> None:
    with pytest.raises(ValueError, match="releases=-1"):
        planned_events(DAYS, 1, releases=-1)
