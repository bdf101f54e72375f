"""The cache of the servers' programs, told with a made-up Maven: a script that "fetches" from a folder of the test."""

import sys
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from maven import POM, NotHere, programs

_MAVEN = """\
#!{python}
import pathlib, shutil, sys, time
with open({calls!r}, "a") as calls:
    print(*sys.argv[1:], file=calls)
[folder] = [argument.partition("=")[2] for argument in sys.argv if argument.startswith("-DoutputDirectory=")]
shutil.copytree({registry!r}, folder)
{then}
"""


class Machine:
    """A machine with an empty cache and no Maven until `install` puts one there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cache = folder / "cache"
        (folder / "registry").mkdir()
        (folder / "registry" / "broker.jar").write_text("broker")
        with zipfile.ZipFile(folder / "registry" / "elasticsearch-1.2.zip", "w") as archive:
            for name, mode in (("bin/elasticsearch", 0o755), ("lib/node.jar", 0o640)):
                entry = zipfile.ZipInfo(f"elasticsearch-1.2/{name}")
                entry.external_attr = mode << 16
                archive.writestr(entry, name)

    def install(self, then: str = "") -> None:
        """Install a Maven that does what `then` says after it copied."""
        script = self.folder / "bin" / "mvn"
        script.parent.mkdir(exist_ok=True)
        places = {name: str(self.folder / name) for name in ("calls", "registry")}
        script.write_text(_MAVEN.format(python=sys.executable, then=then, **places))
        script.chmod(0o755)

    def calls(self) -> list[str]:
        """Return the arguments of each run of Maven."""
        return (self.folder / "calls").read_text().splitlines()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(tmp_path)
    monkeypatch.setenv("LOGWINNOW_TEST_CACHE", str(made.cache))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return made


def check_is_whole(folder: Path) -> None:
    assert (folder / "kafka" / "broker.jar").read_text() == "broker"
    assert (folder / "elasticsearch" / "lib" / "node.jar").read_text() == "lib/node.jar"
    assert not list(folder.glob("kafka/*.zip"))


def test_the_programs_are_fetched_once(machine: Machine) -> None:
    machine.install()
    check_is_whole(programs())
    assert programs().parent == machine.cache
    assert len(machine.calls()) == 1
    assert str(POM) in machine.calls()[0]


def test_a_program_is_executable_and_all_else_can_be_read_by_any_user(machine: Machine) -> None:
    machine.install()
    elasticsearch = programs() / "elasticsearch"
    assert (elasticsearch / "bin" / "elasticsearch").stat().st_mode & 0o777 == 0o755
    assert (elasticsearch / "lib" / "node.jar").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: (folder / "kafka" / "broker.jar").unlink(),
        lambda folder: (folder / "kafka" / "broker.jar").write_text("bro"),
        lambda folder: (folder / "whole.json").unlink(),
        lambda folder: (folder / "whole.json").write_text('{"kafka/br'),
    ],
    ids=["a file is gone", "a file is cut", "its list is gone", "its list is cut"],
)
def test_a_half_filled_cache_is_filled_again(machine: Machine, spoil: Callable[[Path], object]) -> None:
    machine.install()
    spoil(programs())
    check_is_whole(programs())
    assert len(machine.calls()) == 2


def test_a_maven_that_fails_midway_leaves_nothing(machine: Machine) -> None:
    machine.install("print('Downloading'); print('[ERROR] unknown host'); print('[ERROR] more'); sys.exit(1)")
    with pytest.raises(NotHere, match=r"network.*LOGWINNOW_TEST_KAFKA.*it said: \[ERROR\] unknown host$"):
        programs()
    assert [left.name for left in machine.cache.iterdir()] == ["lock"]

    machine.install()
    check_is_whole(programs())


def test_what_a_killed_run_left_is_cleared_away(machine: Machine) -> None:
    (machine.cache / "fetching-abc" / "whole").mkdir(parents=True)
    machine.install()
    check_is_whole(programs())
    assert not list(machine.cache.glob("fetching-*"))


def test_runs_that_start_at_once_fetch_once(machine: Machine) -> None:
    machine.install("time.sleep(0.3)")
    with ThreadPoolExecutor(4) as runs:
        [folder, *others] = runs.map(lambda _: programs(), range(4))
    check_is_whole(folder)
    assert others == [folder] * 3
    assert len(machine.calls()) == 1


def test_without_maven_the_reason_says_how_to_get_it_or_do_without(machine: Machine) -> None:
    with pytest.raises(NotHere) as caught:
        programs()
    for part in ("apt install maven", "LOGWINNOW_TEST_KAFKA", "LOGWINNOW_TEST_ELASTICSEARCH"):
        assert part in str(caught.value)
    assert machine.cache.is_dir()
