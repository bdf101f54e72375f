"""
Pattern set ⇄ the bytes of its files; format version 1.

    manifest.json     {"format": 1, "fingerprint", "patterns": n, "rules": {…}, "run": {…}}; read first
    patterns.jsonl    one pattern a line, by scope and then in best-match order:
                      {"id", "scope", "pattern", "positional", "level", "support", "mined_support", "state",
                       "first_day", "last_day", "examples"}
    patterns.txt      the same for people: scope, then support and text; never read

The same input gives the same bytes of patterns.jsonl; time, engine and corpus are in the manifest's `run` alone. A
manifest whose format is newer than FORMAT is refused; one that adds keys stays readable. Nothing is pickled.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from patterns.errors import BrokenPatternSet, PatternSyntaxError, RulesError
from patterns.judge import check_rules
from patterns.language import parse
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.rules import Rules, as_stored
from patterns.terminal import printable

FORMAT: Final = 1

MANIFEST: Final = "manifest.json"
PATTERNS: Final = "patterns.jsonl"
TEXT: Final = "patterns.txt"


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


@dataclass(frozen=True, slots=True)
class Head:
    """
    What the manifest of a version says.

    Attributes:
        patterns: How many there are.
        rules: How their lines were read.
        run: Of its training: time, engine, algorithm, counts of the corpus.
    """

    patterns: int
    rules: Rules
    run: Mapping[str, Any]

    @property
    def proposed(self) -> bool:
        """Whether it was published beside the current version."""
        return self.run.get("proposed") is True

    @property
    def lines(self) -> int | None:
        """How many judged lines it was mined from; None where the run does not say."""
        corpus, added = self.run.get("corpus"), self.run.get("added")
        counts = [
            *([corpus.get("judged")] if isinstance(corpus, dict) else [None]),
            *(added.values() if isinstance(added, dict) else []),
        ]
        return None if any(type(count) is not int for count in counts) else sum(counts)


def encode(patterns: PatternSet, run: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """Return the bytes of manifest.json and patterns.jsonl."""
    manifest = {
        "format": FORMAT,
        "fingerprint": patterns.fingerprint,
        "patterns": len(patterns.patterns),
        "rules": as_stored(patterns.rules),
        "run": dict(run),
    }
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
    head = _head(version, manifest, place)
    try:
        # A row ends at its line feed alone: other line ends may stand in a text.
        known = [_known(msgspec.json.decode(row, type=_Row)) for row in rows.split(b"\n")[:-1]]
        check_rules(head.rules)
        patterns = PatternSet.of(head.rules, known)
    except (msgspec.MsgspecError, PatternSyntaxError, RulesError, UnicodeDecodeError) as error:
        raise BrokenPatternSet(damaged(place, version, str(error))) from None
    if not known:
        raise BrokenPatternSet(damaged(place, version, "it has no pattern, so that every line would be an outlier"))
    if len(known) != head.patterns or patterns.fingerprint != head.fingerprint or not rows.endswith(b"\n"):
        why = f"{PATTERNS} has {len(known)} patterns and {MANIFEST} says {head.patterns}, or they are not the same ones"
        raise BrokenPatternSet(damaged(place, version, why))
    return StoredSet(version, patterns, head.run, manifest, rows)


def decode_head(version: str, manifest: bytes, *, place: str) -> Head:
    """
    Read the manifest of a version alone; `place` names the store in errors.

    Raises:
        BrokenPatternSet: It is damaged, or of a newer format.
    """
    head = _head(version, manifest, place)
    return Head(head.patterns, head.rules, head.run)


def _head(version: str, manifest: bytes, place: str) -> _Manifest:
    try:
        written_by = msgspec.json.decode(manifest, type=_Format).format
        if written_by > FORMAT:
            raise BrokenPatternSet(
                f"pattern set {version!r} in {place!r} is of format {written_by}, and this logwinnow reads up to "
                f"format {FORMAT}; install a newer logwinnow, or publish the set again with this one"
            )
        return msgspec.json.decode(manifest, type=_Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BrokenPatternSet(damaged(place, version, str(error))) from None


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


def for_people(patterns: PatternSet) -> str:
    """Return patterns.txt: each scope's patterns, most lines first."""
    lines = []
    for scope, known_patterns in patterns.scopes.items():
        lines.append(f"# {printable(scope) or '(no program)'}: {len(known_patterns)} patterns")
        for known in sorted(known_patterns, key=lambda known: -known.support):
            mark = "  (seen once)" if known.seen_once else ""
            lines.append(f"{known.support:>9}  {known.id}  {printable(known.pattern.text)}{mark}")
        lines.append("")
    return "\n".join(lines)


def damaged(place: str, version: str, why: str) -> str:
    """Return the error of a version that cannot be used, with the mends."""
    return (
        f"pattern set {version!r} in {place!r} is damaged: {why}; publish it again, or roll back to an earlier version"
    )
