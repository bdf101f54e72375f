r"""
A pattern set as a pattern database of syslog-ng: patterndb XML, version 4.

    <ruleset>    one scope; its <pattern> takes the programs of the scope
    <rule>       one pattern: its id, its state as the class
    <pattern>    @PCRE::expression@, over the message as it stands
    <values>     logwinnow.pattern.id and logwinnow.pattern.text
    <example>    a line of the training; `pdbtool test` holds it against the rules

syslog-ng keeps the rules of a program in a tree. At a node it tries literal text before parsers, and parsers in the
order of the file, until one leads to a rule at the message's end. So each rule is one parser at the root, in
best-match order, and the first that matches is the best match. (What of a line is the message, syslog-ng decides.)

The expressions are not those of `regex`: an engine that backtracks tries a class word there in each way in which its
expressions match, so a run of them exponentially often. Here a word is read once and never given back. That makes them
exact too: they match what the pattern matches and nothing else, except that

- a message of class words alone, whose constants are parts of words, may have any number of words in a gap;
- where invalid UTF-8 was in a constant, any one to three bytes that are no ASCII match;
- an operator's word class counts bytes, and takes a final ``=`` if its expression ends in ``\S*``, ``\S+`` or ``=``.
"""

import re
import string
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple
from xml.sax.saxutils import escape

from patterns.errors import RulesError
from patterns.judge import Judge, Judgement
from patterns.language import NO_GAP, Gap, Pattern, hash_of
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.shapes import EXAMPLE_CHARACTERS
from patterns.terminal import printable
from patterns.words import CLASS_RUN, DEFAULT_CLASSES, SEPARATORS, Splitter, WordRules


class LeftOut(NamedTuple):
    """What a database lacks: a ``pattern`` or an ``example``, and why."""

    what: str
    why: str


NO_EXPRESSION: Final = LeftOut("pattern", "PCRE takes none as long, or no message can match it")
CUT: Final = LeftOut("example", "the line's start alone was kept")
NOT_ITS_OWN: Final = LeftOut("example", "the set reads it as a line of another pattern, or of none")
FORBIDDEN: Final = LeftOut("example", "it has a character that XML forbids")
UNSURE: Final = LeftOut("example", "it may match otherwise: all its words are class words, or the classes are your own")

# PCRE 1, which syslog-ng 3 runs, keeps its place on the stack, half a KB a level, and where that is full, syslog-ng
# crashes. These are 2 MB. Real lines take some hundred steps; 30,000 class words in a row, 1.3 million and 50 levels.
_LIMITS = "(*LIMIT_MATCH=2000000)(*LIMIT_RECURSION=4000)"

# Compiled, no more is allowed; syslog-ng would keep a rule without an expression, and crash at the next line. A
# character takes 5 bytes at most, in classes 34 (a set is a bitmap), and a gap 20 for each word that it may take.
_MOST_BYTES = 65_535

_IN_WORD = rf"[^{SEPARATORS}=]"
_WORDS = re.compile(rf"{_IN_WORD}+=?|=", re.ASCII)
_END = rf"(?![^{SEPARATORS}])"
_INSIDE_A_WORD = {r"\S": _IN_WORD, ".": _IN_WORD, r"\W": rf"[^\w{SEPARATORS}=]", r"\D": rf"[^\d{SEPARATORS}=]"}
_ATOM = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|\.")
_ESCAPE = r"\\[wdsWDS!-/:-@\[-`{-~]"
_PORTABLE = re.compile(rf"(?!.*\{{,)(?:{_ESCAPE}|\[\^?(?:{_ESCAPE}|[^\\\[\]])+\]|\(\?:|\((?!\?)|[^\\\[\](^$])*")

# Calls of the groups that each expression defines: by number, since names would be half of the file. The classes are
# the last group, for they may have groups of their own.
_SEPARATED, _WORD, _GAP, _CLASS = "(?1)", "(?2)", "(?3)", "(?4)"
_RAW_DEFINITIONS = rf"(?(DEFINE)(\s++|$)(\S++{_SEPARATED})({_WORD}))"
_LIKE_A_KEPT_PREFIX = re.compile(r"(?:[^0-9A-Za-z]*[A-Za-z]){3}[^0-9]*")
_NUMBERED_KEY = re.compile(r"[A-Za-z]{1,2}[0-9]{1,2}=")

_MASK = re.compile(r"(?P<kept>(?<=[^/\s]))?<\*>(?![^/\s])", re.ASCII)
_LITERAL_IN_NAMES = string.ascii_letters + string.digits + "_-./"

_ESCAPE_OR_AT = re.compile(r"\\.|@")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def patterndb(patterns: PatternSet, day: str, left_out: Counter[LeftOut]) -> Iterator[str]:
    """
    Return a set's database, piece by piece; all its characters are printable, or line feeds.

    `day` is ``YYYY-MM-DD``, for ``pub_date``; `left_out` counts what the database lacks, while the pieces are taken.
    Cost: a pass over the patterns, in which each example is judged once.

    Raises:
        RulesError: An operator's word class may not be the same one to PCRE.
    """
    return _database(patterns, day, _Expressions(patterns.rules.words), _Tests(patterns, left_out))


