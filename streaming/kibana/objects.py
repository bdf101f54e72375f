"""One saved object as Kibana's import takes it, and how objects name one another."""

from dataclasses import dataclass
from typing import Final

from streaming.kibana import Json

# What every export since 8.8 says, and the versions of each type's shape that we write: the newest that all supported
# Kibanas know, and no newer than they are written by 8.19.
_CORE: Final = "8.8.0"
TYPE_VERSIONS: Final = {"index-pattern": "8.0.0", "search": "8.0.0", "dashboard": "8.9.0"}


@dataclass(frozen=True)
class SavedObject:
    """
    A saved object.

    Attributes:
        kind: Kibana's name of its type.
        id: Its id; the same kind has it once.
        attributes: As the type has them; some are JSON within a string.
        references: What it names of other objects.
    """

    kind: str
    id: str
    attributes: Json
    references: tuple[Json, ...] = ()

    def row(self) -> Json:
        """Return the object as a row of an export has it."""
        return {
            "type": self.kind,
            "id": self.id,
            "attributes": self.attributes,
            "references": list(self.references),
            "managed": False,
            "coreMigrationVersion": _CORE,
            "typeMigrationVersion": TYPE_VERSIONS[self.kind],
        }


def view_id(prefix: str, view: str) -> str:
    """Return the id of a data view of the stream whose indices have the prefix."""
    return f"{prefix}-{view}"


def of_view(prefix: str, view: str, name: str) -> Json:
    """Return the reference to a data view by which an object's part of that name reads it."""
    return {"type": "index-pattern", "id": view_id(prefix, view), "name": name}
