"""A replay that is stopped anywhere loses nothing and doubles nothing, once the next one has ended."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from patterns.timestamps import DAY
from streaming.dead_letters.files import FileBundle
from streaming.errors import CheckpointError, SinkError
from streaming.job import sink_of
from streaming.sink import late as late_module
from streaming.sink.files import FilesSink
from streaming.sink.late import LateFiles

if TYPE_CHECKING:
    from tests.streaming.replay.conftest import Place


class Killed(BaseException):
    """What stops a replay as SIGKILL does: nothing catches it."""


def _killed(*_: object, **__: object) -> None:
    raise Killed


def _after(function: Callable[..., Any]) -> Callable[..., Any]:
    def killed_after(*arguments: Any, **more: Any) -> None:
        function(*arguments, **more)
        raise Killed

    return killed_after


@contextmanager
def _stopped_at(target: type, name: str, *, after: bool) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(target, name, _after(getattr(target, name)) if after else _killed)
        with pytest.raises(Killed):
            yield


STEPS = [
    (FilesSink, "write_alerts", False),
    (FilesSink, "write_alerts", True),
    (FileBundle, "settle", False),
    (FileBundle, "settle", True),
    (LateFiles, "close", False),
]


@pytest.mark.parametrize("next_day", [False, True])
@pytest.mark.parametrize(("target", "name", "after"), STEPS)
def test_a_replay_that_was_killed_is_finished_by_the_next(
    target: type, name: str, after: bool, next_day: bool, place: "Place", monkeypatch: pytest.MonkeyPatch
) -> None:
    place.judge(b"user left", b"odd one", b"odd two")
    place.judge(b"job 1 done", b"odd one", batch=1)
    with _stopped_at(target, name, after=after):
        place.replay(place.config("plain"))
    if next_day:
        # The day is closed meanwhile.
        sink_of(place.config(), "other").done(place.now + DAY)

        class Tomorrow:
            @staticmethod
            def time_ns() -> int:
                return (place.now + DAY) * 1000

        monkeypatch.setattr(late_module, "time", Tomorrow)
    place.replay(place.config("plain"))
    assert place.letters() == []
    assert place.events().keys() == {0, 1, 2, 100, 101}
    told = [alert["logwinnow"]["shape"]["text"] for alert in place.site.alerts()]
    assert sorted(told) == ["odd one", "odd two"]
    assert not (place.site.checkpoint / "logwinnow" / "replay.json").exists()


# The note of the day, the events, an alert: each and its folder in its turn.
@pytest.mark.parametrize("writes", range(6))
def test_a_full_disk_loses_nothing(writes: int, place: "Place", monkeypatch: pytest.MonkeyPatch) -> None:
    place.judge(b"user left", b"odd one")
    sync, left = os.fsync, iter(range(writes))

    def fills(file: int) -> None:
        if next(left, None) is None:
            raise OSError(28, "No space left on device")
        sync(file)

    with monkeypatch.context() as full:
        full.setattr(os, "fsync", fills)
        with pytest.raises((SinkError, CheckpointError), match="No space left on device"):
            place.replay(place.config("plain"))
    assert len(place.letters()) == 2
    place.replay(place.config("plain"))
    assert place.letters() == []
    assert place.events().keys() == {0, 1}