def _database(patterns: PatternSet, day: str, expressions: "_Expressions", tests: "_Tests") -> Iterator[str]:
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<patterndb version="4" pub_date="{day}">\n'
    if "" in patterns.scopes:
        # To syslog-ng, rules of lines without a program are rules of each program that no ruleset takes. This one
        # takes those: a parser that stops before the program's end is asked last.
        yield from _ruleset("other programs", _parser("(?=.)"), ())
    for scope, known_patterns in patterns.scopes.items():
        name, program = (f"program {scope}", _program(scope, patterns.rules.words)) if scope else ("no program", None)
        yield from _ruleset(name, program, (_rule(known, expressions, tests) for known in known_patterns))
    yield "</patterndb>\n"


def _ruleset(name: str, program: str | None, rules: Iterable[str]) -> Iterator[str]:
    # Names are unique, so two programs may not look alike once they are printable.
    shown = printable(name.replace("\\", "\\\\"))
    yield f'  <ruleset name={_attribute(shown)} id="{hash_of([name], 6)}">\n'
    if program is not None:
        yield f"    <patterns>\n      <pattern>{_text(program)}</pattern>\n    </patterns>\n"
    yield "    <rules>\n"
    yield from rules
    yield "    </rules>\n  </ruleset>\n"


def _rule(known: KnownPattern, expressions: "_Expressions", tests: "_Tests") -> str:
    expression = expressions.write(known.pattern)
    if expression is None:
        tests.left_out[NO_EXPRESSION] += 1
        return ""
    examples = "".join(
        "          <example>\n"
        f"            <test_message program={_attribute(program)}>{_text(message)}</test_message>\n"
        "          </example>\n"
        for program, message in tests.of(known)
    )
    # A value is a template; without a type, what looks like `type (…)` would be read as one.
    text = printable(known.pattern.text).replace("$", "$$")
    return (
        f'      <rule provider="logwinnow" id="{known.id}" class={_attribute(known.state)}>\n'
        f"        <patterns>\n          <pattern>{_text(_parser(expression))}</pattern>\n        </patterns>\n"
        f'        <values>\n          <value name="logwinnow.pattern.id">{known.id}</value>\n'
        f'          <value name="logwinnow.pattern.text">string({_text(text)})</value>\n        </values>\n'
        f"        <examples>\n{examples}        </examples>\n      </rule>\n"
    )


class _Tests:
    """Finds the examples that hold as tests of a rule."""

    def __init__(self, patterns: PatternSet, left_out: Counter[LeftOut]) -> None:
        words = patterns.rules.words
        self.left_out = left_out
        self._judge = Judge(patterns)
        self._own_classes = not words.raw and words.classes != DEFAULT_CLASSES
        self._is_class = Splitter(words).is_class

    def of(self, known: KnownPattern) -> list[tuple[str, str]]:
        """Return the program and message of each, once; count the others by what is in their way."""
        found: dict[tuple[str, str], None] = {}
        for example in known.examples:
            judgement = self._judge.judge(example.encode(), 0)
            line = judgement.shaped.line
            why = CUT if line.cut or len(example) >= EXAMPLE_CHARACTERS else self._why_not(known, judgement)
            if why:
                self.left_out[why] += 1
            else:
                found[line.program or "", line.message] = None
        return list(found)

    def _why_not(self, known: KnownPattern, judgement: Judgement) -> LeftOut | None:
        line, verdict = judgement.shaped.line, judgement.verdict
        if verdict is None or verdict.known is None or verdict.known.id != known.id:
            return NOT_ITS_OWN
        if _FORBIDDEN.search(f"{line.program}{line.message}"):
            return FORBIDDEN
        if self._own_classes and ("=" in line.message or not line.message.isascii()):
            return UNSURE
        return UNSURE if all(map(self._is_class, _WORDS.findall(line.message))) else None


class _Expressions:
    """Writes patterns as expressions of PCRE that match a whole message, byte by byte."""

    def __init__(self, rules: WordRules) -> None:
        self._raw = rules.raw
        self._is_class = Splitter(rules).is_class
        self._separators = r"\s*+" if rules.raw else f"[{SEPARATORS}]*+"
        self._definitions = _RAW_DEFINITIONS if rules.raw else _definitions(rules)

    def write(self, pattern: Pattern) -> str | None:
        """Return the expression of a pattern; None where it is too long for PCRE, or no message can match it."""
        branches = [_sequence(pattern, _gap, self._word)]
        if not self._raw:
            parts = _sequence(
                pattern, lambda gap: "" if gap == NO_GAP else _WORD + ("+" if gap[0] else "*"), self._part
            )
            branches.append(None if parts is None else f"(?={_CLASS}++$){parts}")
        either = "|".join(branch for branch in branches if branch is not None)
        words = sum(max(least, most or 0) for least, most in pattern.gaps)
        size = 34 * len(self._definitions) + 5 * len(either.encode()) + 20 * words
        if not either or size > _MOST_BYTES:
            return None
        return f"{_LIMITS}{self._definitions}^{self._separators}(?:{either})$"

    def _word(self, word: str, _: Gap) -> str | None:
        """Return the expression of a constant that is a word of the message, and of what separates it from the next."""
        if self._is_class(word):
            return None
        return _literal(word) + (self._separators if word.endswith("=") and not self._raw else _SEPARATED)

    def _part(self, word: str, behind: Gap) -> str | None:
        """Return the expression of a constant that stays of a class word, in a message of class words alone."""
        if _NUMBERED_KEY.fullmatch(word):
            return _literal(word) + self._separators
        kept = behind != NO_GAP and _LIKE_A_KEPT_PREFIX.fullmatch(word)
        return _literal(word) + "(?=[0-9])" if kept else None


