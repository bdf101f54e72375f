"""
Pattern sets as folders; format version 1.

    <root>/CURRENT                                 name of the newest version's folder, and a line feed
    <root>/20261123T040012.345Z-<fingerprint>/     one version: UTC time of publishing, the set's fingerprint
        manifest.json     {"format": 1, "fingerprint", "patterns": n, "rules": {…}, "run": {…}}; read first
        patterns.jsonl    one pattern a line, by scope and then in best-match order:
                          {"id", "scope", "pattern", "positional", "level", "support", "mined_support", "state",
                           "first_day", "last_day", "examples"}
        patterns.txt      the same for people: scope, then support and text; never read
        shapes.parquet    the table of shapes that the set was mined from (patterns/shapes.py)

The same input gives the same bytes of patterns.jsonl; time, engine and corpus are in the manifest's `run` alone. A
manifest whose format is newer than FORMAT is refused; one that adds keys stays readable.

Publishing is atomic. On a local disk a version is written under a temporary name, synced and renamed, and CURRENT is
replaced last; on an object store (any fsspec URL) all files are written, then CURRENT. Nothing is pickled.
"""

import posixpath
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import fsspec
import msgspec
import pyarrow as pa

from patterns.disk import sync_folder, write_synced
from patterns.errors import BrokenPatternSet, NoPatternSet, PatternsError, PatternSyntaxError, RulesError
from patterns.judge import check_rules
from patterns.language import parse
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.rules import Rules
from patterns.shapes import ShapeTable
from patterns.terminal import printable

FORMAT: Final = 1
CURRENT: Final = "CURRENT"

_MANIFEST, _PATTERNS, _TEXT, _SHAPES = "manifest.json", "patterns.jsonl", "patterns.txt", "shapes.parquet"


class _Manifest(msgspec.Struct, frozen=True):
    format: int
    fingerprint: str
    patterns: int
    rules: Rules
    run: dict[str, Any]


class _Format(msgspec.Struct, frozen=True):
    format: int


class _Row(msgspec.Struct, frozen=True):
    id: str
    scope: str
    pattern: str
    positional: bool
    level: int
    support: int
    mined_support: int
    state: str
    first_day: str | None
    last_day: str | None
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoredSet:
    """
    A version as it was read.

    Attributes:
        version: Its folder's name; stamped on every document judged by it.
        patterns: The set.
        run: What the manifest says of the training: time, engine, algorithm, counts of the corpus.
        manifest: Bytes of manifest.json, and `rows` those of patterns.jsonl, so that a set can be sent to workers
            and read there by `decode`.
    """

    version: str
    patterns: PatternSet
    run: Mapping[str, Any]
    manifest: bytes
    rows: bytes


class Store:
    """The folder, local or of any fsspec URL, in which versions of the pattern set are published."""

    def __init__(self, root: str) -> None:
        """
        Open a store; it need not exist yet.

        Raises:
            PatternsError: It has no name, fsspec knows no such kind of URL, or its package is not installed.
        """
        if not root:
            raise PatternsError("store is '': a set would be published into this folder itself; name one")
        self.root = root
        try:
            self._fs, self._path = fsspec.core.url_to_fs(root)
        except (ValueError, ImportError) as error:
            raise PatternsError(
                f"store is {root!r}: {error}; give a folder, or a URL whose fsspec package is installed"
            ) from None
        self._local = "file" in self._fs.protocol

    def versions(self) -> list[str]:
        """Return the names of all published versions, oldest first."""
        try:
            names = [posixpath.basename(str(path).rstrip("/")) for path in self._fs.ls(self._path, detail=False)]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._unreadable(error) from None
        return sorted(name for name in names if name[:1].isdigit())

    def current(self) -> str | None:
        """Return the name of the newest version, None before the first was published. Reads one small file."""
        try:
            # What is no UTF-8 names no version, and `read` says so.
            return str(self._fs.cat_file(self._join(CURRENT)).decode(errors="replace").strip()) or None
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unreadable(error) from None

    def read(self, version: str | None = None) -> StoredSet:
        """
        Read a version, by default the newest.

        Raises:
            NoPatternSet: Nothing was published yet.
            BrokenPatternSet: It is damaged, empty, incomplete, or of a newer format.
        """
        name = version or self.current()
        if name is None:
            raise NoPatternSet(
                f"store {self.root!r} holds no pattern set; run: logwinnow train FILE --store {self.root}"
            )
        try:
            manifest = self._fs.cat_file(self._join(name, _MANIFEST))
            rows = self._fs.cat_file(self._join(name, _PATTERNS))
        except (OSError, ValueError) as error:
            raise self._broken(name, f"{error}") from None
        return decode(name, bytes(manifest), bytes(rows), place=self.root)

    def read_shapes(self, version: str) -> ShapeTable:
        """
        Read the table of shapes of a version.

        Raises:
            BrokenPatternSet: It is not there or no such table.
        """
        try:
            return ShapeTable.read(BytesIO(self._fs.cat_file(self._join(version, _SHAPES))))
        except (OSError, pa.ArrowException) as error:
            raise self._broken(version, f"{_SHAPES}: {error}") from None

    def publish(self, patterns: PatternSet, shapes: ShapeTable, run: Mapping[str, Any]) -> str:
        """
        Write a new version and make it the newest; return its name.

        Raises:
            PatternsError: The folder cannot be written.
        """
        now = datetime.now(UTC)
        name = f"{now:%Y%m%dT%H%M%S}.{now.microsecond // 1000:03}Z-{patterns.fingerprint}"
        manifest, rows = encode(patterns, {"time": now.isoformat(timespec="milliseconds"), **run})
        table = BytesIO()
        shapes.write(table)
        files = {
            _MANIFEST: manifest,
            _PATTERNS: rows,
            _TEXT: _for_people(patterns).encode(errors="replace"),
            _SHAPES: table.getvalue(),
        }
        try:
            self._write_local(name, files) if self._local else self._write_remote(name, files)
        except OSError as error:
            raise PatternsError(
                f"store {self.root!r} cannot be written: {error}; check the path and its rights"
            ) from None
        return name

    def _write_local(self, name: str, files: Mapping[str, bytes]) -> None:
        root = Path(self._path)
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".publishing-", dir=root) as temporary:
            folder = Path(temporary) / name
            folder.mkdir()
            for file, data in files.items():
                write_synced(folder / file, data)
            sync_folder(folder)
            folder.rename(root / name)
            write_synced(Path(temporary) / CURRENT, f"{name}\n".encode())
            sync_folder(root)
            (Path(temporary) / CURRENT).rename(root / CURRENT)
            sync_folder(root)

    def _write_remote(self, name: str, files: Mapping[str, bytes]) -> None:
        self._fs.makedirs(self._join(name), exist_ok=True)
        for file, data in files.items():
            self._fs.pipe_file(self._join(name, file), data)
        self._fs.pipe_file(self._join(CURRENT), f"{name}\n".encode())

    def _join(self, *names: str) -> str:
        return posixpath.join(self._path, *names)

    def _unreadable(self, error: OSError) -> PatternsError:
        return PatternsError(f"store {self.root!r} cannot be read: {error}; check the path and its rights")

    def _broken(self, name: str, why: str) -> BrokenPatternSet:
        return BrokenPatternSet(_broken(self.root, name, why))


