from pathlib import Path
from typing import Any

import msgspec
import pytest
from elasticsearch import helpers

from benchmarks.streaming.documents import Kept, action, joined, keep, kept


def hit(partition: int, offset: int, message: str = "a b") -> dict[str, Any]:
    source = {"message": message, "kafka": {"topic": "t", "partition": partition, "offset": offset}}
    return {"_index": "here-events-2026.11.25", "_id": f"{partition}{offset}", "_source": source}


def test_documents_are_kept_by_partition_in_the_order_of_their_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hits = [hit(1, 0), hit(0, 10), hit(0, 9, 'näh " \\ \u2028 x')]
    monkeypatch.setattr(helpers, "scan", lambda _client, **_more: hits)
    nobody: Any = None
    zero, one = keep(nobody, "here", tmp_path)
    found = list(kept(zero))
    assert [each.identity for each in found] == [b"09", b"010"]
    assert found[0] == Kept(b"-events-2026.11.25", b"09", msgspec.json.encode(hits[2]["_source"]))
    assert len(list(kept(one))) == 1


def test_files_are_joined_row_by_row_to_the_longest_end(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1\n3\n")
    (tmp_path / "b").write_bytes(b"2\n4\n5\n6\n")
    assert joined([tmp_path / "a", tmp_path / "b"], tmp_path / "c").read_bytes() == b"1\n2\n3\n4\n5\n6\n"


def test_an_action_names_index_and_id() -> None:
    line = action(Kept(b"-events-2026.11.25", b"0f", b"{}"), "there")
    assert msgspec.json.decode(line) == {"create": {"_index": "there-events-2026.11.25", "_id": "0f"}}
