"""What `logwinnow train` says of what it found, and of a version that it proposes."""

import shlex
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from commands.console import Column, counted, print_facts, print_table, shown, stdout

_NAMED: Final = 3
"""How many of the programs are named whose patterns were left out."""


def show(summary: dict[str, Any], store: str, noun: str) -> None:
    """Print the summary; `noun` is what was judged."""
    console = stdout()
    if "patterns" not in summary:
        print_facts(console, _nothing_new(summary, store))
        return
    print_facts(console, _facts(summary, store, noun))
    if summary["widest"]:
        print("\nthe widest patterns, to look at first:", file=console.file)
        rows = [
            (f"{known['support']:,}", known["id"], known["scope"] or "-", known["pattern"])
            for known in summary["widest"]
        ]
        print_table(
            console, [Column("lines", right=True), Column("id"), Column("program"), Column("pattern", ratio=1)], rows
        )


def show_next(version: str, store: str | None) -> None:
    """Say what can be done with a version that is proposed; `store` is one that has to be named."""
    named = "" if store is None else f" --store {shlex.quote(store)}"
    rows = (
        "",
        "proposed: the current version stays the current one; what this one would change, and how to take it:",
        f"  logwinnow patterns diff current {version}{named}",
        f"  logwinnow patterns promote {version}{named}",
    )
    for row in rows:
        stdout().print(shown(row), soft_wrap=True)


def _facts(summary: dict[str, Any], store: str, noun: str) -> Iterator[tuple[str, str]]:
    corpus, added, once = summary["corpus"], summary["added"], summary["seen_once"]
    yield "published", f"{summary['version']} in {store}"
    if "night" in summary:
        yield "night", _times(summary["night"])
    yield from (("fetched", _fetched(each)) for each in summary["fetched"])
    if corpus["lines"] or not added:
        yield noun, f"{corpus['lines']:,}, {_unjudged(corpus)}"
    if corpus["cut"]:
        yield "", f"{corpus['cut']:,} longer than $.lines.max_line_bytes: their start was judged"
    if corpus["not_utf8"]:
        yield "", f"{corpus['not_utf8']:,} not UTF-8"
    for version, lines in added.items():
        yield "added", f"{counted(lines, 'judged line')} of {version}"
    if corpus["formats"]:
        yield "headers", _amounts(corpus["formats"])
    programs = counted(summary["scopes"], "program")
    yield "patterns", f"{summary['patterns']:,} of {programs}, for {counted(summary['shapes'], 'shape')}"
    yield "coverage", f"{summary['coverage']:.1%} of the judged lines"
    yield "mined at", _levels(summary["levels"])
    yield from _of_night(summary)
    if "provisional" in summary:
        storms = summary["provisional"]
        yield "of storms", f"{len(storms['adopted']):,} of {counted(storms['given'], 'pattern')} that alerts named"
    yield "seen once", f"{counted(once['patterns'], 'pattern')}, {once['share']:.1%} of the judged lines"
    yield from _of_baselines(summary.get("baselines"))
    yield from (("left out", said) for said in _left_out(summary["left_out"]))


def _of_baselines(learned: dict[str, Any] | None) -> Iterator[tuple[str, str]]:
    """Say what is usual by now, and what was too much to be observed."""
    if learned is None:
        return
    amounts = [
        counted(learned["rates"], "rate"),
        counted(learned["heartbeats"], "heartbeat"),
        f"values of {counted(learned['values'], 'parameter')}",
    ]
    yield "baselines", f"{', '.join(amounts)}, of {counted(learned['days'], 'day')}"
    if learned["left_out"]["pairs"]:
        pairs, lines = learned["left_out"]["pairs"], learned["left_out"]["lines"]
        said = (
            f"not observed: {counted(pairs, 'pair')} of a pattern and a host beyond the {learned['pairs']:,} with the "
            f"most lines, {counted(lines, 'line')}; is the host in these headers the name of a machine?"
        )
        yield "", said


def _nothing_new(summary: dict[str, Any], store: str) -> Iterator[tuple[str, str]]:
    yield "nothing new", f"{summary['version']} in {store} stays"
    yield "night", f"all lines up to {summary['night']['to']} are learned, and nothing was decided since"


