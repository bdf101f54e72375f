"""
What can go wrong with a server; the tree's root is `patterns.errors.LogwinnowError`.

    ClientError                    a server cannot be used: what it said, and how to mend it
    └── ServerAway                 it does not answer now, or has no room now: worth another try
"""

from patterns.errors import LogwinnowError


class ClientError(LogwinnowError):
    """Raised when a server cannot be used as it is configured."""


class ServerAway(ClientError):
    """Raised when a server does not answer now."""
