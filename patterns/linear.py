"""Regular expressions of an operator, which lines of strangers meet: RE2 runs them in linear time, whatever comes."""

from typing import Any

from patterns.errors import RulesError


def compile_linear(expression: str | bytes, what: str) -> Any:
    r"""
    Return a compiled RE2 expression; ``.`` matches a line feed too, ``\s \w \d`` mean ASCII.

    Args:
        expression: As the operator wrote it. Given as bytes it meets bytes, each a character of its own.
        what: Where it stands, for the error.

    Raises:
        RulesError: RE2 does not take it.
    """
    # Loaded only where an operator has expressions: the shipped ones need nothing but Python.
    import re2

    options = re2.Options()
    options.log_errors = False
    options.dot_nl = True
    if isinstance(expression, bytes):
        options.encoding = re2.Options.Encoding.LATIN1
    try:
        return re2.compile(expression, options)
    except re2.error as error:
        reason = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else error
        written = expression.decode(errors="surrogateescape") if isinstance(expression, bytes) else expression
        raise RulesError(
            f"{what} is {written!r}: RE2 says {reason}; write it without look-arounds and back-references"
        ) from None


def first_bytes(compiled: Any) -> tuple[int, int]:
    """Return the least and the greatest first byte of what a compiled expression can match whole, or wider bounds."""
    import re2

    try:
        least, greatest = compiled.possiblematchrange(1)
    except re2.error:
        return 0, 255
    # What can be empty has no least byte, and what can begin with the greatest has no bound above it.
    return least[0] if least else 0, greatest[0] if greatest else 255
