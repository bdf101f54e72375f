"""Engine `python`: one process and plain loops over lines; simple to read, and what the other engines are held to."""

from collections import Counter
from collections.abc import Collection, Iterator

from mining.candidates import CandidateTable, Keys, candidates
from mining.clusters import Method
from mining.support import Support
from mining.words import WeightedShape, words_of
from patterns.judge import Shaper
from patterns.observed import ObservedTable
from patterns.pattern_set import PatternSet
from patterns.rules import Rules
from patterns.shapes import ShapeTable
from training.baselines.observing import observed_lines
from training.baselines.rows import OBSERVED_ROWS
from training.corpus import LONGEST_JUDGED, Corpus, CorpusLine, Progress
from training.fetched.time_range import ALL_TIMES, Times
from training.line_filter import Filter
from training.lines import Coverage, Lines, Place, ShapedLines, raw_words
from training.runs import RowsBuilder
from training.shapes import CorpusCounts, count_shapes, tabulate


class PythonEngine:
    """Does what `training.engines.Engine` says."""

    def __init__(self, corpus: Corpus) -> None:
        """Take a corpus."""
        corpus.refuse_uris("python")
        self._corpus = corpus

    def tabulate(self, rules: Rules, progress: Progress, times: Times = ALL_TIMES) -> tuple[ShapeTable, CorpusCounts]:
        """Read the corpus into a table of shapes. Cost: memory for all rows."""
        return tabulate(self._corpus.lines(progress, LONGEST_JUDGED), rules, times)

    def observe(self, patterns: PatternSet, progress: Progress, times: Times = ALL_TIMES) -> ObservedTable:
        """Judge the lines one by one. Cost: memory for some rows."""
        with RowsBuilder(OBSERVED_ROWS) as builder:
            for rows in observed_lines(self._corpus.lines(progress, LONGEST_JUDGED), patterns, times):
                builder.add(rows)
            return ObservedTable.of_tables(builder.merged())

    def raw_lines(self, chosen: Filter, progress: Progress) -> Lines:
        """Return the lines, whole."""
        return RawLines(self._corpus, chosen, progress)

    def shaped_lines(self, chosen: Filter, rules: Rules, progress: Progress) -> Lines:
        """Return the lines by their shapes. Cost: one pass, and memory for the shapes."""
        return CountedLines(self._corpus, chosen, rules, progress)


class RawLines:
    """Whole lines, split at ASCII white space; bytes that are no UTF-8 stay apart (`exact_text`)."""

    def __init__(self, corpus: Corpus, chosen: Filter, progress: Progress) -> None:
        """Read nothing yet."""
        self.left_out: Counter[str] = Counter()
        self._corpus, self._filter, self._progress = corpus, chosen.compiled(), progress

    def __iter__(self) -> Iterator[WeightedShape]:
        """Yield each line that the filter lets through, once; a blank one has no words. Cost: one pass."""
        self.left_out.clear()
        for line in self._corpus.data(self._progress):
            mined = self._filter(line)
            if mined is None:
                self.left_out["filter"] += 1
            else:
                yield raw_words(mined), 1

    def scopes(self) -> Collection[str]:
        """Return the one scope."""
        return [""]

    def keys(self, _scope: str, support: Support, method: Method) -> Keys:
        """Find the frequent words. Cost: one pass."""
        return method.keys(self, support)

    def candidates(self, _scope: str, keys: Keys, _support: Support, _method: Method) -> CandidateTable:
        """Find the candidates. Cost: one pass."""
        return candidates(self, keys)

    def outliers(self, coverage: Coverage, progress: Progress) -> Iterator[bytes]:
        """Yield the lines that belong to no cluster. Cost: one pass."""
        for line in self._corpus.data(progress):
            mined = self._filter(line)
            if mined is not None and coverage.is_outlier(Place("", raw_words(mined))):
                yield line


class CountedLines(ShapedLines):
    """Lines by their shapes, a scope for each program."""

    def __init__(self, corpus: Corpus, chosen: Filter, rules: Rules, progress: Progress) -> None:
        """
        Count the lines of each shape. Cost: one pass, and memory for the shapes.

        Raises:
            RulesError: The rules cannot be used.
        """
        self._corpus, self._filter, self._progress = corpus, chosen.compiled(), progress
        self._shaper = Shaper(rules)
        rejected = Counter[str]()
        scopes, counts = count_shapes(self._filtered(rejected), rules)
        super().__init__(scopes, rejected + counts.unjudged)

    def _filtered(self, rejected: Counter[str]) -> Iterator[CorpusLine]:
        for line in self._corpus.data(self._progress):
            mined = self._filter(line)
            if mined is None:
                rejected["filter"] += 1
            else:
                yield CorpusLine(mined, 0)

    def outliers(self, coverage: Coverage, progress: Progress) -> Iterator[bytes]:
        """Yield the lines that belong to no cluster. Cost: one pass."""
        for line in self._corpus.data(progress):
            mined = self._filter(line)
            if mined is None:
                continue
            shaped = self._shaper.shape(mined, 0)
            place = None if shaped.unjudged else Place(shaped.scope, words_of(shaped.shape))
            if coverage.is_outlier(place):
                yield line
