"""Pattern sets on disk: what is published is read, and nothing else ever is."""

import json
import time
from pathlib import Path

import fsspec
import pytest

from patterns.errors import NoPatternSet, PatternsError
from patterns.pattern_set import PatternSet
from patterns.store import Store
from tests.patterns.published import GOOD, OTHER, RULES, RUN, TABLE, files


def test_what_is_published_is_read(store: Store) -> None:
    version = store.publish(GOOD, TABLE, RUN)

    found = store.read()

    assert found.version == version == store.current()
    assert found.patterns == GOOD
    assert found.patterns.fingerprint == GOOD.fingerprint
    assert {**found.run, "time": None} == {"time": None, **RUN}
    assert list(store.read_shapes(version).rows()) == list(TABLE.rows())


def test_a_version_is_a_folder_of_four_files_and_current_names_the_newest(store: Store) -> None:
    first = store.publish(GOOD, TABLE, RUN)
    time.sleep(0.002)
    second = store.publish(OTHER, TABLE, RUN)

    assert store.versions() == [first, second]
    assert first.endswith(f"Z-{GOOD.fingerprint}")
    assert sorted(files(store.root)) == sorted(
        ["CURRENT", "history.jsonl", *(f"{version}/{name}" for version in (first, second) for name in
                      ("manifest.json", "patterns.jsonl", "patterns.txt", "shapes.parquet"))]
    )  # fmt: skip
    assert files(store.root)["CURRENT"] == f"{second}\n".encode()
    assert store.read().patterns == OTHER
    assert store.read(first).patterns == GOOD


def test_the_same_set_gives_the_same_bytes_in_whatever_order_and_at_whatever_time(store: Store, tmp_path: Path) -> None:
    again = Store(str(tmp_path / "again"))

    one = store.publish(GOOD, TABLE, RUN)
    two = again.publish(PatternSet.of(RULES, reversed(GOOD.patterns)), TABLE, {"engine": "other"})

    for name in ("patterns.jsonl", "patterns.txt", "shapes.parquet"):
        assert files(store.root)[f"{one}/{name}"] == files(again.root)[f"{two}/{name}"]
    heads = [
        json.loads(files(root)[f"{version}/manifest.json"]) for root, version in ((store.root, one), (again.root, two))
    ]
    assert heads[0].pop("run")["time"] != heads[1].pop("run")["time"]
    assert heads[0] == heads[1]


def test_a_store_without_a_set_says_how_to_get_one(store: Store) -> None:
    assert store.versions() == []
    assert store.current() is None
    with pytest.raises(NoPatternSet, match="logwinnow train FILE --store") as none:
        store.read()
    assert repr(store.root) in str(none.value)


def test_a_store_where_a_file_stands_cannot_be_read_or_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    store = Store(str(tmp_path / "file" / "store"))

    for use in (store.current, store.read, lambda: store.publish(GOOD, TABLE, RUN)):
        with pytest.raises(PatternsError, match=r"cannot be (read|written): .*; check the path and its rights"):
            use()


@pytest.mark.parametrize("error", [ValueError("Protocol not known: s3"), ImportError("Install s3fs to access S3")])
def test_a_kind_of_url_that_is_not_there_is_refused_with_the_mend(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_url: str) -> None:
        raise error

    with pytest.raises(PatternsError, match="Protocol not known: nosuch"):
        Store("nosuch://sets")
    monkeypatch.setattr(fsspec.core, "url_to_fs", fail)
    with pytest.raises(
        PatternsError, match=f"store is 's3://sets': {error}; give a folder, or a URL whose fsspec pack"
    ):
        Store("s3://sets")


def test_an_object_store_takes_sets_like_a_folder(in_memory: Store) -> None:
    with pytest.raises(NoPatternSet):
        in_memory.read()

    first = in_memory.publish(GOOD, TABLE, RUN)
    time.sleep(0.002)
    second = in_memory.publish(OTHER, TABLE, RUN)

    assert in_memory.versions() == [first, second]
    assert in_memory.read().patterns == OTHER
    assert in_memory.read(first).patterns == GOOD
    assert list(in_memory.read_shapes(first).rows()) == list(TABLE.rows())
