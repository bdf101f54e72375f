"""
Text of a log made fit for a terminal and for lists that people read.

A log line is written by strangers: an escape sequence in it could move the cursor, colour the screen or turn what
stands beside it around. So whatever is no visible character is shown as its escape.
"""

import unicodedata

_SHOWN_CATEGORIES = frozenset("LMNPSZ")
_TAB = 4


def printable(text: str, most: int | None = None) -> str:
    r"""
    Return the text with control, format, private and unassigned characters as escapes (``\x1b``, ``\u202e``).

    Args:
        text: Any text.
        most: Cut what is longer than this many characters, with ``…`` at the end; by default nothing is cut.
    """
    shown = text if most is None or len(text) <= most else text[: most - 1] + "…"
    if shown.isascii() and shown.isprintable():
        return shown
    return "".join(c if _is_shown(c) else _escape(c) for c in shown)


def printable_rows(text: str, most: int | None = None) -> list[str]:
    r"""
    Return the lines of a record, each as `printable` shows it; a line that is no record has one row.

    Args:
        text: Any text. Where a line but the first begins with tabs, these are spaces then, and a ``\\r`` that ends one
            is left out: so are stack traces written.
        most: Of all rows together; what is longer is cut, with ``…`` at the end.
    """
    first, *more = (text if most is None or len(text) <= most else text[: most - 1] + "…").split("\n")
    if not more:
        return [printable(first)]
    *whole, last = more
    rows = [first.removesuffix("\r"), *(_indented(row.removesuffix("\r")) for row in whole), _indented(last)]
    return [printable(row) for row in rows]


def _indented(row: str) -> str:
    text = row.lstrip(" \t")
    return row[: len(row) - len(text)].expandtabs(_TAB) + text


def _is_shown(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] in _SHOWN_CATEGORIES and category not in ("Zl", "Zp")


def _escape(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
