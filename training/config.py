"""
What conf/training.toml says, typed; each field's default is what the shipped file has.

A structure's own checks raise ValueError with the key's path first; patterns.settings turns that into the user's error.
"""

from typing import Annotated

from msgspec import Meta, Struct, field

from mining.clusters import Algorithm, Method
from mining.support import Support, parse_support
from patterns.rules import AUTO, DEFAULT_MAX_LINE_BYTES, OFF, FormatRule, Multiline, Rules
from patterns.words import DEFAULT_CLASSES, WordRules
from training.engines import EngineName, TrainingSpark
from training.fetched.config import CorpusConfig

FILE = "training.toml"


class Lines(Struct, frozen=True, forbid_unknown_fields=True):
    """How lines are read."""

    header: str = AUTO
    zone: str = "UTC"
    max_line_bytes: int = DEFAULT_MAX_LINE_BYTES
    multiline: Multiline = OFF


class Words(Struct, frozen=True, forbid_unknown_fields=True):
    """How messages are taken apart."""

    classes: dict[str, str] = field(default_factory=lambda: dict(DEFAULT_CLASSES))


class Mining(Struct, frozen=True, forbid_unknown_fields=True):
    """How patterns are mined: without `support` by the ladder, with it by the classic algorithm at that support."""

    algorithm: Algorithm = "logcluster"
    engine: EngineName = "polars"
    support: int | str | None = None
    aggregate_supports: bool = False
    word_weight: float | None = None
    weight_function: int = 1
    wildcard: bool = False
    seen_once: bool = True
    max_shapes: Annotated[int, Meta(ge=1)] = 500_000
    max_patterns: Annotated[int, Meta(ge=1)] = 200_000

    def __post_init__(self) -> None:
        """Raise ValueError for an impossible support, and for options that do not go together."""
        for check in (self.share, self.method):
            try:
                check()
            except ValueError as error:
                msg = f"$.mining.{error}"
                raise ValueError(msg) from None
        if self.support is None and (self.aggregate_supports or self.word_weight is not None):
            msg = "$.mining.support is not set: the ladder has no aggregate_supports and no word_weight; set a support"
            raise ValueError(msg)

    def share(self) -> Support | None:
        """Return the support, a number or a share of a scope's lines; None for the ladder."""
        return None if self.support is None else parse_support(self.support)

    def method(self) -> Method:
        """Return how a scope is mined at one support."""
        return Method(
            self.algorithm,
            aggregate_supports=self.aggregate_supports,
            word_weight=self.word_weight,
            weight_function=self.weight_function,
            wildcard=self.wildcard,
        )


class Patterns(Struct, frozen=True, forbid_unknown_fields=True):
    """Where pattern sets are published."""

    store: str = "logwinnow-data/patterns"


class Publish(Struct, frozen=True, forbid_unknown_fields=True):
    """
    What a new version may lose, and how many stay.

    A set is refused if it covers less than `keep` of the last one's lines, or was mined from less than that. Of older
    versions `keep_versions` stay, 0 for all.
    """

    keep: Annotated[float, Meta(ge=0, le=1)] = 0.5
    keep_versions: Annotated[int, Meta(ge=0)] = 100


class Nightly(Struct, frozen=True, forbid_unknown_fields=True):
    """What `train --nightly` reads; of how many days lines count, and how long a shape is remembered without any."""

    sources: list[str] = field(default_factory=list)
    window_days: Annotated[int, Meta(ge=1, le=3_650)] = 14
    forget_after: Annotated[int, Meta(ge=1, le=36_500)] = 90
    learn_days: Annotated[int, Meta(ge=1)] = 2

    def __post_init__(self) -> None:
        """Raise ValueError for a shape that would be forgotten while its lines count."""
        if self.forget_after < self.window_days:
            msg = (
                f"$.nightly.forget_after is {self.forget_after} and window_days {self.window_days}: a shape cannot be "
                "forgotten while its lines count; set it to as many days or more"
            )
            raise ValueError(msg)


class Learning(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether baselines are learned, of how many days, and how much is to be known of what is usual."""

    learn: bool = False
    days: Annotated[int, Meta(ge=1, le=3_650)] = 14
    least_days: Annotated[int, Meta(ge=1)] = 3
    least_lines: Annotated[int, Meta(ge=1)] = 20
    least_values: Annotated[int, Meta(ge=1)] = 100

    def __post_init__(self) -> None:
        """Raise ValueError where there would never be enough days."""
        if self.least_days > self.days:
            msg = (
                f"$.baselines.least_days is {self.least_days} and days {self.days}: nothing could ever be usual; set "
                "days to as many or more"
            )
            raise ValueError(msg)


class TrainingConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    corpus: CorpusConfig = field(default_factory=CorpusConfig)
    lines: Lines = Lines()
    words: Words = field(default_factory=Words)
    mining: Mining = Mining()
    patterns: Patterns = Patterns()
    publish: Publish = Publish()
    nightly: Nightly = field(default_factory=Nightly)
    baselines: Learning = Learning()
    spark: TrainingSpark = field(default_factory=TrainingSpark)

    def rules(self, formats: dict[str, FormatRule]) -> Rules:
        """Return the rules that lines are read by, with header formats from conf/formats.toml; not checked."""
        return Rules(
            words=WordRules(classes=self.words.classes),
            header=self.lines.header,
            formats=formats,
            zone=self.lines.zone,
            max_line_bytes=self.lines.max_line_bytes,
            multiline=self.lines.multiline,
        )
