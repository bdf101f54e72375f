"""What the figures were taken on, and of which versions."""

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from spark.errors import NoJava
from spark.java import find

_PACKAGES = ("pyspark", "polars", "pyarrow", "numpy", "drain3", "logfold")
_FOLDERS = re.compile(r"(?<![\w.:/])/(?:[^\s/'\":,]+/)+")


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0))


def described() -> str:
    """Return ``2 cores of …, 23 GiB, Linux …``."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return f"{cores()} cores ({_processor()}), {memory:.0f} GiB, {platform.system()} {platform.release()}"


def versions(packages: Sequence[str] = _PACKAGES) -> dict[str, str]:
    """
    Return the versions of all that takes part, by name; starts a Java and git to ask for theirs.

    Args:
        packages: Of Python; by default those that benchmarks/training compares.
    """
    return dict(_versions(packages))


def without_folders(text: str) -> str:
    """Return a text with files by their names alone: where they are on this machine is no part of a report."""
    return _FOLDERS.sub("", text)


def _versions(packages: Sequence[str]) -> Iterator[tuple[str, str]]:
    yield "logwinnow", _commit()
    yield "Python", platform.python_version()
    for package in packages:
        try:
            yield package, version(package)
        except PackageNotFoundError:
            yield package, "not installed"
    try:
        yield "Java", find().version
    except NoJava:
        yield "Java", "none"
    perl = shutil.which("perl")
    if perl:
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
