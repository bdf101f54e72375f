"""
Timestamps of many lines → microseconds since 1970, as the readers of patterns/timestamps.py would say.

Those ask a calendar and a zone, line by line. Here they are asked once an hour and zone, for its first second and its
last; within an hour whose ends lie 3,599 seconds apart, time runs evenly. That needs to know where minutes and seconds
stand: in `iso`, and by directives that are each as wide in every timestamp. Whatever is written otherwise (other
widths, a shift of the clock, a date that is none) goes to the reader itself.

A record time is one of all lines, or each line has its own. The year that is nearest to the first and to the last of
them is nearest to all, so what both say is so.
"""

import re
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from kernels.spans import Flags, Positions, Spans
from patterns.timestamps import DAY, SECOND, TimeReader

ISO: Final = "iso"
RFC3164: Final = "%b %d %H:%M:%S"
"""How the timestamps of the built-in formats are written, as a format of the configuration would say it."""

_EPOCH: Final = "epoch"
_COLON, _ZERO = ord(":"), ord("0")
_ZONE_BEGINS: Final = np.frombuffer(b"\0Z+-", np.uint8)
_LAST_SECOND: Final = 3_599 * SECOND
_LONGEST_REST = 16
_NEAR: Final = 182 * DAY
_REMEMBERED_HOURS = 100_000
_LONGEST_EPOCH = 11

_DIRECTIVE: Final = re.compile("%(?P<letter>.)|[^%]", re.DOTALL)
_WIDTHS: Final = {"Y": 4, "b": 3, "a": 3, "z": 5} | dict.fromkeys("ymdHMS", 2)

RecordTime = int | Positions
"""In microseconds since 1970: of all lines, or of each its own."""

PADDING: Final = 64
"""How many bytes must follow the last line in the data that times are read from."""


class _Layout(NamedTuple):
    """Where minutes and seconds stand in a timestamp of so many bytes, and whether it tells its year."""

    width: int
    minute: int
    second: int
    has_year: bool


_ISO_LAYOUT: Final = _Layout(19, 14, 17, has_year=True)
"""Of what stands in front of the fraction and the zone."""


_VARYING: Final = _Layout(0, 0, 0, has_year=False)


def _layout(directives: str) -> _Layout:
    """Return the layout of timestamps that are written by directives, _VARYING where a place may vary."""
    places: dict[str, int] = {}
    width = 0
    for part in _DIRECTIVE.finditer(directives):
        letter = part["letter"]
        if letter is not None:
            if letter not in _WIDTHS:
                return _VARYING
            places[letter] = width
        width += _WIDTHS[letter] if letter else len(part[0].encode())
    if width > PADDING or not {"M", "S"} <= places.keys():
        return _VARYING
    return _Layout(width, places["M"], places["S"], has_year="Y" in places or "y" in places)


class Times:
    """Reads the timestamps of one header format. Not thread-safe."""

    def __init__(self, read: TimeReader, written: str) -> None:
        """
        Read timestamps by columns.

        Args:
            read: What reads those that cannot be read so.
            written: How they are written: ``iso``, ``epoch``, or directives of strptime.
        """
        self._read, self._written = read, written
        self._layout = _ISO_LAYOUT if written == ISO else _layout(written)
        self._hours: dict[tuple[bytes, int], int | None] = {}

    def of(self, texts: pa.Array, record_time: RecordTime) -> Positions:
        """Return the times of timestamps that are an array of strings; the record time where there is none, or null."""
        if self._written == _EPOCH:
            return self._epochs(texts, record_time)
        if self._layout is _VARYING:
            return self._each(texts, record_time)
        lengths = pc.binary_length(texts).fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
        ends = np.cumsum(lengths)
        text = pc.binary_join(pa.ListArray.from_arrays([0, len(texts)], texts.fill_null("")), "")[0].as_buffer()
        data = np.frombuffer(text.to_pybytes() + bytes(PADDING), np.uint8)
        return self.at(data, Spans(ends - lengths, ends), record_time)

    def at(self, data: NDArray[np.uint8], spans: Spans, record_time: RecordTime) -> Positions:
        """
        Return the times of timestamps in a text, which has PADDING; the record time where there is none.

        They must be written by ``iso`` or by directives that are each as wide always, as RFC3164 is.
        """
        layout = self._layout
        begin, end = spans
        minutes, seconds = _two_digits(data, begin + layout.minute), _two_digits(data, begin + layout.second)
        even = (minutes < 60) & (seconds < 60)
        keys = data[begin[:, None] + np.arange(layout.width)]
        for at in (layout.minute, layout.second):
            keys[:, at : at + 2] = _ZERO
        within = (minutes * 60 + seconds) * SECOND
        if self._written == ISO:
            even &= (end - begin >= layout.width) & (end - begin <= layout.width + _LONGEST_REST)
            even &= (data[begin + 13] == _COLON) & (data[begin + 16] == _COLON)
            micros, zone, well_formed = _fractions(data, begin + layout.width, end)
            even &= well_formed
            within += micros
            keys = np.concatenate([keys, zone], axis=1)
        else:
            even &= end - begin == layout.width
        keys[~even] = 0
        return self._times(data, spans, record_time, keys, even, within)

    def _epochs(self, texts: pa.Array, record_time: RecordTime) -> Positions:
        plain = pc.and_(pc.ascii_is_decimal(texts), pc.less_equal(pc.binary_length(texts), _LONGEST_EPOCH))
        whole = plain.fill_null(fill_value=False).to_numpy(zero_copy_only=False)
        times: Positions = np.zeros(len(texts), np.int64)
        times[whole] = texts.filter(plain).cast(pa.int64()).to_numpy() * SECOND
        if not whole.all():
            own = record_time if isinstance(record_time, int) else record_time[~whole]
            times[~whole] = self._each(texts.filter(pa.array(~whole)), own)
        return times

    def _each(self, texts: pa.Array, record_time: RecordTime) -> Positions:
        """Return the times of timestamps that are written in whatever way; each distinct one is read once."""
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
        layout = self._layout
        ends = []
        for minute, second in ((b"00", b"00"), (b"59", b"59")):
            text = bytearray(key.rstrip(b"\0"))
            text[layout.minute : layout.minute + 2] = minute
            text[layout.second : layout.second + 2] = second
            try:
                ends.append(self._read(text.decode(), record_time))
            except UnicodeDecodeError:
                return None
        first, last = ends
        if first is None or last is None or last - first != _LAST_SECOND:
            return None
        # Half a year away, which year is the nearest may change within the hour: an hour is not as long in each.
        if not layout.has_year and max(abs(first - record_time), abs(last - record_time)) >= _NEAR:
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
