"""Values that a parameter of few values never had."""

from pathlib import Path

import pytest

from streaming.unusual import counting
from tests.streaming.unusual.world import MINUTE, START, Line, World, few_values, line, told

_STATE = "state is *{1,1} now"
_BEAT = "beat *{1,1} of *{1,1}"


def state(value: str, minute: int = 0, host: str = "web1") -> Line:
    return line(START + minute * MINUTE, f"state is {value} now", host)


def test_a_new_value_is_told_once_a_bucket_with_its_first_line(tmp_path: Path) -> None:
    world = World(tmp_path, [few_values(_STATE, 0, "active", "standby")])
    assert world.step(START + MINUTE, state("active"), state("standby")) == []
    [alert] = world.step(START + 2 * MINUTE, state("active"), state("failed", 2, "web7"), state("failed", 1), tasks=2)
    ours = alert["logwinnow"]
    assert told([alert]) == [("value", "web1")]
    assert (ours["gap"], ours["value"], ours["count"], ours["untold"]) == (0, "failed", 2, 0)
    assert alert["message"] == "state is failed now"
    assert ours["explain"].startswith(
        "'failed' is new as parameter 1 of state is *{1,1} now, which was 'active', 'standby'; "
        "the next training learns it"
    )
    assert ours["find"].endswith('and logwinnow.params: "failed"')
    assert world.step(START + 3 * MINUTE, state("failed"), state("failed")) == []
    world.restart()
    [again] = world.step(START + 25 * 60 * MINUTE, state("failed", 25 * 60))
    assert (again["logwinnow"]["untold"], again["event"]["id"] != alert["event"]["id"]) == (2, True)


def test_each_parameter_has_its_own_values(tmp_path: Path) -> None:
    world = World(tmp_path, [few_values(_BEAT, 1, "1", "2"), few_values("user *{1,1} left", 0, "9")])
    made = world.step(START, line(START, "beat 77 of 1"), line(START, "beat 1 of 77"), line(START, "user 8 came"))
    assert [(each["logwinnow"]["gap"], each["logwinnow"]["value"]) for each in made] == [(1, "77")]


def test_of_a_user_beside_a_time_the_user_is_compared_and_lines_are_found_by_it(tmp_path: Path) -> None:
    world = World(tmp_path, [few_values("by *{1,3} asked", 0, "anna <*>", "<*> bob <*>")])
    usual = ["by anna 10:00 asked", "by anna 11:30 asked", "by 7 bob 12:01 asked"]
    assert world.step(START, *[line(START, text) for text in usual]) == []
    [alert] = world.step(START + MINUTE, *[line(START, f"by (eve) 10:0{minute} asked") for minute in range(3)])
    assert (alert["logwinnow"]["value"], alert["logwinnow"]["count"]) == ("eve <*>", 3)
    assert alert["logwinnow"]["find"].endswith("and logwinnow.params: eve*")
    [other] = world.step(START + MINUTE, line(START, "by 7 a:b 8 asked"))
    assert other["logwinnow"]["find"].endswith(r"and logwinnow.params: *a\:b*")


def test_of_one_parameter_five_new_values_are_told_in_a_bucket(tmp_path: Path) -> None:
    world = World(tmp_path, [few_values(_STATE, 0, "active")])
    assert len(world.step(START, *[state(f"x{n}y") for n in range(9)])) == 5
    assert world.step(START + MINUTE, state("another")) == []
    assert world.watch._file._tables.table("values")


def test_what_a_task_holds_of_new_values_is_bounded_and_the_rest_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "VALUES_A_TASK", 3)
    world = World(tmp_path, [few_values(_STATE, 0, "active")])
    counted = world.counted(START, [[state(f"x{n}y") for n in range(9)]])
    assert (len(counted.values), counted.further) == (3, 6)


def test_a_value_of_a_megabyte_is_cut_and_hostile_text_stays_text(tmp_path: Path) -> None:
    world = World(tmp_path, [few_values(_STATE, 0, "active")])
    made = world.step(START, state("x" * 30_000), state('"\x1b2J\\'))
    assert [len(each["logwinnow"]["value"]) for each in made] == [256, 5]
    assert made[1]["logwinnow"]["find"].endswith('logwinnow.params: "\\"\x1b2J\\\\"')


def test_the_order_of_tasks_does_not_matter(tmp_path: Path) -> None:
    lines = [state(value, minute) for minute, value in enumerate(("b1", "a2", "b1", "c3", "a2"))]
    made = []
    for number, tasks in enumerate((1, 2, 5)):
        world = World(tmp_path / str(number), [few_values(_STATE, 0, "active")])
        told_here = world.step(START + 9 * MINUTE, *lines, tasks=tasks)
        made.append([(each["logwinnow"]["value"], each["logwinnow"]["count"], each["message"]) for each in told_here])
    assert made[0] == made[1] == made[2]
    assert [value for value, _, _ in made[0]] == ["b1", "a2", "c3"]
