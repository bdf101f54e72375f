"""
Batch records: what a batch was judged by, written before its first write, so that a replay judges alike.

    <checkpoint>/logwinnow/batches/<batch>.json
        {"batch", "set": version, "planned_at": microseconds since 1970,
         "alerts": the state of alerts after it, null until it is done,
         "decisions": revision of the operator's file, "" for none}
    <checkpoint>/logwinnow/decisions/<revision>.jsonl
        its entries, for as long as a record names them: the file itself may be another one by then

    <checkpoint>/logwinnow/stream      the stream's name, in the names of its event files
    <checkpoint>/logwinnow/origin      what its offsets belong to: kind of source, topics of Kafka and their ids
    <checkpoint>/logwinnow/lock        held by the stream that runs
    <checkpoint>/logwinnow/replay.lock    held by the replay of dead letters that runs
    <checkpoint>/logwinnow/replay.json    where one that did not end may have written: see streaming/sink/late.py

A replay uses the record, never CURRENT, the operator's file of now, or the clock. The state of alerts before a batch is
that after the last one before it that is done. Spark replays only the last batch that it did not commit; a few more
records are kept for people.
"""

import contextlib
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from patterns.decisions import Decisions
from patterns.disk import create_file, replace_file, try_lock
from patterns.errors import DecisionsError
from streaming.alerts import AlertState
from streaming.errors import CheckpointError

KEPT: Final = 20


class BatchRecord(msgspec.Struct, frozen=True):
    """What a batch is judged by; `alerts` is null until it is done. Older records have no `decisions`."""

    batch: int
    set: str
    planned_at: int
    alerts: AlertState | None = None
    decisions: str = ""


