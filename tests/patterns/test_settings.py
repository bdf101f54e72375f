"""Configuration: from file, variables and --set into one structure, and what is wrong said with file, key and value."""

from pathlib import Path
from typing import Annotated, Any

import pytest
from msgspec import Meta, Struct, field

from patterns import settings
from patterns.errors import SettingsError
from patterns.rules import FormatRule
from patterns.settings import convert, find, load, load_formats, read_toml


class Kafka(Struct, frozen=True, forbid_unknown_fields=True):
    topic: str = "logs"
    options: dict[str, str] = field(default_factory=dict)


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    name: str = "main"
    parts: Annotated[int, Meta(ge=1)] = 2
    paths: list[str] = field(default_factory=list)
    kafka: Kafka | None = None

    def __post_init__(self) -> None:
        if self.name == "nobody":
            msg = "$.source.name is 'nobody': that is no name; give another"
            raise ValueError(msg)


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    source: Source = Source()
    verbose: bool = False


def toml(folder: Path, text: str) -> Path:
    path = folder / "job.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_defaults_hold() -> None:
    assert load(Settings, None, {}, []) == Settings()


def test_a_file_then_variables_then_assignments_say_what_holds(tmp_path: Path) -> None:
    path = toml(tmp_path, '[source]\nname = "file"\nparts = 3\npaths = ["é"]\n')

    found = load(
        Settings,
        path,
        {"LOGWINNOW_SOURCE__PARTS": "4", "LOGWINNOW_SOURCE__NAME": "variable", "PATH": "/bin"},
        ["source.name=set"],
    )

    assert found == Settings(Source("set", 4, ["é"]))


@pytest.mark.parametrize(
    ("assignment", "expected"),
    [
        ("verbose=true", Settings(verbose=True)),
        ("source.parts=7", Settings(Source(parts=7))),
        ("source.name=plain text", Settings(Source(name="plain text"))),
        ('source.name="12"', Settings(Source(name="12"))),
        ("source.name=", Settings(Source(name=""))),
        ("source.name=a=b", Settings(Source(name="a=b"))),
        ("source.name=10.0.0.7:9092", Settings(Source(name="10.0.0.7:9092"))),
        ('source.paths=["a", "b"]', Settings(Source(paths=["a", "b"]))),
        (" source.name =x", Settings(Source(name="x"))),
        ("source.kafka.topic=t", Settings(Source(kafka=Kafka("t")))),
        ('source.kafka.options={ "a.b" = "c" }', Settings(Source(kafka=Kafka(options={"a.b": "c"})))),
    ],
)
def test_an_assignment_has_a_toml_value_or_a_text_without_quotes(assignment: str, expected: Settings) -> None:
    assert load(Settings, None, {}, [assignment]) == expected


def test_a_variable_names_its_key_in_capitals_and_others_belong_to_something_else() -> None:
    environment = {
        "LOGWINNOW_VERBOSE": "true",
        "LOGWINNOW_SOURCE__KAFKA__TOPIC": "t",
        "LOGWINNOW_DATA": "/elsewhere",
        "LOGWINNOW_REQUIRE_ALL": "1",
        "SOURCE__NAME": "x",
        "MY_LOGWINNOW_VERBOSE": "false",
    }

    assert load(Settings, None, environment, []) == Settings(Source(kafka=Kafka("t")), verbose=True)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("colour = 1", "$: object contains unknown field `colour`; there are: source, verbose"),
        ("[source]\nnmae = 1", "$.source: object contains unknown field `nmae`; there are: name, parts, paths, kafka"),
        (
            "[source.kafka]\ntopics = 1",
            "$.source.kafka: object contains unknown field `topics`; there are: topic, options",
        ),
        ("verbose = 3", "$.verbose is 3: expected `bool`, got `int`"),
        ('[source]\nparts = "three"', "$.source.parts is 'three': expected `int`, got `str`"),
        ("[source]\nparts = 0", "$.source.parts is 0: expected `int` >= 1"),
        ('[source]\npaths = ["a", 2]', "$.source.paths[1] is 2: expected `str`, got `int`"),
        ("source = 1", "$.source is 1: expected `object`, got `int`"),
        ("[source.kafka.options]\na = 'b'\nc = 1", "$.source.kafka.options[...]: expected `str`, got `int`"),
        ('[source]\nname = "nobody"', "$.source.name is 'nobody': that is no name; give another"),
    ],
)
def test_what_is_wrong_in_a_file_is_said_with_file_key_and_value(text: str, error: str, tmp_path: Path) -> None:
    path = toml(tmp_path, text)

    with pytest.raises(SettingsError) as wrong:
        load(Settings, path, {}, [])

    assert str(wrong.value).startswith(f"{path}: {error}")


