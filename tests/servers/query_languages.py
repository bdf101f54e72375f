"""
What the integ-test distribution of Elasticsearch lacks to understand KQL and ES|QL: two modules, by their own jars.

Their descriptors are in the jars. ES|QL names modules there that its rarer functions use (painless, machine learning);
it starts and answers without them.
"""

import shutil
import zipfile
from pathlib import Path

_MODULES = {
    "x-pack-kql": ("x-pack-core", ("antlr4-runtime-",)),
    "x-pack-esql-core": ("x-pack-core", ()),
    "x-pack-esql": (
        "x-pack-esql-core",
        ("x-pack-esql-compute-", "arrow-", "elasticsearch-dissect-", "antlr4-runtime-"),
    ),
}
"""Module → the module that it extends, and the starts of the names of its further jars."""


def install(home: Path, jars: Path) -> None:
    """
    Put the modules into an Elasticsearch.

    Args:
        home: Of that Elasticsearch, where `modules` is.
        jars: Folder of the jars.
    """
    for name, (extends, further) in _MODULES.items():
        folder = home / "modules" / name
        folder.mkdir()
        [own] = jars.glob(f"{name}-[0-9]*.jar")
        for jar in (own, *(jar for start in further for jar in jars.glob(f"{start}[0-9]*.jar"))):
            shutil.copy(jar, folder)
        with zipfile.ZipFile(own) as archive:
            descriptor = archive.read(f"META-INF/es-plugins/{name}/plugin-descriptor.properties").decode()
        kept = [line for line in descriptor.splitlines() if not line.startswith(("extended.plugins=", "modulename="))]
        text = "".join(f"{line}\n" for line in [*kept, f"extended.plugins={extends}"])
        (folder / "plugin-descriptor.properties").write_text(text)
