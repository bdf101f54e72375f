"""JSON records → lines: as patterns.envelope.Envelope says of each, but the headers of all texts are sought at once."""

from collections.abc import Iterable
from typing import Final

import numpy as np

from kernels.headers import Headers
from kernels.spans import Spans
from patterns.envelope import Envelope
from patterns.errors import EnvelopeError
from patterns.rules import Rules
from patterns.timestamps import SECOND

_LATEST: Final = 4_102_444_800 * SECOND  # 2100


class Enveloped:
    """Takes lines out of JSON records. Not thread-safe."""

    def __init__(self, rules: Rules, field: str | None) -> None:
        """Take the rules by which lines are read, and the one field that may hold the text; None for the usual ones."""
        self._envelope = Envelope(rules, field)
        self._headers = Headers(rules)

    def lines(self, values: Iterable[bytes], times: Iterable[int]) -> list[bytes | EnvelopeError]:
        """
        Return the line of each record, or why there is none.

        Args:
            values: The records.
            times: Their record times in microseconds since 1970, whatever a producer set.
        """
        found: list[bytes | EnvelopeError] = []
        opened = []
        for index, (value, time) in enumerate(zip(values, times, strict=True)):
            try:
                document, text = self._envelope.opened(value)
            except EnvelopeError as error:
                found.append(error)
                continue
            found.append(text)
            opened.append((index, document, text, time))
        if not self._envelope.puts_in_front or not opened:
            return found
        headed = self._have_headers([text for _, _, text, _ in opened])
        for (index, document, text, time), has_header in zip(opened, headed, strict=True):
            if not has_header:
                # What a header can say ends with the year 9999.
                found[index] = self._envelope.headed(document, text, min(max(time, 0), _LATEST))
        return found

    def _have_headers(self, texts: list[bytes]) -> list[bool]:
        lengths = np.array([len(text) for text in texts], np.int64)
        ends = np.cumsum(lengths + 1) - 1
        found, odd = self._headers.found(b"\n".join(texts) + b"\n", Spans(ends - lengths, ends))
        headed: list[bool] = found.tolist()
        for index in odd.tolist():
            headed[index] = self._envelope.has_header(texts[index])
        return headed
