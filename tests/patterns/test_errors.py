"""Errors cross processes whole, and no module of the product reads what could run code."""

import ast
import importlib
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

from patterns.errors import LogwinnowError

ROOT = Path(__file__).parents[2]
PACKAGES = ("patterns", "training", "streaming", "commands")

for _package in PACKAGES:
    if (ROOT / _package / "errors.py").is_file():
        importlib.import_module(f"{_package}.errors")


def tree(root: type[LogwinnowError]) -> Iterator[type[LogwinnowError]]:
    yield root
    for below in root.__subclasses__():
        yield from tree(below)


@pytest.mark.parametrize("kind", list(tree(LogwinnowError)), ids=lambda kind: kind.__name__)
def test_an_error_survives_pickling_with_its_one_message(kind: type[LogwinnowError]) -> None:
    message = "conf/training.toml: $.a is 0: \u2028 é; set 1"

    again = pickle.loads(pickle.dumps(kind(message)))

    assert type(again) is kind
    assert str(again) == message
    assert again.args == (message,)


@pytest.mark.parametrize("package", ["patterns", "training", "streaming"])
def test_the_tree_in_the_docstring_has_each_error_of_its_package(package: str) -> None:
    module = importlib.import_module(f"{package}.errors")
    own = [kind.__name__ for kind in tree(LogwinnowError) if kind.__module__ == f"{package}.errors"]

    assert own
    assert not [name for name in own if name not in (module.__doc__ or "")]


@pytest.mark.parametrize("kind", list(tree(LogwinnowError)), ids=lambda kind: kind.__name__)
def test_an_error_of_a_user_is_none_that_code_of_others_swallows(kind: type[LogwinnowError]) -> None:
    assert not issubclass(kind, ValueError | OSError | LookupError)


def modules() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


FORBIDDEN_IMPORTS = {"pickle", "cPickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}
FORBIDDEN_CALLS = {"eval", "exec", "__import__"}


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_unpickles_or_evaluates(path: Path) -> None:
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.split(".")[0] in FORBIDDEN_IMPORTS]
        elif isinstance(node, ast.ImportFrom):
            name = node.module or ""
            found += [name] if name.split(".")[0] in FORBIDDEN_IMPORTS else []
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found += [node.func.id] if node.func.id in FORBIDDEN_CALLS else []

    assert not found
