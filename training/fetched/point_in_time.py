"""
The documents of some indices as they are at one moment: what is indexed, changed or deleted meanwhile changes nothing.

Slices of them are read beside each other, each page by page in the order in which the documents are stored, which costs
least. A page that does not come is asked for again. One of which a part is missing is an error, never a shorter page.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import suppress
from threading import Event
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from elastic_transport import TransportError
from elasticsearch import ApiError, BadRequestError, NotFoundError

from clients.elasticsearch import CLIENT_ERRORS, Connection, reason_of
from clients.errors import ServerAway
from patterns.errors import LogwinnowError
from training.errors import CorpusError

_KEEP_ALIVE: Final = "5m"
"""More than all tries of a page take, and what is done with it before the next is asked for."""

_PAUSES: Final = (1.0, 2.0, 4.0, 8.0, 16.0)
_ANSWER: Final = "pit_id,hits.total,hits.hits._source,hits.hits.fields,hits.hits.sort"

Hit = dict[str, Any]
"""A document as Elasticsearch gives it: ``_source``, and ``fields`` with the time in milliseconds as text."""


class Wanted(NamedTuple):
    """
    What is wanted of a point in time.

    Attributes:
        query: Which documents, in Elasticsearch's query language.
        fields: Of each the fields that are needed.
        time_fields: The fields that have its times; those that it has not are not given.
        page_documents: How many a request asks for.
        slices: How many requests are on their way at once.
    """

    query: dict[str, Any]
    fields: list[str]
    time_fields: list[str]
    page_documents: int
    slices: int


class PointInTime:
    """A point in time; to be used by `with`."""

    def __init__(self, connection: Connection, index: str, wanted: Wanted) -> None:
        """
        Open it.

        Raises:
            ClientError: Elasticsearch cannot be used.
        """
        self._connection, self._wanted = connection, wanted
        self._left = Event()
        try:
            self._identity: str = connection.client().open_point_in_time(index=index, keep_alive=_KEEP_ALIVE)["id"]
        except CLIENT_ERRORS as error:
            raise connection.explained(error) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left.set()
        # If this fails, Elasticsearch closes it by itself; and an error is on its way perhaps.
        with suppress(*CLIENT_ERRORS):
            self._connection.client().close_point_in_time(id=self._identity)

    def count(self) -> int:
        """
        Return how many documents are wanted.

        Raises:
            ClientError: Elasticsearch cannot be used.
            CorpusError: It refuses the query.
        """
        return int(self._search(size=0, track_total_hits=True)["hits"]["total"]["value"])

    def pages(self) -> Iterator[list[Hit]]:
        """
        Yield the documents, each once, some at a time and in no particular order.

        Raises:
            ClientError: Elasticsearch cannot be used.
            CorpusError: The point in time is lost.

        Cost: memory for a page of each slice and one more.
        """
        pool = ThreadPoolExecutor(self._wanted.slices)
        try:
            asked = {pool.submit(self._page, number, None) for number in range(self._wanted.slices)}
            while asked:
                come, asked = wait(asked, return_when=FIRST_COMPLETED)
                for page in come:
                    number, hits = page.result()
                    if len(hits) == self._wanted.page_documents:
                        # While this page is worked on, the next of its slice is on its way.
                        asked.add(pool.submit(self._page, number, hits[-1]["sort"]))
                    yield hits
        finally:
            self._left.set()
            pool.shutdown(cancel_futures=True)

    def _page(self, number: int, after: list[Any] | None) -> tuple[int, list[Hit]]:
        """Return a slice's number, and its documents behind one."""
        wanted = self._wanted
        request: dict[str, Any] = {
            "size": wanted.page_documents,
            "sort": ["_shard_doc"],
            "track_total_hits": False,
            "source": wanted.fields,
            # However a document writes its time, this is what it is found by.
            "docvalue_fields": [{"field": each, "format": "epoch_millis"} for each in wanted.time_fields],
            "filter_path": _ANSWER,
        }
        if wanted.slices > 1:
            request["slice"] = {"id": number, "max": wanted.slices}
        if after is not None:
            request["search_after"] = after
        hits: list[Hit] = self._search(**request).get("hits", {}).get("hits", [])
        return number, hits

    def _search(self, **request: Any) -> Mapping[str, Any]:
        """Send a request, again and again while Elasticsearch is away."""
        pauses = iter(_PAUSES)
        while True:
            try:
                found = self._connection.client().search(
                    pit={"id": self._identity, "keep_alive": _KEEP_ALIVE},
                    query=self._wanted.query,
                    allow_partial_search_results=False,
                    **request,
                )
            except CLIENT_ERRORS as error:
                why, pause = self._explained(error), next(pauses, None)
                if not isinstance(why, ServerAway) or pause is None or self._left.wait(pause):
                    raise why from None
            else:
                self._identity = found["pit_id"]
                body: Mapping[str, Any] = found.body
                return body

    def _explained(self, error: ApiError | TransportError) -> LogwinnowError:
        if isinstance(error, NotFoundError):
            return CorpusError(
                f"Elasticsearch has lost the point in time that was read ({reason_of(error.body)}): it was restarted, "
                "or an index deleted; start again"
            )
        if isinstance(error, BadRequestError):
            return CorpusError(
                f"Elasticsearch refuses what it is asked for ({reason_of(error.body)}): check $.corpus.elasticsearch, "
                "above all its query"
            )
        return self._connection.explained(error)
