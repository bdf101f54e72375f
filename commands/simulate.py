"""`logwinnow simulate`: writes the syslog of a made-up fleet, with labelled lines of novel kinds put in."""

import argparse
import math
import os
import sys
from contextlib import ExitStack
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from commands.simulation.events.event import CAUSES
from commands.simulation.events.releases import MOST_RELEASES
from commands.simulation.fleet import simulate
from commands.simulation.novelty import NOVELTIES
from commands.simulation.weeks import LEAST_LINES, MOST_DAYS, planned_events, simulate_days
from commands.simulation.writing import write_days, write_plain, write_weeks
from patterns.errors import LogwinnowError

# Far from both ends of what datetime can count.
_YEARS = range(1970, 2201)
_LINES = 40_000
_NOVEL_AFTER = 0.5
_LINES_PER_DAY = 20_000

_DESCRIPTION = f"""\
Writes syslog lines (RFC 3164) of a made-up fleet: web, mail and database servers and more, day and night, about 20,000
lines a simulated day. The same options give the same lines. In the later part of them
(--novel-after), lines of novel kinds are put in, each kind 1 to 20 times; some hold terminal escapes or markup. Every
normal kind of the later part has occurred three times in the earlier part, if that has 2,500 lines or more.

With --days it writes whole days (UTC), and things happen: deployments, after which a program says other kinds; new
hosts; an incident of some hours, part of which recurs on the next day; kinds that drift by degrees; a service that is
decommissioned; weekly and monthly jobs; novel kinds. From 7 days on there is one of each at least, but for monthly
jobs, which need their day. The first third of the days, at most 7, are for learning: every normal kind occurs on two of
them (on one, if it is the only one), and nothing happens but weekly and monthly jobs.
A label then says too what the line comes from ("cause": {", ".join(CAUSES)})
and the id of the event it belongs to ("event", null for normal lines). "novel" is true for the kinds of which a good
monitor tells when they occur first: those of incidents and novelties, of deployments, and of jobs that first run after
the days for learning; not for drifts, new hosts, or known kinds in an incident.

With --troubles there are also troubles that no new kind tells of, in turn: a known kind that is said far too often
("burst"), a job that stops on a host ("stopped") and a host that says nothing ("silence"), which have no lines, and a
value that a parameter of few values never had ("value"). --events says when and where they are.

With --releases there are, beside deployments, releases ("release") that change all lines of a program, in turn: another
library for its log, another name of the program, other words for fields, units and phrases, and programs that are
brought in or retired. Their lines are "novel" from then on."""

