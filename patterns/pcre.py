r"""
Pattern → expression for engines that backtrack, which matches a whole message.

It is not that of `regex`: an engine that backtracks tries a class word there in each way in which its expressions
match, so a run of them exponentially often. Here a word is read once and never given back. That makes it exact too: it
matches what the pattern matches and nothing else, except that

- a message of class words alone, or of these behind a severity, whose constants are parts of words, may have any number
  of words in a gap;
- a constant with U+FFFD takes what its form takes for it;
- an operator's word class takes a final ``=`` where an alternative of it ends in ``\S*``, ``\S+`` or ``=``, and else
  none.

There are two forms:

============  =========================================================================================================
in place      for PCRE, Perl, Ruby, Java, and Python's `re` from 3.11 on. It needs no flags and has no group calls, and
              neither ``\s \w \d`` nor ``^ $``, which mean different things there. It is for decoded text in which
              U+FFFD stands for what was no UTF-8, as in logwinnow; over bytes it is the same, but for U+FFFD, and an
              operator's word class counts bytes. (Java recurses for each word of a gap and of a run: at some hundreds
              it throws a StackOverflowError, unless its thread has more stack.)
with groups   for PCRE over bytes, shorter: groups are defined once and called. Limits come first, within which a
              message of tens of thousands of words does not crash PCRE 1: beyond them nothing is matched. U+FFFD takes
              any one to three bytes that are no ASCII, and an operator's word class counts bytes.
============  =========================================================================================================
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import NamedTuple

from patterns.errors import RulesError
from patterns.language import NO_GAP, Gap, Pattern, alternatives
from patterns.regex import IN_WORD, LIKE_A_KEPT_PREFIX, SEPARATOR, SPACE, spelled_out
from patterns.severity import SEVERITIES
from patterns.words import CLASS_RUN, Splitter, WordRules

# PCRE 1, which syslog-ng 3 runs, keeps its place on the stack, half a KB a level, and where that is full, syslog-ng
# crashes. These are 2 MB. Real lines take some hundred steps; 30,000 class words in a row, 1.3 million and 50 levels.
_LIMITS = "(*LIMIT_MATCH=2000000)(*LIMIT_RECURSION=4000)"

# Compiled, PCRE allows no more; syslog-ng would keep a rule without an expression, and crash at the next line.
_MOST_BYTES = 65_535

_PIECE = re.compile(
    r"(?P<set>\[(?:\\.|[^\]\\])*\])|(?P<begin>\((?:\?[:=!>])?)|\)(?P<times>\{[0-9,]+)?|(?:\\.|[^\\\[()])+"
)
_ATOM = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|\((?:\?:)?|.")
_IN_BRACKETS = re.compile(r"\\([WDS])|\\.|[&|~]")
_ALL_BUT = {"W": "[^0-9A-Za-z_]", "D": "[^0-9]", "S": f"[^{SPACE}]"}
_ENDS_A_WORD = "\t\n\v\f\r ,;()[]{}="
_END = f"(?![^{SEPARATOR}])"
_ESCAPE = r"\\[wdsWDS!-/:-@\[-`{-~]"
_PORTABLE = re.compile(rf"(?!.*\{{,)(?:{_ESCAPE}|\[\^?(?:{_ESCAPE}|[^\\\[\]])+\]|\(\?:|\((?!\?)|[^\\\[\](^$])*")

_NUMBERED_KEY = re.compile(r"[A-Za-z]{1,2}[0-9]{1,2}=")


class _Form(NamedTuple):
    """
    How a form says what all expressions need.

    Attributes:
        defined: What stands before each expression.
        end: What is the end of the message.
        separators: Separators, or none.
        separated: Separators, or the end.
        word: One word of the message, with the separators behind it.
        gap: What a gap takes as one word: a word or a run of class words.
        run: A run of class words; ``""`` for raw rules.
        literal: Text → its expression.
    """

    defined: str
    end: str
    separators: str
    separated: str
    word: str
    gap: str
    run: str
    literal: Callable[[str], str]


class Expressions:
    """Writes patterns as expressions of one form; `in_place` says of which."""

    def __init__(self, rules: WordRules, *, in_place: bool = False) -> None:
        """Raises RulesError for a word class that may not be the same one to PCRE."""
        self._raw = rules.raw
        self._is_class = Splitter(rules).is_class
        self._form = _form(rules, in_place=in_place)

    def write(self, pattern: Pattern) -> str | None:
        """Return the expression of a pattern; None where it is too long for PCRE, or no message can match it."""
        form = self._form
        branches = [self._sequence(pattern, self._gap, self._word)]
        if not self._raw:
            branches += [self._parts(pattern), self._parts_behind_severity(pattern)]
        found = [branch for branch in branches if branch is not None]
        if not found:
            return None
        either = "|".join(found)
        expression = f"{form.defined}{form.separators}(?:{either}){form.end}"
        return expression if _compiled(expression) <= _MOST_BYTES else None

    def _parts(self, pattern: Pattern) -> str | None:
        """Return the expression of messages of class words alone; None where there are none."""
        parts = self._sequence(pattern, self._words, self._part)
        return None if parts is None else f"(?={self._form.run}{self._form.end}){parts}"

    def _parts_behind_severity(self, pattern: Pattern) -> str | None:
        """Return the same of messages that have a severity in front: as the first constant, or in the first gap."""
        (least, most), *gaps = pattern.gaps
        if most != 0:
            severities: Iterable[str] = SEVERITIES
            rest = replace(pattern, gaps=((max(least - 1, 0), None if most is None else most - 1), *gaps))
        else:
            if not pattern.constants:
                return None
            severities = [word for word in alternatives(pattern.constants[0]) if word in SEVERITIES]
            rest = replace(pattern, constants=pattern.constants[1:], gaps=tuple(gaps))
        parts = self._parts(rest) if severities else None
        return (
            None if parts is None else f"{_one_of([*map(self._form.literal, severities)])}{self._form.separated}{parts}"
        )

    def _gap(self, gap: Gap) -> str:
        least, most = gap
        if gap in {NO_GAP, (1, 1)}:
            return self._form.gap if least else ""
        return f"{self._form.gap}{{{least},{'' if most is None else most}}}"

    def _words(self, gap: Gap) -> str:
        """Return the expression of a gap in a message of class words alone."""
        return "" if gap == NO_GAP else self._form.word + ("+" if gap[0] else "*")

    def _word(self, word: str, _: Gap) -> str | None:
        """Return what stands behind a constant that is a word of the message: what separates it from the next."""
        if self._is_class(word):
            return None
        return self._form.separators if word.endswith("=") and not self._raw else self._form.separated

    def _part(self, word: str, behind: Gap) -> str | None:
        """Return what stands behind a constant that stays of a class word, in a message of class words alone."""
        if _NUMBERED_KEY.fullmatch(word):
            return self._form.separators
        return "(?=[0-9])" if behind != NO_GAP and LIKE_A_KEPT_PREFIX.fullmatch(word) else None

    def _sequence(
        self, pattern: Pattern, gap: Callable[[Gap], str], behind: Callable[[str, Gap], str | None]
    ) -> str | None:
        """Return the expressions of gaps and constants in a row; None where a constant has none."""
        written = gap(pattern.gaps[0])
        for constant, next_gap in zip(pattern.constants, pattern.gaps[1:], strict=True):
            words: dict[str, list[str]] = {}
            for alternative in alternatives(constant):
                follows = behind(alternative, next_gap)
                if follows is not None:
                    words.setdefault(follows, []).append(self._form.literal(alternative))
            if not words:
                return None
            written += _one_of([_one_of(found) + follows for follows, found in words.items()]) + gap(next_gap)
        return written


def _one_of(expressions: list[str]) -> str:
    return expressions[0] if len(expressions) == 1 else f"(?:{'|'.join(expressions)})"


def _form(rules: WordRules, *, in_place: bool) -> _Form:
    groups: list[str] = []

    def group(expression: str) -> str:
        if in_place:
            return f"(?:{expression})"
        groups.append(f"({expression})")
        # By number, since names would be half of a database.
        return f"(?{len(groups)})"

    # "$" is an end before a final line feed too, but that is a separator, and separators are never given back.
    end = r"(?![\s\S])" if in_place else "$"
    separator = f"[{SPACE}]" if rules.raw else f"[{SEPARATOR}]"
    separated = group(f"{separator}++|{end}")
    if rules.raw:
        word = gap = group(f"[^{SPACE}]++{separated}")
        run = ""
    else:
        word = group(f"(?:{IN_WORD}++=?+|=){separator}*+")
        class_word = group(f"(?={_classes(rules)}){word}")
        # Python before 3.11.5 reads a group wrongly that "++" repeats (gh-106052); inside of "(?>" this is the same.
        run = f"{class_word}+" if in_place else f"{class_word}++"
        gap = group(f"(?>{run}|{word})")
    defined = r"\A" if in_place else f"{_LIMITS}(?(DEFINE){''.join(groups)})^"
    write = _literal if in_place else literal
    return _Form(defined, end, f"{separator}*+", separated, word, gap, run, write)


def _compiled(expression: str) -> int:
    """Return how many bytes an expression takes at most once compiled; PCRE copies a group that repeats."""
    sizes = [0]
    for piece in _PIECE.finditer(expression):
        if piece["begin"]:
            sizes.append(0)
        elif piece[0].startswith(")"):
            times = max(int(number or 0) for number in (piece["times"] or "{1").lstrip("{").split(","))
            # A group is up to 14 bytes itself, where it repeats or is called.
            inner = sizes.pop() + 14
            sizes[-1] += inner * max(times, 1)
        else:
            # A set is a bitmap, and a character takes 2 bytes, or 3 where it is a "|".
            sizes[-1] += 34 if piece["set"] else 3 * len(piece[0].encode(errors="surrogatepass"))
    return sizes[0]


def _classes(rules: WordRules) -> str:
    """Return what stands at the begin of a class word, and of no other."""
    by_end: dict[str, list[str]] = {_END: [re.escape(CLASS_RUN)]}
    for name, expression in rules.classes.items():
        if not (expression.isascii() and expression.isprintable() and _PORTABLE.fullmatch(expression)):
            raise RulesError(
                f"word class {name!r} is {expression!r}: PCRE, which syslog-ng runs, may read it otherwise than RE2; "
                "write it in ASCII, of characters, sets, groups and repeats alone, and train again"
            )
        for atoms in _alternatives(expression):
            begin, end = _with_end(atoms)
            by_end.setdefault(end, []).append(_ATOM.sub(_narrowed, spelled_out("".join(begin))))
    return "|".join(f"(?:{'|'.join(expressions)}){end}" for end, expressions in by_end.items())


def _alternatives(expression: str) -> list[list[str]]:
    """Return the alternatives that an expression as a whole is, each atom by atom."""
    found: list[list[str]] = [[]]
    depth = 0
    for atom in _ATOM.findall(expression):
        depth += atom.startswith("(") - atom.startswith(")")
        if atom == "|" and not depth:
            found.append([])
        else:
            found[-1].append(atom)
    return found


def _with_end(atoms: list[str]) -> tuple[list[str], str]:
    """Return what must stand of an alternative, and what shows behind it that the word ends, or may go on."""
    if atoms[-2:] == [r"\S", "*"]:
        return atoms[:-2], ""
    if atoms[-2:] == [r"\S", "+"]:
        return atoms[:-2], f"[^{SEPARATOR}]"
    return atoms, "" if atoms[-1:] == ["="] else _END


def _narrowed(atom: re.Match[str]) -> str:
    """Return a set as one that stays inside a word and is the same to all engines, and a group without a number."""
    if not atom[0].startswith("["):
        return "(?:" if atom[0].startswith("(") else atom[0]
    negated = atom[0].startswith("[^")
    all_but = [_ALL_BUT[found[1]] for found in _IN_BRACKETS.finditer(atom[0]) if found[1]]
    # Java and Ruby intersect sets at "&&", and Python warns of what it may do some day.
    rest = _IN_BRACKETS.sub(
        lambda found: "" if found[1] else found[0] if len(found[0]) > 1 else f"\\{found[0]}", atom[0][1 + negated : -1]
    )
    if negated and not all_but:
        # Behind the separators, a "-" at the begin would be a range.
        rest = rf"\{rest}" if rest.startswith("-") else rest
        return atom[0] if SEPARATOR in rest else f"[^{SEPARATOR}={rest}]"
    if "-" not in rest and "\\" not in rest:
        rest = "".join(character for character in rest if character not in _ENDS_A_WORD) or rest
    one = "|".join([*([f"[{rest}]"] if rest else []), *all_but])
    if negated:
        return f"(?:(?!{one}){IN_WORD})"
    if not all_but and not any(re.match(one, character, re.ASCII) for character in _ENDS_A_WORD):
        return one
    return f"(?:(?![{SEPARATOR}=])(?:{one}))"


def literal(text: str) -> str:
    """Return the expression of a text as bytes of UTF-8, all printable; U+FFFD takes what was no UTF-8."""
    return "".join(map(_character, text))


def _character(character: str) -> str:
    if character == "\ufffd":
        return r"[\x80-\xff]{1,3}"
    return re.escape(character) if character.isprintable() else "".join(f"\\x{byte:02x}" for byte in character.encode())


def _literal(text: str) -> str:
    """Return the expression of a text as characters: what is no ASCII as it stands."""
    return "".join(f"\\x{ord(c):02x}" if c.isascii() and not c.isprintable() else re.escape(c) for c in text)
