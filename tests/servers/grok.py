r"""
Real grok over lines: Elasticsearch's own, which has the patterns and the engine for regular expressions of Logstash's.

    with Grok() as grok:
        grok.captures(r"\A%{WHO:[process][name]}: ", {"WHO": r"\w+"}, ["su: failed"])   [{"[process][name]": "su"}]

Elasticsearch's library is in the distribution that the other tests run; GrokLines.java is compiled beside it. It reads
expression, definitions by name up to an empty line, and lines, each in base64 on a line of its own, and answers each
line by its fields. Two things differ from Logstash's grok: names are dotted, ``process.name``, which is seen to here,
and what is captured empty is there, which Logstash leaves out (keep_empty_captures), and so is left out here.
"""

import base64
import re
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import maven
from maven import NotHere

from spark.java import java_home

Captures = Mapping[str, str | int]
"""Field references, as in a pipeline, → what was captured; numbers where the expression says ``:int``."""

_SOURCE = Path(__file__).with_name("GrokLines.java")
_PATIENCE = 120  # seconds, for all lines: none takes a millisecond unless it hangs
_REFERENCE = re.compile(r"\[([^\[\]]+)\]")
_NAMED = re.compile(r"(%\{\w+:)((?:\[[\w@]+\])+)")


class Grok:
    """Elasticsearch's grok, compiled as the context is entered: a second."""

    def __enter__(self) -> Self:
        """Raise NotHere where there is no Elasticsearch or no compiler."""
        self._java = str(java_home() / "bin" / "java")
        self._folder = tempfile.TemporaryDirectory(prefix="logwinnow-grok-")
        libraries = sorted(map(str, (maven.programs() / "elasticsearch" / "lib").glob("*.jar")))
        self._classes = ":".join([self._folder.name, *libraries])
        compiler = [self._java, "-m", "jdk.compiler/com.sun.tools.javac.Main", "-proc:none", "-Xlint:none"]
        done = subprocess.run(
            [*compiler, "-d", self._folder.name, "-cp", self._classes, str(_SOURCE)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        if done.returncode:
            self._folder.cleanup()
            raise NotHere(
                f"{self._java} does not compile {_SOURCE.name}, by which Elasticsearch's grok is tried: install a JDK "
                f"(Debian: apt install default-jdk-headless); it said: {(done.stderr or done.stdout).strip()[:300]}"
            )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Remove what was compiled."""
        self._folder.cleanup()

    def captures(
        self, expression: str, definitions: Mapping[str, str], lines: Iterable[str]
    ) -> list[dict[str, str | int] | None]:
        """
        Return what an expression captures of each line; None of one that it does not match.

        Raises:
            AssertionError: Grok does not take the expression.
            subprocess.TimeoutExpired: A line hangs it.
        """
        head = [_encoded(_dotted(expression))]
        head += [_encoded(text) for each in definitions.items() for text in (each[0], _dotted(each[1]))]
        done = subprocess.run(
            [self._java, "-XX:TieredStopAtLevel=1", "-cp", self._classes, "GrokLines"],
            input="".join(f"{row}\n" for row in [*head, "", *map(_encoded, lines)]),
            capture_output=True,
            encoding="ascii",
            errors="replace",
            timeout=_PATIENCE,
            check=False,
        )
        assert done.returncode == 0, done.stderr[:1000]
        return [_fields(answer.split(" ")) for answer in done.stdout.splitlines()]


def _dotted(expression: str) -> str:
    """Return an expression with names as Elasticsearch writes them."""
    return _NAMED.sub(lambda found: found[1] + ".".join(_REFERENCE.findall(found[2])), expression)


def _fields(answer: list[str]) -> dict[str, str | int] | None:
    if answer == ["none"]:
        return None
    fields: dict[str, str | int] = {}
    for name, kind, value in zip(answer[1::3], answer[2::3], answer[3::3], strict=True):
        text = base64.b64decode(value[1:]).decode()
        if text:
            reference = "".join(f"[{part}]" for part in name.split(".")) if "." in name else name
            fields[reference] = int(text) if kind == "number" else text
    return fields


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
