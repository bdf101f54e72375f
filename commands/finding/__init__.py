"""
What a sink holds of an id: an event, an alert, the events of a shape.

    opened(config.sink, since, report) ─► Finder: document(id), shape(id), outliers(beginning of an id)
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from commands.progress import Report
    from streaming.config import SinkConfig

HOSTS: Final = 10
"""Hosts that are named, those with most lines."""


@dataclass
class Seen:
    """
    What the sink holds of a shape.

    Attributes:
        lines: Events of it.
        outliers: Those of them that were outliers when they came.
        first: The earliest of their times, RFC 3339; None without any. A line says it of itself.
        last: The latest.
        hosts: Host → events, up to HOSTS with most of them; ``""`` for none.
        host_count: How many hosts there are.
        event: One event of it, the earliest; None without any.
    """

    lines: int = 0
    outliers: int = 0
    first: str | None = None
    last: str | None = None
    hosts: Counter[str] = field(default_factory=Counter)
    host_count: int = 0
    event: dict[str, Any] | None = None


class Finder(Protocol):
    """
    Looks things up in a sink.

    Attributes:
        place: What it is, in words.
    """

    place: str

    def document(self, identity: str) -> dict[str, Any] | None:
        """
        Return the event or alert with an id, 20 hexadecimal digits; None where the sink has none.

        Raises:
            LogwinnowError: The sink cannot be read.
        """

    def shape(self, identity: str) -> Seen:
        """
        Return what there is of a shape, by its id, 12 hexadecimal digits.

        Raises:
            LogwinnowError: The sink cannot be read.
        """

    def outliers(self, beginning: str) -> Iterator[dict[str, Any]]:
        """
        Yield an alert of each shape whose id begins so; where there is none, an outlier.

        Raises:
            LogwinnowError: The sink cannot be read.
        """


def opened(config: "SinkConfig", since: int | None, report: "Report") -> Finder:
    """
    Return what looks things up in the sink of a configuration.

    Args:
        config: The sink.
        since: In microseconds since 1970: only events that are not older are counted by `shape`; None for all.
        report: Called now and then with lines, bytes read and bytes in all.
    """
    if config.kind == "files":
        from commands.finding.files import FilesFinder

        return FilesFinder(config.files.path, since, report)
    from commands.finding.elasticsearch import ElasticsearchFinder

    return ElasticsearchFinder(config.elasticsearch, since)
