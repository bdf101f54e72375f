"""
What is to be sent, on disk until every receiver has it, in order; how far each is; the numbers of the next digest.

    <checkpoint>/logwinnow/notify/outbox.sqlite

        item        number, id, kind, shape, when it was put, document as JSON: null once all receivers have it
        receiver    name; number of the last item that it has; the last one of what is being sent; counts
        number      the last batch that was put; the digest's numbers and since when they count

One transaction a batch: its new alerts, its numbers and that it was put, or nothing. An id is put once for as long as
it is among the last KEPT: the state of alerts may have forgotten a shape, and a sink would keep the first alert of an
id too. SQLite, for this is a queue with several readers, a bound and an index, and all of it must change at once.
"""

import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from streaming.errors import CheckpointError

KEPT: Final = 200_000
"""Ids that are remembered, some 20 MB: a week of a thousand alerts an hour."""

FORMAT: Final = 1

_SCHEMA: Final = f"""
CREATE TABLE item (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, shape TEXT,
    put_at INTEGER NOT NULL, document BLOB
);
CREATE INDEX item_shape ON item (shape);
CREATE INDEX item_waiting ON item (seq) WHERE document IS NOT NULL;
CREATE TABLE receiver (
    name TEXT PRIMARY KEY, position INTEGER NOT NULL, planned INTEGER NOT NULL,
    sent INTEGER NOT NULL DEFAULT 0, failed INTEGER NOT NULL DEFAULT 0, dropped INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE number (name TEXT PRIMARY KEY, value NOT NULL);
PRAGMA user_version = {FORMAT};
"""


class Item(NamedTuple):
    """
    What is to be sent.

    Attributes:
        id: Of the alert, or of the digest.
        kind: `alert`, `unusual`, `overflow` or `digest`.
        shape: Id of an alert's shape, None without one.
        document: As JSON.
    """

    id: str
    kind: str
    shape: str | None
    document: bytes


class Waiting(NamedTuple):
    """An item that a receiver does not have yet: its number, when it was put in microseconds since 1970."""

    seq: int
    put_at: int
    item: Item


class Counts(NamedTuple):
    """Of one receiver: items that wait, and those that were sent, given up, and dropped for want of room, ever."""

    waiting: int
    sent: int
    failed: int
    dropped: int


class Tally(NamedTuple):
    """
    What batches came to since the last digest.

    Attributes:
        since: In microseconds since 1970.
        counts: By the names that `put` was given; and of alerts `new_kinds`, of whose shape none was put before, and
            `told_again`.
        set: Version that the last batch was judged by, None before the first.
    """

    since: int
    counts: Counter[str]
    set: str | None