def _sequence(pattern: Pattern, gap: Callable[[Gap], str], word: Callable[[str, Gap], str | None]) -> str | None:
    """Return the expressions of gaps and constants in a row; None where a constant has none."""
    written = gap(pattern.gaps[0])
    for constant, behind in zip(pattern.constants, pattern.gaps[1:], strict=True):
        alternatives = (constant,) if isinstance(constant, str) else constant
        words = [found for alternative in alternatives if (found := word(alternative, behind)) is not None]
        if not words:
            return None
        written += (words[0] if len(words) == 1 else f"(?:{'|'.join(words)})") + gap(behind)
    return written


def _gap(gap: Gap) -> str:
    least, most = gap
    if gap in {NO_GAP, (1, 1)}:
        return _GAP if least else ""
    return f"{_GAP}{{{least},{'' if most is None else most}}}"


def _definitions(rules: WordRules) -> str:
    """Return the groups that the expressions call; what a gap takes as one word is a word or a run of class words."""
    by_end: dict[str, list[str]] = {_END: [re.escape(CLASS_RUN)]}
    for name, expression in rules.classes.items():
        if not (expression.isascii() and expression.isprintable() and _PORTABLE.fullmatch(expression)):
            raise RulesError(
                f"word class {name!r} is {expression!r}: PCRE, which syslog-ng runs, may read it otherwise than RE2; "
                "write it in ASCII, of characters, sets, groups and repeats alone, and train again"
            )
        # What shows that the word ends here; its last character may be a "=", and no other.
        end = "" if expression.endswith("=") else _END
        end = f"(?:=|{_END})" if expression.endswith((r"\S*", r"\S+")) else end
        by_end.setdefault(end, []).append(_ATOM.sub(_narrowed, expression))
    classes = "|".join(f"(?:{'|'.join(expressions)}){end}" for end, expressions in by_end.items())
    return (
        f"(?(DEFINE)([{SEPARATORS}]++|$)((?:{_IN_WORD}++=?|=)[{SEPARATORS}]*+)"
        f"((?>{_CLASS}++|{_WORD}))((?={classes}){_WORD}))"
    )


def _narrowed(atom: re.Match[str]) -> str:
    """Return what takes any character, or all but some, as what takes those of one word."""
    if atom[0].startswith("[^"):
        return f"[^{SEPARATORS}={atom[0][2:]}"
    return _INSIDE_A_WORD.get(atom[0], atom[0])


def _program(scope: str, rules: WordRules) -> str:
    """
    Return the pattern of the programs of a scope.

    It begins with literal text, for the tree. A parser takes the end, since literal text alone would also match as the
    beginning of a program. A part that varies as a whole matches all that the class rules would call so, and more.
    """
    as_shipped = all(rules.classes.get(name) == DEFAULT_CLASSES[name] for name in ("number", "hexadecimal"))
    whole = r"(?:[^/\s]*[0-9][^/\s]*|[0-9a-f]{8,})" if as_shipped else r"[^/\s]+"
    at = start = min(len(scope) - len(scope.lstrip(_LITERAL_IN_NAMES)), len(scope) - 1)
    written = ""
    for mask in _MASK.finditer(scope, at):
        written += _literal(scope[at : mask.start()]) + (whole if mask["kept"] is None else r"[0-9][^/\s]*")
        at = mask.end()
    return scope[:start] + _parser(f"{written}{_literal(scope[at:])}$")


def _parser(expression: str) -> str:
    """Return the parser of an expression; a ``@`` in it would end it."""
    written = _ESCAPE_OR_AT.sub(lambda found: r"\x40" if found[0].endswith("@") else found[0], expression)
    return f"@PCRE::{written}@"


def _literal(text: str) -> str:
    return "".join(map(_character, text))


def _character(character: str) -> str:
    if character == "\ufffd":
        return r"[\x80-\xff]{1,3}"
    return re.escape(character) if character.isprintable() else "".join(f"\\x{byte:02x}" for byte in character.encode())


def _text(text: str) -> str:
    return "".join(c if c.isprintable() else f"&#{ord(c)};" for c in escape(text))


def _attribute(text: str) -> str:
    return '"' + _text(text).replace('"', "&quot;") + '"'
