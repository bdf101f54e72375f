"""
The documents that a stream made, kept as they were sent: what the ceiling indexes.

A row is ``<index behind the prefix> <id> <JSON>``; there is a file for each partition, in the order of its lines.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from elasticsearch import Elasticsearch, helpers


class Kept(NamedTuple):
    """A document: its index behind the prefix, its id, its JSON."""

    suffix: bytes
    identity: bytes
    document: bytes


def keep(client: Elasticsearch, prefix: str, folder: Path) -> list[Path]:
    """Write the events behind a prefix to files, one for each partition, and return these."""
    found: dict[int, list[tuple[int, Kept]]] = defaultdict(list)
    hits: Iterable[dict[str, Any]] = helpers.scan(client, index=f"{prefix}-events-*", size=5_000)
    for hit in hits:
        place = hit["_source"]["kafka"]
        # Its keys come in the order in which they were sent, and the encoder is the sink's: these are the same bytes.
        suffix = hit["_index"].removeprefix(prefix)
        document = Kept(suffix.encode(), hit["_id"].encode(), msgspec.json.encode(hit["_source"]))
        found[place["partition"]].append((place["offset"], document))
    files = []
    for partition, documents in sorted(found.items()):
        files.append(folder / f"documents-{partition}")
        with files[-1].open("wb") as file:
            file.writelines(b" ".join(document) + b"\n" for _, document in sorted(documents))
    return files


def joined(files: Iterable[Path], whole: Path) -> Path:
    """Write the rows of files into one, taking one of each in turn, as one process would send them."""
    with whole.open("wb") as file:
        readers = [path.open("rb") for path in files]
        while readers:
            for reader in list(readers):
                row = reader.readline()
                file.write(row)
                if not row:
                    reader.close()
                    readers.remove(reader)
    return whole


def kept(file: Path) -> Iterator[Kept]:
    """Yield the documents of a file."""
    with file.open("rb") as rows:
        for row in rows:
            yield Kept(*row.rstrip(b"\n").split(b" ", 2))


def action(kept: Kept, prefix: str) -> bytes:
    """Return the line that creates a document, as the product writes it."""
    return b'{"create":{"_index":"%s%s","_id":"%s"}}' % (prefix.encode(), kept.suffix, kept.identity)
