"""What is usual, as far as the configuration asks: what lines are compared with, on the driver and the workers."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

import msgspec

from patterns.baselines import Baselines, Heartbeat, Rate, Row, Values
from patterns.language import short_hash
from streaming.config import AlertsConfig

MOST: Final = 50_000
"""Rates, heartbeats and parameters that are compared with, of each so many: they bound the state of a stream."""


def key_of(pattern: str, host: str) -> str:
    """Return what stands for a pattern on a host; ids have no spaces."""
    return f"{pattern} {host}"


def of_key(key: str) -> tuple[str, str]:
    """Return pattern and host of a key."""
    pattern, _, host = key.partition(" ")
    return pattern, host


class OfPattern(msgspec.Struct, array_like=True):
    """
    What a task looks at of a pattern.

    Attributes:
        rates: Host → number of the rate.
        heartbeats: Host → number of the heartbeat.
        values: Gap → its known values.
    """

    rates: dict[str, int]
    heartbeats: dict[str, int]
    values: dict[int, frozenset[str]]


def is_asked_for(config: AlertsConfig) -> bool:
    """Tell whether anything is compared with what is usual."""
    return config.rate.enabled or config.heartbeat.enabled or config.value.enabled


@dataclass(frozen=True)
class Usual:
    """
    What is compared with.

    Attributes:
        rates: Lines of an hour by pattern and host.
        heartbeats: By pattern and host.
        values: By pattern and gap.
        left_out: Rows above MOST.
    """

    rates: tuple[Rate, ...] = ()
    heartbeats: tuple[Heartbeat, ...] = ()
    values: tuple[Values, ...] = ()
    left_out: int = 0

    @classmethod
    def of(cls, baselines: Baselines | None, config: AlertsConfig) -> "Usual":
        """Return what the configuration asks for, nothing without baselines."""
        if baselines is None:
            return cls()
        rates = baselines.rates if config.rate.enabled else ()
        heartbeats = baselines.heartbeats if config.heartbeat.enabled else ()
        values = baselines.values if config.value.enabled else ()
        left_out = sum(max(len(rows) - MOST, 0) for rows in (rates, heartbeats, values))
        return cls(rates[:MOST], heartbeats[:MOST], values[:MOST], left_out)

    @cached_property
    def encoded(self) -> bytes:
        """What workers get, empty for nothing: no numbers of hours, which are the most of it."""
        found: dict[str, OfPattern] = {}

        def of(pattern: str) -> OfPattern:
            return found.setdefault(pattern, OfPattern({}, {}, {}))

        for number, rate in enumerate(self.rates):
            of(rate.pattern).rates[rate.host] = number
        for number, beat in enumerate(self.heartbeats):
            of(beat.pattern).heartbeats[beat.host] = number
        for row in self.values:
            of(row.pattern).values[row.gap] = frozenset(row.values)
        return msgspec.json.encode(found) if found else b""

    @cached_property
    def revision(self) -> str:
        """Short hash of all of it, empty for nothing."""
        rows: tuple[Row, ...] = (*self.rates, *self.heartbeats, *self.values)
        return short_hash(Baselines.of("", "", 0, rows).encode(), 6) if rows else ""

    @cached_property
    def rate_of(self) -> Mapping[str, Rate]:
        """Rates by their keys."""
        return {key_of(row.pattern, row.host): row for row in self.rates}

    @cached_property
    def heartbeat_of(self) -> Mapping[str, Heartbeat]:
        """Heartbeats by their keys."""
        return {key_of(row.pattern, row.host): row for row in self.heartbeats}

    @cached_property
    def values_of(self) -> Mapping[tuple[str, int], Values]:
        """Values by pattern and gap."""
        return {(row.pattern, row.gap): row for row in self.values}


@lru_cache(maxsize=2)
def by_pattern(encoded: bytes) -> Mapping[str, OfPattern]:
    """Return what a task looks at, by pattern id; made ready once a worker and broadcast."""
    return msgspec.json.decode(encoded, type=dict[str, OfPattern])
