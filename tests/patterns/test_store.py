"""Pattern sets on disk: what is published is read, and nothing else ever is."""

import errno
import json
import time
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import fsspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patterns import beside
from patterns import version_folders as module
from patterns.errors import BrokenPatternSet, NoPatternSet, PatternsError
from patterns.language import parse
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.rules import FormatRule, Rules
from patterns.set_files import FORMAT, decode, encode
from patterns.shapes import ShapeCount, ShapeKey, ShapeTable
from patterns.store import Store
from patterns.words import WordRules

RULES = Rules(
    words=WordRules(classes={"number": r"\S*[0-9]\S*", "mine": "x+"}),
    header="mine",
    formats={
        "mine": FormatRule("(?P<timestamp>.*?) (?P<message>.*)", "%b %d", "Europe/Berlin"),
        "b": FormatRule("(?P<message>.*)"),
    },
    zone="Asia/Tokyo",
    max_line_bytes=1000,
)


def known(text: str, scope: str = "sshd", **fields: Any) -> KnownPattern:
    return KnownPattern(scope, parse(text), fields.pop("level", 5), fields.pop("support", 7), 7, **fields)


GOOD = PatternSet.of(
    RULES,
    [
        known(
            "Accepted password for *{1,2}", first_day="2026-01-01", last_day="2026-02-01", examples=("Accepted … 1",)
        ),
        known("\\(a|b) \x85 \u2028 *{0,}", "", examples=("\x00", "\x1b[31m", "\u202e", "a\tb")),
        known("(a|b) c", "docker/<*>", level=1, support=1, state="pending"),
        replace(known("a *{1,1} b", ""), pattern=parse("a *{1,1} b", positional=True)),
    ],
)
OTHER = PatternSet.of(Rules(), [known("disk is full")])

ROW = ShapeCount()
ROW.add(7, 1, 2, ["Accepted password for 1"])
TABLE = ShapeTable.of({ShapeKey("sshd", "Accepted password for <*>", "2026-01-01"): ROW})

RUN = {"engine": "python", "corpus": {"lines": 7}}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "not" / "there" / "yet"))


