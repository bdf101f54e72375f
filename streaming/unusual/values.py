"""Values that a parameter of few values never had: told once a bucket, of one parameter so many and no more."""

from typing import Final

import msgspec

from streaming.alerts import HOUR
from streaming.unusual.counting import Counted
from streaming.unusual.documents import VALUE, new_value
from streaming.unusual.telling import Telling
from streaming.unusual.usual import Usual

_PARAMETERS: Final = "values"
"""Table: pattern and gap → hour in which its bucket began, and how many values were told in it."""


def tell(counted: Counted, usual: Usual, telling: Telling) -> None:
    """Tell the new values of a batch, those of the first lines first."""
    tables, config = telling.tables, telling.config
    for new in counted.values:
        known = usual.values_of.get((new.pattern, new.gap))
        if known is None:
            continue
        key = f"{new.pattern} {new.gap}"
        start = new.record_time // HOUR // config.repeat_after_hours * config.repeat_after_hours
        began, told = tables.get(_PARAMETERS, key, (-1, 0))
        if began < start:
            began, told = start, 0
        if told >= config.value.most_values:
            telling.counts["values_further"] += new.count
            continue
        due = telling.due(VALUE, new.pattern, new.gap, new.value, at=new.record_time, amount=new.count)
        if due is None:
            continue
        tables.put(_PARAMETERS, key, (began, told + 1))
        document = new_value(
            msgspec.json.decode(new.first),
            identity=due.identity,
            bucket=due.bucket,
            count=new.count,
            untold=due.untold,
            gap=new.gap,
            value=new.value,
            known=known.values,
        )
        telling.add(VALUE, document, due)
    if counted.further:
        telling.counts["values_further"] += counted.further


def keep_known(usual: Usual, telling: Telling) -> None:
    """Forget parameters of which nothing is usual any more."""
    names = {f"{pattern} {gap}" for pattern, gap in usual.values_of}
    for key in [key for key in telling.tables.table(_PARAMETERS) if key not in names]:
        telling.tables.drop(_PARAMETERS, key)
