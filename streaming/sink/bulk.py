"""Documents → bulk requests, bounded by number and bytes; sent by `sending` while further ones are made."""

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import NamedTuple, Self

from clients.elasticsearch import Connection
from streaming.sink import Refuse
from streaming.sink.sending import Operation, Outcome, Sender

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
    Collects and sends operations; to be used by `with`, at whose end all are answered.

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
    _waiting: list[Operation] = field(default_factory=list)
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

    def add(self, operation: Operation) -> None:
        """
        Add an operation.

        Raises:
            ClientError: Elasticsearch cannot be used, or was away for too long.
        """
        size = len(operation.document)
        if self._waiting and (len(self._waiting) >= self.limits.documents or self._bytes + size > self.limits.bytes):
            self._send()
        self._waiting.append(operation)
        self._bytes += size

    def _send(self) -> None:
        if self._waiting:
            self._sent.append(self._thread.submit(self._sender.send, self._waiting))
            self._waiting, self._bytes = [], 0
        while len(self._sent) > _IN_FLIGHT:
            self._take_answer()

    def _take_answer(self) -> None:
        outcome = self._sent.popleft().result()
        self.created += outcome.created
        for letter in outcome.refused:
            self.refuse(letter)