def _times(night: dict[str, Any]) -> str:
    if night["from"] == night["to"]:
        return f"up to {night['to']}, learned already: mined anew by what was decided or set since"
    return f"from {night['from']} to {night['to']}; {counted(night['days'], 'day')} in the table"


def _of_night(summary: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Say how many patterns and shapes are of which state, where not all are known."""
    states, night = summary["states"], summary.get("night")
    others = {state: number for state, number in states.items() if number and state != "known"}
    if others:
        yield "of these", ", ".join([f"{states['known']:,} known", *(f"{n:,} {state}" for state, n in others.items())])
    if night is None:
        return
    yield "shapes", ", ".join(f"{number:,} {state}" for state, number in night["shapes"].items())
    yield "new", f"{night['newly_known']:,} became known, {night['newly_pending']:,} pending"
    yield "forgotten", counted(night["forgotten"], "shape")
    if night["excluded"]["times"]:
        yield "excluded", _excluded(night["excluded"])


def _excluded(excluded: dict[str, Any]) -> str:
    times = ", ".join(f"{each['start']} to {each['end']}" for each in excluded["times"])
    said = f"{times}: {counted(excluded['lines'], 'line')} learned before taken out"
    if not excluded["partly"]:
        return said
    return (
        f"{said}; {counted(excluded['partly'], 'shape')} of the same days have other lines, too, and stay: these days "
        "make none of them known; reject what is to be an outlier by `logwinnow patterns reject`"
    )


def _fetched(fetched: dict[str, Any]) -> str:
    """Say what was fetched from one place, of which time, and what of it is no line."""
    left_out = f"; no lines: {_amounts(fetched['left_out'])}" if fetched["left_out"] else ""
    times = " ".join(f"{word} {fetched[end]}" for word, end in (("from", "start"), ("to", "end")) if fetched[end])
    return f"{counted(fetched['lines'], 'line')} of {fetched['source']}{times and f' {times}'}{left_out}"


def _left_out(left_out: dict[str, Any]) -> Iterator[str]:
    if left_out["shapes"]:
        yield (
            f"{counted(left_out['shapes'], 'shape')} of {counted(left_out['lines'], 'line')}, each seen less than "
            f"{left_out['least_count']:,} times: more than $.mining.max_shapes; raise it if there is memory, or give "
            "what varies in them a class of [words.classes]"
        )
    if left_out["patterns"]:
        scopes = [scope or "no program" for scope in left_out["scopes"]]
        some = ", ".join([*scopes[:_NAMED], *(["…"] if scopes[_NAMED:] else [])])
        yield (
            f"{counted(left_out['patterns'], 'pattern')} seen once, all of {some}: more than $.mining.max_patterns; "
            "their lines will be outliers; raise it, or give what varies in them a class of [words.classes]"
        )


def _levels(levels: dict[str, int]) -> str:
    """Say how many patterns were mined at which support; programs of different size have different supports."""
    by_size: Counter[int] = Counter()
    for level, number in levels.items():
        by_size[0 if level == "1" else min(len(level), 4)] += number
    spans = {0: "1 line", 1: "2 to 9 lines", 2: "10 to 99", 3: "100 to 999", 4: "1,000 or more"}
    said = [f"{number:,} at {spans[size]}" for size, number in sorted(by_size.items())]
    return ", ".join(said)


def _unjudged(corpus: dict[str, Any]) -> str:
    """Say how many lines were judged and why others were not."""
    outside = f"; {corpus['outside']:,} of other times" if corpus.get("outside") else ""
    if not corpus["unjudged"]:
        return f"{corpus['judged']:,} judged{outside}" if outside else "all judged"
    return f"{corpus['judged']:,} judged; not judged: {_amounts(corpus['unjudged'])}{outside}"


def _amounts(numbers: dict[str, int]) -> str:
    """Return ``rfc3164 1,998, plain 2``, the largest first."""
    return ", ".join(f"{name} {number:,}" for name, number in sorted(numbers.items(), key=lambda item: -item[1]))
