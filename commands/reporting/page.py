"""
Figures → one HTML page that needs nothing else: no network, no font, no script but its own.

Whatever comes from a log is text: Jinja escapes each value that it puts in, after `printable` has made visible what a
reader could not see. No value is put into the script, the styles or an attribute that is a link or a style, and the
page's own policy (Content-Security-Policy) allows the one script and the one style sheet by their hashes, and nothing
else.
"""

import base64
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from commands.reporting.chart import chart, spark, width_in_words
from commands.reporting.chosen import EACH, PROGRAMS, SHAPES_BY_AGE, SHAPES_BY_LINES, STANDINGS, USUAL, choose
from commands.reporting.figures import Kind, PatternDetail, Program, Reader, ShapeDetail
from commands.reporting.marks import brief, marked, of_pattern
from patterns.terminal import printable
from patterns.timestamps import SECOND, iso

_FOLDER: Final = Path(__file__).parent
_LONGEST_NAME: Final = 60
_SETS: Final = 20
_BADGES: Final = ("new_program", "pending", "rejected")
"""Reasons that are said; the usual one, no_pattern, is not."""


def render(reader: Reader, made: datetime) -> str:
    """
    Return the page.

    Args:
        reader: What was read.
        made: When, an aware time.

    Cost: bounded: a page has some hundred rows, and each of them some hundred characters of a line.
    """
    figures = reader.figures
    chosen = choose(figures)
    style, script = ((_FOLDER / f"page.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    patterns = reader.pattern_details([kind.id for kind, _ in chosen.patterns])
    shapes = reader.shape_details([kind.id for kind in chosen.shapes])
    programs = sorted(figures.programs, key=lambda program: (-program.lines, program.scope))
    page: str = _template().render(
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
        figures=figures,
        made=made.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        chart=chart(figures),
        bin_width=width_in_words(figures.chart.width),
        small_width=width_in_words(figures.small.width),
        recent=chosen.recent,
        standings=[(standing, chosen.standings[standing]) for standing in STANDINGS],
        patterns=[
            _pattern(kind, patterns[kind.id], standings) for kind, standings in chosen.patterns if kind.id in patterns
        ],
        shapes=[_shape(kind, shapes[kind.id]) for kind in chosen.shapes if kind.id in shapes],
        programs=[_program(program) for program in programs[:PROGRAMS]],
        sets=figures.sets.most_common(_SETS),
        limits={"each": EACH, "by_lines": SHAPES_BY_LINES, "by_age": SHAPES_BY_AGE, "usual": USUAL},
    )
    return page


def _pattern(kind: Kind, detail: PatternDetail, standings: Sequence[str]) -> dict[str, Any]:
    return {
        "kind": kind,
        "rows": of_pattern(detail.text),
        "state": detail.state,
        "program": brief(detail.scope, _LONGEST_NAME),
        "standings": standings,
        "spark": spark(kind.series),
    }


def _shape(kind: Kind, detail: ShapeDetail) -> dict[str, Any]:
    example, nearest = marked(detail)
    return {
        "kind": kind,
        "program": brief(detail.scope, _LONGEST_NAME),
        "badge": detail.reason.replace("_", " ") if detail.reason in _BADGES else "",
        "pattern": of_pattern(detail.pattern) if detail.pattern else [],
        "said": [brief(said, _LONGEST_NAME) for said in detail.said],
        "example": example,
        "nearest": nearest if detail.nearest else [],
        "difference": brief(detail.difference),
        "hosts": [brief(host, _LONGEST_NAME) for host in detail.hosts],
        "host_count": detail.host_count,
        "spark": spark(kind.series),
    }


def _program(program: Program) -> dict[str, Any]:
    judged = program.matched + program.outliers
    return {
        "name": brief(program.scope, _LONGEST_NAME),
        "counts": program,
        "share": program.matched / judged if judged else None,
    }


def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_visible,
    )
    environment.filters.update(number=number, share=share, moment=moment, iso=iso, counted=_counted)
    return environment.get_template("page.html")


def _visible(value: Any) -> Any:
    """Make visible what of a text cannot be seen; Jinja escapes it then."""
    return printable(value) if type(value) is str else value


def _hash(text: str) -> str:
    """Return the hash of an inline script or style, as a Content-Security-Policy names it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def number(value: int) -> str:
    """Return ``1,234``."""
    return f"{value:,}"


def share(value: float) -> str:
    """Return a share in percent; all and nothing are said only of all and nothing."""
    text = f"{value:.2%}"
    if value < 1 and text == "100.00%":
        return "> 99.99%"
    return "< 0.01%" if value > 0 and text == "0.00%" else text


def moment(time: int) -> str:
    """Return a time to the second."""
    return iso(time // SECOND * SECOND)[:19].replace("T", " ")


def _counted(value: int, singular: str, plural: str | None = None) -> str:
    return f"{value:,} {singular if value == 1 else plural or singular + 's'}"
