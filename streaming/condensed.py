"""
The alert of a provisional pattern: one document for many shapes that are alike (streaming/condensing.py).

    that of the first line, as streaming/documents.py makes it of a shape, but without logwinnow.{shape,nearest,params};
    logwinnow.pattern has state=provisional, or what the set says of the pattern, where it has it by now;
    logwinnow.{shapes,examples} say how many shapes the batch had of it, and some lines
"""

from collections.abc import Sequence
from typing import Any, Final

from patterns.language import hash_of, parse
from patterns.pattern_set import PROVISIONAL, KnownPattern
from streaming.documents import cut, explained, keyword

EXAMPLES: Final = 5
"""Lines that stand for the shapes of a provisional pattern, each of another one."""

_EXAMPLE: Final = 300
_NAMED: Final = 20
"""Shapes that are named in a query."""


def condensed_id(scope: str, pattern_id: str, bucket: int) -> str:
    """Return the id of the one alert of a provisional pattern in a bucket: 20 hexadecimal digits, no shape's."""
    return hash_of([scope, "provisional", pattern_id, bucket], 10)


def condensed_alert(
    firsts: Sequence[dict[str, Any]],
    *,
    identity: str,
    bucket: str,
    count: int,
    untold: int,
    pattern: tuple[str, str],
    shapes: Sequence[str],
) -> dict[str, Any]:
    """
    Return the alert of a provisional pattern.

    Args:
        firsts: The events of the first lines of some of its shapes, in their order.
        identity: What `condensed_id` returned.
        bucket: Start of the interval in which the pattern is told once, RFC 3339.
        count: Lines of its shapes in the batch.
        untold: Lines of it since it was told last.
        pattern: Its id and text.
        shapes: Ids of its shapes in the batch, in their order.
    """
    first, (pattern_id, text) = firsts[0], pattern
    whole = first["logwinnow"]
    ours = {name: value for name, value in whole.items() if name not in {"shape", "nearest", "params"}}
    if whole.get("pattern", {}).get("id") != pattern_id:
        label = KnownPattern(whole.get("scope", ""), parse(text), 0, 0, 0).label
        ours["pattern"] = {"id": pattern_id, "text": keyword(text), "label": label, "state": PROVISIONAL}
    named = " or ".join(f'"{each}"' for each in shapes[:_NAMED])
    ours |= {
        "bucket": bucket,
        "count": count,
        "untold": untold,
        "shapes": len(shapes),
        "examples": [cut(each["message"], _EXAMPLE) for each in firsts],
        "find": f'logwinnow.pattern.id: "{pattern_id}" or logwinnow.shape.id: ({named})',
        "accept": f"logwinnow patterns accept {identity}",
        "explain": explained(ours, identity, f"{len(shapes):,} new shapes are alike, {cut(text, _EXAMPLE)}: "),
    }
    return {
        **first,
        "event": {**first["event"], "id": identity, "kind": "alert", "first_event_id": first["event"]["id"]},
        "logwinnow": ours,
    }