@pytest.mark.parametrize(
    ("environment", "assignments", "error"),
    [
        ({}, ["verbose"], "--set is 'verbose': write --set key=value"),
        ({}, ["=3"], "--set is '=3': write --set key=value"),
        ({}, ["verbose.x=1", "verbose.x.y=2"], "'x' is a value and no table"),
        ({}, ["source.nmae=1"], "defaults: $.source: object contains unknown field `nmae`"),
        ({"LOGWINNOW_SOURCE__PARTS": "many"}, [], "defaults: $.source.parts is 'many'"),
        (
            {"LOGWINNOW_SOURCE": "1", "LOGWINNOW_SOURCE__NAME": "x"},
            [],
            "LOGWINNOW_SOURCE__NAME is 'x': 'source' is a value",
        ),
    ],
)
def test_what_is_wrong_elsewhere_is_said_with_key_and_value(
    environment: dict[str, str], assignments: list[str], error: str
) -> None:
    with pytest.raises(SettingsError) as wrong:
        load(Settings, None, environment, assignments)

    assert error in str(wrong.value)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"a = ", "is no TOML"),
        (b"a = 1\na = 2", "is no TOML"),
        (b"\xff", "is no TOML"),
        (b"\x00", "is no TOML"),
        (None, "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(content: bytes | None, why: str, tmp_path: Path) -> None:
    path = tmp_path / "job.toml"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(SettingsError, match=why) as wrong:
        read_toml(path)

    assert str(path) in str(wrong.value)


def test_toml_is_utf_8_whatever_the_locale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = toml(tmp_path, 'name = "é"')
    real = Path.read_text

    def read_text(self: Path, encoding: str | None = None, **rest: Any) -> str:
        return real(self, encoding or "latin-1", **rest)

    monkeypatch.setattr(Path, "read_text", read_text)

    assert read_toml(path) == {"name": "é"}


def test_the_given_file_is_read_else_the_first_that_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = (tmp_path / "conf", tmp_path / "etc")
    monkeypatch.setattr(settings, "FOLDERS", folders)
    assert find("job.toml") is None

    for folder in reversed(folders):
        folder.mkdir()
        (folder / "job.toml").touch()
        assert find("job.toml") == folder / "job.toml"
    assert find("job.toml", folders[1] / "job.toml") == folders[1] / "job.toml"


@pytest.mark.parametrize("given", ["nowhere.toml", "."])
def test_a_given_file_that_is_not_there_is_refused(given: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there is no such file; give one, or write it by: logwinnow init"):
        find("job.toml", tmp_path / given)


def test_formats_lie_beside_the_jobs_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "FOLDERS", (tmp_path,))
    beside = tmp_path / "there" / "job.toml"
    beside.parent.mkdir()
    assert load_formats(None) == {}
    assert load_formats(beside) == {}

    (tmp_path / "formats.toml").write_text("[here]\nexpression = '(?P<message>.*)'\n")
    (beside.parent / "formats.toml").write_text(
        "[b]\nexpression = 'x'\ntime = 'iso'\n[a]\nexpression = 'y'\nzone = 'UTC'\n"
    )

    assert load_formats(None) == {"here": FormatRule("(?P<message>.*)")}
    found = load_formats(beside)
    assert list(found.items()) == [("b", FormatRule("x", "iso")), ("a", FormatRule("y", zone="UTC"))]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("[a]\ntime = 'iso'", "a: $ is {'time': 'iso'}: object missing required field `expression`"),
        ("[a]\nexpression = 1", "a: $.expression is 1: expected `str`, got `int`"),
        ("[a]\nexpression = 'x'\nzoen = 'UTC'", "$.a: there is no key 'zoen'; there are: expression, time, zone"),
    ],
)
def test_a_format_that_is_none_is_said_with_its_file_and_name(text: str, error: str, tmp_path: Path) -> None:
    (tmp_path / "formats.toml").write_text(f"[fine]\nexpression = 'x'\n{text}")

    with pytest.raises(SettingsError) as wrong:
        load_formats(tmp_path / "training.toml")

    assert str(wrong.value) == f"{tmp_path / 'formats.toml'}: {error}"


def test_a_value_is_no_format(tmp_path: Path) -> None:
    (tmp_path / "formats.toml").write_text("a = 1")

    with pytest.raises(SettingsError, match=r"formats\.toml: a: \$ is 1: expected `object`, got `int`"):
        load_formats(tmp_path / "training.toml")


def test_values_that_fit_are_converted() -> None:
    assert convert({"topic": "t"}, Kafka, "here") == Kafka("t")
