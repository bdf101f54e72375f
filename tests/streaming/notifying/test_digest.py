from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import msgspec
import pytest
from alert_documents import alert_of, item_of

from patterns.store import Store
from patterns.timestamps import microseconds
from streaming.notifying.digest import Digests
from streaming.notifying.notice import Notice, notice_of
from streaming.notifying.outbox import Outbox


def at(text: str) -> int:
    return microseconds(datetime.fromisoformat(f"2026-11-{text}:00Z"))


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with closing(Outbox(tmp_path, ["a"], 1_000_000, at("28T09:30"))) as made:
        yield made


def digests(folder: Path, outbox: Outbox) -> Digests:
    return Digests(outbox, "08:00", "app", Store(str(folder / "patterns")))


def made(outbox: Outbox) -> list[Notice]:
    waiting = [each.item for each in outbox.waiting("a", 100) if each.item.kind == "digest"]
    return [notice_of(msgspec.json.decode(item.document), None, None) for item in waiting]


def test_a_digest_comes_once_a_day_with_the_numbers_since_the_last(tmp_path: Path, outbox: Outbox) -> None:
    (tmp_path / "patterns").mkdir()
    (tmp_path / "patterns" / "operator.jsonl").write_text(
        '{"do":"accept","shape":"a b","at":"2026-11-28T12:00:00Z"}\n'
        '{"do":"accept","shape":"a c","at":"2026-11-28T09:00:00Z"}\n'
        '{"do":"accept","shape":"a d","at":"2026-11-29T09:00:00+00:00"}\n'
        '{"do":"accept","shape":"a e"}\n'
        '{"do":"reject","pattern":"a f","at":"2026-11-28T12:00:00Z"}\n'
    )
    clock = digests(tmp_path, outbox)
    counts = {"lines": 90, "outliers": 12, "held_back": 9}
    outbox.put(0, [item_of(alert_of("panic stations"))], counts, "v1", at("28T10:00"))
    clock.make_if_due(at("29T07:59"))
    assert made(outbox) == []
    for moment in ("29T08:00", "29T08:01", "29T20:00"):
        clock.make_if_due(at(moment))
    (notice,) = made(outbox)
    assert notice.summary == (
        "since 2026-11-28 09:30 UTC: 1 new kind, 1 accepted, 9 lines held back, 12 outliers of 90 lines"
    )
    assert (notice.set, notice.digest and notice.digest.until) == ("v1", "2026-11-29T08:00:00.000Z")
    outbox.put(1, [], {"lines": 5}, "v2", at("29T10:00"))
    clock.make_if_due(at("30T08:00"))
    assert [n.digest.lines for n in made(outbox) if n.digest] == [90, 5]


def test_after_days_without_a_stream_there_is_one_digest_of_all(tmp_path: Path, outbox: Outbox) -> None:
    outbox.put(0, [], {"lines": 5}, "v1", at("28T10:00"))
    digests(tmp_path, outbox).make_if_due(at("30T09:00"))
    (notice,) = made(outbox)
    assert notice.digest is not None
    assert (notice.digest.since, notice.digest.until) == ("2026-11-28T09:30:00.000Z", "2026-11-30T08:00:00.000Z")


def test_one_that_starts_again_makes_no_digest_again(tmp_path: Path, outbox: Outbox) -> None:
    for _ in range(2):
        digests(tmp_path, outbox).make_if_due(at("29T08:30"))
    assert len(made(outbox)) == 1


def test_an_operators_file_that_cannot_be_read_leaves_its_number_out(tmp_path: Path, outbox: Outbox) -> None:
    (tmp_path / "patterns").mkdir()
    (tmp_path / "patterns" / "operator.jsonl").write_text("nonsense\n")
    digests(tmp_path, outbox).make_if_due(at("29T08:30"))
    (notice,) = made(outbox)
    assert "accepted" not in notice.summary
