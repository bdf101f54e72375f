"""
What can go wrong with Spark; the tree's root is `patterns.errors.LogwinnowError`.

    SparkError                     Spark itself failed, with what it said
    └── NoJava                     Spark cannot start: no Java of a version that it runs on
"""

import re
from typing import Final

from patterns.errors import LogwinnowError

_OURS: Final = re.compile(r"(?:patterns|clients|training|streaming)\.errors\.\w+: ([^\n]+)")
_RAISED: Final = re.compile(r"^Traceback \(most recent call last\):\n(?:[ \t][^\n]*\n)+(\S[^\n]*)", re.MULTILINE)


class SparkError(LogwinnowError):
    """Raised when Spark failed."""


class NoJava(SparkError):
    """Raised when no Java is found that Spark runs on."""


def ours(error: BaseException) -> str | None:
    """Return what an error of ours says that Spark carried here from a worker; None where it is Spark's own."""
    found = _OURS.findall(str(error))
    return str(found[-1]) if found else None


def said(error: BaseException) -> str:
    """Return in one line what an error says: that of ours which Spark carried here, a worker's, or Spark itself."""
    text = str(error).strip()
    # What a worker raised stands under its traceback.
    lines = _RAISED.findall(text)[-1:] or text.splitlines()
    return ours(error) or f"Spark failed: {lines[0] if lines else type(error).__name__}; its log above says more"
