"""
What the integ-test distribution of Elasticsearch lacks to keep API keys, users and roles: SecurityAnalysis.java.

Without it everything that wants the security index is answered by 400, "Unknown filter type [pattern_capture]".
"""

import subprocess
import zipfile
from pathlib import Path

from maven import NotHere

_SOURCE = Path(__file__).with_name("SecurityAnalysis.java")
_DESCRIPTOR = """\
description=see SecurityAnalysis.java
name=security-analysis
version=1
classname=SecurityAnalysis
java.version=17
elasticsearch.version={version}
"""


def install(home: Path, java: Path) -> None:
    """
    Compile the plugin and put it into an Elasticsearch.

    Args:
        home: Of that Elasticsearch, where `lib` and `plugins` are.
        java: The executable of a Java; Debian's have a compiler even where no JDK is installed.

    Raises:
        NotHere: where the Java has no compiler.
    """
    folder = home / "plugins" / "security-analysis"
    folder.mkdir()
    libraries = sorted(map(str, (home / "lib").glob("*.jar")))
    [server] = (home / "lib").glob("elasticsearch-[0-9]*.jar")
    compiler = [str(java), "-m", "jdk.compiler/com.sun.tools.javac.Main", "-proc:none", "-Xlint:none"]
    done = subprocess.run(
        [*compiler, "-d", str(folder), "-cp", ":".join(libraries), str(_SOURCE)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        raise NotHere(
            f"{java} does not compile {_SOURCE.name}, which a secured Elasticsearch needs: install a JDK (Debian: "
            f"apt install default-jdk-headless); it said: {(done.stderr or done.stdout).strip()[:300]}"
        )
    with zipfile.ZipFile(folder / "security-analysis.jar", "w") as jar:
        for compiled in sorted(folder.glob("*.class")):
            jar.write(compiled, compiled.name)
            compiled.unlink()
    version = server.stem.removeprefix("elasticsearch-")
    (folder / "plugin-descriptor.properties").write_text(_DESCRIPTOR.format(version=version))
