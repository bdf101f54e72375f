"""
`logwinnow setup elasticsearch`: index templates, and where days are given the policy by which indices are deleted.

The policy is Elasticsearch's (index lifecycle management): the templates name it for indices to come, and it is set on
those that are there. To run it again changes nothing; without days it takes the policy away again. It deletes no data.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from elasticsearch import Elasticsearch

from clients.elasticsearch import CLIENT_ERRORS, Connection
from clients.errors import ClientError
from streaming.config import ElasticsearchSinkConfig
from streaming.sink.templates import VERSION, names, templates, undated, version_of

# What a server without lifecycle management, or without the policy, says to a request for it.
_NOT_THERE: Final = (400, 404, 405)


@dataclass(frozen=True)
class ElasticsearchInstallation:
    """What the indices of a configuration need in Elasticsearch before a stream writes."""

    config: ElasticsearchSinkConfig

    @property
    def policy(self) -> str:
        """The name of the policy."""
        return f"{self.config.index_prefix}-keep-days"

    @property
    def bodies(self) -> dict[str, dict[str, Any]]:
        """The templates by their names."""
        return templates(
            self.config.index_prefix,
            replicas=self.config.replicas,
            refresh_seconds=self.config.refresh_seconds,
            policy=None if self.config.keep_days is None else self.policy,
        )

    @property
    def names(self) -> list[str]:
        """The names of all templates that there can be."""
        return [*names(self.config.index_prefix), undated(self.config.index_prefix)]

    @property
    def daily(self) -> list[str]:
        """All indices of a day, as Elasticsearch names several."""
        return [*(f"{name}-*" for name in names(self.config.index_prefix)), f"-{undated(self.config.index_prefix)}"]

    def requests(self) -> dict[str, Any]:
        """Return what `install` sends where nothing is there yet, by method and path."""
        templates = {f"PUT /_index_template/{name}": body for name, body in self.bodies.items()}
        days = self.config.keep_days
        return (
            templates if days is None else {f"PUT /_ilm/policy/{self.policy}": {"policy": _deletes(days)}} | templates
        )

    def removals(self) -> dict[str, Any]:
        """Return what `remove` sends where all is there."""
        paths = [f"DELETE /_index_template/{name}" for name in self.names]
        return dict.fromkeys(
            [*paths, f"POST /{','.join(self.daily)}/_ilm/remove", f"DELETE /_ilm/policy/{self.policy}"]
        )

    def install(self) -> Iterator[str]:
        """
        Make or renew templates and policy; yield what was done, one line each.

        Indices that are there keep the mapping that they have.

        Raises:
            ClientError: Elasticsearch does not answer, refuses, has templates of a newer version, or has no lifecycle
                management where days are given.
            SettingsError: A secret is not there.
        """
        connection, days = Connection.of(self.config), self.config.keep_days
        before = {name: _version(connection, name) for name in self.names}
        for name, version in before.items():
            if version is not None and version > VERSION:
                raise ClientError(
                    f"index template {name!r} is of version {version} and ours of version {VERSION}: run setup with "
                    "the newer logwinnow"
                )
        if days is not None:
            self._make_policy(connection, days)
            yield f"policy {self.policy}: indices are deleted {days} days after they were made"
        for name, body in self.bodies.items():
            with _client(connection) as client:
                client.indices.put_index_template(name=name, body=body)
            yield f"index template {name}, version {VERSION}: {_done(before[name])}"
        if days is None:
            yield from self._without_policy(connection)
            yield from _delete_templates(connection, [undated(self.config.index_prefix)])

    def remove(self) -> Iterator[str]:
        """
        Delete templates and policy, and no index; yield what was done, one line each.

        Raises:
            ClientError: Elasticsearch does not answer, or refuses.
            SettingsError: A secret is not there.
        """
        connection = Connection.of(self.config)
        yield from _delete_templates(connection, self.names)
        yield from self._without_policy(connection)

    def _make_policy(self, connection: Connection, days: int) -> None:
        with _client(connection, *_NOT_THERE) as client:
            answer = client.ilm.put_lifecycle(name=self.policy, policy=_deletes(days))
        if answer.meta.status in _NOT_THERE:
            raise ClientError(
                f"keep_days is {days}, and Elasticsearch at {', '.join(connection.urls)} has no index lifecycle "
                "management, which would delete old indices: leave keep_days out, and delete them by other means"
            )
        with _client(connection) as client:
            client.indices.put_settings(
                index=self.daily,
                settings={"index.lifecycle.name": self.policy},
                allow_no_indices=True,
                ignore_unavailable=True,
            )

    def _without_policy(self, connection: Connection) -> Iterator[str]:
        """Take the policy from the indices, which are kept for good then, and delete it."""
        with _client(connection, *_NOT_THERE) as client:
            found = client.ilm.get_lifecycle(name=self.policy)
        if found.meta.status in _NOT_THERE:
            return
        with _client(connection, 404) as client:
            client.ilm.remove_policy(index=",".join(self.daily))
            client.ilm.delete_lifecycle(name=self.policy)
        yield f"policy {self.policy}: removed; no index is deleted by age"


@contextmanager
def _client(connection: Connection, *allowed: int) -> Iterator[Elasticsearch]:
    """Yield the client, to which these HTTP states are no errors; explain what it raises in the block."""
    try:
        yield connection.client().options(ignore_status=allowed)
    except CLIENT_ERRORS as error:
        raise connection.explained(error) from None


def _version(connection: Connection, name: str) -> int | None:
    """Return the version of a template, 0 where it is not ours, None where there is none."""
    with _client(connection, 404) as client:
        return version_of(client.indices.get_index_template(name=name).body, name)


def _delete_templates(connection: Connection, given: list[str]) -> Iterator[str]:
    for name in given:
        version = _version(connection, name)
        if version == 0:
            yield f"index template {name}: left, it is not of logwinnow"
        elif version is not None:
            with _client(connection, 404) as client:
                client.indices.delete_index_template(name=name)
            yield f"index template {name}: removed"


def _deletes(days: int) -> dict[str, Any]:
    """Return the policy: nothing is done to an index but to delete it so many days after it was made."""
    return {
        "_meta": {"logwinnow": VERSION},
        "phases": {"hot": {"actions": {}}, "delete": {"min_age": f"{days}d", "actions": {"delete": {}}}},
    }


def _done(before: int | None) -> str:
    if before is None:
        return "made"
    if before == VERSION:
        return "there"
    return "renewed, was not of logwinnow" if before == 0 else f"renewed, was of version {before}"
