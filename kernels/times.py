"""
Timestamps of many lines → microseconds since 1970, as the readers of patterns/timestamps.py would say.

Those ask a calendar and a zone, line by line. Here they are asked once an hour and zone, for its first second and its
last; within an hour whose ends lie 3,599 seconds apart, time runs evenly. Whatever is written otherwise (other widths,
a shift of the clock, a date that is none) goes to the reader itself.

A record time is one of all lines, or each line has its own. The year that is nearest to the first and to the last of
them is nearest to all, so what both say is so.
"""

from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from kernels.spans import Flags, Positions, Spans
from patterns.timestamps import DAY, SECOND, TimeReader

_COLON, _ZERO = ord(":"), ord("0")
_ZONE_BEGINS: Final = np.frombuffer(b"\0Z+-", np.uint8)
_LAST_SECOND: Final = 3_599 * SECOND
_LONGEST_REST = 16
_WITHOUT_YEAR, _WITH_YEAR = len("Nov  3 04"), len("2003-10-11T22")
_NEAR: Final = 182 * DAY
_REMEMBERED_HOURS = 100_000

RecordTime = int | Positions
"""In microseconds since 1970: of all lines, or of each its own."""

PADDING: Final = 64
"""How many bytes must follow the last line in the data that times are read from."""


class Times:
    """Reads the timestamps of one header format. Not thread-safe."""

    def __init__(self, read: TimeReader) -> None:
        """Read by `read` what cannot be read by columns."""
        self._read = read
        self._hours: dict[tuple[bytes, int], int | None] = {}

    def rfc3164(self, data: NDArray[np.uint8], spans: Spans, record_time: RecordTime) -> Positions:
        """Return the times of ``Nov  3 04:05:06``; the record time where there is none. `data` has PADDING."""
        begin = spans.starts
        minutes, seconds = _two_digits(data, begin + 10), _two_digits(data, begin + 13)
        keys = data[begin[:, None] + np.arange(_WITHOUT_YEAR)]
        even = (minutes < 60) & (seconds < 60)
        return self._times(data, spans, record_time, keys, even, (minutes * 60 + seconds) * SECOND)

    def iso(self, data: NDArray[np.uint8], spans: Spans, record_time: RecordTime) -> Positions:
        """Return the times of ``2003-10-11T22:14:15.003+02:00``; the record time where there is none."""
        begin, end = spans
        even = (end - begin >= 19) & (end - begin <= 19 + _LONGEST_REST)
        even &= (data[begin + 13] == _COLON) & (data[begin + 16] == _COLON)
        minutes, seconds = _two_digits(data, begin + 14), _two_digits(data, begin + 17)
        even &= (minutes < 60) & (seconds < 60)
        micros, zone, well_formed = _fractions(data, begin + 19, end)
        keys = np.concatenate([data[begin[:, None] + np.arange(_WITH_YEAR)], zone], axis=1)
        return self._times(
            data, spans, record_time, keys, even & well_formed, (minutes * 60 + seconds) * SECOND + micros
        )

    def each(self, texts: pa.Array, record_time: RecordTime) -> Positions:
        """Return the times of timestamps that are written in whatever way, or null; each distinct one is read once."""
        codes = texts.fill_null("").dictionary_encode()
        distinct, indices = codes.dictionary.to_pylist(), codes.indices.to_numpy(zero_copy_only=False)
        earliest, latest = _ends(record_time)
        if earliest == latest:
            times: Positions = np.array([self._one(text, earliest) for text in distinct], np.int64)[indices]
            return times
        read = [(self._read(text, earliest), self._read(text, latest)) if text else (None, None) for text in distinct]
        known = np.array([first is not None and first == last for first, last in read], np.bool_)
        times = np.array([first or 0 for first, _ in read], np.int64)[indices]
        unread = np.flatnonzero(~known[indices])
        for index, own in zip(unread, _at(record_time, unread), strict=True):
            times[index] = self._one(distinct[indices[index]], own)
        return times

    def _one(self, text: str, record_time: int) -> int:
        time = self._read(text, record_time) if text else None
        return record_time if time is None else time

    def _times(
        self,
        data: NDArray[np.uint8],
        spans: Spans,
        record_time: RecordTime,
        keys: NDArray[np.uint8],
        even: Flags,
        within: Positions,
    ) -> Positions:
        if not len(keys):
            return within
        earliest, latest = _ends(record_time)
        hours, known = self._begins(keys, earliest)
        if earliest != latest:
            others, as_well = self._begins(keys, latest)
            known &= as_well & (hours == others)
        times: Positions = hours + within
        unread = np.flatnonzero(~(even & known))
        for index, own in zip(unread, _at(record_time, unread), strict=True):
            text = data[spans.starts[index] : spans.ends[index]].tobytes().decode()
            times[index] = self._one(text, own)
        return times

    def _begins(self, keys: NDArray[np.uint8], record_time: int) -> tuple[Positions, Flags]:
        """Return when the hour of each row began, and whether that is known."""
        keys = np.ascontiguousarray(keys)
        rows = pa.Array.from_buffers(pa.binary(keys.shape[1]), len(keys), [None, pa.py_buffer(keys)])
        codes = rows.dictionary_encode()
        begins = [self._begin(key, record_time) for key in codes.dictionary.to_pylist()]
        indices = codes.indices.to_numpy(zero_copy_only=False)
        known = np.array([begin is not None for begin in begins], np.bool_)[indices]
        return np.array([begin or 0 for begin in begins], np.int64)[indices], known

    def _begin(self, key: bytes, record_time: int) -> int | None:
        place = key, record_time
        if place not in self._hours:
            if len(self._hours) >= _REMEMBERED_HOURS:
                self._hours.clear()
            self._hours[place] = self._even_hour(key, record_time)
        return self._hours[place]

    def _even_hour(self, key: bytes, record_time: int) -> int | None:
        try:
            text = key.rstrip(b"\0").decode()
        except UnicodeDecodeError:
            return None
        width = _WITHOUT_YEAR if len(key) == _WITHOUT_YEAR else _WITH_YEAR
        hour, zone = text[:width], text[width:]
        first, last = (self._read(f"{hour}:{at}{zone}", record_time) for at in ("00:00", "59:59"))
        if first is None or last is None or last - first != _LAST_SECOND:
            return None
        # Half a year away, which year is the nearest may change within the hour: an hour is not as long in each.
        if len(key) == _WITHOUT_YEAR and max(abs(first - record_time), abs(last - record_time)) >= _NEAR:
            return None
        return first


