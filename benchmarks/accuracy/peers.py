"""
The others, by their Python interfaces: Drain3, logfold, and the parsers of logparser3.

What is not installed is named and left out. `make bench` installs Drain3 and logfold; logparser3, which pins a version
of `regex` that is only there as source, is for whoever installs it beside them.
"""

import contextlib
import csv
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from benchmarks.accuracy.data import Line
from benchmarks.accuracy.methods import Compared, Grouped, Know

_MASK: Final = re.compile(r"<[A-Z_]+>")

# They have masks for each dataset; these, for all, are what most of those have.
_REX: Final = [
    r"(/|)(\d+\.){3}\d+(:\d+|)(:|)",
    r"(?<=[^A-Za-z0-9])0x[0-9a-fA-F]+(?=[^A-Za-z0-9])",
    r"(?<=[^A-Za-z0-9])(\-?\+?\d+)(?=[^A-Za-z0-9])|[0-9]+$",
]
_PARSERS: Final[dict[str, dict[str, Any]]] = {
    "AEL": {},
    "Brain": {"logname": "all"},
    "IPLoM": {},
    "LogMine": {},
    "Spell": {},
}


def peers() -> Iterator[Compared]:
    """Yield them all."""
    missing = _lacks("drain3", "make bench installs it")
    for name, masks in (("Drain3", "plain"), ("Drain3, usual masks", "masks")):
        yield Compared(name, partial(_drain_knows, masks), partial(_drain_groups, masks), missing)
    yield Compared("logfold", _logfold_knows, _logfold_groups, _lacks("logfold", "make bench installs it"))
    missing = _lacks("logparser", "pip install logparser3")
    for parser in _PARSERS:
        yield Compared(f"{parser} (logparser3), masks", None, partial(_parsed, parser), missing)


def _lacks(package: str, how: str) -> str:
    return "" if find_spec(package) else f"the package {package} is not installed: {how}"


def _drain(masks: str) -> Any:
    from benchmarks.training.programs import drain

    return drain.made(masks)


def _drain_knows(masks: str, lines: Sequence[Line]) -> Know:
    miner = _drain(masks)
    for line in lines:
        miner.add_log_message(line.message)
    return lambda line: miner.match(line.message) is not None


def _drain_groups(masks: str, lines: Sequence[Line]) -> list[Grouped]:
    miner = _drain(masks)
    numbers = [miner.add_log_message(line.message)["cluster_id"] for line in lines]
    templates = {cluster.cluster_id: cluster.get_template() for cluster in miner.drain.clusters}
    return [Grouped(str(number), _any_mask(templates[number])) for number in numbers]


def _logfold(lines: Sequence[Line]) -> Any:
    import logfold

    miner = logfold.Miner(format="plain")
    miner.add_many([line.message for line in lines])
    return miner


def _logfold_knows(lines: Sequence[Line]) -> Know:
    miner = _logfold(lines)
    return lambda line: miner.match(line.message) is not None


def _logfold_groups(lines: Sequence[Line]) -> list[Grouped]:
    miner = _logfold(lines)
    found = miner.match_many([line.message for line in lines])
    return [
        Grouped(match.id, _any_mask(match.text)) if match else Grouped(f"none {line.message}", line.message)
        for match, line in zip(found, lines, strict=True)
    ]


def _any_mask(template: str) -> str:
    return _MASK.sub("<*>", template)


def _parsed(parser: str, lines: Sequence[Line]) -> list[Grouped]:
    """Run a parser of logparser3 over a file, and read the table that it writes."""
    with tempfile.TemporaryDirectory(prefix="accuracy-") as folder, _quiet():
        Path(folder, "all.log").write_text("".join(f"{_one_line(line.message)}\n" for line in lines), encoding="utf-8")
        made = import_module(f"logparser.{parser}").LogParser
        made(log_format="<Content>", rex=_REX, indir=folder, outdir=folder, **_PARSERS[parser]).parse("all.log")
        with Path(folder, "all.log_structured.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    by_number = {int(row["LineId"]): Grouped(row["EventId"], row["EventTemplate"]) for row in rows}
    return [by_number.get(number, Grouped("none", "")) for number in range(1, len(lines) + 1)]


def _one_line(message: str) -> str:
    return " ".join(message.splitlines()).strip() or "-"


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Have nothing printed: they tell of each thousand lines."""
    with (
        Path(os.devnull).open("w", encoding="utf-8") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        yield
