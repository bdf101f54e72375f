"""`logwinnow init`: writes the configuration files."""

import argparse
import shlex
from contextlib import ExitStack
from pathlib import Path

from commands.console import shown, stdout
from commands.shipped import shipped_files
from patterns.disk import create_file
from patterns.errors import LogwinnowError
from patterns.settings import FOLDERS

_DESCRIPTION = """\
Writes the commented configuration files into a folder; they run as they are. A
file that is already there is never overwritten: then nothing is written.
Without --config, the verbs look into ./conf, then into /etc/logwinnow."""

_EXAMPLE = """\
example:
  logwinnow init conf"""


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the verb."""
    verb = verbs.add_parser(
        "init",
        help="write the configuration files",
        description=_DESCRIPTION,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verb.add_argument("folder", type=Path, metavar="DIR", help="where to; it need not exist yet")
    verb.add_argument("--quiet", action="store_true", help="say nothing but what fails")
    verb.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """
    Write the files, and print which and what to do next.

    Raises:
        LogwinnowError: One is there already, or the folder cannot be written; then none was written.
    """
    folder: Path = arguments.folder
    shipped = shipped_files()
    taken = [folder / file.name for file in shipped if (folder / file.name).exists()]
    if taken:
        raise LogwinnowError(
            f"{str(taken[0])!r} is there already, and init never overwrites; move it away, or give another folder"
        )
    try:
        written = _write_all(folder, shipped)
    except OSError as error:
        raise LogwinnowError(
            f"{str(folder)!r} cannot be written: {error.strerror}; give a folder that you may write"
        ) from None
    if arguments.quiet:
        return 0
    console = stdout()
    for path in written:
        console.print(shown(f"wrote {path}"), soft_wrap=True)
    console.print(shown(f"next: logwinnow train FILE{_config(folder)}"), soft_wrap=True)
    return 0


def _write_all(folder: Path, shipped: list[Path]) -> list[Path]:
    """Write all files or, whatever stops it, none; return them."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    with ExitStack() as undo:
        for file in shipped:
            path = folder / file.name
            if not create_file(path, file.read_bytes()):
                raise LogwinnowError(f"{str(path)!r} was written by another just now; try again")
            undo.callback(path.unlink)
            written.append(path)
        undo.pop_all()
    return written


def _config(folder: Path) -> str:
    """Return the option that names the files; nothing where they are found without it."""
    if folder.resolve() in [place.resolve() for place in FOLDERS]:
        return ""
    return f" --config {shlex.quote(str(folder / 'training.toml'))}"
