r"""
Line filter and template: which lines are mined, and what of them.

    filter   sshd\[\d+\]: (.+)        template   $1        what follows the tag of sshd's lines; no others

In a template ``$1`` or ``${1}`` is a group of the expression by number, ``$+{name}`` one by name, ``$0`` the whole line
and ``$$`` a dollar sign; a group that took no part is empty. All else stands for itself.
"""

import os
import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from patterns.errors import RulesError
from patterns.linear import compile_linear

LineFilter = Callable[[bytes], bytes | None]
"""A line → what is mined of it; None for a line that is not mined."""


class Filter(NamedTuple):
    """A line filter as it was given, which pickles: expression and template, as `line_filter` takes them."""

    expression: str | None = None
    template: str | None = None

    def compiled(self) -> LineFilter:
        """Return the filter; it raises RulesError where `line_filter` does."""
        return line_filter(self.expression, self.template)


_REFERENCE: Final = re.compile(rb"\$(?:(\$)|(\d{1,9})|\{(\d{1,9})\}|\+\{([^{}]*)\})?")


def line_filter(expression: str | None, template: str | None = None) -> LineFilter:
    """
    Return a filter of lines.

    Args:
        expression: RE2 expression that is searched in a line's bytes, each a character of its own; None for every line.
        template: What a line becomes; None to leave it. It needs an expression.

    Raises:
        RulesError: RE2 does not take the expression, or the template names a group that there is not, or has a line
            feed.
    """
    if expression is None:
        if template is not None:
            raise RulesError(f"template is {template!r} without a line filter, whose groups it would name; give one")
        return lambda line: line
    compiled = compile_linear(os.fsencode(expression), "line filter")
    if template is not None and "\n" in template:
        raise RulesError(f"template is {template!r}: it has a line feed, which no line has; leave it out")
    if template is None:
        return lambda line: line if compiled.search(line) else None
    parts = _parse(template, compiled)

    def filtered(line: bytes) -> bytes | None:
        found = compiled.search(line)
        if not found:
            return None
        # A group that took no part is None.
        return b"".join(p if isinstance(p, bytes) else line if p == 0 else found[p] or b"" for p in parts)

    return filtered


def _parse(template: str, compiled: Any) -> list[bytes | int]:
    """Return the parts of a template: bytes as they are, and numbers of groups, 0 for the line."""
    text, at = os.fsencode(template), 0
    parts: list[bytes | int] = []
    for found in _REFERENCE.finditer(text):
        parts += [text[at : found.start()], _reference(found, template, compiled)]
        at = found.end()
    return [part for part in [*parts, text[at:]] if part != b""]


def _reference(found: "re.Match[bytes]", template: str, compiled: Any) -> bytes | int:
    dollar, short, long, name = found.groups()
    if dollar:
        return b"$"
    if name is not None and name in compiled.groupindex:
        return int(compiled.groupindex[name])
    number = short or long
    if number is not None and int(number) <= compiled.groups:
        return int(number)
    groups = ", ".join(["$0", *(f"${each}" for each in range(1, compiled.groups + 1))])
    named = "".join(f", $+{{{os.fsdecode(each)}}}" for each in sorted(compiled.groupindex, key=compiled.groupindex.get))
    raise RulesError(
        f"template is {template!r}: the line filter has no group {os.fsdecode(found[0])}; there are {groups}{named}, "
        "and $$ writes a dollar sign"
    )
