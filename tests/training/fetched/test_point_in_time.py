"""Pages of a point in time, from an Elasticsearch that is made up: each document once, whatever fails meanwhile."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from elastic_transport import ApiResponseMeta, HttpHeaders, NodeConfig
from elastic_transport import ConnectionError as NoConnection
from elasticsearch import ApiError, BadRequestError, NotFoundError

from clients.elasticsearch import Connection
from clients.errors import ClientError, ServerAway
from training.errors import CorpusError
from training.fetched import point_in_time
from training.fetched.point_in_time import PointInTime, Wanted

META = ApiResponseMeta(200, "1.1", HttpHeaders(), 0.0, NodeConfig("http", "a", 9200))


class Answer(dict[str, Any]):
    @property
    def body(self) -> dict[str, Any]:
        return self


class Made:
    """An Elasticsearch with some documents; `fail` is called before each search, with its number."""

    def __init__(self, documents: int, fail: Callable[[int], None] = lambda _: None) -> None:
        self.documents, self.fail = documents, fail
        self.searches = 0
        self.identities: list[str] = []
        self.closed: list[str] = []
        self.on_their_way = self.most = 0
        self.lock = threading.Lock()

    def open_point_in_time(self, *, index: str, keep_alive: str) -> dict[str, str]:
        assert (index, keep_alive) == ("logs", "5m")
        return {"id": "pit0"}

    def close_point_in_time(self, *, id: str) -> None:  # noqa: A002 (the client's word)
        self.closed.append(id)

    def search(self, *, size: int, pit: dict[str, str], **request: Any) -> Answer:
        with self.lock:
            self.searches += 1
            number = self.searches
            self.on_their_way += 1
            self.most = max(self.most, self.on_their_way)
        try:
            self.identities.append(pit["id"])
            self.fail(number)
            assert request["allow_partial_search_results"] is False
            if size == 0:
                return Answer(pit_id=f"pit{number}", hits={"total": {"value": self.documents, "relation": "eq"}})
            part = request.get("slice", {"id": 0, "max": 1})
            own = range(part["id"], self.documents, part["max"])
            after = request.get("search_after", [-1])[0]
            hits = [{"_source": {"message": str(each)}, "sort": [each]} for each in own if each > after][:size]
            # What a filter of the answer leaves of none.
            return Answer(pit_id=f"pit{number}", **({"hits": {"hits": hits}} if hits else {}))
        finally:
            with self.lock:
                self.on_their_way -= 1


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(point_in_time, "_PAUSES", (0.0, 0.0, 0.0))


def opened(made: Made, monkeypatch: pytest.MonkeyPatch, page: int = 3, slices: int = 2) -> PointInTime:
    monkeypatch.setattr(Connection, "client", lambda _: made)
    wanted = Wanted({"match_all": {}}, ["message"], ["@timestamp"], page, slices)
    return PointInTime(Connection(("http://a:9200",), ()), "logs", wanted)


def failing(error: Exception, *numbers: int) -> Callable[[int], None]:
    def fail(number: int) -> None:
        if number in numbers:
            raise error

    return fail


def http_error(status: int, kind: str = "made_up", reason: str = "so it is") -> ApiError:
    kinds = {400: BadRequestError, 404: NotFoundError}
    meta = ApiResponseMeta(status, "1.1", HttpHeaders(), 0.0, NodeConfig("http", "a", 9200))
    return kinds.get(status, ApiError)(kind, meta, {"error": {"type": kind, "reason": reason}})


@pytest.mark.parametrize("documents", [0, 1, 2, 3, 5, 6, 7, 12, 100])
@pytest.mark.parametrize("slices", [1, 2, 5])
def test_each_document_comes_once_for_any_number_of_slices(
    documents: int, slices: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Made(documents)
    with opened(made, monkeypatch, slices=slices) as point:
        assert point.count() == documents
        found = [int(hit["_source"]["message"]) for page in point.pages() for hit in page]

    assert sorted(found) == list(range(documents))
    assert made.most <= slices
    # The one that came last is asked with, as Elasticsearch wants it, and closed.
    assert made.identities[1] == "pit1"
    assert made.closed[0] in {f"pit{number}" for number in range(1, made.searches + 1)}


@pytest.mark.parametrize("error", [http_error(429), http_error(503), NoConnection("refused")])
def test_a_page_that_does_not_come_is_asked_for_again(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Made(20, failing(error, 1, 2, 4, 5, 6, 9))
    with opened(made, monkeypatch) as point:
        assert point.count() == 20
        assert sorted(int(hit["_source"]["message"]) for page in point.pages() for hit in page) == list(range(20))


def test_an_elasticsearch_that_stays_away_is_told_after_some_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Made(20, failing(NoConnection("refused"), *range(2, 1000)))
    with opened(made, monkeypatch, slices=1) as point:
        point.count()
        with pytest.raises(ServerAway, match=r"http://a:9200 does not answer .*check that it runs"):
            list(point.pages())

    assert made.searches == 1 + 4
    assert made.closed == ["pit1"]


@pytest.mark.parametrize(
    ("error", "kind", "told"),
    [
        (http_error(404, "search_context_missing_exception"), CorpusError, "lost the point in time .*start again"),
        (http_error(400, "parsing_exception"), CorpusError, r"parsing_exception: so it is.*check \$\.corpus\.elastic"),
        (http_error(401), ClientError, "does not know the login"),
        (http_error(403), ClientError, "lacks a right"),
    ],
)
def test_what_no_other_try_helps_is_told_at_once(
    error: Exception, kind: type[Exception], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Made(20, failing(error, 2))
    with opened(made, monkeypatch, slices=1) as point:
        point.count()
        with pytest.raises(kind, match=told):
            list(point.pages())

    assert made.searches == 2
    assert len(made.closed) == 1


def test_whoever_stops_reading_waits_for_no_other_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(point_in_time, "_PAUSES", (600.0,))
    here = threading.Event()

    def fail(number: int) -> None:
        if number > 2:
            here.set()
            raise NoConnection("refused")

    made = Made(20, fail)
    with opened(made, monkeypatch, slices=2) as point:
        pages = point.pages()
        next(pages)
        assert here.wait(60)
        pages.close()  # type: ignore[attr-defined]


def test_a_point_in_time_that_cannot_be_closed_is_no_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Made(1)
    with opened(made, monkeypatch) as point:
        point.count()
        monkeypatch.setattr(made, "close_point_in_time", lambda **_: failing(NoConnection("gone"), 0)(0))