def _ends(record_time: RecordTime) -> tuple[int, int]:
    """Return the earliest record time and the latest."""
    if isinstance(record_time, int):
        return record_time, record_time
    return (int(record_time.min()), int(record_time.max())) if len(record_time) else (0, 0)


def _at(record_time: RecordTime, lines: Positions) -> list[int]:
    """Return the record times of some lines."""
    if isinstance(record_time, int):
        return [record_time] * len(lines)
    own: list[int] = record_time[lines].tolist()
    return own


def _two_digits(data: NDArray[np.uint8], at: Positions) -> Positions:
    """Return two digits as a number; one above 99 where they are none."""
    tens, units = data[at].astype(np.int64) - _ZERO, data[at + 1].astype(np.int64) - _ZERO
    is_number = (tens >= 0) & (tens <= 9) & (units >= 0) & (units <= 9)
    return np.where(is_number, tens * 10 + units, 100)


def _fractions(data: NDArray[np.uint8], begin: Positions, end: Positions) -> tuple[Positions, NDArray[np.uint8], Flags]:
    """Return what follows the seconds: a fraction in microseconds, a zone as bytes, and whether these are all."""
    rest = data[begin[:, None] + np.arange(_LONGEST_REST)]
    rest = np.where(np.arange(_LONGEST_REST) < (end - begin)[:, None], rest, 0)
    pointed = (rest[:, 0] == ord(".")) | (rest[:, 0] == ord(","))
    digits = (rest[:, 1:] >= _ZERO) & (rest[:, 1:] <= ord("9")) & pointed[:, None]
    run = np.logical_and.accumulate(digits, axis=1)
    length = run.sum(axis=1)
    values = np.where(run[:, :6], rest[:, 1:7].astype(np.int64) - _ZERO, 0)
    micros = values @ np.array([100_000, 10_000, 1_000, 100, 10, 1], np.int64)
    skip = np.where(pointed, length + 1, 0)
    # A zone has six bytes at most; what is longer is read by itself.
    at = skip[:, None] + np.arange(8)
    zone = np.where(at < _LONGEST_REST, np.take_along_axis(rest, np.minimum(at, _LONGEST_REST - 1), axis=1), 0)
    # Zeros fill up the zone, so one within it would be taken for its end.
    well_formed = (~pointed | (length > 0)) & ((zone != 0).sum(axis=1) == end - begin - skip)
    # A second fraction would be read where the first one is left out.
    well_formed &= np.isin(zone[:, 0], _ZONE_BEGINS)
    return micros, zone, well_formed
