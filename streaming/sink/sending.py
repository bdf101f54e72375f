"""
A bulk request's documents → what became of each, however often they must be sent.

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
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
from elasticsearch import ApiError

from clients.elasticsearch import CLIENT_ERRORS, Connection, reason_of
from clients.errors import ClientError, ServerAway
from kernels.spans import Positions
from streaming.source import DeadLetter, SourceLine

_log = logging.getLogger("logwinnow")

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 10.0
_ANSWER: Final = "errors,items.*.status,items.*.error"


class Rows(NamedTuple):
    """
    Documents as a bulk request has them: an action that creates it before each, a line feed behind both.

    Attributes:
        data: The bytes.
        ends: Where each document ends in them, with its line feed.
        line: Returns the line that one was made of, by its index.
        start: The first that counts.
        stop: One past the last that counts.
    """

    data: memoryview
    ends: Positions
    line: Callable[[int], SourceLine]
    start: int
    stop: int

    @classmethod
    def of(cls, target: str, identity: str, document: bytes, line: SourceLine) -> "Rows":
        """Return the one document of a line, to be created in an index under an id."""
        row = b"%s%s%s%s\n" % (action(target), identity.encode(), BEHIND_ID, document)
        return cls(memoryview(row), np.array([len(row)]), lambda _: line, 0, 1)

    @property
    def documents(self) -> int:
        """How many count."""
        return self.stop - self.start

    @property
    def body(self) -> memoryview:
        """Their bytes."""
        return self.data[self.end(self.start - 1) : self.end(self.stop - 1)]

    def end(self, index: int) -> int:
        """Return where a document ends; −1 is what is before the first one."""
        return int(self.ends[index]) if index >= 0 else 0

    def part(self, start: int, stop: int) -> "Rows":
        """Return some of them, by the indices of all."""
        return self._replace(start=start, stop=stop)


BEHIND_ID: Final = b'"}}\n'
"""What is between an id and the document."""


def action(target: str) -> bytes:
    """Return what is before the id of a document that is to be created in an index."""
    return b'{"create":{"_index":"%s","_id":"' % target.encode()


class Outcome(NamedTuple):
    """What became of the documents of a request: how many were created, and what is refused for good."""

    created: int
    refused: list[DeadLetter]


@dataclass
class Sender:
    """
    Sends documents until each has its answer.

    Attributes:
        connection: How Elasticsearch is reached.
        patience: For how many seconds a server that is away is waited for.
    """

    connection: Connection
    patience: float
    _abandoned: threading.Event = field(default_factory=threading.Event)

    def abandon(self) -> None:
        """End all waiting: nobody asks for the outcome any more. May be called from another thread."""
        self._abandoned.set()

    def send(self, rows: Sequence[Rows]) -> Outcome:
        """
        Send documents; return what became of them.

        Raises:
            ServerAway: Elasticsearch was away for too long.
            ClientError: It cannot be used as it is configured.
        """
        created, refused = 0, list[DeadLetter]()
        pause, since = _FIRST_PAUSE, 0.0
        while rows:
            away: ServerAway | None = None
            number = sum(each.documents for each in rows)
            try:
                items = self._answers(rows)
                if items is None:
                    return Outcome(created + number, refused)
            except _TooLarge as error:
                singles = _singles(rows)
                if number == 1:
                    return Outcome(created, [*refused, _letter(singles[0], 413, str(error))])
                first, second = self.send(singles[: number // 2]), self.send(singles[number // 2 :])
                return Outcome(created + first.created + second.created, [*refused, *first.refused, *second.refused])
            except ServerAway as error:
                away = error
            else:
                answered = list(zip(_singles(rows), items, strict=True))
                created += sum(item["status"] in {200, 201} for _, item in answered)
                refused += [letter for each in answered if (letter := self._refused(*each))]
                rows = [row for row, item in answered if _is_away(item)]
                if len(rows) < number:
                    # Something went in: the patience begins anew.
                    pause, since = _FIRST_PAUSE, 0.0
                if rows:
                    away = self._no_room(items)
            if away is not None:
                since = self._waited(away, since, pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
        return Outcome(created, refused)

    def _answers(self, rows: Sequence[Rows]) -> list[dict[str, Any]] | None:
        """
        Send documents once; return status and error of each, None where all are created.

        Raises:
            ServerAway: It does not answer, or has no room for the request.
            ClientError: It refuses the request.
        """
        # The client takes a body that is ready, which its type does not say.
        body: Any = b"".join([each.body for each in rows])
        try:
            answer = self.connection.client().bulk(operations=body, filter_path=_ANSWER)
        except CLIENT_ERRORS as error:
            if isinstance(error, ApiError) and error.status_code == 413:
                raise _TooLarge(reason_of(error.body) or "the request is above http.max_content_length") from None
            raise self.connection.explained(error) from None
        return [item["create"] for item in answer["items"]] if answer["errors"] else None

    def _refused(self, row: Rows, item: dict[str, Any]) -> DeadLetter | None:
        """
        Return the dead letter that a document is; None where it is none.

        Raises:
            ClientError: Not the document is the reason.
        """
        status = item["status"]
        if status in {200, 201, 409} or _is_away(item):
            return None
        if status in {400, 413}:
            return _letter(row, status, reason_of(item) or json.dumps(item.get("error")))
        target = json.loads(bytes(row.body).partition(b"\n")[0])["create"]["_index"]
        raise ClientError(
            f"{self._place} refuses to write to {target!r} (HTTP {status}: {reason_of(item)}): check the "
            "rights of the login, and that indices are made by themselves (action.auto_create_index)"
        )

    def _no_room(self, items: Sequence[dict[str, Any]]) -> ServerAway:
        item = next(item for item in items if _is_away(item))
        return ServerAway(
            f"{self._place} has no room now (HTTP {item['status']}: {reason_of(item)}): give it more, or take less "
            "in a batch"
        )

    def _waited(self, away: ServerAway, since: float, pause: float) -> float:
        """
        Wait; return since when it is waited.

        Raises:
            ServerAway: For too long, or nobody waits for it any more.
        """
        now = time.monotonic()
        if not since:
            since = now
            _log.warning("%s; trying again for %d seconds", away, self.patience)
        left = self.patience - (now - since)
        # Tasks that were refused together shall not come back together.
        if left <= 0 or self._abandoned.wait(min(pause * random.uniform(0.5, 1), left)):  # noqa: S311 (no secret)
            raise ServerAway(
                f"{away}; it was waited for {now - since:.0f} seconds: started again, the stream goes on where it was"
            )
        return since

    @property
    def _place(self) -> str:
        return f"Elasticsearch at {', '.join(self.connection.urls)}"


class _TooLarge(Exception):
    """The request as a whole is larger than the server takes."""


def _is_away(item: dict[str, Any]) -> bool:
    status: int = item["status"]
    return status == 429 or status >= 500


def _singles(rows: Sequence[Rows]) -> list[Rows]:
    """Return the documents one by one."""
    return [each.part(index, index + 1) for each in rows for index in range(each.start, each.stop)]


def _letter(row: Rows, status: int, why: str) -> DeadLetter:
    line = row.line(row.start)
    return DeadLetter(
        line.event_id, line.place, line.offset, line.record_time, "refused", f"HTTP {status}: {why}", line.raw
    )
