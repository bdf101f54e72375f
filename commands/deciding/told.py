"""Alerts and events that the stream has written, by the id of an alert or of a shape: read from its sink."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec
import pyarrow as pa

from patterns.settings import find, load
from streaming.config import FILE, ElasticsearchSinkConfig, SinkConfig, StreamingConfig
from streaming.sink.files import COMPACTED

_MOST: Final = 1_000
"""Shapes that are asked for: more than one is an error anyway."""

_AT_ONCE: Final = 4_194_304


def sink_of(config: Path | None) -> SinkConfig:
    """
    Return where the stream writes to, as conf/streaming.toml has it.

    Raises:
        SettingsError: A value is wrong, or there is no such file.
    """
    return load(StreamingConfig, find(FILE, config), os.environ, []).sink


def alert_of(sink: SinkConfig, identity: str) -> dict[str, Any] | None:
    """
    Return an alert; None where there is none of this id.

    Raises:
        LogwinnowError: Elasticsearch does not answer.
        OSError: A file cannot be read.
    """
    if sink.kind == "elasticsearch":
        return next(_searched(sink.elasticsearch, "alerts", {"term": {"event.id": identity}}), None)
    for file in Path(sink.files.path).glob(f"alerts/*/{identity}.json"):
        for document in _decoded([file.read_bytes()]):
            return document
    return None


def outliers_of(sink: SinkConfig, prefix: str) -> Iterator[dict[str, Any]]:
    """
    Yield an alert or outlier of each shape whose id begins so: of alerts, or else of events.

    Raises:
        LogwinnowError: Elasticsearch does not answer.
        OSError: A file cannot be read.

    Cost: with the sink `files` a pass over all alerts; where none is of such a shape one over all events.
    """
    found: set[str] = set()
    for kind in ("alerts", "events"):
        if sink.kind == "elasticsearch":
            query = {"bool": {"filter": [{"prefix": {"logwinnow.shape.id": prefix}}, _OUTLIER]}}
            documents = _searched(sink.elasticsearch, kind, query)
        else:
            documents = _read(Path(sink.files.path), kind, prefix)
        for document in documents:
            identity = document["logwinnow"]["shape"]["id"]
            if identity not in found:
                found.add(identity)
                yield document
        if found:
            return


_OUTLIER: Final = {"term": {"logwinnow.outlier": True}}


def _searched(config: ElasticsearchSinkConfig, kind: str, query: dict[str, Any]) -> Iterator[dict[str, Any]]:
    from clients.elasticsearch import CLIENT_ERRORS, Connection

    connection = Connection.of(config)
    body = {"size": _MOST, "query": query, "collapse": {"field": "logwinnow.shape.id"}}
    try:
        found = connection.client().search(index=f"{config.index_prefix}-{kind}-*", body=body, allow_no_indices=True)
    except CLIENT_ERRORS as error:
        raise connection.explained(error) from None
    for hit in found["hits"]["hits"]:
        yield hit["_source"]


def _read(folder: Path, kind: str, prefix: str) -> Iterator[dict[str, Any]]:
    lines = (file.read_bytes() for file in folder.glob("alerts/*/[!.]*.json")) if kind == "alerts" else _events(folder)
    # As the sink writes it, so that the others need not be decoded.
    wanted = f'"shape":{{"id":"{prefix}'.encode()
    for document in _decoded(line for line in lines if wanted in line):
        ours = document["logwinnow"]
        if ours.get("outlier") and ours["shape"]["id"].startswith(prefix):
            yield document


def _events(folder: Path) -> Iterator[bytes]:
    """Yield the lines of all events; a compacted day stands for its folder."""
    events = folder / "events"
    compacted = {file.name.removesuffix(COMPACTED): file for file in events.glob(f"[!.]*{COMPACTED}")}
    for file in sorted(compacted.values()):
        with file.open("rb") as raw:
            yield from _lines(pa.CompressedInputStream(raw, "zstd"))
    for file in sorted(events.glob("*/[!.]*.ndjson")):
        if file.parent.name not in compacted:
            with file.open("rb") as raw:
                yield from raw


def _lines(data: BinaryIO) -> Iterator[bytes]:
    rest = b""
    while block := data.read(_AT_ONCE):
        *lines, rest = (rest + block).split(b"\n")
        yield from lines


def _decoded(lines: Any) -> Iterator[dict[str, Any]]:
    """Yield the documents; what is none, as a crash may leave it, is passed over."""
    for line in lines:
        try:
            document = msgspec.json.decode(line, type=dict[str, Any])
        except msgspec.DecodeError:
            continue
        yield document
