"""
How fast a stream is on the real servers, against the fastest that Elasticsearch takes the same documents; and how late.

    python benchmarks/streaming [--small]

Starts Kafka and Elasticsearch, which Maven fetches once, or takes those that LOGWINNOW_TEST_KAFKA and
LOGWINNOW_TEST_ELASTICSEARCH name. Writes streaming.md, streaming.json and a picture below benchmarks/runs/.
`make bench` runs the small form, some minutes; the whole one takes half an hour. After Ctrl-C what was measured is
kept.

    python benchmarks/streaming --only stages    each step of the way, beside Spark's own
    python benchmarks/streaming --only skew      lines that a stream may choke on
    python benchmarks/streaming --long 30        half an hour near its top rate
"""

import argparse
import itertools
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.streaming import documents, report
from benchmarks.streaming.latency import FIRST_LINES, Latency, measure
from benchmarks.streaming.place import Place
from benchmarks.streaming.process import ProgramFailed
from benchmarks.streaming.processor import Processors
from benchmarks.streaming.report import Results
from benchmarks.streaming.runs import CEILING, CHOICES, Ceiling, Choice, Run, Streams
from benchmarks.streaming.servers import NotHere, ServerFailed, Servers, running, versions
from benchmarks.streaming.strain import Long, long, of_long, strained
from benchmarks.training import corpus, machine
from benchmarks.training.corpus import Corpus
from patterns.errors import LogwinnowError

_PACKAGES = ("pyspark", "pyarrow", "elasticsearch", "kafka-python", "msgspec")
_OUTPUT_HELP = "default: benchmarks/runs/<date>-<cores>-cores; what is there already stays, and is shown too"
_LONG_HELP = "run a stream so long at 80 %% of its top rate; half an hour takes some 30 GB of disk"
_PARTS = ("identity", "read", "parsed", "judged", "documents")
_SECTIONS = ("pairs", "stages", "latency", "skew")
_ONLY_HELP = f"of {', '.join(_SECTIONS)} (default: all but the last; with --long none)"
_SMALL: dict[str, Any] = {"lines": 50_000, "pairs": 2, "warm": 200_000, "seconds": 15}
_WHOLE: dict[str, Any] = {"lines": 500_000, "pairs": 7, "warm": 3_000_000, "seconds": 60}
# A prefix for streams that index nothing.
_NOWHERE = "nowhere"
# Of latency: in them the JIT compiles what it will run.
_LEFT_OUT_SECONDS = 10


def main(arguments: Sequence[str]) -> int:
    """
    Measure and write the report.

    Returns:
        0; 1 if something failed or is not here, which is told; 130 after Ctrl-C.
    """
    given = _parser().parse_args(arguments)
    for name, value in (_SMALL if given.small else _WHOLE).items():
        if getattr(given, name) is None:
            setattr(given, name, value)
    about = machine.about("streaming", arguments, _PACKAGES, programs=("Java",))
    about |= {"cores": machine.cores(), "versions": about["versions"] | versions()}
    folder = given.output or machine.runs(about["date"])
    if given.only is None:
        given.only = [] if given.long else _SECTIONS[:-1]
    results = report.read(folder)
    results.commands.append(about.pop("command"))
    code = 0
    try:
        _measure(given, results)
    except (NotHere, ServerFailed, ProgramFailed, LogwinnowError) as error:
        print(f"benchmarks/streaming: {error}", file=sys.stderr)
        code = 1
    except KeyboardInterrupt:
        code = 130
    if not (results.runs or results.latencies or results.strained or results.long):
        return code
    plots: list[str] = []
    try:
        from benchmarks.streaming.plots import draw, draw_long

        plots = [*draw(folder, results.runs), *draw_long(folder, results.long)]
    except ImportError:
        print("no picture: matplotlib is not installed; make bench installs it", file=sys.stderr)
    report.write(folder, results, about, plots)
    print(f"written: {folder}")
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python benchmarks/streaming",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--small", action="store_true", help="50k lines, 2 pairs, latency for 15 s")
    parser.add_argument("--lines", type=_amount, metavar="N", help="of the topic (default: 500k)")
    parser.add_argument("--pairs", type=_amount, metavar="N", help="of stream and ceiling (default: 7)")
    parser.add_argument("--warm", type=_amount, metavar="N", help="documents before any pair (default: 3M)")
    parser.add_argument("--rate", type=_amount, default=1_000, metavar="N", help="lines a second (default: 1000)")
    parser.add_argument("--apart", action="store_true", help="servers have half of the cores, all else the other half")
    parser.add_argument("--long", type=float, metavar="MINUTES", help=_LONG_HELP)
    parser.add_argument("--seconds", type=_amount, metavar="N", help="of latency (default: 60)")
    parser.add_argument("--triggers", type=_seconds, default=[0.5, 0.001], metavar="S,S", help="of trigger (0.5,0.001)")
    parser.add_argument("--only", nargs="+", choices=_SECTIONS, help=_ONLY_HELP)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="of the stream's configuration")
    parser.add_argument("--cache", type=Path, default=corpus.CACHE, metavar="DIR", help="where made files are kept")
    parser.add_argument("--output", type=Path, metavar="DIR", help=_OUTPUT_HELP)
    return parser


