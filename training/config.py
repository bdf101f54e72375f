"""
What conf/training.toml says, typed; each field's default is what the shipped file has.

A structure's own checks raise ValueError with the key's path first; patterns.settings turns that into the user's error.
"""

import re
from fractions import Fraction
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from patterns.rules import AUTO, DEFAULT_MAX_LINE_BYTES, FormatRule, Rules
from patterns.words import DEFAULT_CLASSES, WordRules
from training.clusters import Algorithm

FILE = "training.toml"

_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%", re.ASCII)


class Lines(Struct, frozen=True, forbid_unknown_fields=True):
    """How lines are read."""

    header: str = AUTO
    zone: str = "UTC"
    max_line_bytes: int = DEFAULT_MAX_LINE_BYTES


class Words(Struct, frozen=True, forbid_unknown_fields=True):
    """How messages are taken apart."""

    classes: dict[str, str] = field(default_factory=lambda: dict(DEFAULT_CLASSES))


class Mining(Struct, frozen=True, forbid_unknown_fields=True):
    """How patterns are mined: without `support` by the ladder, with it by the classic algorithm at that support."""

    algorithm: Algorithm = "logcluster"
    engine: Literal["python"] = "python"
    support: int | str | None = None
    seen_once: bool = True

    def __post_init__(self) -> None:
        """Raise ValueError for an impossible support."""
        if self.support is not None:
            _share(self.support)

    def support_for(self, lines: int) -> int | None:
        """Return the support in lines for a scope of so many lines; None for the ladder."""
        if self.support is None:
            return None
        share = _share(self.support)
        return max(1, int(lines * share)) if isinstance(share, Fraction) else share


class Patterns(Struct, frozen=True, forbid_unknown_fields=True):
    """Where pattern sets are published."""

    store: str = "logwinnow-data/patterns"


class Publish(Struct, frozen=True, forbid_unknown_fields=True):
    """A new set is refused if it covers less than `keep` of the last one's lines, or was mined from less than that."""

    keep: Annotated[float, Meta(ge=0, le=1)] = 0.5


class TrainingConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    lines: Lines = Lines()
    words: Words = field(default_factory=Words)
    mining: Mining = Mining()
    patterns: Patterns = Patterns()
    publish: Publish = Publish()

    def rules(self, formats: dict[str, FormatRule]) -> Rules:
        """Return the rules that lines are read by, with header formats from conf/formats.toml; not checked."""
        return Rules(
            words=WordRules(classes=self.words.classes),
            header=self.lines.header,
            formats=formats,
            zone=self.lines.zone,
            max_line_bytes=self.lines.max_line_bytes,
        )


def _share(support: int | str) -> int | Fraction:
    """Return a support in lines, or as a share of the lines: a fraction, for 29 % of 100 is 29 and no less."""
    found = _PERCENT.fullmatch(support) if isinstance(support, str) else None
    if isinstance(support, int) and support >= 1:
        return support
    if found and 0 < Fraction(found[1]) <= 100:
        return Fraction(found[1]) / 100
    msg = (
        f"$.mining.support is {support!r}: a pattern needs at least 1 line of support; "
        "set an integer ≥ 1 or a percentage such as '0.5%'"
    )
    raise ValueError(msg)
