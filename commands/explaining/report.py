"""All that is said of a line, gathered: what the set says, what its training knew, and what the stream saw."""

from typing import Any

import msgspec

from commands.explaining import reproduced, training, unusual
from commands.explaining.asked import Asked, OpenFinder
from commands.explaining.explained import Explained, Explainer, Said, same_verdict, then
from commands.explaining.sets import JudgedBy, judged_by
from mining.clusters import Algorithm
from patterns.errors import LogwinnowError, PatternsError
from patterns.judge import Judgement
from patterns.store import Store


class Condensed(msgspec.Struct):
    """The provisional pattern of an alert, and how many shapes and lines it stood for when it was told."""

    pattern: str
    text: str
    shapes: int
    lines: int


class Then(msgspec.Struct):
    """
    What was said of an event when it came.

    Attributes:
        said: By its document.
        now: What that same set says with today's decisions; None if the store has it no more.
        differs: Whether the verdict asked for is another one than that of then.
        condensed: What an alert of many shapes stood for; None of all else.
        unusual: What an alert of a known kind says of the line, in a sentence; None of all else.
    """

    said: Said
    now: Said | None
    differs: bool
    condensed: Condensed | None
    unusual: str | None


class Trained(msgspec.Struct):
    """
    What the training of the set knew of the shape, and what would have taken it in.

    Attributes:
        known: Of the table; None if it cannot be read, and `why` says why.
        why: Why no pattern matches; None for a line that is matched.
        mined: The program mined anew; None for a line that is matched, and for a program that is too large.
    """

    known: training.Known | None
    why: str | None
    mined: training.Mined | None


class Streamed(msgspec.Struct):
    """What the sink has of the shape; `why` says why nothing could be looked up."""

    place: str
    since: str | None
    lines: int = 0
    outliers: int = 0
    first: str | None = None
    last: str | None = None
    hosts: dict[str, int] = {}
    host_count: int = 0
    why: str | None = None


class Report(msgspec.Struct):
    """What `logwinnow explain --json` prints of a line."""

    explained: Explained
    then: Then | None
    trained: Trained | None
    streamed: Streamed | None
    reproduce: str | None


class Reporter:
    """Gathers reports. What costs a pass is done once a shape."""

    def __init__(
        self,
        store: Store,
        by: JudgedBy,
        finder: OpenFinder,
        *,
        scope: str | None,
        since: str | None,
        seen_once: bool,
    ) -> None:
        """
        Make ready.

        Args:
            store: Where the set is from.
            by: The set.
            finder: Opens the sink; may raise LogwinnowError.
            scope: The program that was named, or None.
            since: From when on events count, RFC 3339, or None; as the finder has it.
            seen_once: Whether the trainer takes kinds seen once.
        """
        self._store, self._by, self._finder = store, by, finder
        self._scope, self._since, self._seen_once = scope, since, seen_once
        self._explainer = Explainer(by, scope)
        self._trained: dict[tuple[str, str], Trained] = {}
        self._streamed: dict[str, Streamed] = {}

    def report(self, asked: Asked) -> Report:
        """Return all that is said of a line."""
        judgement = self._explainer.judge(asked)
        explained = self._explainer.explain(judgement)
        judged = judgement.verdict is not None
        return Report(
            explained=explained,
            then=None if asked.document is None else self._then(asked, asked.document, explained.verdict),
            trained=self._of_training(judgement) if judged else None,
            streamed=self._of_stream(explained.shape) if judged else None,
            reproduce=reproduced.command(
                asked.data, self._scope, self._by.patterns.rules, self._store.root, self._by.version
            ),
        )

    def _then(self, asked: Asked, document: dict[str, Any], verdict: Said) -> Then:
        said = then(document)
        try:
            explainer = Explainer(judged_by(self._store, said.set))
            now = explainer.explain(explainer.judge(asked)).verdict
        except PatternsError:
            now = None
        differs = not same_verdict(said, verdict)
        return Then(said, now, differs, _condensed(document), unusual.of_line(document))

    def _of_training(self, judgement: Judgement) -> Trained:
        key = judgement.shaped.scope, judgement.shaped.shape
        if key not in self._trained:
            self._trained[key] = self._read_training(*key, matched=not judgement.outlier or _known(judgement))
        return self._trained[key]

    def _read_training(self, scope: str, shape: str, *, matched: bool) -> Trained:
        try:
            table = self._store.read_shapes(self._by.version)
        except PatternsError as error:
            return Trained(None, str(error), None)
        known, shapes = training.of_table(table, scope, shape)
        if matched:
            return Trained(known, None, None)
        run = self._by.stored.run
        why = training.why_left(run, scope, known.lines) if known.lines else "no line of the training had this shape"
        if known.scope_shapes > training.MOST_SHAPES:
            return Trained(known, why, None)
        mined = training.mined_anew(shapes, shape, _algorithm(run.get("algorithm")), seen_once=self._seen_once)
        return Trained(known, why, mined)

    def _of_stream(self, identity: str) -> Streamed:
        if identity not in self._streamed:
            self._streamed[identity] = self._look_up(identity)
        return self._streamed[identity]

    def _look_up(self, identity: str) -> Streamed:
        try:
            with self._finder() as finder:
                seen = finder.shape(identity)
        except LogwinnowError as error:
            # The verdict does not depend on it: at night the sink may be what is broken.
            return Streamed("", self._since, why=str(error))
        return Streamed(
            place=finder.place,
            since=self._since,
            lines=seen.lines,
            outliers=seen.outliers,
            first=seen.first,
            last=seen.last,
            hosts=dict(seen.hosts),
            host_count=seen.host_count,
        )


def _condensed(document: dict[str, Any]) -> Condensed | None:
    ours = document["logwinnow"]
    if "shapes" not in ours:
        return None
    return Condensed(ours["pattern"]["id"], ours["pattern"]["text"], ours["shapes"], ours["count"])


def _known(judgement: Judgement) -> bool:
    return judgement.verdict is not None and judgement.verdict.known is not None


def _algorithm(name: Any) -> Algorithm:
    return "slct" if name == "slct" else "logcluster"
