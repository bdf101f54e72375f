"""
logfold over a file, by its Python interface, which does what its `logfold analyze` does.

    folding.py FILE THREADS

The format is found out by logfold from the first lines; where it is not sure it asks for one, and gets `plain`.
Prints ``{"templates": number, "format": its name, "strategy": sequential or chunked, "threads": number}``.
"""

import json
import sys

import logfold


def main(path: str, threads: int) -> None:
    """Mine a file and print what was found, and how."""
    try:
        result = logfold.analyze(path, threads=threads)
    except logfold.FormatError:
        result = logfold.analyze(path, threads=threads, format="plain")
    how = result.metrics
    told = {"templates": len(result.templates), "format": result.meta.format}
    print(json.dumps({**told, "strategy": how.strategy, "threads": how.threads}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
