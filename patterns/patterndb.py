"""
A pattern set as a pattern database of syslog-ng: patterndb XML, version 4.

    <ruleset>    one scope; its <pattern> takes the programs of the scope
    <rule>       one pattern: its id, its state as the class
    <pattern>    @PCRE::expression@, over the message as it stands
    <values>     logwinnow.pattern.id and logwinnow.pattern.text
    <example>    a line of the training; `pdbtool test` holds it against the rules

syslog-ng keeps the rules of a program in a tree. At a node it tries literal text before parsers, and parsers in the
order of the file, until one leads to a rule at the message's end. So each rule is one parser at the root, in
best-match order, and the first that matches is the best match. (What of a line is the message, syslog-ng decides.)
The expressions are those of `pcre`, with what it says of how exact they are.
"""

import re
import string
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple
from xml.sax.saxutils import escape

from patterns.judge import Judge, Judgement
from patterns.language import hash_of
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.pcre import Expressions, literal
from patterns.shapes import EXAMPLE_CHARACTERS
from patterns.terminal import printable
from patterns.words import DEFAULT_CLASSES, WordRules, of_class_words_alone


class LeftOut(NamedTuple):
    """What a database lacks: a ``pattern`` or an ``example``, and why."""

    what: str
    why: str


NO_EXPRESSION: Final = LeftOut("pattern", "PCRE takes none as long, or no message can match it")
CUT: Final = LeftOut("example", "the line's start alone was kept")
NOT_ITS_OWN: Final = LeftOut("example", "the set reads it as a line of another pattern, or of none")
FORBIDDEN: Final = LeftOut("example", "it has a character that XML forbids")
UNSURE: Final = LeftOut("example", "it may match otherwise: all its words are class words, or the classes are your own")

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
    return _database(patterns, day, Expressions(patterns.rules.words), _Tests(patterns, left_out))


def _database(patterns: PatternSet, day: str, expressions: Expressions, tests: "_Tests") -> Iterator[str]:
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


def _rule(known: KnownPattern, expressions: Expressions, tests: "_Tests") -> str:
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
        self._raw = words.raw
        self._own_classes = not words.raw and words.classes != DEFAULT_CLASSES

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
        return UNSURE if not self._raw and of_class_words_alone(judgement.shaped.apart.words) else None


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
        written += literal(scope[at : mask.start()]) + (whole if mask["kept"] is None else r"[0-9][^/\s]*")
        at = mask.end()
    return scope[:start] + _parser(f"{written}{literal(scope[at:])}$")


def _parser(expression: str) -> str:
    """Return the parser of an expression; a ``@`` in it would end it."""
    written = _ESCAPE_OR_AT.sub(lambda found: r"\x40" if found[0].endswith("@") else found[0], expression)
    return f"@PCRE::{written}@"


def _text(text: str) -> str:
    return "".join(c if c.isprintable() else f"&#{ord(c)};" for c in escape(text))


def _attribute(text: str) -> str:
    return '"' + _text(text).replace('"', "&quot;") + '"'
