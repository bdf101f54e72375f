"""The charts as numbers of SVG: widths in percent, so that they are as wide as the page, heights in its pixels."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from commands.reporting.figures import Bins, Figures

LINES_HEIGHT: Final = 150
OUTLIERS_HEIGHT: Final = 80

_TICKS = 8
_STEPS: Final = (
    *(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800),
    *(3_600 * hours for hours in (1, 2, 3, 6, 12, 24, 48, 168, 336, 672, 2_184, 8_736, 43_680, 87_360, 873_600)),
)
_SPARK_HEIGHT = 20
_UNITS: Final = ((604_800, "week"), (86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))

_FIRST = int(datetime(1, 1, 1, tzinfo=UTC).timestamp())
_LAST = int(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp())


class Bar(NamedTuple):
    """A bin: where it stands, how high its bars are, and what it says."""

    x: str
    width: str
    lines: float
    outliers: float
    label: str
    line_count: int
    outlier_count: int


class Tick(NamedTuple):
    """A time below the chart."""

    x: str
    label: str
    minor: bool


def chart(figures: Figures) -> dict[str, Any]:
    """Return bars, ticks, and what the tops of both scales stand for."""
    bins = figures.chart
    most_lines, most_outliers = (_top(max(counts)) for counts in (figures.chart_lines, figures.chart_outliers))
    wide = 100 / bins.number
    bars = [
        Bar(
            f"{wide * at:.3f}%",
            f"{wide * 0.86:.3f}%",
            _height(lines, most_lines, LINES_HEIGHT),
            _height(outliers, most_outliers, OUTLIERS_HEIGHT),
            _moment(bins.start + at * bins.width).isoformat(" ")[:19],
            lines,
            outliers,
        )
        for at, (lines, outliers) in enumerate(zip(figures.chart_lines, figures.chart_outliers, strict=True))
    ]
    return {
        "bars": bars,
        "hit": f"{wide:.3f}%",
        "ticks": list(_ticks(bins)),
        "most_lines": most_lines,
        "most_outliers": most_outliers,
        "lines_height": LINES_HEIGHT,
        "outliers_height": OUTLIERS_HEIGHT,
    }


def spark(series: Sequence[int]) -> dict[str, Any]:
    """Return a small chart: its path in a box of so many units, and its peak."""
    peak = max(series)
    path = "".join(
        f"M{at} {_SPARK_HEIGHT}v-{_height(count, peak, _SPARK_HEIGHT):g}h.8V{_SPARK_HEIGHT}z"
        for at, count in enumerate(series)
        if count
    )
    return {"path": path, "width": len(series), "height": _SPARK_HEIGHT, "peak": peak}


def width_in_words(seconds: int) -> str:
    """Return ``15 minutes``, ``hour``: how wide a bin is."""
    for size, unit in _UNITS:
        if seconds % size == 0:
            return unit if seconds == size else f"{seconds // size:,} {unit}s"
    raise AssertionError


def _height(count: int, most: int, height: int) -> float:
    """Return how high a bar is: at least a pixel where there is a line."""
    return max(round(height * count / most, 1), 1.0) if count else 0.0


def _top(most: int) -> int:
    """Return a round number that is not below `most`."""
    size: int = 10 ** (len(str(max(most, 1))) - 1)
    return next(
        size * factor // 2 for factor in (2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 18, 20) if size * factor >= 2 * most
    )


def _ticks(bins: Bins) -> Iterator[Tick]:
    span = bins.width * bins.number
    step = next((step for step in _STEPS if span // step <= _TICKS), _STEPS[-1])
    first = -(-bins.start // step) * step
    for number, second in enumerate(range(first, bins.end, step)):
        place = (second - bins.start) / span
        if 0.03 <= place <= 0.97:
            yield Tick(f"{100 * place:.3f}%", _tick_label(second, step), bool(number % 2))


def _tick_label(second: int, step: int) -> str:
    moment = _moment(second)
    if step >= 364 * 86_400:
        return f"{moment:%Y}"
    if step >= 86_400 or second % 86_400 == 0:
        return f"{moment.day} {moment:%b}"
    return f"{moment:%H:%M:%S}" if step < 60 else f"{moment:%H:%M}"


def _moment(second: int) -> datetime:
    """Return a time; the first or last bin may begin or end where no calendar goes."""
    return datetime.fromtimestamp(min(max(second, _FIRST), _LAST), UTC)
