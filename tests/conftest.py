"""
What all tests share: where the data is, which Java Spark gets, and an honest account of what was left out.

    LOGWINNOW_DATA=folder         the loghub logs (default: ../shared/data/loghub beside the checkout)
    LOGWINNOW_REFERENCE=folder    what the reference programs print for them (default: ../shared/reference)
    LOGWINNOW_LONG=1              run the slow tests too, and look longer for counterexamples
    LOGWINNOW_REQUIRE_ALL=1       a test that would be skipped fails: `make check` is not green by leaving out
"""

import logging
import os
import shutil
import sys
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, TypeVar

import hypothesis
import pytest
from spark_archive import archive_options

_ROOT = Path(__file__).resolve().parents[1]
_LONG = os.environ.get("LOGWINNOW_LONG") == "1"
_REQUIRE_ALL = os.environ.get("LOGWINNOW_REQUIRE_ALL") == "1"

# No deadline: on a shared machine a single slow example says nothing about the code.
hypothesis.settings.register_profile("logwinnow", deadline=None, print_blob=True)
hypothesis.settings.register_profile("logwinnow-long", deadline=None, print_blob=True, max_examples=2000)
hypothesis.settings.load_profile("logwinnow-long" if _LONG else "logwinnow")


@pytest.fixture(autouse=True)
def log_as_before() -> Iterator[None]:
    """Put back the log that a command set up: its handler would write to what the test has closed by then."""
    log = logging.getLogger("logwinnow")
    kept = log.handlers[:], log.propagate, log.level
    yield
    log.handlers[:], log.propagate = kept[:2]
    log.setLevel(kept[2])


@pytest.fixture(scope="session")
def loghub() -> Path:
    """The folder of the loghub logs: `<dataset>/<dataset>_2k.log` and its `_structured.csv`."""
    folder = Path(os.environ.get("LOGWINNOW_DATA") or _ROOT.parent / "shared" / "data" / "loghub")
    if not any(folder.glob("*/*_2k.log")):
        pytest.skip(
            "the loghub logs are not here: "
            "`git clone https://github.com/logpai/loghub` and set LOGWINNOW_DATA to that folder"
        )
    return folder


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder of what the reference programs printed: `edges.json` and `loghub/<dataset>/<run>.json`."""
    folder = Path(os.environ.get("LOGWINNOW_REFERENCE") or _ROOT.parent / "shared" / "reference")
    if not (folder / "edges.json").is_file():
        pytest.skip(
            "the recorded output of slct and logcluster.pl is not here: "
            "set LOGWINNOW_REFERENCE to the folder that holds edges.json"
        )
    return folder


@pytest.fixture(scope="session")
def pdbtool() -> str:
    """The program of syslog-ng that tests pattern databases; it has xmllint check their form."""
    found = shutil.which("pdbtool")
    if found is None or shutil.which("xmllint") is None:
        pytest.skip(
            "pdbtool or xmllint is not here, with which syslog-ng tests a pattern database: "
            "`apt install syslog-ng-core libxml2-utils`"
        )
    return found


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser that opens the pages of `logwinnow report`."""
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("chromium is not here, in which the page of `logwinnow report` is opened: `apt install chromium`")
    return found


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Point Spark to a Java that it runs on, and its workers to this Python, before a session starts."""
    if item.get_closest_marker("spark"):
        from spark.errors import NoJava
        from spark.java import java_home

        try:
            os.environ["JAVA_HOME"] = str(java_home())
        except NoJava as none:
            pytest.skip(str(none))
        os.environ["PYSPARK_PYTHON"] = sys.executable
        # Most of these sessions live for seconds: what a JVM spends on optimizing its code is lost on them.
        if "SPARK_SUBMIT_OPTS" not in os.environ:
            options = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
            os.environ["SPARK_SUBMIT_OPTS"] = f"{options} {archive_options(options)}"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a skipped test where everything is required; an expected failure is no skip."""
    return _none_left_out((yield))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Do the same for a module that skips as a whole."""
    return _none_left_out((yield))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with files that start servers, then those that start Spark, and leave short ones to fill the gaps."""
    first: dict[Path, int] = {}
    for item in items:
        own = 0 if item.get_closest_marker("servers") else 1 if item.get_closest_marker("spark") else 2
        first[item.path] = min(own, first.get(item.path, own))
    items.sort(key=lambda item: first[item.path])


def pytest_configure(config: pytest.Config) -> None:
    """Keep the account of this process: with several, the one that prints hears of all tests from the others."""
    config.pluginmanager.register(LeftOut())


class LeftOut:
    """What was left out and how to get it, said at the end; the tests that failed for it tell it themselves."""

    def __init__(self) -> None:
        self._slow = 0
        self._skipped: Counter[str] = Counter()

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leave the slow tests to LOGWINNOW_LONG=1: deselected, so that they are no skips."""
        slow = [] if _LONG else [item for item in items if item.get_closest_marker("slow")]
        if slow:
            config.hook.pytest_deselected(items=slow)
            items[:] = [item for item in items if not item.get_closest_marker("slow")]
            self._slow = len(slow)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._count(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._count(report)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["slow"] = self._slow

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        # Each has collected all of them.
        self._slow = max(self._slow, getattr(node, "workeroutput", {}).get("slow", 0))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        slow = Counter({"slow: `make check-long` runs them (LOGWINNOW_LONG=1)": self._slow})
        if left_out := slow + self._skipped:
            terminalreporter.ensure_newline()
            terminalreporter.section("left out")
            for reason, tests in sorted(left_out.items()):
                terminalreporter.write_line(f"{tests} {'test' if tests == 1 else 'tests'}: {reason}")

    def _count(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            self._skipped[_reason(report)] += 1


Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


def _none_left_out(report: Report) -> Report:
    if _REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"left out, and LOGWINNOW_REQUIRE_ALL=1 allows none: {_reason(report)}"
    return report


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return reason.removeprefix("Skipped: ")
