"""What is damaged in a store is refused with its name, and never read as something else."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patterns.errors import BrokenPatternSet, NoPatternSet
from patterns.set_files import decode, encode
from patterns.store import Store
from tests.patterns.published import GOOD, OTHER, RULES, RUN, TABLE


def test_a_newer_format_is_refused_before_anything_else_is_read(store: Store) -> None:
    version = store.publish(GOOD, TABLE, RUN)
    (Path(store.root) / version / "manifest.json").write_text('{"format": 2, "all": "else is new"}')

    with pytest.raises(BrokenPatternSet, match="is of format 2, and this logwinnow reads up to format 1; ") as refused:
        store.read()

    assert repr(version) in str(refused.value)


def edited(rows: bytes, number: int, **changes: Any) -> bytes:
    """Return the rows with some keys of one changed."""
    lines = rows.split(b"\n")
    lines[number] = json.dumps({**json.loads(lines[number]), **changes}).encode()
    return b"\n".join(lines)


MANIFEST, ROWS = encode(GOOD, RUN)


@pytest.mark.parametrize(
    ("file", "content", "why"),
    [
        ("patterns.jsonl", ROWS[: len(ROWS) // 2], "damaged"),
        ("patterns.jsonl", ROWS[:-1], "has 3 patterns and manifest.json says 4"),
        ("patterns.jsonl", ROWS[: ROWS.index(b"\n") + 1], "has 1 patterns and manifest.json says 4"),
        ("patterns.jsonl", b"", "it has no pattern"),
        ("patterns.jsonl", b"\n", "damaged"),
        ("patterns.jsonl", ROWS + ROWS[: ROWS.index(b"\n") + 1], "has 5 patterns"),
        ("patterns.jsonl", b"\x00" * len(ROWS), "it has no pattern"),
        ("patterns.jsonl", b"\x00" * len(ROWS) + b"\n", "malformed"),
        ("patterns.jsonl", b"\xff\xfe\n", "malformed"),
        ("patterns.jsonl", b"[]\n", "Expected `object`"),
        ("patterns.jsonl", b"{}\n", "missing required field `id`"),
        ("patterns.jsonl", ROWS.replace(b"\n", b"\r\n\r\n"), "damaged"),
        ("patterns.jsonl", edited(ROWS, 3, pattern="Accepted password for *{1,3}"), "or they are not the same ones"),
        ("patterns.jsonl", edited(ROWS, 3, pattern="Rejected password for *{1,2}"), "has the id"),
        ("patterns.jsonl", edited(ROWS, 3, pattern="a  b"), "is no pattern"),
        ("patterns.jsonl", edited(ROWS, 3, pattern=""), "is no pattern"),
        ("patterns.jsonl", edited(ROWS, 3, pattern=7), "Expected `str`"),
        ("patterns.jsonl", edited(ROWS, 3, pattern="\ud800"), "damaged"),
        ("patterns.jsonl", edited(ROWS, 3, scope="su"), "has the id"),
        ("patterns.jsonl", edited(ROWS, 3, positional=True), "has the id"),
        ("patterns.jsonl", edited(ROWS, 3, level=6), "or they are not the same ones"),
        ("patterns.jsonl", edited(ROWS, 3, state="pending"), "or they are not the same ones"),
        ("patterns.jsonl", edited(ROWS, 3, examples="x"), "Expected `array`"),
        ("patterns.jsonl", edited(ROWS, 0, level=1), "or they are not the same ones"),
        ("manifest.json", b"", "damaged"),
        ("manifest.json", b"not json", "malformed"),
        ("manifest.json", MANIFEST[:-9], "damaged"),
        ("manifest.json", b"{}", "missing required field `format`"),
        ("manifest.json", b"[1]", "Expected `object`"),
        ("manifest.json", b'{"format": "1"}', "Expected `int`"),
        ("manifest.json", b'{"format": 1}', "missing required field"),
        ("manifest.json", MANIFEST.replace(b'"patterns": 4', b'"patterns": 5'), "manifest.json says 5"),
        ("manifest.json", MANIFEST.replace(b'"Asia/Tokyo"', b'"Asia/Kyoto"'), "or they are not|no such time zone"),
        ("manifest.json", MANIFEST.replace(b'"Asia/Tokyo"', b'"Asia/Seoul"'), "or they are not the same ones"),
        ("manifest.json", MANIFEST.replace(b'"header": "mine"', b'"header": "yours"'), "there is no such format"),
        ("manifest.json", MANIFEST.replace(b"1000", b"10"), "max_line_bytes is 10"),
        ("manifest.json", MANIFEST.replace(GOOD.fingerprint.encode(), b"0" * 16), "or they are not the same ones"),
        ("manifest.json", MANIFEST.replace(b'"raw": false', b'"raw": true'), "or they are not the same ones"),
    ],
)  # fmt: skip
def test_a_damaged_set_is_refused_with_its_name_and_the_mend(file: str, content: bytes, why: str, store: Store) -> None:
    version = store.publish(GOOD, TABLE, RUN)
    assert content != (Path(store.root) / version / file).read_bytes()
    (Path(store.root) / version / file).write_bytes(content)

    with pytest.raises(BrokenPatternSet, match=why) as broken:
        store.read()

    assert str(broken.value).startswith(f"pattern set {version!r} in {store.root!r} is damaged: ")
    assert str(broken.value).endswith("; publish it again, or roll back to an earlier version")


@given(st.integers(0, len(ROWS) - 1), st.integers(0, 255))
def test_one_changed_byte_gives_the_same_patterns_or_an_error(place: int, byte: int) -> None:
    rows = ROWS[:place] + bytes([byte]) + ROWS[place + 1 :]

    try:
        found = decode("v", MANIFEST, rows, place="here")
    except BrokenPatternSet:
        return
    assert found.patterns.fingerprint == GOOD.fingerprint


@given(st.integers(0, len(MANIFEST) - 1), st.integers(0, 255))
def test_one_changed_byte_of_the_manifest_gives_the_same_rules_or_an_error(place: int, byte: int) -> None:
    manifest = MANIFEST[:place] + bytes([byte]) + MANIFEST[place + 1 :]

    try:
        found = decode("v", manifest, ROWS, place="here")
    except BrokenPatternSet:
        return
    assert found.patterns.rules == RULES


@pytest.mark.parametrize("missing", ["manifest.json", "patterns.jsonl"])
def test_a_set_that_lacks_a_file_is_broken(missing: str, store: Store) -> None:
    version = store.publish(GOOD, TABLE, RUN)
    (Path(store.root) / version / missing).unlink()

    with pytest.raises(BrokenPatternSet, match=missing):
        store.read()


@pytest.mark.parametrize("current", [b"20990101T000000.000Z-0\n", b"\xff\xfe\n", b"a\x00b\n", b"../..\n", b".\n"])
def test_a_current_that_names_no_version_is_broken(current: bytes, store: Store) -> None:
    good = store.publish(GOOD, TABLE, RUN)
    (Path(store.root) / "CURRENT").write_bytes(current)

    with pytest.raises(BrokenPatternSet):
        store.read()

    assert store.read(good).patterns == GOOD
    time.sleep(0.002)
    store.publish(OTHER, TABLE, RUN)
    assert store.read().patterns == OTHER


def test_an_empty_current_is_no_set(store: Store) -> None:
    store.publish(GOOD, TABLE, RUN)
    (Path(store.root) / "CURRENT").write_bytes(b"")

    with pytest.raises(NoPatternSet):
        store.read()


@pytest.mark.parametrize("content", [None, b"", b"PAR1", b"no table"])
def test_a_table_of_shapes_that_cannot_be_read_is_broken_and_the_set_still_good(
    content: bytes | None, store: Store
) -> None:
    version = store.publish(GOOD, TABLE, RUN)
    path = Path(store.root) / version / "shapes.parquet"
    path.unlink()
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(BrokenPatternSet, match=r"shapes\.parquet"):
        store.read_shapes(version)
    assert store.read().patterns == GOOD