def files(folder: str | Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


def test_what_is_published_is_read(store: Store) -> None:
    version = store.publish(GOOD, TABLE, RUN)

    found = store.read()

    assert found.version == version == store.current()
    assert found.patterns == GOOD
    assert found.patterns.fingerprint == GOOD.fingerprint
    assert {**found.run, "time": None} == {"time": None, **RUN}
    assert list(store.read_shapes(version).rows()) == list(TABLE.rows())


TEXTS = ["a", "\\(|)", "*{0,} \x85", "(a|b) *{1,1}", "\u2028 é", "x *{2,}", "<*> \x00"]
SETS = st.lists(
    st.builds(
        KnownPattern,
        scope=st.sampled_from(["", "a", "é/<*>", "\x00"]),
        pattern=st.builds(parse, st.sampled_from(TEXTS), positional=st.booleans()),
        level=st.integers(1, 10**9),
        support=st.integers(0, 10**12),
        mined_support=st.integers(1, 10**12),
        state=st.sampled_from(["known", "pending"]),
        first_day=st.none() | st.just("2026-01-01"),
        last_day=st.none() | st.just("2026-01-31"),
        examples=st.lists(st.text(st.characters(codec="utf-8"), max_size=9), max_size=3).map(tuple),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda found: (found.scope, found.pattern.text),
)


@given(SETS, st.sampled_from([Rules(), RULES, Rules(words=WordRules(raw=True)), Rules(multiline="no_header")]))
def test_decoding_what_was_encoded_gives_the_set(patterns: list[KnownPattern], rules: Rules) -> None:
    whole = PatternSet.of(rules, patterns)

    manifest, rows = encode(whole, RUN)
    found = decode("v", manifest, rows, place="here")

    assert found.patterns == whole
    assert found.patterns.fingerprint == whole.fingerprint
    assert (found.manifest, found.rows, found.run) == (manifest, rows, RUN)
    assert decode("v", found.manifest, found.rows, place="worker") == found


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


def test_a_row_says_all_that_is_known_of_a_pattern_and_ends_at_a_line_feed() -> None:
    _, rows = encode(GOOD, RUN)

    read = [json.loads(row) for row in rows.decode().removesuffix("\n").split("\n")]

    assert [row["id"] for row in read] == [one.id for one in GOOD.patterns]
    assert [(row["scope"], row["pattern"], row["positional"]) for row in read] == [
        ("", "\\(a|b) \x85 \u2028 *{0,}", False),
        ("", "a *{1,1} b", True),
        ("docker/<*>", "(a|b) c", False),
        ("sshd", "Accepted password for *{1,2}", False),
    ]
    assert list(read[3].items())[3:] == [
        ("positional", False),
        ("level", 5),
        ("support", 7),
        ("mined_support", 7),
        ("state", "known"),
        ("first_day", "2026-01-01"),
        ("last_day", "2026-02-01"),
        ("examples", ["Accepted … 1"]),
    ]


def test_the_manifest_begins_with_its_format_and_holds_the_rules() -> None:
    manifest, _ = encode(GOOD, RUN)

    read = json.loads(manifest)

    assert list(read) == ["format", "fingerprint", "patterns", "rules", "run"]
    assert manifest.lstrip(b"{ \n").startswith(b'"format": 1,')
    assert (read["format"], read["fingerprint"], read["patterns"]) == (FORMAT, GOOD.fingerprint, 4)
    assert read["rules"]["words"]["classes"] == {"number": r"\S*[0-9]\S*", "mine": "x+"}
    assert list(read["rules"]["formats"]) == ["mine", "b"]


def test_the_manifest_says_how_lines_are_joined_only_where_they_are() -> None:
    joined, _ = encode(PatternSet.of(Rules(multiline="indented"), GOOD.patterns), RUN)

    assert json.loads(joined)["rules"]["multiline"] == "indented"
    assert "multiline" not in json.loads(encode(GOOD, RUN)[0])["rules"]


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


def test_the_list_for_people_shows_no_control_character(store: Store) -> None:
    version = store.publish(GOOD, TABLE, RUN)

    text = files(store.root)[f"{version}/patterns.txt"].decode()

    assert "# (no program): 2 patterns\n" in text
    assert f"        7  {GOOD.patterns[0].id}  \\(a|b) \\x85 \\u2028 *{{0,}}\n" in text
    assert "(a|b) c  (seen once)\n" in text
    assert all(character.isprintable() or character == "\n" for character in text)


def test_the_list_for_people_has_the_most_supported_first(store: Store) -> None:
    patterns = [known("a", support=2), known("b c d", support=9), known("e f", support=11)]
    version = store.publish(PatternSet.of(Rules(), patterns), TABLE, RUN)

    text = files(store.root)[f"{version}/patterns.txt"].decode()

    assert [line.split()[0] for line in text.splitlines() if line] == ["#", "11", "9", "2"]


def test_a_store_without_a_set_says_how_to_get_one(store: Store) -> None:
    assert store.versions() == []
    assert store.current() is None
    with pytest.raises(NoPatternSet, match="logwinnow train FILE --store") as none:
        store.read()
    assert repr(store.root) in str(none.value)


FAILING_WRITES = [
    *((module, name, call) for name, calls in (("write_synced", 3), ("_write_table", 1)) for call in range(calls)),
    *((module, "sync_folder", call) for call in range(2)),
    (beside, "write_synced", 0),
]
"""Each write, and each wait for the disk, before the new version's name is in CURRENT."""


@pytest.fixture
def fail(monkeypatch: pytest.MonkeyPatch) -> Callable[[ModuleType, str, int, BaseException], None]:
    """Let the nth call of a function of the store, counted from 0, do half of its work and then fail."""

    def arrange(module: ModuleType, name: str, number: int, error: BaseException) -> None:
        calls = iter(range(1000))
        real = getattr(module, name)

        def failing(path: Path, *data: Any) -> None:
            if next(calls) != number:
                real(path, *data)
                return
            for part in data:
                path.write_bytes(part[: len(part) // 2] if isinstance(part, bytes) else b"PAR1")
            raise error

        monkeypatch.setattr(module, name, failing)

    return arrange


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()], ids=repr)
@pytest.mark.parametrize(("where", "name", "number"), FAILING_WRITES)
def test_a_publish_that_fails_anywhere_leaves_the_last_good_set(
    where: ModuleType,
    name: str,
    number: int,
    error: BaseException,
    store: Store,
    fail: Callable[[ModuleType, str, int, BaseException], None],
) -> None:
    good = store.publish(GOOD, TABLE, RUN)
    before = files(store.root)
    fail(where, name, number, error)

    with pytest.raises((PatternsError, KeyboardInterrupt)) as failed:
        store.publish(OTHER, TABLE, RUN)

    assert not isinstance(failed.value, PatternsError) or "No space left on device" in str(failed.value)
    assert store.current() == good
    assert store.read().patterns == GOOD
    assert list(store.read_shapes(good).rows()) == list(TABLE.rows())
    assert before.items() <= files(store.root).items()
    assert not list(Path(store.root).glob(".*"))
    for version in store.versions():
        assert store.read(version).patterns in (GOOD, OTHER)


@pytest.mark.parametrize(("where", "name", "number"), FAILING_WRITES)
def test_a_first_publish_that_fails_leaves_a_store_without_a_set(
    where: ModuleType, name: str, number: int, store: Store, fail: Callable[[ModuleType, str, int, BaseException], None]
) -> None:
    fail(where, name, number, OSError(errno.EIO, "Input/output error"))

    with pytest.raises(PatternsError, match=r"cannot be written: .*Input/output error.*; check the path"):
        store.publish(GOOD, TABLE, RUN)

    with pytest.raises(NoPatternSet):
        store.read()


def test_a_publish_writes_no_more_files_than_the_failing_ones_above(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    def write(path: Path, data: bytes) -> None:
        told.append("write")
        path.write_bytes(data)

    def sync(path: Path) -> None:
        told.append("named" if (path / "CURRENT").exists() else "sync")

    def write_table(path: Path, shapes: ShapeTable) -> None:
        told.append("table")
        with path.open("wb") as file:
            shapes.write(file)

    for where in (module, beside):
        monkeypatch.setattr(where, "write_synced", write)
        monkeypatch.setattr(where, "sync_folder", sync)
    monkeypatch.setattr(module, "_write_table", write_table)

    store.publish(GOOD, TABLE, RUN)

    before_current = ["write"] * 3 + ["table", "sync", "sync", "write"]
    assert told == [*before_current, "named", "write", "named"]


def test_a_publish_that_a_crash_left_half_done_is_no_version(store: Store) -> None:
    good = store.publish(GOOD, TABLE, RUN)
    left = Path(store.root) / ".publishing-abc" / "20990101T000000.000Z-0"
    left.mkdir(parents=True)
    (left / "manifest.json").write_bytes(b"{")

    assert store.versions() == [good]
    assert store.read().version == good
    time.sleep(0.002)
    assert store.publish(OTHER, TABLE, RUN) == store.current()


def test_a_newer_format_is_refused_before_anything_else_is_read(store: Store) -> None:
    version = store.publish(GOOD, TABLE, RUN)
    (Path(store.root) / version / "manifest.json").write_text('{"format": 2, "all": "else is new"}')

    with pytest.raises(BrokenPatternSet, match="is of format 2, and this logwinnow reads up to format 1; ") as refused:
        store.read()

    assert repr(version) in str(refused.value)


def test_a_manifest_and_rows_with_keys_of_a_later_version_are_read() -> None:
    manifest, rows = encode(GOOD, RUN)
    head = {**json.loads(manifest), "colour": "blue"}
    later = b"".join(json.dumps({**json.loads(row), "weight": 1}).encode() + b"\n" for row in rows.split(b"\n")[:-1])

    assert decode("v", json.dumps(head).encode(), later, place="here").patterns == GOOD


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


def test_a_set_can_be_written_without_patterns_but_not_read() -> None:
    manifest, rows = encode(PatternSet.of(Rules(), []), RUN)

    with pytest.raises(BrokenPatternSet, match="it has no pattern, so that every line would be an outlier"):
        decode("v", manifest, rows, place="here")


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


@pytest.fixture
def in_memory() -> Generator[Store]:
    yield Store("memory://store/sets")
    fsspec.filesystem("memory").rm("/store", recursive=True)


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


@pytest.mark.parametrize(("name", "number"), [*(("pipe_file", call) for call in range(4)), ("open", 3)])
def test_a_publish_to_an_object_store_that_fails_anywhere_leaves_the_last_good_set(
    name: str, number: int, in_memory: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = in_memory.publish(GOOD, TABLE, RUN)
    calls, real = iter(range(100)), getattr(in_memory._fs, name)

    def failing(*arguments: Any, **options: Any) -> Any:
        if next(calls) == number:
            raise OSError("connection lost")
        return real(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(in_memory._fs, name, failing)
        with pytest.raises(PatternsError, match="connection lost"):
            in_memory.publish(OTHER, TABLE, RUN)

    assert in_memory.read().version == good
    assert in_memory.read().patterns == GOOD
