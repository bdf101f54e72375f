"""
Indexes documents that are JSON already: no Spark, no lines, nothing but the client. What nobody can be faster than.

    bulk.py URL FILE DOCUMENTS BYTES        requests of so many documents and bytes at most

Rows of FILE are documents as `benchmarks.streaming.documents` keeps them. Each line of standard input is a
`BulkOrder`: requests are made for a prefix, and then sent.
"""

import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from elasticsearch import ApiError, Elasticsearch, TransportError

from benchmarks.streaming.documents import Kept, action, kept
from benchmarks.streaming.exchange import BulkAnswer, BulkOrder
from benchmarks.streaming.programs.serving import serve
from clients.elasticsearch import Connection, ElasticsearchConfig

# What the product asks for: an answer for each document.
_ANSWER = "errors,items.*.status,items.*.error"


class Bulk:
    """Makes requests, and sends them."""

    def __init__(self, documents: list[Kept], client: Elasticsearch, most: tuple[int, int]) -> None:
        """Take the documents; a request has so many documents and bytes of them at most."""
        self._documents = documents
        self._client = client
        self._most = most
        self._bodies: list[bytes] = []

    def answer(self, order: BulkOrder) -> BulkAnswer:
        """Do what is ordered."""
        if order.prefix:
            self._bodies = list(bodies(self._documents, order.prefix, *self._most))
            return BulkAnswer()
        began = time.time()
        try:
            with ThreadPoolExecutor(order.threads) as threads:
                created = sum(threads.map(self._post, self._bodies))
        except (ApiError, TransportError) as error:
            return BulkAnswer(failure=f"{type(error).__name__}: {error}".partition("\n")[0])
        ended, wanted = time.time(), len(self._documents)
        failure = "" if created == wanted else f"{created:,} of {wanted:,} documents were created"
        return BulkAnswer(began, ended, created, failure)

    def _post(self, body: bytes) -> int:
        # The client takes a body that is ready, which its type does not say.
        ready: Any = body
        answer = self._client.bulk(operations=ready, filter_path=_ANSWER)
        return sum(item["create"]["status"] == 201 for item in answer["items"])


def bodies(documents: Iterable[Kept], prefix: str, most_documents: int, most_bytes: int) -> Iterator[bytes]:
    """Yield the bodies of requests, as large as the product makes them."""
    rows: list[bytes] = []
    size = 0
    for each in documents:
        row = b"%s\n%s\n" % (action(each, prefix), each.document)
        if rows and (len(rows) >= most_documents or size + len(row) > most_bytes):
            yield b"".join(rows)
            rows, size = [], 0
        rows.append(row)
        size += len(row)
    if rows:
        yield b"".join(rows)


def main(url: str, file: str, most_documents: str, most_bytes: str) -> None:
    """Answer orders."""
    client = Connection.of(ElasticsearchConfig(url=url)).client()
    most = int(most_documents), int(most_bytes)
    serve(BulkOrder, Bulk(list(kept(Path(file))), client, most).answer)


if __name__ == "__main__":
    main(*sys.argv[1:])
