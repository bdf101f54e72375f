"""A stream that runs takes what is promoted and rolled back with its next batch, and nothing that is only proposed."""

from typing import TYPE_CHECKING

import pytest

from patterns.language import parse
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.rules import Rules
from patterns.shapes import ShapeTable
from patterns.store import Store
from streaming.job import Stream
from tests.streaming.running import running

if TYPE_CHECKING:
    from tests.streaming.conftest import Site

pytestmark = [pytest.mark.spark, pytest.mark.usefixtures("spark")]


def test_what_is_promoted_and_rolled_back_judges_the_next_batch(site: "Site") -> None:
    first = site.publish("user left")
    store = Store(str(site.store))
    known = [KnownPattern("", parse(text), level=2, support=2, mined_support=2) for text in ("user left", "user came")]
    proposed = store.publish(PatternSet.of(Rules(), known), ShapeTable.of({}), {}, propose=True)
    # A first look that finds nothing would be a batch.
    site.append("user came")
    lines = 1

    def judge(line: str) -> None:
        nonlocal lines
        site.append(line)
        lines += 1
        wait_until(lambda: len(site.events()) == lines)

    with running(Stream(site.config(), once=False)) as wait_until:
        wait_until(lambda: len(site.events()) == lines)
        store.promote(proposed)
        judge("user came")
        store.rollback()
        judge("user came")

    judged = [(event["logwinnow"]["set"], event["logwinnow"]["outlier"]) for event in site.events()]
    assert sorted(judged) == sorted([(first, True), (proposed, False), (first, True)])
    assert [record["set"] for record in site.records()] == [first, proposed, first]
    site.check_alerts()
