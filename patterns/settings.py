"""
Configuration: a TOML file, then LOGWINNOW_ variables, then --set, into one typed and frozen structure a job.

A file is looked for as --config says, else in ./conf, else in /etc/logwinnow; without any, defaults hold. A variable
names its key in capitals with two underscores for the dot: ``LOGWINNOW_SOURCE__NAME`` is ``source.name``. Keys that the
structure does not have are refused, with file and path.
"""

import dataclasses
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar, get_args

import msgspec

from patterns.errors import SettingsError
from patterns.rules import FormatRule
from patterns.secrets import RULE, Secret

FOLDERS: Final = (Path("conf"), Path("/etc/logwinnow"))
FORMATS_FILE: Final = "formats.toml"

_PREFIX = "LOGWINNOW_"

Settings = TypeVar("Settings", bound=msgspec.Struct)
Kind = TypeVar("Kind")


def find(name: str, given: Path | None = None) -> Path | None:
    """
    Return the file to read: the given one, else the first of this name in FOLDERS, else None.

    Raises:
        SettingsError: The given one is no file.
    """
    if given is not None:
        if not given.is_file():
            raise SettingsError(
                f"--config is {str(given)!r}: there is no such file; give one, or write it by: logwinnow init"
            )
        return given
    return next((folder / name for folder in FOLDERS if (folder / name).is_file()), None)


def load(
    kind: type[Settings], path: Path | None, environment: Mapping[str, str], assignments: Sequence[str]
) -> Settings:
    """
    Return the settings of a job.

    Args:
        kind: Their structure; it forbids unknown fields.
        path: The TOML file; None for defaults.
        environment: Variables; those whose first part is no key of `kind` belong to something else.
        assignments: What --set was given, ``key=value`` with a TOML value, or a text without quotes.

    Raises:
        SettingsError: A file is no TOML, or a key or value is wrong; it names file, key and value.
    """
    values = read_toml(path) if path else {}
    place = str(path) if path else "defaults"
    keys = {field.encode_name for field in msgspec.structs.fields(kind)}
    for name, value in sorted(environment.items()):
        key = name.removeprefix(_PREFIX).lower().replace("__", ".")
        if name.startswith(_PREFIX) and key.split(".")[0] in keys:
            _assign(values, key, value, name)
    for assignment in assignments:
        key, equals, value = assignment.partition("=")
        if not equals or not key:
            raise SettingsError(f"--set is {assignment!r}: write --set key=value, for example --set sink.kind=files")
        _assign(values, key.strip(), value, f"--set {key}")
    return convert(values, kind, place)


def load_formats(beside: Path | None) -> dict[str, FormatRule]:
    """
    Return the header formats of formats.toml in the folder of the job's own file; none where there is no such file.

    Raises:
        SettingsError: It is no TOML, or a key or value is wrong.
    """
    path = find(FORMATS_FILE) if beside is None else beside.parent / FORMATS_FILE
    if path is None or not path.is_file():
        return {}
    values = read_toml(path)
    known = [field.name for field in dataclasses.fields(FormatRule)]
    for name, table in values.items():
        # A stored set may have keys that this version does not know; a file that is edited may not.
        unknown = [key for key in table if key not in known] if isinstance(table, dict) else []
        if unknown:
            raise SettingsError(f"{path}: $.{name}: there is no key {unknown[0]!r}; there are: {', '.join(known)}")
    # One by one: the path in an error does not tell the keys of a mapping.
    return {name: convert(table, FormatRule, f"{path}: {name}") for name, table in values.items()}


def read_toml(path: Path) -> dict[str, Any]:
    """
    Read a TOML file.

    Raises:
        SettingsError: It cannot be read or is no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}; check the path and its rights") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: is no TOML: {error}; mend it there") from None


def convert(values: Any, kind: type[Kind], place: str) -> Kind:
    """
    Turn plain values into a typed structure.

    Raises:
        SettingsError: One does not fit; `place` names where the values come from.
    """
    try:
        return msgspec.convert(values, kind, dec_hook=_decoded)
    except msgspec.ValidationError as error:
        # A value may be left out; none can be written as null in TOML.
        why, _, at = str(error).replace(" | null`", "`").partition(" - at `")
        path = at.rstrip("`") or "$"
        if "unknown field" in why:
            known = _fields(kind, path)
            hint = f"; there are: {', '.join(known)}" if known else ""
            raise SettingsError(f"{place}: {path}: {why[0].lower()}{why[1:]}{hint}") from None
        # A structure's own check says key and value itself.
        if not why.startswith("$."):
            # What stands where a secret's place should be may be the secret.
            value = "" if "[...]" in path or why == RULE else f" is {_value(values, path)!r}"
            why = f"{path}{value}: {why[0].lower()}{why[1:]}"
        raise SettingsError(f"{place}: {why}") from None


def _decoded(kind: type[Any], value: Any) -> Any:
    """Return a value of a kind that msgspec does not know."""
    if kind is Secret and isinstance(value, str):
        return Secret(value)
    msg = f"expected `{'str' if kind is Secret else kind.__name__}`, got `{type(value).__name__}`"
    raise ValueError(msg)


def _assign(values: dict[str, Any], key: str, text: str, source: str) -> None:
    *tables, last = key.split(".")
    for table in tables:
        values = values.setdefault(table, {})
        if not isinstance(values, dict):
            raise SettingsError(f"{source} is {text!r}: {table!r} is a value and no table; check the key")
    try:
        values[last] = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        values[last] = text


def _keys(path: str) -> Iterable[str]:
    return (key for key in path.replace("[", ".[").split(".")[1:] if key)


def _value(values: Any, path: str) -> Any:
    for key in _keys(path):
        if isinstance(values, dict) and key in values:
            values = values[key]
        elif isinstance(values, list) and key.strip("[]").isdigit():
            values = values[int(key.strip("[]"))]
    return values


def _fields(kind: Any, path: str) -> list[str]:
    """Return the names of the fields of the structure at `path`."""
    for key in _keys(path):
        candidates = (kind, *get_args(kind))
        structure = next((c for c in candidates if isinstance(c, type) and issubclass(c, msgspec.Struct)), None)
        if structure is None:
            return []
        kind = next((field.type for field in msgspec.structs.fields(structure) if field.encode_name == key), None)
    structure = next(
        (c for c in (kind, *get_args(kind)) if isinstance(c, type) and issubclass(c, msgspec.Struct)), None
    )
    return [field.encode_name for field in msgspec.structs.fields(structure)] if structure else []
