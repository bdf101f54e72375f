"""Days of lines, and nights that learn from them, for tests."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from patterns.decided import decided
from patterns.matcher import Matcher
from patterns.pattern_set import PatternSet
from patterns.set_files import StoredSet
from patterns.store import Store
from patterns.timestamps import microseconds
from training.config import Learning, Mining, Nightly, Patterns, TrainingConfig
from training.fetched.time_range import ANY_TIME, TimeRange, Times
from training.job import train
from training.nightly.night import Asked, learn_night

FIRST = datetime(2026, 3, 1, tzinfo=UTC)


def quiet(_lines: int, _done: int, _size: int) -> None:
    """Say nothing."""


def moment(day: int, hour: float = 0) -> int:
    """Return an hour of a day, counted from 0, in microseconds since 1970."""
    return microseconds(FIRST + timedelta(days=day, hours=hour))


def line(day: int, text: str, hour: float = 12, program: str = "app") -> str:
    """Return a line of a day."""
    time = FIRST + timedelta(days=day, hours=hour)
    return f"{time:%Y-%m-%dT%H:%M:%S}+00:00 host {program}[1]: {text}\n"


@dataclass
class Nights:
    """A store in a folder, and what is learned into it."""

    folder: Path
    nightly: Nightly = field(default_factory=Nightly)
    mining: Mining = field(default_factory=lambda: Mining(engine="python"))
    baselines: Learning = field(default_factory=Learning)

    @property
    def config(self) -> TrainingConfig:
        return TrainingConfig(
            patterns=Patterns(store=str(self.folder / "store")),
            nightly=self.nightly,
            mining=self.mining,
            baselines=self.baselines,
        )

    @property
    def store(self) -> Store:
        return Store(self.config.patterns.store)

    @property
    def now(self) -> StoredSet:
        return self.store.read()

    def file(self, name: str, lines: Iterable[str]) -> str:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / name
        path.write_text("".join(lines), encoding="utf-8")
        return str(path)

    def train(
        self, lines: Iterable[str], *, excluded: tuple[TimeRange, ...] = (), add: Sequence[str] = ()
    ) -> dict[str, Any]:
        config, paths, times = self.config, [self.file("train.log", lines)], Times(ANY_TIME, excluded)
        return train(paths, config, config.rules({}), times=times, add=add, force=True, progress=quiet)

    def night(
        self,
        day: int,
        sources: Sequence[str],
        *,
        excluded: tuple[TimeRange, ...] = (),
        strict: bool = False,
        force: bool = False,
    ) -> dict[str, Any]:
        """Learn up to the end of a day."""
        config = self.config
        asked = Asked(moment(day + 1), excluded, strict=strict, force=force)
        return learn_night(sources, config, config.rules({}), asked, quiet)

    def learn(self, day: int, lines: Iterable[str], **options: Any) -> dict[str, Any]:
        """Learn a day of lines."""
        return self.night(day, [self.file(f"{day}.log", lines)], **options)

    def decide(self, *entries: str) -> None:
        Path(self.store.root).mkdir(parents=True, exist_ok=True)
        (Path(self.store.root) / "operator.jsonl").write_text("".join(f"{entry}\n" for entry in entries))

    def reason(self, shape: str, program: str = "app") -> str | None:
        """Return why a shape is an outlier; None where it is none."""
        patterns = decided(self.now.patterns, self.store.decisions())
        return Matcher(patterns).verdict(program, shape).reason

    def table(self) -> bytes:
        return self.stored("shapes.parquet")

    def stored(self, name: str) -> bytes:
        """Return a file of the current version."""
        return (Path(self.store.root) / self.now.version / name).read_bytes()


def texts(patterns: PatternSet, state: str) -> set[str]:
    """Return the patterns of a state."""
    return {known.pattern.text for known in patterns.patterns if known.state == state}


def days_of(per_day: Mapping[int, Sequence[str]]) -> list[str]:
    """Return the lines of some days."""
    return [line(day, text) for day, said in per_day.items() for text in said]
