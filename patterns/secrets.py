"""
Secrets of a configuration: it says where they are, never what they are.

    password = "env:ELASTIC_PASSWORD"        a variable of the environment
    password = "file:/run/secrets/elastic"   a file; its final line feed is no part of it
"""

import os
from pathlib import Path
from typing import Final

from patterns.errors import SettingsError

RULE: Final = "a secret is not written in the configuration: set env:NAME for a variable, or file:PATH for a file"


class Secret:
    """Where a secret is. It prints, compares and pickles as that place, and never as the secret."""

    __slots__ = ("place",)

    def __init__(self, place: str) -> None:
        """
        Take a place.

        Raises:
            ValueError: It is no place, but the secret itself perhaps: the message does not repeat it.
        """
        kind, colon, name = place.partition(":")
        if not (colon and name and kind in {"env", "file"}):
            raise ValueError(RULE)
        self.place = place

    def __repr__(self) -> str:
        return self.place

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other.place == self.place

    def __hash__(self) -> int:
        return hash(self.place)

    def reveal(self) -> str:
        """
        Return the secret, as it is there now.

        Raises:
            SettingsError: There is none.
        """
        kind, _, name = self.place.partition(":")
        if kind == "env":
            value = os.environ.get(name, "")
        else:
            try:
                value = Path(name).read_text(encoding="utf-8").removesuffix("\n")
            except (OSError, UnicodeDecodeError, ValueError) as error:
                why = getattr(error, "strerror", None) or "it is no text"
                raise SettingsError(f"secret {self.place!r}: {why}; check the path and its rights") from None
        if not value:
            raise SettingsError(f"secret {self.place!r} is empty or not there; set it, or name another place")
        return value
