"""The ceiling sends what the product sends."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.streaming.documents import Kept
from benchmarks.streaming.exchange import BulkOrder
from benchmarks.streaming.programs.bulk import Bulk, bodies
from clients.elasticsearch import Connection
from streaming.sink.bulk import BulkWriter, Limits
from streaming.sink.sending import Rows
from streaming.source import SourceLine

LINE = SourceLine(b"", b"", 0, "", "", 0, {})


@dataclass
class Client:
    """Takes all, or answers as it is told, and keeps what it got."""

    statuses: list[int] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def bulk(self, *, operations: bytes, **_more: Any) -> dict[str, Any]:
        self.bodies.append(operations)
        number = operations.count(b"\n") // 2
        statuses = self.statuses or [201] * number
        return {"errors": False, "items": [{"create": {"status": status}} for status in statuses]}


@dataclass(frozen=True)
class Connected(Connection):
    given: Any = None

    def client(self) -> Any:
        return self.given


def documents(sizes: list[int]) -> list[Kept]:
    return [Kept(b"-events-day", b"%020x" % number, b"x" * size) for number, size in enumerate(sizes)]


@given(st.lists(st.integers(1, 60), max_size=40), st.integers(1, 8), st.integers(20, 300))
def test_requests_are_those_of_the_product(sizes: list[int], most: int, most_bytes: int) -> None:
    client = Client()
    connection = Connected(("http://here",), (), client)
    with BulkWriter(connection, Limits(most, most_bytes, 0), lambda _letter: None) as writer:
        for each in documents(sizes):
            writer.add(Rows.of(f"p{each.suffix.decode()}", each.identity.decode(), each.document, LINE))
    assert list(bodies(documents(sizes), "p", most, most_bytes)) == client.bodies


def test_requests_are_made_first_and_then_sent() -> None:
    client: Any = Client()
    bulk = Bulk(documents([5] * 10), client, (4, 1_000))
    assert bulk.answer(BulkOrder("p")).created == 0
    assert not client.bodies
    answer = bulk.answer(BulkOrder(threads=2))
    assert (answer.created, answer.failure, len(client.bodies)) == (10, "", 3)
    assert answer.began <= answer.ended


def test_a_document_that_was_there_is_told() -> None:
    client: Any = Client([201, 409])
    bulk = Bulk(documents([5, 5]), client, (4, 1_000))
    bulk.answer(BulkOrder("p"))
    assert bulk.answer(BulkOrder()).failure == "1 of 2 documents were created"
