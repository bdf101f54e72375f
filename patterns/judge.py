"""
One line, from its bytes to its verdict: what the trainer, the stream and the command line all run.

    bytes ─► LineReader ─► Line ─► Splitter ─► scope, shape ─► Matcher ─► Verdict
"""

from functools import lru_cache
from typing import NamedTuple

from patterns.errors import RulesError
from patterns.language import hash_of
from patterns.line import Line, LineReader
from patterns.matcher import Matcher, Verdict, beside_classes, gap_words, parameters
from patterns.pattern_set import PatternSet
from patterns.rules import AUTO, BUILT_IN_FORMATS, NO_HEADER, PLAIN, Rules, load_zone
from patterns.words import Splitter, TakenApart

_REMEMBERED_SHAPES = 10_000
_REMEMBERED_LENGTH = 1_024


class Shaped(NamedTuple):
    """A line with its scope and shape; `unjudged` says why it is not judged, or is None; `apart` is its message."""

    line: Line
    scope: str
    shape: str
    unjudged: str | None
    apart: TakenApart


class Judgement(NamedTuple):
    """A shaped line with its verdict; None for an unjudged line, which is no outlier."""

    shaped: Shaped
    verdict: Verdict | None

    @property
    def outlier(self) -> bool:
        """Whether the line was judged and is of no known kind."""
        return self.verdict is not None and self.verdict.outlier


class Shaper:
    """Reads lines and takes them apart by `rules`; what mining and judging have in common. Not thread-safe."""

    def __init__(self, rules: Rules) -> None:
        """Raises RulesError for rules that cannot be used."""
        check_rules(rules)
        self._reader = LineReader(rules)
        self.splitter = Splitter(rules.words)
        self._scope = lru_cache(maxsize=4096)(self.splitter.scope)

    def shape(self, data: bytes, record_time: int) -> Shaped:
        """Return the line that `data` is, without its end; `record_time` in microseconds since 1970."""
        line = self._reader.read(data, record_time)
        apart = self.splitter.take_apart(line.message)
        scope = self._scope(line.program) if line.program else ""
        return Shaped(line, scope, apart.shape, self.splitter.unjudged(apart.shape), apart)


class Judge:
    """
    Judges lines by a pattern set, read by the set's own rules. Not thread-safe.

    Attributes:
        rules: Those of the set.
        matcher: Judges shapes by the set.
        splitter: Takes messages apart by its rules.
    """

    def __init__(self, pattern_set: PatternSet) -> None:
        """Raises RulesError for a set whose rules cannot be used."""
        self.rules = pattern_set.rules
        self._shaper = Shaper(pattern_set.rules)
        self.splitter = self._shaper.splitter
        self.matcher = Matcher(pattern_set)
        # Finding them costs as much as judging, and all lines of a shape have the same.
        self._gap_words = lru_cache(maxsize=_REMEMBERED_SHAPES)(self._find_gap_words)
        self._beside_classes = lru_cache(maxsize=_REMEMBERED_SHAPES)(self._find_beside_classes)

    def judge(self, data: bytes, record_time: int) -> Judgement:
        """Judge the line that `data` is, without its end; `record_time` in microseconds since 1970."""
        shaped = self._shaper.shape(data, record_time)
        return Judgement(shaped, None if shaped.unjudged else self.matcher.verdict(shaped.scope, shaped.shape))

    def parameters(self, judgement: Judgement) -> list[str]:
        """Return what the gaps of the line's pattern took; nothing where no pattern matches."""
        (line, scope, shape, _, apart), verdict = judgement
        if verdict is None or verdict.known is None:
            return []
        if len(shape) > _REMEMBERED_LENGTH:
            return parameters(verdict.known, self._shaper.splitter.slices(line.message), line.message)
        return self._shaper.splitter.cut_out(apart, self._gap_words(scope, shape))

    def values(self, judgement: Judgement, parameters: list[str]) -> list[str]:
        """
        Return what baselines compare of a line's parameters.

        A class word beside others is not told apart: of a user and a time in one gap the user is compared.
        """
        if not parameters:
            return parameters
        masked = self.masked(judgement.shaped.scope, judgement.shaped.shape)
        return [value if text is None else text for text, value in zip(masked, parameters, strict=True)]

    def masked(self, scope: str, shape: str) -> list[str | None]:
        """Return what baselines compare of each gap of a shape's pattern; None where it is the parameter."""
        find = self._beside_classes if len(shape) <= _REMEMBERED_LENGTH else self._find_beside_classes
        return find(scope, shape)

    def _find_beside_classes(self, scope: str, shape: str) -> list[str | None]:
        words = shape.split(" ")
        return [beside_classes(words[begin:end]) for begin, end in self._find_gap_words(scope, shape)]

    def _find_gap_words(self, scope: str, shape: str) -> list[tuple[int, int]]:
        known = self.matcher.verdict(scope, shape).known
        return gap_words(known, shape.split(" ")) if known else []


def shape_id(scope: str, shape: str) -> str:
    """Return the id of a shape in its scope: 12 hexadecimal digits, the same everywhere."""
    # Long ones would fill the memory.
    return (_remembered_id if len(shape) <= _REMEMBERED_LENGTH else _shape_id)(scope, shape)


def _shape_id(scope: str, shape: str) -> str:
    return hash_of([scope, shape], 6)


_remembered_id = lru_cache(maxsize=65_536)(_shape_id)


def check_rules(rules: Rules) -> None:
    """
    Refuse rules that cannot be used.

    Raises:
        RulesError: A class or format does not compile, or a name, zone or limit makes no sense.
    """
    names = (AUTO, PLAIN, *BUILT_IN_FORMATS, *rules.formats)
    if rules.header not in names:
        raise RulesError(f"header is {rules.header!r}: there is no such format; give one of {', '.join(names)}")
    taken = set(names[:5]) & set(rules.formats)
    if taken:
        raise RulesError(f"format {min(taken)!r} has the name of a built-in one; give it another")
    if rules.max_line_bytes < 256:
        raise RulesError(
            f"max_line_bytes is {rules.max_line_bytes}: a header alone may be longer; set 256 or more (65536 is usual)"
        )
    if rules.multiline == NO_HEADER and rules.header == PLAIN:
        raise RulesError(
            f"multiline is {NO_HEADER!r} and header is {PLAIN!r}, so that no line would begin a record; set "
            "multiline to 'indented', or header to 'auto' or the format that first lines have"
        )
    for zone in (rules.zone, *(rule.zone for rule in rules.formats.values() if rule.zone)):
        load_zone(zone)
