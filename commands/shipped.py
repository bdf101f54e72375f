"""The configuration files that this installation came with."""

from pathlib import Path

from patterns.errors import LogwinnowError
from patterns.rules import FormatRule
from patterns.settings import FORMATS_FILE, find, load_formats

# In the wheel they lie beside this module, in the repository beside the packages.
_SHIPPED = (Path(__file__).with_name("conf"), Path(__file__).resolve().parents[1] / "conf")


def shipped_files() -> list[Path]:
    """
    Return the files.

    Raises:
        LogwinnowError: There are none.
    """
    files = next((found for folder in _SHIPPED if (found := sorted(folder.glob("*.toml")))), [])
    if not files:
        raise LogwinnowError(f"no configuration file is in {str(_SHIPPED[0])!r}; install logwinnow again")
    return files


def header_formats(config: Path | None) -> dict[str, FormatRule]:
    """
    Return the header formats of formats.toml beside a job's own file, none where there is none.

    Without such a file, and without one where it is looked for, they are those that this installation came with.

    Raises:
        SettingsError: It is no TOML, or a key or value is wrong.
    """
    if config is None and find(FORMATS_FILE) is None:
        config = next(file for file in shipped_files() if file.name == FORMATS_FILE)
    return load_formats(config)
