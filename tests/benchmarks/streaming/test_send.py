import time

from benchmarks.streaming.programs.send import paced


def test_lines_come_evenly() -> None:
    late = [0.0]
    began = time.perf_counter()
    times = [time.perf_counter() - began for _ in paced([b""] * 21, 100, late)]
    assert times[20] >= 0.199
    assert all(taken >= number / 100 - 0.001 for number, taken in enumerate(times))


def test_who_takes_lines_too_slowly_is_late() -> None:
    late = [0.0]
    for _ in paced([b""] * 5, 1_000, late):
        time.sleep(0.01)
    assert late[0] >= 0.03
