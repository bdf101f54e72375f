"""
What all tests share: where the data is, which Java Spark gets, and an honest account of what was left out.

    LOGWINNOW_DATA=folder         the loghub logs (default: ../shared/data/loghub beside the checkout)
    LOGWINNOW_REFERENCE=folder    what the reference programs print for them (default: ../shared/reference)
    LOGWINNOW_LONG=1              run the slow tests too, and look longer for counterexamples
    LOGWINNOW_REQUIRE_ALL=1       a test that would be skipped fails: `make check` is not green by leaving out
"""

import os
import shutil
import sys
from collections import Counter
from collections.abc import Generator
from pathlib import Path

import hypothesis
import pytest

_ROOT = Path(__file__).resolve().parents[1]
_LONG = os.environ.get("LOGWINNOW_LONG") == "1"
_REQUIRE_ALL = os.environ.get("LOGWINNOW_REQUIRE_ALL") == "1"

_left_out = pytest.StashKey[Counter[str]]()

# No deadline: on a shared machine a single slow example says nothing about the code.
hypothesis.settings.register_profile("logwinnow", deadline=None, print_blob=True)
hypothesis.settings.register_profile("logwinnow-long", deadline=None, print_blob=True, max_examples=2000)
hypothesis.settings.load_profile("logwinnow-long" if _LONG else "logwinnow")


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


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the slow tests to LOGWINNOW_LONG=1: deselected, so that they are no skips."""
    slow = [] if _LONG else [item for item in items if item.get_closest_marker("slow")]
    if slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if not item.get_closest_marker("slow")]
        left_out = config.stash.setdefault(_left_out, Counter())
        left_out["slow: `make check-long` runs them (LOGWINNOW_LONG=1)"] = len(slow)


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


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Count a skipped test, or fail it where everything is required; an expected failure is no skip."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        _account(item.config, report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Do the same for a module that skips as a whole."""
    report = yield
    if report.skipped:
        _account(collector.config, report)
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was left out and how to get it; the tests that failed for it tell it themselves."""
    left_out = config.stash.get(_left_out, Counter[str]())
    if left_out:
        terminalreporter.ensure_newline()
        terminalreporter.section("left out")
        for reason, tests in sorted(left_out.items()):
            terminalreporter.write_line(f"{tests} {'test' if tests == 1 else 'tests'}: {reason}")


def _account(config: pytest.Config, report: pytest.TestReport | pytest.CollectReport) -> None:
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    reason = reason.removeprefix("Skipped: ")
    if _REQUIRE_ALL:
        report.outcome = "failed"
        report.longrepr = f"left out, and LOGWINNOW_REQUIRE_ALL=1 allows none: {reason}"
    else:
        config.stash.setdefault(_left_out, Counter())[reason] += 1
