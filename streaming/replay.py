"""
Dead letters, judged again → events and alerts in the sink, as the stream would have written them, and without Spark.

An event has the id of its line and lies where the first try would have put it, so that it is there once however often
it is replayed; with the sink `files`, as long as the same letters are replayed on the same day.
"""

import time
from collections import Counter
from dataclasses import dataclass, field

from patterns.judge import Judge
from patterns.language import hash_of
from patterns.store import Store
from streaming.alerts import AlertBook, AlertState
from streaming.config import StreamingConfig
from streaming.job import sink_of, source_of
from streaming.kept_letters import Bundle
from streaming.letters import Kept
from streaming.match import LineJudge, Tally
from streaming.sink import Sink
from streaming.source import DeadLetter, Source


@dataclass
class Replay:
    """
    Replays letters by the newest pattern set.

    Attributes:
        config: conf/streaming.toml.
        counts: What became of the letters so far: ``events``, ``alerts``, and ``left_<reason>``.
    """

    config: StreamingConfig
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """
        Make ready.

        Raises:
            LogwinnowError: There is no set, or the sink cannot be used.
        """
        stored = Store(self.config.patterns.store).read()
        self._judge, self._version = Judge(stored.patterns), stored.version
        self._source: Source = source_of(self.config)
        sink_of(self.config, "").start()

    def bundle(self, bundle: Bundle) -> None:
        """
        Write the events of letters, then their alerts; what became an event leaves the bundle where that can be.

        Raises:
            LogwinnowError: The sink cannot be written; all letters are there still.
        """
        with_bytes = [kept for kept in bundle.letters if kept.letter.raw is not None]
        left = [kept for kept in bundle.letters if kept.letter.raw is None]
        if with_bytes:
            # The same letters have the same name, so that a second try replaces the first.
            name = hash_of(["replay", *(kept.letter.event_id for kept in with_bytes)], 6)
            left += self._write(with_bytes, sink_of(self.config, f"replay-{name}"))
        self.counts["events"] += len(bundle.letters) - len(left)
        self.counts.update(f"left_{kept.letter.reason}" for kept in left)
        if bundle.keep is not None and len(left) < len(bundle.letters):
            bundle.keep(left)

    def _write(self, letters: list[Kept], sink: Sink) -> list[Kept]:
        """Return those that are refused again."""
        now, tally, planned = (
            time.time_ns() // 1000,
            Tally(),
            {kept.letter.event_id: kept.planned_at for kept in letters},
        )
        refused: list[DeadLetter] = []
        with sink.part(0, 0, now, refused.append) as writer:
            for letter, planned_at in letters:
                line = self._source.again(letter, self._judge.rules)
                if isinstance(line, DeadLetter):
                    refused.append(line)
                else:
                    judge = LineJudge(self._judge, self.config.source.name, self._version, planned_at)
                    judge.write(line, writer, tally)
        # Without a state: what was told in its interval has the same id, and is there.
        book = AlertBook(self.config.alerts, self.config.source.name, self._version, AlertState())
        further = tally.counts["outliers_of_further_shapes"]
        self.counts["alerts"] += sink.write_alerts(book.tell(tally.shapes.values(), further, tally.record_time or now))
        return [Kept(letter, planned[letter.event_id]) for letter in refused]