def encode(patterns: PatternSet, run: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """Return the bytes of manifest.json and patterns.jsonl."""
    manifest = _Manifest(FORMAT, patterns.fingerprint, len(patterns.patterns), patterns.rules, dict(run))
    rows = b"".join(
        msgspec.json.encode(
            _Row(
                id=known.id,
                scope=known.scope,
                pattern=known.pattern.text,
                positional=known.pattern.positional,
                level=known.level,
                support=known.support,
                mined_support=known.mined_support,
                state=known.state,
                first_day=known.first_day,
                last_day=known.last_day,
                examples=known.examples,
            )
        )
        + b"\n"
        for known in patterns.patterns
    )
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n", rows


def decode(version: str, manifest: bytes, rows: bytes, *, place: str) -> StoredSet:
    """
    Read a version from the bytes of its two files; `place` names the store in errors.

    Raises:
        BrokenPatternSet: They are damaged, empty, do not belong together, or are of a newer format.
    """
    try:
        written_by = msgspec.json.decode(manifest, type=_Format).format
        if written_by > FORMAT:
            raise BrokenPatternSet(
                f"pattern set {version!r} in {place!r} is of format {written_by}, and this logwinnow reads up to "
                f"format {FORMAT}; install a newer logwinnow, or publish the set again with this one"
            )
        head = msgspec.json.decode(manifest, type=_Manifest)
        # A row ends at its line feed alone: other line ends may stand in a text.
        known = [_known(msgspec.json.decode(row, type=_Row)) for row in rows.split(b"\n")[:-1]]
        check_rules(head.rules)
        patterns = PatternSet.of(head.rules, known)
    except (msgspec.MsgspecError, PatternSyntaxError, RulesError, UnicodeDecodeError) as error:
        raise BrokenPatternSet(_broken(place, version, str(error))) from None
    if not known:
        raise BrokenPatternSet(_broken(place, version, "it has no pattern, so that every line would be an outlier"))
    if len(known) != head.patterns or patterns.fingerprint != head.fingerprint or not rows.endswith(b"\n"):
        why = (
            f"{_PATTERNS} has {len(known)} patterns and {_MANIFEST} says {head.patterns}, or they are not the same ones"
        )
        raise BrokenPatternSet(_broken(place, version, why))
    return StoredSet(version, patterns, head.run, manifest, rows)


def _known(row: _Row) -> KnownPattern:
    known = KnownPattern(
        row.scope,
        parse(row.pattern, positional=row.positional),
        row.level,
        row.support,
        row.mined_support,
        row.state,
        row.first_day,
        row.last_day,
        row.examples,
    )
    if known.id != row.id:
        raise PatternSyntaxError(f"pattern {row.pattern!r} has the id {known.id} and not {row.id!r}")
    return known


def _for_people(patterns: PatternSet) -> str:
    lines = []
    for scope, known_patterns in patterns.scopes.items():
        lines.append(f"# {printable(scope) or '(no program)'}: {len(known_patterns)} patterns")
        for known in sorted(known_patterns, key=lambda known: -known.support):
            mark = "  (seen once)" if known.seen_once else ""
            lines.append(f"{known.support:>9}  {known.id}  {printable(known.pattern.text)}{mark}")
        lines.append("")
    return "\n".join(lines)


def _broken(place: str, version: str, why: str) -> str:
    return (
        f"pattern set {version!r} in {place!r} is damaged: {why}; publish it again, or roll back to an earlier version"
    )
