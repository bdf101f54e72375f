"""
What can go wrong with Spark; the tree's root is `patterns.errors.LogwinnowError`.

    SparkError                     Spark itself failed, with what it said
    └── NoJava                     Spark cannot start: no Java of a version that it runs on
"""

import re
from typing import Final

from patterns.errors import LogwinnowError

_OURS: Final = re.compile(r"(?:patterns|training|streaming)\.errors\.\w+: ([^\n]+)")


class SparkError(LogwinnowError):
    """Raised when Spark failed."""


class NoJava(SparkError):
    """Raised when no Java is found that Spark runs on."""


def said(error: BaseException) -> str:
    """Return what our own error says that Spark carried here from a worker, or what Spark itself says, in one line."""
    found = _OURS.findall(str(error))
    if found:
        return str(found[-1])
    lines = str(error).strip().splitlines()
    return f"Spark failed: {lines[0] if lines else type(error).__name__}; its log above says more"
