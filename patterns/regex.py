r"""
Pattern → regular expression over the message as it stands, for engines that run in linear time: RE2, Go, Rust.

For raw rules it is exact. For the default rules it writes out word separators and class words, and is one-sided: each
line that the pattern matches, it matches too. (It also takes some lines that the pattern does not: a class word there
may count as a word of its own, and an expression of a class may reach further than one word.)

It needs no flags, and RE2 takes it if its gaps are not too wide. To Python's `re`, PCRE and Java it says the same, but
those backtrack: a run of class words takes them a time that is exponential in its length. For them there is `pcre`.
"""

import re
from typing import Final, NamedTuple

from patterns.language import NO_GAP, Constant, Gap, Pattern, alternatives
from patterns.words import CLASS_RUN, WordRules

SPACE: Final = r"\t-\r "
"""White space for inside brackets, since ``\\s`` is not the same characters to all engines."""

SEPARATOR: Final = rf"{SPACE},;()\[\]{{}}"
"""What separates words by the default rules, for inside brackets."""

IN_WORD: Final = rf"[^{SEPARATOR}=]"
"""A character of a word by the default rules, but for a final ``=``."""

LIKE_A_KEPT_PREFIX: Final = re.compile(r"(?:[^0-9A-Za-z]*[A-Za-z]){3}[^0-9]*")
"""A constant that may be what stays of a class word, in a message of class words alone."""

_ESCAPES = {
    "S": IN_WORD,
    "s": f"[{SPACE}]",
    "w": "[0-9A-Za-z_]",
    "W": rf"[^0-9A-Za-z_{SEPARATOR}=]",
    "d": "[0-9]",
    "D": rf"[^0-9{SEPARATOR}=]",
}
_ESCAPES_IN_BRACKETS = {"w": "0-9A-Za-z_", "d": "0-9", "s": SPACE}


class _Words(NamedTuple):
    """
    Expressions of parts of a message.

    Attributes:
        separator: One separator.
        then: One word, or run of class words, with what follows before the next.
        last: The same, with what follows before the end.
        run_then: A run of class words with what follows before the next; ``""`` for raw rules.
        run_last: The same, with what follows before the end.
    """

    separator: str
    then: str
    last: str
    run_then: str = ""
    run_last: str = ""


def message_regex(pattern: Pattern, rules: WordRules) -> str:
    """Return a regular expression that matches the whole message of each line that the pattern matches."""
    words = _raw_words() if rules.raw else _words(rules)
    whole = f"{words.separator}*"
    for index, (gap, constant) in enumerate(zip(pattern.gaps, pattern.constants, strict=False)):
        whole += _gap(gap, words)
        if index < len(pattern.constants) - 1:
            whole += _then(constant, pattern.gaps[index + 1], words, rules)
    return f"^{whole}{_end(pattern, words, rules)}$"


def _end(pattern: Pattern, words: _Words, rules: WordRules) -> str:
    """Return the expression of the last constant and the gap behind it."""
    least, most = gap = pattern.gaps[-1]
    before_last: Gap = (max(least - 1, 0), None if most is None else most - 1)
    last_words = _or_run(gap, _times(before_last, words.then) + words.last, words.run_last)
    if not pattern.constants:
        return last_words if least else f"(?:{last_words})?"
    constant = pattern.constants[-1]
    alone = f"{_one_of(constant)}{words.separator}*"
    if gap == NO_GAP:
        return alone
    followed = _then(constant, gap, words, rules) + last_words
    return followed if least else f"(?:{alone}|{followed})"


def _then(constant: Constant, gap: Gap, words: _Words, rules: WordRules) -> str:
    """Return the expression of a constant and what separates it from the next word."""
    open_end = any(
        not rules.raw and (word.endswith("=") or (gap != NO_GAP and LIKE_A_KEPT_PREFIX.fullmatch(word)))
        for word in alternatives(constant)
    )
    return f"{_one_of(constant)}{words.separator}{'*' if open_end else '+'}"


def _gap(gap: Gap, words: _Words) -> str:
    return _or_run(gap, _times(gap, words.then), words.run_then)


def _times(gap: Gap, word: str) -> str:
    least, most = gap
    return "" if gap == NO_GAP else f"{word}{{{least},{'' if most is None else most}}}"


def _or_run(gap: Gap, counted: str, run: str) -> str:
    """
    Let a run of class words stand for two words and more.

    In a message of class words alone a gap may take a kept part and what follows it: two words of the shape, and one
    class word of the message.
    """
    return f"(?:{counted}|{run})" if run and gap[0] > 1 else counted


def _one_of(constant: Constant) -> str:
    if isinstance(constant, str):
        return re.escape(constant)
    return "(?:" + "|".join(re.escape(word) for word in constant) + ")"


def _raw_words() -> _Words:
    separator, word = f"[{SPACE}]", f"[^{SPACE}]+"
    return _Words(separator, f"(?:{word}{separator}+)", f"{word}{separator}*")


def _words(rules: WordRules) -> _Words:
    separator = f"[{SEPARATOR}]"
    classes = "|".join([*(spelled_out(expression) for expression in rules.classes.values()), re.escape(CLASS_RUN)])
    # A word that ends in "=" needs no separator behind it.
    class_then = f"(?:(?:{classes})(?:={separator}*|{separator}+))"
    word = f"(?:{IN_WORD}+=?|=)"
    word_then = f"(?:{IN_WORD}*={separator}*|{IN_WORD}+{separator}+)"
    run_then = f"{class_then}+"
    run_last = f"{class_then}*(?:{classes})=?{separator}*"
    return _Words(separator, f"(?:{run_then}|{word_then})", f"(?:{run_last}|{word}{separator}*)", run_then, run_last)


def spelled_out(expression: str) -> str:
    r"""Write ``.`` and the ASCII classes ``\S \w \W \d \D \s`` of a class as sets that stay inside one word."""
    written, in_brackets, at = [], False, 0
    while at < len(expression):
        character = expression[at]
        if character == "\\":
            escape = expression[at + 1 : at + 2]
            table = _ESCAPES_IN_BRACKETS if in_brackets else _ESCAPES
            written.append(table.get(escape, f"\\{escape}"))
            at += 2
            if in_brackets and escape.isalpha() and expression.startswith("-", at):
                # Behind a class it is itself; behind what the class is written as, it would be a range.
                written.append(r"\-")
                at += 1
            continue
        in_brackets = character == "[" or (in_brackets and character != "]")
        written.append(IN_WORD if character == "." and not in_brackets else character)
        at += 1
    return "".join(written)
