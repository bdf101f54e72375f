"""
Datasets in loghub's form, as lines that methods are trained on and judge.

    FOLDER/<name>/<name>_2k.log_structured.csv   Content, EventId and EventTemplate of each line, the latter two by hand
    FOLDER/<name>/<name>_2k.log                  the same lines whole
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal, NamedTuple

from patterns.judge import Shaper
from patterns.line import split_lines
from patterns.rules import Rules
from patterns.settings import load_formats
from patterns.words import CLASS_RUN, WordRules

Form = Literal["content", "raw"]
"""What is read of a line: its Content, which somebody has freed of its header by hand, or all of it, as it came."""

FORMS: Final[dict[Form, str]] = {"content": "`Content`", "raw": "whole raw lines"}

_CONF: Final = Path(__file__).resolve().parents[2] / "conf" / "training.toml"
_WHENEVER: Final = 1_700_000_000_000_000


class Line(NamedTuple):
    """
    A line and the truth about it.

    Attributes:
        scope: Its program, where the header was found by us; else ``""``.
        shape: Its shape; None if it is unjudged.
        message: Its text without what was found to be header.
        kind: Its EventId.
        template: Its EventTemplate as a shape: what varies, and what is a class word in it, is ``<*>``.
    """

    scope: str
    shape: str | None
    message: str
    kind: str
    template: str


class Dataset(NamedTuple):
    """
    A log.

    Attributes:
        lines: All of them, in order.
        headers: Format → lines whose header it fits; ``plain`` where none does.
    """

    lines: list[Line]
    headers: dict[str, int]


class Reader:
    """
    Reads datasets in one form.

    Args:
        form: What of each line.
        words: How messages are taken apart.
    """

    def __init__(self, form: Form, words: WordRules | None = None) -> None:
        """Headers are found by `auto`, with the formats that are shipped; those of Content are none."""
        words = words or WordRules()
        rules = Rules(words, formats=load_formats(_CONF)) if form == "raw" else Rules(words, header="plain")
        self._form = form
        self._shaper = Shaper(rules)

    def read(self, folder: Path) -> dict[str, Dataset]:
        """Return the datasets of a folder, by name; those without the file that the form needs are left out."""
        found = {}
        for path in sorted(folder.glob("*/*_2k.log_structured.csv")):
            whole = path.with_name(path.name.removesuffix("_structured.csv"))
            if self._form == "content" or whole.exists():
                found[path.parent.name] = self._dataset(path, whole)
        return found

    def template_shape(self, template: str) -> str:
        """
        Return a template as a shape, so that templates of different writers can be compared word by word.

        What is open in it reads as a number here, and numbers, other class words and separators are alike for all: the
        truth has ``uid=0`` where all lines that it saw had uid 0, and another one ``uid=<*>``.
        """
        return self._shaper.splitter.shape(template.replace(CLASS_RUN, "0"))

    def _dataset(self, labels: Path, whole: Path) -> Dataset:
        with labels.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        texts = self._texts(rows, whole)
        headers: dict[str, int] = {}
        lines = []
        for row, text in zip(rows, texts, strict=True):
            shaped = self._shaper.shape(text, _WHENEVER)
            headers[shaped.line.format] = headers.get(shaped.line.format, 0) + 1
            # A level that a header has is the first word of what is judged, and so of what the truth would be.
            level = f"{shaped.line.level} " if shaped.line.level else ""
            shape = None if shaped.unjudged else shaped.shape
            template = self.template_shape(level + row["EventTemplate"])
            lines.append(Line(shaped.scope, shape, shaped.line.message, row["EventId"], template))
        return Dataset(lines, headers)

    def _texts(self, rows: list[dict[str, str]], whole: Path) -> Iterator[bytes]:
        if self._form == "content":
            return (row["Content"].encode() for row in rows)
        return iter(split_lines(whole.read_bytes())[: len(rows)])