class Outbox:
    """The queue; several threads may use it, and none holds it while it waits for a receiver."""

    def __init__(self, folder: Path, receivers: Iterable[str], max_bytes: int, now: int) -> None:
        """
        Open it, or make it; a receiver that is new gets what comes from now on.

        Args:
            folder: Made where it is not there.
            receivers: Their names; what others have not got is forgotten.
            max_bytes: Of the documents that wait.
            now: In microseconds since 1970: where the first digest begins.

        Raises:
            CheckpointError: It cannot be written, is damaged, or of a newer version.
        """
        self._path = folder / "outbox.sqlite"
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        except (OSError, sqlite3.Error) as error:
            raise self._cannot_use(error) from None
        try:
            self._settle()
            with self._transaction() as run:
                self._prepare(run, set(receivers), now)
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    def put(self, batch: int | None, items: Iterable[Item], counts: Mapping[str, int], version: str, now: int) -> int:
        """
        Put what a batch told, unless that was done; return how many of the oldest items were dropped for want of room.

        Args:
            batch: Its number; None for what is told without one, which ids alone keep from being put twice.
            items: In order; those whose id was put before are passed over.
            counts: Numbers for the digest.
            version: Of the set that it was judged by.
            now: In microseconds since 1970.

        Raises:
            CheckpointError: The disk refuses.

        Cost: waits for the disk.
        """
        with self._transaction() as run:
            if batch is not None and batch <= self._number(run, "batch", -1):
                return 0
            kinds = Counter(self._put(run, item, now) for item in items)
            told = {"new_kinds": kinds["new"], "told_again": kinds["again"]}
            for name, value in {**counts, **told}.items():
                self._set(run, f"tally.{name}", self._number(run, f"tally.{name}", 0) + value)
            if batch is not None:
                self._set(run, "batch", batch)
            self._set(run, "set", version)
            return self._drop(run) if kinds else 0

    def since(self) -> int:
        """Return since when the next digest counts, in microseconds since 1970."""
        with self._transaction() as run:
            since: int = self._number(run, "since", 0)
        return since

    def put_digest(self, until: int, make: Callable[[Tally], Item], now: int) -> None:
        """
        Put a digest of the numbers so far, and begin to count anew; nothing where one was made for that time.

        Args:
            until: To when it counts, in microseconds since 1970; the next one counts from there.
            make: Gets the numbers; is called while a batch may have to wait.
            now: In microseconds since 1970.
        """
        with self._transaction() as run:
            since = self._number(run, "since", 0)
            if until <= since:
                return
            rows = run("SELECT substr(name, 7), value FROM number WHERE name LIKE 'tally.%'").fetchall()
            version = self._number(run, "set", None)
            self._put(run, make(Tally(since, Counter(dict(rows)), version)), now)
            run("DELETE FROM number WHERE name LIKE 'tally.%'")
            self._set(run, "since", until)

    def waiting(self, receiver: str, most: int) -> list[Waiting]:
        """Return the first items that a receiver does not have, `most` at most; of what was being sent, just that."""
        with self._transaction() as run:
            position, planned = run("SELECT position, planned FROM receiver WHERE name = ?", receiver).fetchone()
            rows = run(
                "SELECT seq, put_at, id, kind, shape, document FROM item WHERE seq > ? AND document IS NOT NULL "
                "AND (? <= ? OR seq <= ?) ORDER BY seq LIMIT ?",
                *(position, planned, position, planned, most),
            ).fetchall()
        return [Waiting(seq, put_at, Item(*item)) for seq, put_at, *item in rows]

    def is_planned(self, receiver: str) -> bool:
        """Tell whether what `waiting` returns was being sent already, so that it is to be sent as it is."""
        with self._transaction() as run:
            return bool(run("SELECT planned > position FROM receiver WHERE name = ?", receiver).fetchone()[0])

    def plan(self, receiver: str, last: int) -> None:
        """Remember that all up to an item is being sent as one, before it is: it is the same when it is sent again."""
        with self._transaction() as run:
            run("UPDATE receiver SET planned = ? WHERE name = ?", last, receiver)

    def advance(self, receiver: str, last: int, *, sent: int = 0, failed: int = 0) -> None:
        """Remember that a receiver has all up to an item, or is not to get it; count what became of it."""
        with self._transaction() as run:
            run(
                "UPDATE receiver SET position = max(position, ?), sent = sent + ?, failed = failed + ? WHERE name = ?",
                *(last, sent, failed, receiver),
            )
            self._forget(run)

    def counts(self, receiver: str) -> Counts:
        """Return the numbers of a receiver."""
        with self._transaction() as run:
            position, *counts = run(
                "SELECT position, sent, failed, dropped FROM receiver WHERE name = ?", receiver
            ).fetchone()
            waiting = run("SELECT count(*) FROM item WHERE seq > ? AND document IS NOT NULL", position).fetchone()[0]
        return Counts(waiting, *counts)

    def _settle(self) -> None:
        """Have a commit wait for the disk once; the lock of the checkpoint sees to it that there is one process."""
        try:
            for setting in ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = FULL"):
                self._connection.execute(f"PRAGMA {setting}")
        except sqlite3.Error as error:
            raise self._cannot_use(error) from None

    def _prepare(self, run: "Run", receivers: set[str], now: int) -> None:
        made_by = run("PRAGMA user_version").fetchone()[0]
        if made_by > FORMAT:
            raise CheckpointError(
                f"{str(self._path)!r} is of format {made_by}, and this logwinnow reads up to format {FORMAT}; install "
                "a newer logwinnow, or remove the file: what waits in it is in the sink"
            )
        if made_by == 0:
            for statement in filter(str.strip, _SCHEMA.split(";")):
                run(statement)
            self._set(run, "since", now)
        known = {name for (name,) in run("SELECT name FROM receiver").fetchall()}
        for name in known - receivers:
            run("DELETE FROM receiver WHERE name = ?", name)
        last = run("SELECT coalesce(max(seq), 0) FROM item").fetchone()[0]
        for name in receivers - known:
            run("INSERT INTO receiver (name, position, planned) VALUES (?, ?, ?)", name, last, last)
        self._forget(run)

    def _put(self, run: "Run", item: Item, now: int) -> str:
        """Put an item whose id is new; return whether one of its shape was put before: `new`, `again`, or neither."""
        before = run("SELECT 1 FROM item WHERE shape = ? LIMIT 1", item.shape).fetchone()
        put = run(
            "INSERT OR IGNORE INTO item (id, kind, shape, put_at, document) VALUES (?, ?, ?, ?, ?)",
            *(item.id, item.kind, item.shape, now, item.document),
        )
        if put.rowcount != 1 or item.shape is None:
            return ""
        return "again" if before else "new"

    def _drop(self, run: "Run") -> int:
        """Drop the oldest items that wait until the others have room; return how many."""
        room, dropped = self._max_bytes, 0
        last_dropped = None
        newest_first = "SELECT seq, length(document) FROM item WHERE document IS NOT NULL ORDER BY seq DESC"
        for seq, size in run(newest_first):
            room -= size
            if room < 0:
                last_dropped = seq
                break
        if last_dropped is None:
            return 0
        for name, position in run("SELECT name, position FROM receiver").fetchall():
            lost = run(
                "SELECT count(*) FROM item WHERE seq > ? AND seq <= ? AND document IS NOT NULL", position, last_dropped
            ).fetchone()[0]
            run(
                "UPDATE receiver SET position = max(position, ?), dropped = dropped + ? WHERE name = ?",
                *(last_dropped, lost, name),
            )
            dropped = max(dropped, lost)
        self._forget(run)
        return dropped

    def _forget(self, run: "Run") -> None:
        """Forget the documents that all receivers have, and the oldest ids."""
        run(
            "UPDATE item SET document = NULL WHERE document IS NOT NULL AND seq <= "
            "(SELECT coalesce(min(position), 0) FROM receiver)"
        )
        run("DELETE FROM item WHERE document IS NULL AND seq <= (SELECT max(seq) FROM item) - ?", KEPT)

    def _number(self, run: "Run", name: str, without: Any) -> Any:
        row = run("SELECT value FROM number WHERE name = ?", name).fetchone()
        return row[0] if row else without

    def _set(self, run: "Run", name: str, value: int | str) -> None:
        run("INSERT OR REPLACE INTO number (name, value) VALUES (?, ?)", name, value)

    @contextmanager
    def _transaction(self) -> Iterator["Run"]:
        """Give what runs a statement with its values; all of them count, or none."""

        def run(statement: str, *values: Any) -> sqlite3.Cursor:
            return self._connection.execute(statement, values)

        with self._lock:
            try:
                run("BEGIN IMMEDIATE")
                yield run
                run("COMMIT")
            except sqlite3.Error as error:
                self._undo()
                raise self._cannot_use(error) from None
            except BaseException:
                self._undo()
                raise

    def _undo(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _cannot_use(self, error: Exception) -> CheckpointError:
        mend = "check its rights and the room on the disk"
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
            mend = "remove it: what waits in it is in the sink"
        return CheckpointError(f"{str(self._path)!r} cannot be used: {error}; {mend}")


Run = Callable[..., sqlite3.Cursor]
