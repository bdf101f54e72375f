"""When releases come, and what each of them changes: written into a script in which all else is already."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, cycle

from commands.simulation.events.releases import RELEASES, Release
from commands.simulation.events.script import Opening, Released, released
from commands.simulation.events.writer import Writer
from commands.simulation.programs import STORIES
from commands.simulation.story import Kind

_BROUGHT = ("deployment", "seasonal")
"""What else speaks but the stories of normal traffic, and is no trouble."""


class ReleaseWriter(Writer):
    """Writes releases."""

    def releases(self, count: int) -> None:
        """So many, evenly spread over working days, of one sort after the other; no more than there are."""
        chosen = self._chosen()[:count]
        earlier: dict[str, list[Released]] = {}
        for number, (day, release) in enumerate(zip(self._spread(len(chosen)), chosen, strict=True), start=1):
            time = self._working(day) + self._time(8, 16)
            before = earlier.setdefault(release.program, [])
            self._release(release, number, time, before)
            before.append(self.script.releases[-1])

    def _chosen(self) -> list[Release]:
        """All of them, in random order but for the sorts, which take turns."""
        left = {sort: self._chance.shuffled(some) for sort, some in RELEASES.items()}
        turns = cycle(left)
        found = []
        while any(left.values()):
            some = left[next(turns)]
            if some:
                found.append(some.pop())
        return found

    def _release(self, release: Release, number: int, time: int, before: list[Released]) -> None:
        brought = [step.kind for story in release.stories for step in story.steps]
        kinds, gone = [], []
        for first in self._said_by(release.program):
            last, _ = released(first, before)
            now = None if last is None else release.instead(last, first, number)
            if last is not None and now is not last:
                gone.append(last.label)
                kinds += [] if now is None else [now]
        kinds += brought
        span = (time, self._end)
        mark = self._event("release", [span], release.about, kinds=kinds, news=frozenset(brought), gone=gone)
        self.script.releases.append(Released(time, release, number, mark))
        for story in release.stories:
            rarer = replace(story, when=self._at_volume(story))
            self.script.marks[rarer] = mark
            self.script.openings.append(Opening(span, rarer))
            self._soon_and_on_the_next_day(rarer, time)

    def _said_by(self, program: str) -> Iterator[Kind]:
        """Yield the kinds of a program that are ever said, each once, but those of troubles."""
        said: dict[str, Kind] = {}
        changed = (kind for change in self.script.changes for kind in change.instead.values() if kind is not None)
        stories = [*STORIES, *(story for story, mark in self.script.marks.items() if mark.cause in _BROUGHT)]
        for kind in chain((step.kind for story in stories for step in story.steps), changed):
            said.setdefault(kind.label, kind)
        yield from (kind for kind in said.values() if kind.program == program)
