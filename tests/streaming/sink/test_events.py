from single_events import each_event

from streaming.sink.events import Events
from streaming.source import SourceLine


def test_those_that_are_chosen_keep_what_stands_beside_them() -> None:
    lines = [SourceLine(b"", b"", 7 + n, f"{n}", "/a.log", n, {}) for n in range(3)]
    events = Events.of([b'{"n":0}', b'{"n":1}', b'{"n":2}'], lines, dated=[True, True, False])

    chosen = events.chosen([2, 0])

    assert each_event(chosen) == [({"n": 2}, lines[2], False), ({"n": 0}, lines[0], True)]
    assert (chosen.ids, chosen.record_times.tolist()) == (["2", "0"], [9, 7])
    assert each_event(events.chosen([])) == []
