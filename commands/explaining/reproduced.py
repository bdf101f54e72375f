"""A line → the command that judges it again, offline, by the same set: safe to paste into any POSIX shell."""

import shlex
from dataclasses import replace
from typing import Final

from patterns.judge import Shaper
from patterns.rules import Rules
from patterns.terminal import printable

LONGEST: Final = 8_192
"""Bytes of a line that a command may have in it."""

_ISO: Final = "iso"
_EPOCH: Final = b"1970-01-01T00:00:00Z - "


def command(data: bytes, scope: str | None, rules: Rules, store: str, version: str) -> str | None:
    """
    Return a shell command that prints the verdict as JSON; None for a line that is too long for one.

    Args:
        data: The line; of one of a scope of its own the message.
        scope: The program that was named beside the message; None if the line has its header.
        rules: Of the set.
        store: Where the set is.
        version: Its name.
    """
    if len(data) > LONGEST:
        return None
    options = ["--store", store, "--version", version, "--json", "--quiet"]
    if scope is None:
        return _piped(data, ["logwinnow", "match", "-", *options])
    if not scope:
        return _piped(data, ["logwinnow", "match", "-", "--header", "plain", *options])
    line = _EPOCH + scope.encode(errors="surrogateescape") + b": " + data
    shaped = Shaper(replace(rules, header=_ISO)).shape(line, 0)
    if shaped.scope == scope and shaped.line.message.encode() == data and not shaped.line.cut:
        return _piped(line, ["logwinnow", "match", "-", "--header", _ISO, *options])
    # No header can say this program.
    return _piped(
        data, ["logwinnow", "explain", "-", "--scope", scope, "--store", store, "--version", version, "--json"]
    )


def _piped(data: bytes, command: list[str]) -> str:
    return f"printf '{_format(data)}\\n' | {' '.join(map(_quoted, command))}"


def _format(data: bytes) -> str:
    """Return bytes as the format of printf(1), between single quotes: what is no visible character in octal."""
    text = "".join(map(_character, data.decode(errors="surrogateescape")))
    # Else it would be an option.
    return f"\\055{text[1:]}" if text.startswith("-") else text


def _character(character: str) -> str:
    known = {"%": "%%", "\\": "\\\\", "'": "'\\''"}.get(character)
    if known is not None:
        return known
    if not "\udc80" <= character <= "\udcff" and printable(character) == character:
        return character
    return "".join(f"\\{byte:03o}" for byte in character.encode(errors="surrogateescape"))


def _quoted(word: str) -> str:
    quoted = shlex.quote(word)
    if printable(quoted) == quoted:
        return quoted
    # A program's name may hold anything: printf says it.
    return f"\"$(printf '{_format(word.encode(errors='surrogateescape'))}')\""