def _measure(given: argparse.Namespace, results: Results) -> None:
    """Measure what is asked for, and add it to the results as it comes."""
    whole = corpus.made("fleet", given.lines, given.cache)
    with (
        tempfile.TemporaryDirectory(prefix="benchmark-") as folder,
        Processors() as processors,
        _servers(processors, apart=given.apart) as servers,
    ):
        place = Place(servers, Path(folder), assignments=tuple(given.set))
        # Of the other half some lines are of no known kind.
        place.train(whole, given.lines // 2)
        if {"pairs", "stages"} & {*given.only}:
            topic = place.topic()
            place.send(topic, whole, given.lines)
            with Streams(place, topic, given.lines, processors) as streams:
                _throughput(given, streams, results)
        for trigger in given.triggers if "latency" in given.only else []:
            about = Latency(len(results.commands) - 1, given.rate, given.seconds, trigger)
            measured = measure(place, _enough(given, whole), processors, about, _LEFT_OUT_SECONDS)
            results.latencies.append(measured)
            within = ", ".join(f"{part} % {most:,.0f} ms" for part, most in measured.percentiles.items())
            print(f"latency, trigger {trigger:g} s: {within}", flush=True)
        for run in strained(place, whole, len(results.commands) - 1) if "skew" in given.only else []:
            results.strained.append(run)
            print(f"  {run.name:<10} {run.seconds:8.2f} s {run.rate:>9,.0f}/s {run.memory}", flush=True)
        if given.long:
            asked = Long(len(results.commands) - 1, given.long)
            results.long.append(long(place, whole, asked, given.lines))
            print("\n".join(of_long(results.long[-1:])), flush=True)


@contextmanager
def _servers(processors: Processors, *, apart: bool) -> Iterator[Servers]:
    """
    Run the servers.

    Args:
        processors: Are told of them.
        apart: They get half of the cores, and what is started later the other half, as if it had machines of its own.
    """
    cores = sorted(os.sched_getaffinity(0))
    half = len(cores) // 2
    if apart and not half:
        raise ProgramFailed("--apart takes two cores, and there is one")
    with ExitStack() as started:
        if apart:
            started.callback(os.sched_setaffinity, 0, cores)
            os.sched_setaffinity(0, cores[:half])
        servers = started.enter_context(running(processors))
        if apart:
            os.sched_setaffinity(0, cores[half:])
        yield servers


def _enough(given: argparse.Namespace, whole: Corpus) -> Corpus:
    """Return a corpus that has a line for each that is sent."""
    lines = FIRST_LINES + given.rate * (given.seconds + _LEFT_OUT_SECONDS)
    return whole if whole.lines >= lines else corpus.made("fleet", lines, given.cache)


def _throughput(given: argparse.Namespace, streams: Streams, results: Results) -> None:
    about = Run(len(results.commands) - 1, "whole", 0, given.lines, 0.0, apart=given.apart)

    def told(run: Run) -> None:
        results.runs.append(run)
        how = f" ({run.how})" if run.how else ""
        print(f"  {run.round} {run.name:<10} {run.seconds:8.2f} s {run.rate:>9,.0f}/s{how}", flush=True)

    place = streams.place
    with place.prefix() as prefix:
        told(streams.run(about, prefix))
        files = documents.keep(place.client, prefix, place.folder) if "pairs" in given.only else []
    if files:
        with Ceiling(place, files, streams.processors) as ceiling:
            choice = _warm(replace(about, name=CEILING), ceiling, given.warm, told)
            for number in range(1, given.pairs + 1):
                both = [
                    partial(_stream, streams, replace(about, round=number)),
                    partial(_ceiling, ceiling, replace(about, name=CEILING, round=number), choice),
                ]
                # Who comes second finds a machine that has just worked.
                for run in both if number % 2 else both[::-1]:
                    told(run())
    for number in range(1, given.pairs + 1) if "stages" in given.only else []:
        # Who comes first finds another machine than who comes last.
        for part in _PARTS if number % 2 else _PARTS[::-1]:
            told(streams.run(replace(about, name=part, round=number), _NOWHERE))


def _warm(about: Run, ceiling: Ceiling, documents: int, told: Callable[[Run], None]) -> Choice:
    """Index documents until Elasticsearch is warm, in each way in turn, and return which went fastest the last time."""
    last: dict[Choice, float] = {}
    for trial in itertools.count():
        choice = CHOICES[trial % len(CHOICES)]
        if len(last) == len(CHOICES) and trial * about.lines >= documents:
            return min(last, key=lambda each: last[each])
        run = _ceiling(ceiling, about, choice)
        last[choice] = run.seconds
        told(run)
    raise AssertionError


def _stream(streams: Streams, about: Run) -> Run:
    with streams.place.prefix() as prefix:
        return streams.run(about, prefix)


def _ceiling(ceiling: Ceiling, about: Run, choice: Choice) -> Run:
    with ceiling.place.prefix() as prefix:
        return ceiling.run(about, prefix, choice)


def _amount(text: str) -> int:
    try:
        return corpus.amount(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _seconds(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} are no seconds: give such as 0.001,5") from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
