"""
The pictures of the README: what the product shows, drawn by itself.

    python benchmarks/pictures.py

Runs the demo, judges its log by `logwinnow match`, and writes docs/pictures/: terminal.svg, page-light.png and
page-dark.png (by Chromium: apt install chromium), training.png (of the runs that are kept below benchmarks/runs).
"""

import os
import shutil
import subprocess
import sys
import tempfile
from io import StringIO
from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.text import Text

from benchmarks.training import report
from benchmarks.training.plots import draw
from commands.demonstration.play import REPORT, play

_ROOT: Final = Path(__file__).resolve().parents[1]
_PICTURES: Final = _ROOT / "docs" / "pictures"
_RUNS: Final = _ROOT / "benchmarks" / "runs" / "2026-11-24-2-cores"
_WIDTH, _ROWS = 112, 22
_COMMAND: Final = "$ logwinnow match rest.log"

# As rich draws it, but for fonts that it would fetch from elsewhere.
_SVG: Final = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: \
{char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>\
</clipPath>{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}<g class="{unique_id}-matrix">{matrix}</g></g>
</svg>
"""


def main() -> int:
    """
    Draw them all.

    Returns:
        0; 1 without Chromium.
    """
    chromium = shutil.which("chromium")
    if chromium is None:
        print("chromium is not here, which takes the pictures of the page: apt install chromium", file=sys.stderr)
        return 1
    _PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        play([], folder)
        _terminal(folder)
        _page(folder / REPORT, chromium)
        draw(folder / "plots", report.read(_RUNS)[0])
        shutil.copy(folder / "plots" / "training-fleet.png", _PICTURES / "training.png")
    for picture in sorted(_PICTURES.iterdir()):
        print(f"{picture.relative_to(_ROOT)}: {picture.stat().st_size // 1_000:,} kB")
    return 0


def _terminal(folder: Path) -> None:
    """Draw how `logwinnow match` begins, as a terminal shows it."""
    command = [sys.executable, "-m", "commands", "match", "rest.log", "--store", "patterns"]
    environment = {**os.environ, "PYTHONPATH": str(_ROOT), "FORCE_COLOR": "1", "COLUMNS": str(_WIDTH)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    shown = "".join(done.stdout.splitlines(keepends=True)[:_ROWS])
    console = Console(record=True, width=_WIDTH, file=StringIO())
    console.print(Text(_COMMAND, "bold"))
    console.print(Text.from_ansi(shown), overflow="ignore", no_wrap=True)
    drawn = console.export_svg(title="logwinnow match", code_format=_SVG, unique_id="terminal")
    (_PICTURES / "terminal.svg").write_text(drawn)


def _page(page: Path, chromium: str) -> None:
    """Take the top of the demo's page in both themes."""
    with sync_playwright() as started:
        # The sandbox wants rights that a container does not have.
        browser = started.chromium.launch(executable_path=chromium, args=["--disable-gpu"], chromium_sandbox=False)
        for theme in ("light", "dark"):
            opened = browser.new_page(viewport={"width": 1180, "height": 1180})
            opened.emulate_media(color_scheme="dark" if theme == "dark" else "light")
            opened.goto(page.as_uri())
            opened.screenshot(path=_PICTURES / f"page-{theme}.png")
        browser.close()


if __name__ == "__main__":
    sys.exit(main())
