"""
Documents → bulk requests: bounded by number and bytes, sent beside the work, and answered document by document.

    201            created
    409            there already: an earlier try created it
    400, 413       refused for good, the document itself is the reason: handed back
    401, 403, 404  the configuration is wrong: an error that says what to mend
    429, 5xx       no room or away: sent again with growing pauses; past a limit of time an error, and the batch is
                   replayed later

The ids make it safe to send anything again. helpers.streaming_bulk of the client is not used: it raises on the first
refused document or else does not say which it was, and it gives up on a server that does not answer.
"""

import json
import logging
import random
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from elasticsearch import ApiError

from clients.elasticsearch import CLIENT_ERRORS, Connection, reason_of
from clients.errors import ClientError, ServerAway
from streaming.sink import Refuse
from streaming.source import DeadLetter, SourceLine

_log = logging.getLogger("logwinnow")

# One request is on its way, and one waits: more would only hold memory.
_IN_FLIGHT = 2
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 10.0
_ANSWER: Final = "errors,items.*.status,items.*.error"


class Limits(NamedTuple):
    """Of a bulk request: documents, bytes; and for how many seconds a server that is away is waited for."""

    documents: int
    bytes: int
    give_up_after_seconds: float


class Operation(NamedTuple):
    """A document as JSON, the index and id under which it is created, and the line it was made of."""

    target: str
    identity: str
    document: bytes
    line: SourceLine


class _Outcome(NamedTuple):
    """What became of the operations of a request."""

    created: int
    refused: list[DeadLetter]


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
    _sent: deque[Future[_Outcome]] = field(default_factory=deque)

    def __enter__(self) -> Self:
        self._sender = ThreadPoolExecutor(max_workers=1, thread_name_prefix="bulk")
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
            self._sender.shutdown(cancel_futures=True)

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
            self._sent.append(self._sender.submit(_sent, self.connection, self.limits, self._waiting))
            self._waiting, self._bytes = [], 0
        while len(self._sent) > _IN_FLIGHT:
            self._take_answer()

    def _take_answer(self) -> None:
        outcome = self._sent.popleft().result()
        self.created += outcome.created
        for letter in outcome.refused:
            self.refuse(letter)


def _sent(connection: Connection, limits: Limits, operations: Sequence[Operation]) -> _Outcome:
    """Send operations until each has its answer."""
    created, refused = 0, list[DeadLetter]()
    pause, since = _FIRST_PAUSE, 0.0
    while operations:
        away: ServerAway | None = None
        try:
            items = _answers(connection, operations)
        except _TooLarge as error:
            if len(operations) == 1:
                return _Outcome(created, [*refused, _letter(operations[0], 413, str(error))])
            half = len(operations) // 2
            first, second = (_sent(connection, limits, some) for some in (operations[:half], operations[half:]))
            return _Outcome(created + first.created + second.created, [*refused, *first.refused, *second.refused])
        except ServerAway as error:
            away = error
        else:
            answered = list(zip(operations, items, strict=True))
            created += sum(item["status"] in {200, 201} for _, item in answered)
            refused += [letter for each in answered if (letter := _refused(connection, *each))]
            left = [operation for operation, item in answered if _is_away(item)]
            if len(left) < len(operations):
                # Something went in: the patience begins anew.
                pause, since = _FIRST_PAUSE, 0.0
            if left:
                away = _no_room(connection, items)
            operations = left
        if away is not None:
            since = _waited(away, since, limits.give_up_after_seconds, pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
    return _Outcome(created, refused)


class _TooLarge(Exception):
    """The request as a whole is larger than the server takes."""


def _answers(connection: Connection, operations: Sequence[Operation]) -> list[dict[str, Any]]:
    """
    Send operations once; return status and error of each.

    Raises:
        ServerAway: It does not answer, or has no room for the request.
        ClientError: It refuses the request.
    """
    # The client takes lines that are JSON already, which its type does not say.
    body: list[Any] = []
    for operation in operations:
        body += (
            f'{{"create":{{"_index":"{operation.target}","_id":"{operation.identity}"}}}}'.encode(),
            operation.document,
        )
    try:
        answer = connection.client().bulk(operations=body, filter_path=_ANSWER)
    except CLIENT_ERRORS as error:
        if isinstance(error, ApiError) and error.status_code == 413:
            raise _TooLarge(reason_of(error.body) or "the request is larger than http.max_content_length") from None
        raise connection.explained(error) from None
    return [item["create"] for item in answer["items"]]


def _is_away(item: dict[str, Any]) -> bool:
    status: int = item["status"]
    return status == 429 or status >= 500


def _refused(connection: Connection, operation: Operation, item: dict[str, Any]) -> DeadLetter | None:
    """
    Return the dead letter that an operation is; None where it is none.

    Raises:
        ClientError: Not the document is the reason.
    """
    status = item["status"]
    if status in {200, 201, 409} or _is_away(item):
        return None
    if status in {400, 413}:
        return _letter(operation, status, reason_of(item) or json.dumps(item.get("error")))
    raise ClientError(
        f"Elasticsearch at {', '.join(connection.urls)} refuses to write to {operation.target!r} (HTTP {status}: "
        f"{reason_of(item)}): check the rights of the login, and that indices are made by themselves "
        "(action.auto_create_index)"
    )


def _letter(operation: Operation, status: int, why: str) -> DeadLetter:
    line = operation.line
    return DeadLetter(
        line.event_id, line.place, line.offset, line.record_time, "refused", f"HTTP {status}: {why}", line.raw
    )


def _no_room(connection: Connection, items: Sequence[dict[str, Any]]) -> ServerAway:
    item = next(item for item in items if _is_away(item))
    return ServerAway(
        f"Elasticsearch at {', '.join(connection.urls)} has no room now (HTTP {item['status']}: {reason_of(item)}): "
        "give it more, or take less in a batch"
    )


def _waited(away: ServerAway, since: float, most: float, pause: float) -> float:
    """
    Wait; return since when it is waited.

    Raises:
        ServerAway: For too long.
    """
    now = time.monotonic()
    if not since:
        since = now
        _log.warning("%s; trying again for %d seconds", away, most)
    if now - since >= most:
        raise ServerAway(
            f"{away}; it was waited for {most:.0f} seconds: started again, the stream goes on where it was"
        )
    # Tasks that were refused together shall not come back together.
    time.sleep(min(pause * random.uniform(0.5, 1), most - (now - since)))  # noqa: S311 (no secret)
    return since
