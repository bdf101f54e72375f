"""A stream that runs takes what is promoted and rolled back with its next batch, and nothing that is only proposed."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from patterns.language import parse
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.rules import Rules
from patterns.shapes import ShapeTable
from patterns.store import Store
from streaming.job import Stream

if TYPE_CHECKING:
    from tests.streaming.conftest import Site

pytestmark = [pytest.mark.spark, pytest.mark.usefixtures("spark")]


@contextmanager
def running(stream: Stream) -> Iterator[Callable[[Callable[[], object]], None]]:
    """Run a stream meanwhile; gives what waits until something holds."""
    thread = threading.Thread(target=stream.run)
    thread.start()

    def wait_until(holds: Callable[[], object]) -> None:
        for _ in range(1200):
            if holds():
                return
            assert thread.is_alive()
            time.sleep(0.05)
        pytest.fail("it did not come")

    try:
        yield wait_until
    finally:
        stream.stop()
        thread.join(60)
    assert not thread.is_alive()


def test_what_is_promoted_and_rolled_back_judges_the_next_batch(site: "Site") -> None:
    first = site.publish("user left")
    store = Store(str(site.store))
    known = [KnownPattern("", parse(text), level=2, support=2, mined_support=2) for text in ("user left", "user came")]
    proposed = store.publish(PatternSet.of(Rules(), known), ShapeTable.of({}), {}, propose=True)
    lines = 0

    def judge(line: str) -> None:
        nonlocal lines
        site.append(line)
        lines += 1
        wait_until(lambda: len(site.events()) == lines)

    with running(Stream(site.config(), once=False)) as wait_until:
        judge("user came")
        store.promote(proposed)
        judge("user came")
        store.rollback()
        judge("user came")

    judged = [(event["logwinnow"]["set"], event["logwinnow"]["outlier"]) for event in site.events()]
    assert sorted(judged) == sorted([(first, True), (proposed, False), (first, True)])
    assert [record["set"] for record in site.records()] == [first, proposed, first]
    site.check_alerts()
