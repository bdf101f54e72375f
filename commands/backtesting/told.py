"""What sets say of a log, in words: side by side, for one screen."""

from collections.abc import Sequence
from typing import Final

from commands.backtesting.judged import Difference, Kind, Result
from commands.console import Column, counted, print_table, shown, stdout
from patterns.terminal import printable_rows

DAYS: Final = 14
PROGRAMS: Final = 8
KINDS: Final = 5
_EXAMPLE: Final = 100


def tell(every: Sequence[Result], differences: Sequence[Difference], notes: Sequence[str]) -> None:
    """
    Write the results of sets.

    Args:
        every: Of the sets, in the order in which they were named; what was tried comes last.
        differences: What only one of two flags.
        notes: What is to be known of the numbers.
    """
    console = stdout()
    letters = [chr(ord("A") + at) for at in range(len(every))]
    numbers = [Column(letter, right=True) for letter in letters]
    for letter, result in zip(letters, every, strict=True):
        console.print(shown(f"{letter}  {result.set}"), soft_wrap=True)
    for note in notes:
        console.print(shown(note, "yellow"), soft_wrap=True)
    _section("the log")
    print_table(console, [*numbers, Column("")], [(*values, name) for name, *values in _measures(every)])
    _section("alerts a day")
    print_table(console, [*numbers, Column("day")], [(*values, day) for day, *values in _days(every)])
    _section("coverage by program, most outliers first")
    print_table(console, [*numbers, Column("lines", right=True), Column("program", ratio=1)], _programs(every))
    if every[-1].top:
        _section(f"the largest kinds of outliers of {letters[-1]}")
        _kinds(every[-1].top, every[-1].shapes)
    for each in differences:
        a, b = letters[each.only], letters[each.beside]
        if not each.kinds:
            _section(f"every outlier of {a} is one of {b}, too")
        else:
            _section(f"only {a} flags, not {b}: {counted(each.shapes, 'kind')}, {counted(each.lines, 'line')}")
            _kinds(each.kinds, each.shapes)


def _section(heading: str) -> None:
    console = stdout()
    print(file=console.file)
    console.print(shown(heading, "bold"), soft_wrap=True)


def _measures(results: Sequence[Result]) -> list[tuple[str, ...]]:
    def row(name: str, values: Sequence[int]) -> tuple[str, ...]:
        return (name, *(f"{value:,}" for value in values))

    rows = [
        row("lines", [each.lines for each in results]),
        row("not judged", [sum(each.unjudged.values()) for each in results]),
        row("matched", [each.matched for each in results]),
        row("outliers", [each.outliers for each in results]),
        row("outlier shapes", [each.shapes for each in results]),
        row("alerts", [sum(each.alerts.values()) for each in results]),
    ]
    if any(each.held_back for each in results):
        rows.append(row("held back", [each.held_back for each in results]))
    return [*rows, ("coverage", *(_share(each.matched, each.matched + each.outliers) for each in results))]


def _days(results: Sequence[Result]) -> list[tuple[str, ...]]:
    days = sorted({day for each in results for day in each.alerts})
    rows = [(day, *(f"{each.alerts.get(day, 0):,}" for each in results)) for day in days[-DAYS:]]
    if len(days) > DAYS:
        earlier = days[:-DAYS]
        sums = [sum(each.alerts.get(day, 0) for day in earlier) for each in results]
        rows.insert(0, (counted(len(earlier), "earlier day"), *(f"{each:,}" for each in sums)))
    return rows or [("none", *("0" for _ in results))]


def _programs(results: Sequence[Result]) -> list[tuple[str, ...]]:
    by_scope = [{program.scope: program for program in each.programs} for each in results]
    scopes = list(dict.fromkeys(program.scope for each in reversed(results) for program in each.programs))
    rows = []
    for scope in scopes[:PROGRAMS]:
        found = [each.get(scope) for each in by_scope]
        lines = max(program.lines for program in found if program)
        shares = [_share(each.lines - each.outliers, each.lines) if each else "-" for each in found]
        rows.append((*shares, f"{lines:,}", scope or "-"))
    if len(scopes) > PROGRAMS:
        rows.append((*("" for _ in results), "", f"and {counted(len(scopes) - PROGRAMS, 'more program')}"))
    return rows


def _kinds(kinds: Sequence[Kind], number: int) -> None:
    """Write the first of some kinds, of which there are so many."""
    columns = [
        Column("lines", right=True),
        Column("shape"),
        Column("last day"),
        Column("program"),
        Column("example", ratio=1),
    ]
    rows = [
        (f"{each.lines:,}", each.shape, each.last_day, each.scope or "-", printable_rows(each.example, _EXAMPLE)[0])
        for each in kinds[:KINDS]
    ]
    print_table(stdout(), columns, rows)
    if number > KINDS:
        stdout().print(shown(f"and {counted(number - KINDS, 'more kind')}: see --json", "dim"), soft_wrap=True)


def _share(part: int, whole: int) -> str:
    # Down, so that 100 % is said of all alone.
    return f"{part * 10_000 // whole / 100:.2f} %" if whole else "-"
