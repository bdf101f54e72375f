import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from commands.__main__ import _parser
from docs.write_commands import PAGE, page

ROOT = Path(__file__).parent.parent
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "ARCHITECTURE.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]


def commands_of(page: Path) -> Iterator[list[str]]:
    for block in re.findall(r"```console\n(.*?)```", page.read_text(), re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                parts = shlex.shlex(line[2:], posix=True, punctuation_chars="|&;")
                parts.whitespace_split = True
                command: list[str] = []
                for word in parts:
                    if set(word) <= set("|&;"):
                        yield command
                        command = []
                    else:
                        command.append(word)
                yield command


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_logwinnow_command_of_a_page_is_one_that_it_takes(page: Path) -> None:
    for command in commands_of(page):
        if command and command[0] == "logwinnow":
            assert callable(_parser().parse_args(command[1:]).run)


def test_the_page_of_the_commands_is_what_their_help_says(monkeypatch: pytest.MonkeyPatch) -> None:
    # As it is before: `page` sets it.
    monkeypatch.setenv("COLUMNS", "100")
    # Python's releases break a usage at other places.
    assert PAGE.read_text().split() == page().split(), "run: python docs/write_commands.py"


def test_every_example_of_a_help_is_a_command_that_it_takes() -> None:
    examples = re.findall(r"^  (?:.*\| )?(logwinnow .*)$", PAGE.read_text(), re.MULTILINE)
    assert len(examples) > 30
    for example in examples:
        # Behind it may stand what it does, or where its output goes.
        [command, *_] = re.split(r" {2,}| \| ", example)
        assert callable(_parser().parse_args(shlex.split(command)[1:]).run)


def test_the_readme_shows_make_run_and_make_test_first() -> None:
    assert list(commands_of(ROOT / "README.md"))[:2] == [["make", "run"], ["make", "test"]]


@pytest.mark.parametrize("package", ["patterns", "mining", "kernels", "clients", "spark", "training", "streaming"])
def test_every_module_stands_in_the_architecture(package: str) -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    section = text.split(f"### {package}/")[1].split("###")[0]
    names = {
        str(module.relative_to(ROOT / package).with_suffix(""))
        for module in (ROOT / package).rglob("*.py")
        if module.stem != "__init__"
    }

    named = set(re.findall(r"`([a-z_/]+)`", section))
    assert names <= named | {"errors"}


@pytest.mark.parametrize("target", ["setup", "run", "test", "check", "check-long"])
def test_every_make_target_that_a_page_names_is_there(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
