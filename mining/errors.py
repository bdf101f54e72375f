"""
The errors of mining; the tree's root is `patterns.errors.LogwinnowError`.

    MiningError
    └── SpillError    there is no room on disk for counts that memory should not hold
"""

from patterns.errors import LogwinnowError


class MiningError(LogwinnowError):
    """Raised when lines cannot be mined."""


class SpillError(MiningError):
    """Raised when counts cannot be written to a temporary file, or read from it."""
