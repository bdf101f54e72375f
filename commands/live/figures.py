"""The numbers of a running stream in lines for people, each cut to the width; the last alerts below them."""

from collections import Counter, deque
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from rich.text import Text

from commands.console import counted, shown

if TYPE_CHECKING:
    from streaming.judging import Judged

_RATE_SECONDS: Final = 30.0
"""Lines a second are those of the last so many seconds: with the sink `files` a batch comes every five."""

_KEPT_ALERTS: Final = 50
_MOST: Final = 500
"""Characters of a text that are looked at: a line may have millions, and a terminal shows some hundred."""

_NAME_WIDTH: Final = 13
_DAY: Final = 86_400


class Figures:
    """What the batches came to since the start. Times are seconds: `now` of a clock of its own, `wall` since 1970."""

    def __init__(self, name: str, now: float) -> None:
        """Begin at zero, for the stream of a source of this name."""
        self._name = name
        self._began = now
        self._totals: Counter[str] = Counter()
        self._recent: deque[tuple[float, int]] = deque()
        self._alerts: deque[Text] = deque(maxlen=_KEPT_ALERTS)
        self._set = ""
        self._decisions = ""
        self._lag: float | None = None

    def add(self, judged: "Judged", now: float, wall: float) -> None:
        """Add a batch that is done now."""
        self._totals += judged.counts
        self._recent.append((now, judged.counts["lines"]))
        # What is kept is short: documents may hold lines of a megabyte.
        self._alerts.extendleft(_alert(wall, document) for document in judged.alerts[-_KEPT_ALERTS:])
        self._set = judged.set
        entries, revision = judged.decisions.entries, judged.decisions.revision
        self._decisions = f"{counted(len(entries), 'entry', 'entries')}, revision {revision}" if entries else ""
        if judged.record_time:
            # A sender's clock may be ahead.
            self._lag = max(wall - judged.record_time / 1_000_000, 0)

    def lines(self, width: int, height: int, now: float, wall: float, *, ending: bool = False) -> list[Text]:
        """Return what to show, none of it wider than `width` or more than `height`; log text is made harmless."""
        state = "ends after this batch" if ending else "Ctrl-C ends it"
        # The clock goes first, so that a narrow terminal shows that it goes on.
        title = Text(f"{_duration(now - self._began)} ", "dim")
        title.append(shown(f"logwinnow stream: {self._name}", "bold not dim", _MOST)).append(f"  {state}")
        lines = [title]
        for name, said, style in self._facts(now, wall):
            lines.append(Text(f"{name:<{_NAME_WIDTH}}", "dim").append(shown(said, style, _MOST)))
        lines += (alert.copy() for alert in self._alerts)
        for line in lines:
            line.no_wrap = True
            line.truncate(width, overflow="ellipsis")
        return lines[:height]

    def _facts(self, now: float, wall: float) -> Iterator[tuple[str, str, str]]:
        """Yield name, what is to say, and its style."""
        totals = self._totals
        if not totals["batches"]:
            yield "lines", "none yet", ""
            return
        yield "lines", f"{self._rate(now):,.0f}/s, {totals['lines']:,} in all", ""
        if judged := totals["matched"] + totals["outliers"]:
            # Rounded down: 100 % is said of all alone.
            yield "matched", f"{int(1_000 * totals['matched'] / judged) / 10:.1f} %", ""
        yield "outliers", f"{totals['outliers']:,}", "yellow" if totals["outliers"] else ""
        letters = {name.removeprefix("dead_letters_"): n for name, n in totals.items() if name.startswith("dead_")}
        why = ", ".join(f"{reason} {number:,}" for reason, number in sorted(letters.items()))
        yield "dead letters", f"{sum(letters.values()):,}{why and f': {why}'}", "red" if letters else ""
        if self._lag is not None:
            yield "lag", f"{self._lag:,.1f} s", ""
        yield "set", f"{_age(self._set, wall)}{self._set}", ""
        if self._decisions:
            yield "decisions", self._decisions, ""
        held_back = f", {totals['alerts_held_back']:,} held back" if totals["alerts_held_back"] else ""
        yield "alerts", f"{totals['alerts']:,}{held_back}", ""

    def _rate(self, now: float) -> float:
        while self._recent and self._recent[0][0] < now - _RATE_SECONDS:
            self._recent.popleft()
        return sum(lines for _, lines in self._recent) / min(max(now - self._began, 1), _RATE_SECONDS)


def _alert(when: float, document: dict[str, Any]) -> Text:
    """
    Return the line of an alert: when it was told, program, host, how often, what it is, severity and name, the message.

    Of a storm it says how many shapes, and has the pattern in the message's place.
    """
    program = document.get("process", {}).get("name", "")
    host = document.get("host", {}).get("name", "")
    count = document["logwinnow"].get("count", 1)
    line = Text(datetime.fromtimestamp(when).astimezone().strftime("  %H:%M:%S "), "dim")
    line.append(shown(" ".join(filter(None, (program, host))), "yellow", _MOST))
    line.append(f" {count:,}×" if count > 1 else "").append(" ")
    pattern = document["logwinnow"].get("pattern", {})
    kind = document["logwinnow"].get("kind", "").replace("_", " ")
    for said in filter(None, (kind, pattern.get("severity"), pattern.get("name"))):
        line.append(shown(f"{said}: ", "bold", _MOST))
    shapes = document["logwinnow"].get("shapes")
    if shapes is not None:
        line.append(f"{counted(shapes, 'new shape')}: ", "bold")
    return line.append(shown(document["message"] if shapes is None else pattern["text"], most=_MOST))


def _age(version: str, wall: float) -> str:
    """Return ``3 days old, ``; nothing for a version whose name does not begin with its time."""
    try:
        published = datetime.strptime(version[:15], "%Y%m%dT%H%M%S").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return ""
    seconds = max(wall - published, 0)
    for unit, name in ((_DAY, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= unit:
            return f"{counted(int(seconds // unit), name)} old, "
    return "new, "


def _duration(seconds: float) -> str:
    hours, rest = divmod(int(seconds), 3_600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}"
