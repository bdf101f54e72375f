"""What the figures were taken on, and of which versions."""

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from spark.errors import NoJava
from spark.java import find

_RUNS = Path(__file__).resolve().parents[1] / "runs"
_PACKAGES = ("pyspark", "polars", "pyarrow", "numpy", "drain3", "logfold")
_PROGRAMS = ("Java", "Perl")
_FOLDERS = re.compile(r"(?<![\w.:/])/(?:[^\s/'\":,]+/)+")


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0))


def about(
    benchmark: str, arguments: Sequence[str], packages: Sequence[str] = _PACKAGES, programs: Sequence[str] = _PROGRAMS
) -> dict[str, Any]:
    """
    Return what a report tells of a run: its `date`, `command`, `machine`, and the `versions` of what takes part.

    Args:
        benchmark: Its folder below benchmarks.
        arguments: What it was given.
        packages: As `versions` takes them.
        programs: As `versions` takes them.
    """
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "command": without_folders(f"python benchmarks/{benchmark} {' '.join(arguments)}".strip()),
        "machine": described(),
        "versions": versions(packages, programs),
    }


def runs(date: str) -> Path:
    """Return the folder for what is measured on a date, as reports have it, on this machine."""
    return _RUNS / f"{date}-{cores()}-cores"


def described() -> str:
    """Return ``2 cores of …, 23 GiB, Linux …``."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return f"{cores()} cores ({_processor()}), {memory:.0f} GiB, {platform.system()} {platform.release()}"


def versions(packages: Sequence[str] = _PACKAGES, programs: Sequence[str] = _PROGRAMS) -> dict[str, str]:
    """
    Return the versions of all that takes part, by name: ours, and what is asked for; starts git and the programs.

    Args:
        packages: Of Python; by default those that benchmarks/training compares.
        programs: Of Java and Perl.
    """
    return dict(_versions(packages, programs))


def without_folders(text: str) -> str:
    """Return a text with files by their names alone: where they are on this machine is no part of a report."""
    return _FOLDERS.sub("", text)


def _versions(packages: Sequence[str], programs: Sequence[str]) -> Iterator[tuple[str, str]]:
    yield "logwinnow", _commit()
    yield "Python", platform.python_version()
    for package in packages:
        try:
            yield package, version(package)
        except PackageNotFoundError:
            yield package, "not installed"
    if "Java" in programs:
        try:
            yield "Java", find().version
        except NoJava:
            yield "Java", "none"
    perl = shutil.which("perl")
    if perl and "Perl" in programs:
        yield "Perl", _told([perl, "-e", 'printf "%vd", $^V'])


def _commit() -> str:
    """Return the commit, and whether files were changed since."""
    git = shutil.which("git")
    if git is None:
        return version("logwinnow")
    here = str(Path(__file__).parent)
    commit = _told([git, "-C", here, "rev-parse", "--short", "HEAD"])
    changed = _told([git, "-C", here, "status", "--porcelain", "--untracked-files=no"])
    return f"{version('logwinnow')} at {commit or 'no commit'}{', with changes' if changed else ''}"


def _processor() -> str:
    try:
        found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found[1].strip() if found else platform.machine()


def _told(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
