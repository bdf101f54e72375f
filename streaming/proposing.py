"""Provisional patterns that alerts told → the store, where the next training finds them (patterns/provisional.py)."""

import logging
from collections.abc import Iterable
from typing import NamedTuple

from patterns.errors import PatternsError
from patterns.provisional import Provisional, adding
from patterns.store import Store
from patterns.timestamps import iso

_log = logging.getLogger("logwinnow")


class Told(NamedTuple):
    """A provisional pattern that an alert told: its scope and text, and how many shapes it stood for."""

    scope: str
    text: str
    shapes: int


class Proposing:
    """Proposes patterns of one stream to the trainings of one store."""

    def __init__(self, store: Store, source: str) -> None:
        """Take the store and the name of the source."""
        self._store, self._source = store, source
        self._failed = False

    def propose(self, told: Iterable[Told], at: int) -> None:
        """
        Add what a batch told to the file of the store; where that cannot be written, say so once and go on.

        A training mines without it, too: of an alert then perhaps no pattern has the id.

        Args:
            told: Those that a training may learn.
            at: When the batch was planned, in microseconds since 1970: a replay changes nothing.
        """
        new = [
            Provisional(scope=each.scope, pattern=each.text, at=iso(at), source=self._source, shapes=each.shapes)
            for each in told
        ]
        if not new:
            return
        try:
            self._store.change_provisional(adding(new))
        except PatternsError as error:
            if not self._failed:
                facts = {"patterns": len(new), "error": str(error), "mend": "give the stream the right to write there"}
                _log.warning("provisional_refused", extra={"facts": facts})
            self._failed = True
        else:
            self._failed = False
