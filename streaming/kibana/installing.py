"""
`logwinnow setup kibana`: objects by Kibana's import, rules by its rule API, and all of it away again.

To run it again changes nothing, but for what somebody changed of ours by hand: objects are overwritten, rules get their
parameters back and keep their actions and whether they are on.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from clients.config import KibanaConfig
from clients.errors import ClientError
from clients.kibana import KibanaConnection
from streaming.kibana import VERSION, Json
from streaming.kibana.dashboards import DASHBOARDS
from streaming.kibana.ndjson import export, saved_objects
from streaming.kibana.rules import RULES, Rule

_IMPORT: Final = "/api/saved_objects/_import?overwrite=true"
_EXPORT: Final = "/api/saved_objects/_export"
# Of an action as it is read, what an update of its rule takes again.
_ACTION_KEYS: Final = ("id", "group", "params", "frequency", "uuid", "alerts_filter", "use_alert_data_for_template")
# What an operator has set beside them, and an update would take away.
_KEPT: Final = ("alert_delay", "flapping")
_NAMED_ERRORS: Final = 3


@dataclass(frozen=True)
class KibanaInstallation:
    """What Kibana shows of the indices of a prefix."""

    config: KibanaConfig
    prefix: str

    def requests(self) -> dict[str, Any]:
        """Return what `install` sends where nothing is there yet, by method and path; an upload as its rows."""
        rules = {f"POST {_rule(rule, self.prefix)}": rule.created(self.prefix) for rule in RULES}
        return {f"POST {_IMPORT}": [each.row() for each in saved_objects(self.prefix)], **rules}

    def removals(self) -> dict[str, Any]:
        """Return what `remove` sends, in its order."""
        return dict.fromkeys([f"DELETE {path}" for path in _paths(self.prefix)])

    def install(self) -> Iterator[str]:
        """
        Make or renew all objects and rules; yield what was done, one line each.

        Raises:
            ClientError: Kibana does not answer, refuses, took only some objects, or has those of a newer version.
            SettingsError: A secret is not there.
        """
        connection = KibanaConnection.of(self.config)
        before = _version(connection, self.prefix)
        if before is not None and before > VERSION:
            raise ClientError(
                f"Kibana at {connection.url} has objects of version {before} and ours are of version {VERSION}: run "
                "setup with the newer logwinnow"
            )
        took = _import(connection, self.prefix)
        done = "made" if before is None else "there" if before == VERSION else f"renewed, were of version {before}"
        yield f"data views, sessions and dashboards of {self.prefix}, version {VERSION}: {took} {done}"
        for rule in RULES:
            yield f"rule {rule.title!r} of {self.prefix}: {_install_rule(connection, rule, self.prefix)}"

    def remove(self) -> Iterator[str]:
        """
        Delete what `install` made; yield what was done, one line each.

        Raises:
            ClientError: Kibana does not answer, or refuses.
            SettingsError: A secret is not there.
        """
        connection = KibanaConnection.of(self.config)
        for path in _paths(self.prefix):
            status, _ = connection.ask("DELETE", path, allowed={404})
            yield f"{path.partition('?')[0]}: {'was not there' if status == 404 else 'removed'}"


def _paths(prefix: str) -> list[str]:
    """Return the paths of all that is ours: what names others before them."""
    # `force`: in all spaces that share it.
    objects = [f"/api/saved_objects/{each.kind}/{each.id}?force=true" for each in reversed(saved_objects(prefix))]
    return [*(_rule(rule, prefix) for rule in RULES), *objects]


def _rule(rule: Rule, prefix: str) -> str:
    return f"/api/alerting/rule/{rule.id(prefix)}"


def _version(connection: KibanaConnection, prefix: str) -> int | None:
    """Return the version of the objects that are there; None where the dashboards are not."""
    wanted = [{"type": "dashboard", "id": dashboard.id(prefix)} for dashboard in DASHBOARDS]
    request = {"objects": wanted, "excludeExportDetails": True}
    # An export of what is not there is a bad request.
    status, body = connection.ask("POST", _EXPORT, request, allowed={400})
    if status == 400:
        return None
    rows = body if isinstance(body, list) else [body]
    said = (re.search(r"logwinnow setup kibana, version (\d+)", str(row)) for row in rows)
    return max((int(found[1]) for found in said if found), default=0)


def _import(connection: KibanaConnection, prefix: str) -> int:
    _, body = connection.ask("POST", _IMPORT, file=export(prefix))
    if not isinstance(body, dict) or "success" not in body:
        raise ClientError(f"Kibana at {connection.url} answers an import by {str(body)[:300]}: check kibana.url")
    took = int(body.get("successCount", 0))
    if not body["success"]:
        errors = [_refused(error) for error in body.get("errors", [])]
        more = f" and {len(errors) - _NAMED_ERRORS} more" if len(errors) > _NAMED_ERRORS else ""
        raise ClientError(
            f"Kibana at {connection.url} took {took} of {len(saved_objects(prefix))} objects and refuses "
            f"{'; '.join(errors[:_NAMED_ERRORS])}{more}: mend that and run it again, or import conf/kibana by hand"
        )
    return took


def _refused(error: Json) -> str:
    """Return which object an error of an import is of, and why."""
    why = error.get("error", {})
    missing = [f"{each.get('type')} {each.get('id')}" for each in why.get("references", [])]
    text = why.get("message") or ", ".join(missing)
    return f"{error.get('type')} {error.get('id')} ({why.get('type')}{': ' if text else ''}{str(text)[:200]})"


def _install_rule(connection: KibanaConnection, rule: Rule, prefix: str) -> str:
    path = _rule(rule, prefix)
    status, found = connection.ask("GET", path, allowed={404})
    if status == 404:
        status, _ = connection.ask("POST", path, rule.created(prefix), allowed={409})
        if status != 409:
            return "made"
        # Somebody else has made it meanwhile.
        _, found = connection.ask("GET", path)
    actions = [{key: action[key] for key in _ACTION_KEYS if key in action} for action in found.get("actions", [])]
    wanted = rule.changed(prefix)
    if all(_within(wanted[key], found.get(key)) for key in wanted):
        return "there"
    kept = {key: found[key] for key in _KEPT if found.get(key) is not None}
    status, _ = connection.ask("PUT", path, {**wanted, **kept, "actions": actions}, allowed={409})
    if status == 409:
        raise ClientError(
            f"Kibana at {connection.url}: rule {rule.title!r} is just being changed by others: run it again"
        )
    return f"renewed, with its {len(actions)} actions" if actions else "renewed"


def _within(ours: Any, theirs: Any) -> bool:
    """Tell whether Kibana has what we want, perhaps among defaults of its own."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return all(_within(value, theirs.get(key)) for key, value in ours.items())
    return bool(ours == theirs)
