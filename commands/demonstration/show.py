"""The demo's tables on the terminal. Whatever comes from a log line is shown by `printable` and never as markup."""

import shlex

from rich.console import Console
from rich.table import Table
from rich.text import Text

from commands.demonstration.found import Score, Shape
from commands.demonstration.play import REPORT, Played
from patterns.terminal import printable

_SHOWN = 25
_LINE = 300


def show(played: Played) -> None:
    """Print what the demo found, and what to do next."""
    console = Console(highlight=False)
    console.print(_totals(played))
    if played.shapes:
        console.print(_outliers(played))
    if played.score:
        console.print(_score(played.score))
    console.print(_next(played))


def _totals(played: Played) -> Table:
    corpus, counts = played.summary["corpus"], played.counts
    table = Table(title="What was learned and judged", show_header=False, title_justify="left", box=None)
    table.add_column(justify="right", style="bold")
    table.add_column()
    rows = [
        (f"{corpus['lines']:,}", f"lines trained on, of {played.summary['scopes']:,} programs"),
        (f"{played.summary['patterns']:,}", f"patterns, {played.summary['seen_once']['patterns']:,} of them seen once"),
        (f"{played.summary['coverage']:.1%}", "of the training's judged lines covered"),
        (f"{counts['lines']:,}", "lines streamed"),
        (f"{counts['matched']:,}", "matched a pattern"),
        (f"{counts['outliers']:,}", f"outliers, of {len(played.shapes):,} shapes: {counts['alerts']:,} alerts"),
    ]
    unjudged = sum(count for name, count in counts.items() if name.startswith("unjudged_"))
    if unjudged:
        rows.append((f"{unjudged:,}", "unjudged: blank, or without a word to judge by"))
    for number, what in rows:
        table.add_row(number, what)
    return table


def _outliers(played: Played) -> Table:
    shown = played.shapes[:_SHOWN]
    title = f"Outliers by shape: {len(shown)} of {len(played.shapes)}"
    table = Table(title=title, title_justify="left", show_lines=True, expand=True)
    table.add_column("lines", justify="right")
    if played.score:
        table.add_column("label")
    table.add_column("program")
    table.add_column("first line", ratio=3)
    table.add_column("nearest pattern, and what differs", ratio=3)
    for shape in shown:
        label = [Text("novel", style="bold red") if shape.novel else Text("known", style="dim")] if played.score else []
        table.add_row(f"{shape.lines:,}", *label, *_told(shape))
    return table


def _told(shape: Shape) -> list[Text]:
    ours = shape.first["logwinnow"]
    program = shape.first.get("process", {}).get("name", "")
    near = Text("none shares a word", "dim")
    if "nearest" in ours:
        near = Text(printable(ours["nearest"]["text"], _LINE))
        near.append(f"\n{printable(ours['nearest']['difference'], _LINE)}", style="yellow")
    elif "pattern" in ours:
        near = Text(printable(ours["pattern"]["text"], _LINE)).append(f"\n{ours['pattern']['state']}", style="yellow")
    return [Text(printable(program, 40)), Text(printable(shape.first["message"], _LINE)), near]


def _score(score: Score) -> Text:
    return Text(
        f"Against the labels: {score.kinds_found} of {score.kinds} novel kinds found; recall {score.recall:.3f}, "
        f"precision {score.precision:.3f} by lines\n({score.right} novel lines flagged, {score.missed} missed; "
        f"{score.wrong} known lines flagged: names of people and things that the first part had not shown)"
    )


def _next(played: Played) -> Text:
    store = shlex.quote(str(played.folder / "patterns"))
    return Text(
        f"\nOpen it in a browser: {(played.folder / REPORT).as_uri()}\n"
        f"All of it is in {played.folder}: {REPORT}, patterns/, out/events, out/alerts.\n"
        f"  logwinnow patterns list --store {store}\n"
        f"  logwinnow train /var/log/syslog.1 && logwinnow match /var/log/syslog"
    )
