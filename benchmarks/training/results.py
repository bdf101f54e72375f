"""
What a program found, read so that it can be compared with what another found.

    exact      the bytes: our engines among themselves
    clusters   patterns with their supports, as a set: slct, logcluster.pl
    counts     the same without gaps: programs that only count candidates
    number     how many there are, where nothing else can be compared: other algorithms
"""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Literal, NamedTuple

Comparison = Literal["exact", "clusters", "counts", "number"]

Clusters = Counter[tuple[tuple[bytes, ...], int]]
"""(words of a pattern, support) → how often it was printed."""

# LogClusterC writes a space before the colon and separates thousands.
_CLUSTER = re.compile(rb"^(.*)\nSupport ?: ([\d,]+)$", re.MULTILINE)
_GAP = re.compile(rb"\*\{\d+,\d+\}")


class Found(NamedTuple):
    """What came out of a run: its bytes, how many patterns they are, and what else is to be known of it."""

    content: bytes
    patterns: int
    note: str = ""


def printed(output: Path) -> Found:
    """Return what `mine` or a reference program printed."""
    content = output.read_bytes()
    return Found(content, sum(1 for _ in _CLUSTER.finditer(content)))


def published(output: Path) -> Found:
    """Return the set of the store beside the printed output."""
    store = output.with_name(f"{output.name}.store")
    version = (store / "CURRENT").read_text().strip()
    content = (store / version / "patterns.jsonl").read_bytes()
    return Found(content, content.count(b"\n"))


def told(output: Path) -> Found:
    """Return what a program of another algorithm told about itself: ``{"templates": 12, "format": "syslog", …}``."""
    content = output.read_bytes()
    facts = json.loads(content)
    patterns = facts.pop("templates")
    return Found(content, patterns, ", ".join(f"{name} {value}" for name, value in facts.items()))


def agree(comparison: Comparison, found: Found, reference: Found) -> bool | None:
    """Tell whether two found the same; None where only the number can be told."""
    if comparison == "number":
        return None
    if comparison == "exact":
        return found.content == reference.content
    gaps = comparison == "clusters"
    return clusters(found.content, gaps=gaps) == clusters(reference.content, gaps=gaps)


def clusters(content: bytes, *, gaps: bool = True) -> Clusters:
    """Read printed clusters; spaces do not count, and neither do gaps, but for `gaps`."""
    found: Clusters = Counter()
    for text, support in _CLUSTER.findall(content):
        words = tuple(word for word in text.split() if gaps or not _GAP.fullmatch(word))
        found[words, int(support.replace(b",", b""))] += 1
    return found
