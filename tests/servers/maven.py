"""
The programs of the real servers, which Maven fetches once into a cache.

    pom.xml ─► mvn ─► <cache>/fetching-*/ ─► <cache>/<hash of pom.xml>/{kafka/*.jar, elasticsearch/, languages/*.jar,
                                                                        whole.json}

The last step renames, so that a folder of that name is whole; `whole.json`, which lists its files, tells where
something (a cleaner, a full disk) took from it since. Runs that start at once take turns by a lock.

    LOGWINNOW_TEST_CACHE=folder   the cache (default: ~/.cache/logwinnow-tests); 270 MB
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

POM = Path(__file__).with_name("pom.xml")

_PATIENCE = 900  # seconds; 150 MB over a slow line
# Jars of Elasticsearch's query languages (query_languages.py), which are none of Kafka's.
_LANGUAGES = ("x-pack-*.jar", "arrow-*.jar", "elasticsearch-dissect-*.jar", "antlr4-*.jar")
_COLOUR = re.compile(r"\x1b\[\d*m")  # which Debian's Maven resets even where it uses none
_INSTEAD = (
    "or set LOGWINNOW_TEST_KAFKA (host:port) and LOGWINNOW_TEST_ELASTICSEARCH (URL) to servers that the tests may use"
)


class NotHere(Exception):
    """Raised when this machine lacks what a server needs; says how to get it. A test that raises it is skipped."""


def programs() -> Path:
    """
    Return the folder of `kafka/*.jar`, `elasticsearch/` (with its `bin/`), `languages/*.jar`; nobody may write in it.

    Asks for nothing outside where the cache is whole; else runs Maven, half a minute for 150 MB.

    Raises:
        NotHere: where Maven is missing or cannot fetch.
    """
    cache = Path(os.environ.get("LOGWINNOW_TEST_CACHE") or Path.home() / ".cache" / "logwinnow-tests")
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / hashlib.sha256(POM.read_bytes()).hexdigest()[:16]
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is_whole(folder):
            _fill(folder)
    return folder


def _is_whole(folder: Path) -> bool:
    try:
        sizes = json.loads((folder / "whole.json").read_bytes())
        return all((folder / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError):
        return False


def _fill(folder: Path) -> None:
    for left in (folder, *folder.parent.glob("fetching-*")):
        # Not whole, or of a run that was killed: whoever still fetched would hold the lock.
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="fetching-", dir=folder.parent) as fetching:
        whole = Path(fetching, "whole")
        _run_maven(whole / "kafka")
        [archive] = (whole / "kafka").glob("elasticsearch-*.zip")
        _unpack(archive, whole)
        archive.unlink()
        (whole / archive.stem).rename(whole / "elasticsearch")
        (whole / "languages").mkdir()
        for jar in [jar for name in _LANGUAGES for jar in (whole / "kafka").glob(name)]:
            jar.rename(whole / "languages" / jar.name)
        files = sorted(path for path in whole.rglob("*") if path.is_file())
        sizes = {str(file.relative_to(whole)): file.stat().st_size for file in files}
        (whole / "whole.json").write_text(json.dumps(sizes, indent=1))
        whole.rename(folder)


def _run_maven(folder: Path) -> None:
    mvn = shutil.which("mvn")
    if mvn is None:
        raise NotHere(f"Maven, which fetches Kafka and Elasticsearch, is not here: `apt install maven`, {_INSTEAD}")
    command = [mvn, "-B", "-q", "-f", str(POM), "dependency:copy-dependencies", f"-DoutputDirectory={folder}"]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotHere(
            f"Maven did not fetch Kafka and Elasticsearch in {_PATIENCE} s: is there a network? Try again, {_INSTEAD}"
        ) from None
    if done.returncode:
        lines = _COLOUR.sub("", done.stdout).splitlines()
        said = [line for line in lines if "[ERROR]" in line] or lines[-1:]
        raise NotHere(
            f"Maven could not fetch Kafka and Elasticsearch (is there a network?): try again, {_INSTEAD}; "
            f"it said: {''.join(said[:1])}"
        )


def _unpack(archive: Path, folder: Path) -> None:
    """Unpack with the modes that the archive has, which ZipFile alone forgets, readable to any user."""
    with zipfile.ZipFile(archive) as packed:
        for entry in packed.infolist():
            path = Path(packed.extract(entry, folder))
            path.chmod(0o755 if entry.is_dir() or entry.external_attr >> 16 & 0o100 else 0o644)
