"""Documents → bulk requests, bounded by number and bytes; sent by `sending` while further ones are made."""

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np

from clients.elasticsearch import Connection
from streaming.sink import Refuse
from streaming.sink.sending import Outcome, Rows, Sender

# One request is on its way, and one waits: more would only hold memory.
_IN_FLIGHT = 2


class Limits(NamedTuple):
    """Of a bulk request: documents, bytes; and for how many seconds a server that is away is waited for."""

    documents: int
    bytes: int
    give_up_after_seconds: float


@dataclass
class BulkWriter:
    """
    Collects and sends documents; to be used by `with`, at whose end all are answered.

    Attributes:
        connection: How Elasticsearch is reached.
        limits: Of a request.
        refuse: Gets what is refused for good; called in the thread that adds.
        created: How many documents were created by now; those that were there already are not among them.
    """

    connection: Connection
    limits: Limits
    refuse: Refuse
    created: int = 0
    _waiting: list[Rows] = field(default_factory=list)
    _documents: int = 0
    _bytes: int = 0
    _sent: deque[Future[Outcome]] = field(default_factory=deque)

    def __enter__(self) -> Self:
        self._sender = Sender(self.connection, self.limits.give_up_after_seconds)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="bulk")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._send()
                while self._sent:
                    self._take_answer()
        finally:
            # What failed shall not wait for a server that is away.
            self._sender.abandon()
            self._thread.shutdown(cancel_futures=True)

    def add(self, rows: Rows) -> None:
        """
        Add documents.

        Raises:
            ClientError: Elasticsearch cannot be used, or was away for too long.
        """
        at = rows.start
        while at < rows.stop:
            begin = rows.end(at - 1)
            stop = int(np.searchsorted(rows.ends, begin + self.limits.bytes - self._bytes, side="right"))
            stop = min(stop, at + self.limits.documents - self._documents, rows.stop)
            if stop <= at and self._waiting:
                self._send()
                continue
            # One alone may be larger than a request.
            stop = max(stop, at + 1)
            self._waiting.append(rows.part(at, stop))
            self._documents += stop - at
            self._bytes += rows.end(stop - 1) - begin
            at = stop

    def _send(self) -> None:
        if self._waiting:
            self._sent.append(self._thread.submit(self._sender.send, self._waiting))
            self._waiting, self._documents, self._bytes = [], 0, 0
        while len(self._sent) > _IN_FLIGHT:
            self._take_answer()

    def _take_answer(self) -> None:
        outcome = self._sent.popleft().result()
        self.created += outcome.created
        for letter in outcome.refused:
            self.refuse(letter)
