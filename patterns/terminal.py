"""
Text of a log made fit for a terminal and for lists that people read.

A log line is written by strangers: an escape sequence in it could move the cursor, colour the screen or turn what
stands beside it around. So whatever is no visible character is shown as its escape.
"""

import unicodedata

_SHOWN_CATEGORIES = frozenset("LMNPSZ")


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


def _is_shown(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] in _SHOWN_CATEGORIES and category not in ("Zl", "Zp")


def _escape(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
