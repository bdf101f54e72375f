"""`logwinnow patterns versions`, `promote`, `rollback` and `train --propose`: which set is the current one."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from patterns.store import Store

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def proposed(run: Run, store: Path, log: Path) -> str:
    """A version that is proposed beside the store's first one."""
    with log.open("ab") as file:
        file.write(b"Nov  3 04:06:00 web1 kernel: disk is full\n" * 2)
    assert run("train", log, "--store", store, "--propose", "--quiet") == (0, "", "")
    return Store(str(store)).versions()[-1]


@pytest.fixture
def first(store: Path) -> str:
    [version] = Store(str(store)).versions()
    return version


def versions(run: Run, store: Path) -> list[dict[str, Any]]:
    return [json.loads(row) for row in run("patterns", "versions", "--store", store, "--json")[1].splitlines()]


def test_a_proposed_training_says_how_to_look_at_it_and_how_to_take_it(run: Run, store: Path, log: Path) -> None:
    code, out, _ = run("train", log, "--store", store, "--propose")

    version = Store(str(store)).versions()[-1]
    assert code == 0
    assert out.split("\n")[-4:-1] == [
        "proposed: the current version stays the current one; what this one would change, and how to take it:",
        f"  logwinnow patterns diff current {version} --store {store}",
        f"  logwinnow patterns promote {version} --store {store}",
    ]


def test_versions_say_what_they_are(run: Run, store: Path, first: str, proposed: str) -> None:
    rows = versions(run, store)

    assert [(row["version"], row["state"], row["current"]) for row in rows] == [
        (first, "current", True),
        (proposed, "proposed", False),
    ]
    assert [(row["patterns"], row["lines"]) for row in rows] == [(3, 60), (4, 62)]
    assert rows[0]["since"][:16] == rows[0]["published"][:16]
    assert rows[1]["since"] is rows[1]["by"] is None
    run("patterns", "promote", proposed, "--store", store)
    assert [row["state"] for row in versions(run, store)] == ["previous", "current"]
    run("patterns", "rollback", "--store", store)
    assert [row["state"] for row in versions(run, store)] == ["current", "was current"]


def test_versions_are_a_table_for_people(run: Run, store: Path, first: str, proposed: str) -> None:
    code, out, _ = run("patterns", "versions", "--store", store)

    rows = [line.split() for line in out.splitlines()]
    assert code == 0
    assert rows[0] == ["version", "state", "published", "patterns", "lines", "since,", "by"]
    assert [(row[0], row[1], row[4], row[5]) for row in rows[1:]] == [
        (first, "current", "3", "60"),
        (proposed, "proposed", "4", "62"),
    ]


def test_a_damaged_version_is_listed_as_such_and_not_taken(run: Run, store: Path, first: str, proposed: str) -> None:
    (store / proposed / "manifest.json").write_bytes(b"{")

    assert [row["state"] for row in versions(run, store)] == ["current", "damaged"]
    code, out, err = run("patterns", "promote", proposed, "--store", store)
    assert (code, out) == (1, "")
    assert err.startswith(f"logwinnow: pattern set '{proposed}' in '{store}' is damaged: ")
    assert Store(str(store)).current() == first


def test_promote_and_rollback_say_what_is_current_now_and_what_was(
    run: Run, store: Path, first: str, proposed: str
) -> None:
    told = [
        run("patterns", "promote", proposed, "--store", store),
        run("patterns", "promote", "current", "--store", store),
        run("patterns", "rollback", "--store", store),
        run("patterns", "rollback", first, "--store", store),
    ]

    assert told == [
        (0, f"promoted {proposed}; it was {first} before\n", ""),
        (0, f"{proposed} is the current version already\n", ""),
        (0, f"rolled back to {first}; it was {proposed} before\n", ""),
        (0, f"{first} is the current version already\n", ""),
    ]
    code, _, err = run("patterns", "rollback", "--store", store)
    assert code == 1
    assert err.endswith("; name one: logwinnow patterns versions lists them\n")


def test_a_version_may_be_named_by_its_beginning(run: Run, store: Path, first: str, proposed: str) -> None:
    many = run("patterns", "promote", "2", "--store", store)
    none = run("patterns", "promote", "1999", "--store", store)
    previous = run("patterns", "promote", "previous", "--store", store)

    assert many[2] == f"logwinnow: '2' names no single version: 2 versions begin so, {first}, {proposed}; give more\n"
    assert none[2] == f"logwinnow: version '1999' is not in store '{store}'; there are: {first}, {proposed}\n"
    assert previous[2] == f"logwinnow: store '{store}' has no previous version; there are: {first}, {proposed}\n"
    assert run("patterns", "promote", proposed[:-1], "--store", store)[0] == 0


def test_a_proposed_version_is_no_base_of_the_next_training(run: Run, store: Path, proposed: str) -> None:
    assert run("train", "--add", "current", "--store", store, "--quiet") == (0, "", "")

    rows = versions(run, store)
    assert [(row["state"], row["lines"]) for row in rows] == [("previous", 60), ("proposed", 62), ("current", 60)]
    assert rows[1]["version"] == proposed
    assert rows[2]["version"].endswith(rows[0]["version"].partition("-")[2])


def test_what_a_proposed_set_loses_is_no_reason_to_refuse_it(run: Run, store: Path, log: Path) -> None:
    log.write_bytes(b"Nov  3 04:06:00 web1 kernel: disk is full\n" * 2)

    assert run("train", log, "--store", store, "--quiet")[0] == 1
    assert run("train", log, "--store", store, "--propose", "--quiet") == (0, "", "")


def test_names_in_the_history_cannot_steer_a_terminal(run: Run, store: Path, first: str) -> None:
    entry = {"at": "\x1b[2J", "do": "promote", "version": first, "by": "\x1b]0;x\x07\u202e"}
    (store / "history.jsonl").write_text(json.dumps(entry) + "\n", encoding="utf-8")

    out = run("patterns", "versions", "--store", store)[1]

    assert all(line.isprintable() for line in out.split("\n"))
    assert "\\x1b]0;x\\x07\\u202e" in out