_EXAMPLE = """\
examples:
  logwinnow simulate --lines 40000 --output fleet.log --labels labels.jsonl
  logwinnow simulate --lines 1000 --seed 7 --novel-kinds 0 | logwinnow mine - --algorithm logcluster --support 20
  logwinnow simulate --days 21 --lines-per-day 2000 --output days/ --labels labels.jsonl --events events.jsonl"""


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the verb."""
    verb = verbs.add_parser(
        "simulate",
        help="write the syslog of a made-up fleet, with labels",
        description=_DESCRIPTION,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verb.add_argument("--lines", type=_count, metavar="N", help=f"how many lines (default: {_LINES})")
    verb.add_argument(
        "--days", type=_days, metavar="N", help=f"instead of --lines: how many days, 1 to {MOST_DAYS}, with events"
    )
    verb.add_argument("--seed", type=_count, default=1, metavar="N", help="other lines of the same fleet (default: 1)")
    verb.add_argument(
        "--start",
        type=_moment,
        default="2026-11-16T00:00:00+00:00",
        metavar="ISO",
        help="when the log begins; without a zone, UTC; with --days a midnight in UTC (default: %(default)s)",
    )
    verb.add_argument(
        "--lines-per-day",
        type=_lines_per_day,
        metavar="N",
        help=f"with --days: about how many lines a working day has, without those of events; {LEAST_LINES} or more "
        f"(default: {_LINES_PER_DAY})",
    )
    verb.add_argument(
        "--output",
        type=_place,
        metavar="FILE",
        help="the lines (default: standard output); with --days also a folder, as in days/, for a file a day such as "
        "2026-11-16.log",
    )
    verb.add_argument(
        "--labels",
        type=Path,
        metavar="FILE",
        help='a JSON object a line: {"line": 1, "kind", "novel"}; with --days also "cause", "event", and for a folder '
        '"file", of which "line" is a line',
    )
    verb.add_argument(
        "--events",
        type=Path,
        metavar="FILE",
        help='with --days: a JSON object for each event: {"event": its id, "cause", "windows": [[begin, end], ...], '
        '"about", "programs", "kinds": what only it brings, "gone": kinds said no more, "hosts"}; the second window of '
        "an incident is where some of it recurs",
    )
    verb.add_argument(
        "--novel-after",
        type=_share,
        metavar="F",
        help=f"with --lines: share of the lines before the first novel one, 0 to 1 (default: {_NOVEL_AFTER})",
    )
    verb.add_argument(
        "--novel-kinds",
        type=_novel_kinds,
        default=40,
        metavar="N",
        help=f"how many kinds of novel lines, 0 to {len(NOVELTIES)}; with --days at most four a day "
        "(default: %(default)s)",
    )
    verb.add_argument(
        "--troubles",
        type=_count,
        metavar="N",
        help="with --days: how many troubles that no new kind tells of (default: 0)",
    )
    verb.add_argument(
        "--releases",
        type=_count,
        metavar="N",
        help=f"with --days: how many releases that change what programs say, at most {MOST_RELEASES} (default: 0)",
    )
    verb.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """
    Write the lines, and their labels and events if they are wanted.

    Returns:
        0, also when the reader of a pipe has had enough.

    Raises:
        LogwinnowError: A file cannot be written, or options do not go together.
    """
    _check(arguments)
    output = Path(arguments.output) if arguments.output else None
    try:
        with ExitStack() as files:
            if arguments.days is None:
                _write_plain(arguments, output, files)
            else:
                _write_days(arguments, output, files)
    except BrokenPipeError:
        # Python flushes standard output once more when it ends, and would complain about the reader that has gone.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as problem:
        raise LogwinnowError(
            f"{problem.filename or 'the simulated log'} cannot be written: {problem.strerror}; "
            "give --output and --labels a place that exists, has room and lets you write"
        ) from problem
    return 0


def _write_plain(arguments: argparse.Namespace, output: Path | None, files: ExitStack) -> None:
    """Write a number of lines."""
    lines = simulate(
        _LINES if arguments.lines is None else arguments.lines,
        arguments.seed,
        start=arguments.start,
        novel_after=_NOVEL_AFTER if arguments.novel_after is None else arguments.novel_after,
        novel_kinds=arguments.novel_kinds,
    )
    into = files.enter_context(output.open("wb")) if output else sys.stdout.buffer
    write_plain(lines, into, files.enter_context(arguments.labels.open("wb")) if arguments.labels else None)


def _write_days(arguments: argparse.Namespace, output: Path | None, files: ExitStack) -> None:
    """Write a number of days: into one file, or one file each into a folder, which is made if it is missing."""
    days, seed = arguments.days, arguments.seed
    per_day = arguments.lines_per_day or _LINES_PER_DAY
    more = {"start": arguments.start, "novel_kinds": arguments.novel_kinds, "troubles": arguments.troubles or 0}
    more["releases"] = arguments.releases or 0
    folder = output if output and _is_folder(arguments.output) else None
    if folder:
        folder.mkdir(exist_ok=True)
    into = files.enter_context(output.open("wb")) if output and not folder else sys.stdout.buffer
    labels = files.enter_context(arguments.labels.open("wb")) if arguments.labels else None
    if arguments.events:
        events = planned_events(days, seed, lines_per_day=per_day, **more)
        arguments.events.write_text("".join(event.json() + "\n" for event in events), encoding="utf-8")
    lines = simulate_days(days, seed, lines_per_day=per_day, **more)
    if folder:
        write_days(lines, folder, labels)
    else:
        write_weeks(lines, into, labels)


def _check(arguments: argparse.Namespace) -> None:
    """Refuse options that do not go together, before anything is written."""
    if arguments.days is None:
        for option, value in (
            ("--lines-per-day", arguments.lines_per_day),
            ("--events", arguments.events),
            ("--troubles", arguments.troubles),
            ("--releases", arguments.releases),
        ):
            if value is not None:
                raise LogwinnowError(f"{option} {value} is for whole days: give --days too, such as --days 21")
        if arguments.output and _is_folder(arguments.output):
            raise LogwinnowError(f"--output {arguments.output} is a folder, for a file a day: give --days, or a file")
    else:
        for option, value in (("--lines", arguments.lines), ("--novel-after", arguments.novel_after)):
            if value is not None:
                raise LogwinnowError(
                    f"{option} {value} does not go with --days, which has its own: leave one of them out"
                )
        start = arguments.start.astimezone(UTC)
        if start.time() != time():
            raise LogwinnowError(
                f"--start {start.isoformat()} is no midnight in UTC, and --days are whole days: give a date alone, "
                f"such as {start.date()}"
            )
        if (start + timedelta(days=arguments.days)).year not in _YEARS:
            raise LogwinnowError(f"--days {arguments.days} go beyond the year {_YEARS.stop - 1}: start earlier")
    _check_files(arguments)


def _check_files(arguments: argparse.Namespace) -> None:
    """Refuse one file for two things."""
    taken: dict[Path, str] = {}
    for option, place in (("output", arguments.output), ("labels", arguments.labels), ("events", arguments.events)):
        if place is None:
            continue
        path = Path(place).resolve()
        if path in taken:
            raise LogwinnowError(f"--{taken[path]} and --{option} are both {place}: give them two files")
        taken[path] = option
        if path.suffix == ".log" and arguments.output and path.parent == Path(arguments.output).resolve():
            raise LogwinnowError(f"--{option} {place} could be the log of a day: give it a name without .log")


def _is_folder(place: str) -> bool:
    """Whether it is written as a folder, or is one."""
    return place.endswith(os.sep) or Path(place).is_dir()


def _count(text: str) -> int:
    """Read a whole number, 0 or more."""
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} is no count: give a whole number, 0 or more")
    return int(text)


def _novel_kinds(text: str) -> int:
    """Read a number of novel kinds, at most as many as there are."""
    count = _count(text)
    if count > len(NOVELTIES):
        raise argparse.ArgumentTypeError(f"{count} is too many: there are {len(NOVELTIES)} novel kinds; give fewer")
    return count


def _place(text: str) -> str:
    """Read where to write; a path would forget the slash that makes it a folder."""
    if not text:
        raise argparse.ArgumentTypeError("an empty name is no place to write to: give a file, or leave --output out")
    return text


def _days(text: str) -> int:
    """Read a number of days."""
    count = _count(text)
    if not 1 <= count <= MOST_DAYS:
        raise argparse.ArgumentTypeError(f"{text!r} are no days to simulate: give 1 to {MOST_DAYS}")
    return count


def _lines_per_day(text: str) -> int:
    """Read a volume."""
    count = _count(text)
    if count < LEAST_LINES:
        raise argparse.ArgumentTypeError(
            f"{text!r} lines a day are too few for all that the fleet says: give {LEAST_LINES} or more"
        )
    return count


def _share(text: str) -> float:
    """Read a number from 0 to 1."""
    try:
        share = float(text)
    except ValueError:
        share = math.nan
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no share of the lines: give a number from 0 to 1, such as 0.5")
    return share


def _moment(text: str) -> datetime:
    """Read a moment; without a zone it is meant in UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.year not in _YEARS:
        years = f"{_YEARS.start} to {_YEARS.stop - 1}"
        raise argparse.ArgumentTypeError(
            f"{text!r} is no moment of the years {years}: give one such as 2026-11-16T08:00"
        )
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