class BatchLog:
    """The records beside a checkpoint."""

    def __init__(self, checkpoint: str) -> None:
        """
        Open the log, making its folder.

        Raises:
            CheckpointError: The checkpoint cannot be written.
        """
        self._checkpoint = checkpoint
        self._folder = Path(checkpoint) / "logwinnow" / "batches"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CheckpointError(
                f"checkpoint is {checkpoint!r}: {error.strerror}; check the path and its rights"
            ) from None

    @contextlib.contextmanager
    def held(self, name: str = "lock", who: str = "stream") -> Iterator[None]:
        """
        Hold the checkpoint for this process, as its one stream or whoever else has a lock of a name there.

        Raises:
            CheckpointError: Another one holds it.
        """
        try:
            lock = try_lock(self.folder / name)
        except OSError as error:
            raise self._cannot_write(error) from None
        if lock is None:
            raise CheckpointError(
                f"checkpoint {self._checkpoint!r} is in use by another {who}; stop it, or give this one its own"
            )
        with lock:
            yield

    def stream_id(self) -> str:
        """Return the name of the stream that this checkpoint belongs to, 8 hexadecimal digits; made on first use."""
        path = self.folder / "stream"
        try:
            if not path.exists():
                create_file(path, secrets.token_hex(4).encode())
            return path.read_text()
        except OSError as error:
            raise self._cannot_write(error) from None

    def claim(self, origin: dict[str, Any]) -> None:
        """
        Remember what the checkpoint's offsets belong to.

        Raises:
            CheckpointError: They belong to another source, or to a topic that was deleted and made again.
        """
        path = self.folder / "origin"
        try:
            before = msgspec.json.decode(path.read_bytes(), type=dict[str, Any]) if path.exists() else origin
            _check_origin(before, origin, self._checkpoint)
            # Of topics that are not seen now, too.
            if ids := {**before.get("ids", {}), **origin.get("ids", {})}:
                origin = {**origin, "ids": ids}
            if before != origin or not path.exists():
                replace_file(path, msgspec.json.encode(origin))
        except msgspec.MsgspecError as error:
            raise CheckpointError(
                f"{str(path)!r} is damaged: {error}; remove it, if the source is still the same"
            ) from None
        except OSError as error:
            raise self._cannot_write(error) from None

    @property
    def folder(self) -> Path:
        """The folder of what is kept beside Spark's own."""
        return self._folder.parent

    def committed(self) -> int:
        """Return the number of the last batch that Spark holds for done, so that it is not replayed; -1 without one."""
        commits = (Path(self._checkpoint) / "commits").glob("[0-9]*")
        return max((int(path.name) for path in commits if path.name.isdecimal()), default=-1)

    def planned_last(self) -> int:
        """Return when the last batch was planned, in microseconds since 1970; 0 without one."""
        records = (self.read(number) for number in self._numbers())
        return max((record.planned_at for record in records if record), default=0)

    def newest(self) -> int:
        """Return the number of the last batch that has a record, done or not; -1 without one."""
        return max(self._numbers(), default=-1)

    def read(self, batch: int) -> BatchRecord | None:
        """
        Return the record of a batch, None for a batch that is new.

        Raises:
            CheckpointError: It is damaged.
        """
        try:
            return msgspec.json.decode(self._path(batch).read_bytes(), type=BatchRecord)
        except FileNotFoundError:
            return None
        except msgspec.MsgspecError as error:
            raise CheckpointError(
                f"batch record {str(self._path(batch))!r} is damaged: {error}; without it a replay would judge by "
                "another set: restore it, or begin anew with another checkpoint"
            ) from None

    def decisions(self, revision: str) -> Decisions:
        """
        Return the operator's entries that a record names by their revision.

        Raises:
            CheckpointError: They are not there, or others.
        """
        if not revision:
            return Decisions()
        path = self._decisions_path(revision)
        try:
            kept = Decisions.parse(path.read_bytes(), repr(str(path)))
        except (OSError, DecisionsError) as error:
            raise self._lost(path, str(error)) from None
        if kept.revision != revision:
            raise self._lost(path, f"it has the entries of revision {kept.revision or 'none'}")
        return kept

    def keep(self, decisions: Decisions) -> None:
        """
        Keep the operator's entries durably, before a record names them.

        Raises:
            CheckpointError: The disk refuses.
        """
        if not decisions.revision:
            return
        path = self._decisions_path(decisions.revision)
        try:
            if not path.exists():
                path.parent.mkdir(exist_ok=True)
                replace_file(path, decisions.encoded)
        except OSError as error:
            raise self._cannot_write(error) from None

    def planned_before(self, batch: int) -> int:
        """Return when the batch before this one was planned, in microseconds since 1970; 0 without one."""
        record = self.read(batch - 1)
        return record.planned_at if record else 0

    def alerts_before(self, batch: int) -> AlertState:
        """Return the state of alerts after the last batch before this one that is done."""
        for number in sorted((n for n in self._numbers() if n < batch), reverse=True):
            record = self.read(number)
            if record is not None and record.alerts is not None:
                return record.alerts
        return AlertState()

    def write(self, record: BatchRecord) -> None:
        """
        Write a record durably, and forget all but the last few.

        Raises:
            CheckpointError: The disk refuses.
        """
        try:
            replace_file(self._path(record.batch), msgspec.json.encode(record) + b"\n")
            for number in self._numbers():
                if number < record.batch - KEPT:
                    self._path(number).unlink(missing_ok=True)
            self._forget_decisions(record.decisions)
        except OSError as error:
            raise self._cannot_write(error) from None

    def _forget_decisions(self, last: str) -> None:
        """Remove the entries that no record names any more; `last` is what the last one names."""
        others = {path.stem: path for path in self._decisions_path("").parent.glob("[!.]*.jsonl") if path.stem != last}
        if others:
            records = (self.read(number) for number in self._numbers())
            named = {record.decisions for record in records if record}
            for path in (path for revision, path in others.items() if revision not in named):
                path.unlink(missing_ok=True)

    def _decisions_path(self, revision: str) -> Path:
        return self.folder / "decisions" / f"{revision}.jsonl"

    def _lost(self, path: Path, why: str) -> CheckpointError:
        return CheckpointError(
            f"{str(path)!r}, by which the batch to replay was judged, cannot be used: {why}; restore it, or begin anew "
            "with another checkpoint"
        )

    def _cannot_write(self, error: OSError) -> CheckpointError:
        return CheckpointError(
            f"checkpoint {self._checkpoint!r} cannot be written: {error.strerror}; "
            "check its rights and the room on the disk"
        )

    def _numbers(self) -> list[int]:
        return [int(path.stem) for path in self._folder.iterdir() if path.name[:1].isdigit()]

    def _path(self, batch: int) -> Path:
        return self._folder / f"{batch:08}.json"


def _check_origin(before: dict[str, Any], now: dict[str, Any], checkpoint: str) -> None:
    if before.get("spool") != now.get("spool") and before["kind"] == now["kind"]:
        raise CheckpointError(
            f"checkpoint is {checkpoint!r}: it belongs to the spool {before.get('spool')}, and source.socket.spool is "
            f"{now.get('spool')}, another one or emptied: give the path of the former, or begin with a new checkpoint, "
            "which doubles nothing"
        )
    # More topics go on from where the others are; of one less Spark would say that its data is lost.
    further = set(before.get("topics", [])) <= set(now.get("topics", []))
    varying = {"topics": 0, "ids": 0}
    if {**before, **varying} != {**now, **varying} or not further:
        raise CheckpointError(
            f"checkpoint is {checkpoint!r}: it belongs to {_shown(before)}, and the source is {_shown(now)}; "
            "give each its own checkpoint"
        )
    ids = now.get("ids", {})
    anew = sorted(name for name, each in before.get("ids", {}).items() if ids.get(name, each) != each)
    if anew:
        raise CheckpointError(
            f"checkpoint is {checkpoint!r}: topic {anew[0]!r} was deleted and made again, so that its offsets are of "
            "other records; go on with a new checkpoint, which doubles nothing"
        )


def _shown(origin: dict[str, Any]) -> str:
    return f"source {', '.join(f'{key} {value}' for key, value in origin.items() if key != 'ids')}"
