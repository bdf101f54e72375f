"""
What stands in for Kibana, which can be had from nowhere that CI fetches from: as much of its API as setup uses.

Requests are held to what Kibana's own documentation and sources say: `kbn-xsrf` on all that changes, an upload as
multipart/form-data with the one field `file`, the keys that a rule is made and changed by. Answers have its shapes.
"""

import email
import email.policy
import json
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from http_answers import Reply, Request

Json = dict[str, Any]

_RULE_KEYS = {"name", "tags", "schedule", "params", "actions", "alert_delay", "flapping", "throttle", "notify_when"}
_ACTION_KEYS = {"id", "group", "params", "frequency", "uuid", "alerts_filter", "use_alert_data_for_template"}


@dataclass
class KibanaStandIn:
    """
    A Kibana.

    Attributes:
        space: The path before its API.
        refused: Errors of an import by the ids of objects, as Kibana says them.
        authorization: The header that it wants; None for none.
        replies: What it says instead, by method and start of the path.
        objects: What was imported, by type and id.
        rules: By id.
        requests: All that it was asked.
    """

    space: str = ""
    refused: dict[str, Json] = field(default_factory=dict)
    authorization: str | None = None
    replies: dict[tuple[str, str], Reply] = field(default_factory=dict)
    objects: dict[tuple[str, str], Json] = field(default_factory=dict)
    rules: dict[str, Json] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)

    def __call__(self, request: Request) -> Reply:
        """Answer a request."""
        self.requests.append(request)
        url = urlsplit(request.path)
        path = url.path.removeprefix(self.space)
        instead = self._instead(request, url.path, path)
        if instead is not None:
            return instead
        match request.method, path.split("/")[2:]:
            case "POST", ["saved_objects", "_import"]:
                return self._import(request, parse_qs(url.query))
            case "POST", ["saved_objects", "_export"]:
                return self._export(request.json["objects"])
            case "DELETE", ["saved_objects", kind, identity]:
                return (
                    Reply(200, {}) if self.objects.pop((kind, identity), None) else error(404, "Saved object not found")
                )
            case method, ["alerting", "rule", identity]:
                return self._rule(method, identity, request)
        return error(404, "Not Found")

    def _instead(self, request: Request, whole: str, path: str) -> Reply | None:
        """Return what is said without a look at what was asked for, None for nothing."""
        if not whole.startswith(f"{self.space}/api/"):
            return error(404, "Not Found")
        if self.authorization is not None and request.headers.get("authorization") != self.authorization:
            return error(401, "[security_exception]: unable to authenticate user")
        if request.method != "GET" and "kbn-xsrf" not in request.headers:
            return error(400, "Request must contain a kbn-xsrf header.")
        told = (reply for (method, start), reply in self.replies.items() if self._is(request, path, method, start))
        return next(told, None)

    @staticmethod
    def _is(request: Request, path: str, method: str, start: str) -> bool:
        return request.method == method and path.startswith(start)

    def asked(self) -> list[str]:
        """Return the methods and paths of all requests."""
        return [f"{request.method} {request.path}" for request in self.requests]

    def _import(self, request: Request, query: dict[str, list[str]]) -> Reply:
        head = f"content-type: {request.headers['content-type']}\r\n\r\n".encode()
        message = email.message_from_bytes(head + request.body, policy=email.policy.HTTP)
        if message.get_content_type() != "multipart/form-data":
            return error(415, "Unsupported Media Type")
        [part] = message.iter_parts()
        assert part.get_param("name", header="content-disposition") == "file"
        if not (part.get_filename() or "").endswith(".ndjson"):
            return error(400, "Invalid file extension")
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        rows = [json.loads(line) for line in content.splitlines() if line.strip()]
        known = {(row["type"], row["id"]) for row in rows} | self.objects.keys()
        errors = []
        for row in rows:
            key = row["type"], row["id"]
            missing = [each for each in row["references"] if (each["type"], each["id"]) not in known]
            why = self.refused.get(row["id"])
            if missing:
                why = {"type": "missing_references", "references": [{k: r[k] for k in ("type", "id")} for r in missing]}
            elif why is None and key in self.objects and query.get("overwrite") != ["true"]:
                why = {"type": "conflict"}
            if why:
                errors.append({"type": row["type"], "id": row["id"], "meta": {}, "error": why})
        # Of what somebody could mend nothing is taken before it is mended.
        wait = any(each["error"]["type"] in {"conflict", "missing_references"} for each in errors)
        refused = {(each["type"], each["id"]) for each in errors}
        taken = [] if wait else [row for row in rows if (row["type"], row["id"]) not in refused]
        self.objects |= {(row["type"], row["id"]): row for row in taken}
        answer = {"successCount": len(taken), "success": not errors, "warnings": []}
        return Reply(200, answer | ({"errors": errors} if errors else {}))

    def _export(self, wanted: list[Json]) -> Reply:
        keys = [(each["type"], each["id"]) for each in wanted]
        if not all(key in self.objects for key in keys):
            return error(400, "Error fetching objects to export")
        rows = b"\n".join(json.dumps(self.objects[key]).encode() for key in keys)
        return Reply(200, rows, {"content-type": "application/ndjson"})

    def _rule(self, method: str, identity: str, request: Request) -> Reply:
        uuid.UUID(identity)
        found = self.rules.get(identity)
        if method == "POST":
            return self._make_rule(identity, request.json)
        if found is None:
            return error(404, f"Saved object [alert/{identity}] not found")
        if method == "DELETE":
            del self.rules[identity]
            return Reply(204)
        return Reply(200, found) if method == "GET" else self._change_rule(identity, request.json)

    def _make_rule(self, identity: str, given: Json) -> Reply:
        if identity in self.rules:
            return error(409, f"Saved object [alert/{identity}] conflict")
        if given.keys() != {"name", "tags", "schedule", "params", "actions", "rule_type_id", "consumer", "enabled"}:
            return error(400, f"[request body]: keys {sorted(given)}")
        # Kibana has defaults of its own beside what it was given.
        self.rules[identity] = {**given, "id": identity, "flapping": None}
        self.rules[identity]["params"] |= {"sourceFields": []}
        return Reply(200, self.rules[identity])

    def _change_rule(self, identity: str, given: Json) -> Reply:
        found = self.rules[identity]
        actions = [action.keys() for action in given["actions"]]
        if not given.keys() <= _RULE_KEYS or not all(keys <= _ACTION_KEYS for keys in actions):
            return error(400, f"[request body]: keys {sorted(given)}, {actions}")
        kept = {action["uuid"]: action for action in found["actions"]}
        given["actions"] = [kept.get(action.get("uuid"), {}) | action for action in given["actions"]]
        self.rules[identity] = found | given
        return Reply(200, self.rules[identity])


def error(status: int, message: str) -> Reply:
    """Return an error as Kibana says it."""
    names = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 409: "Conflict"}
    return Reply(status, {"statusCode": status, "error": names.get(status, "Error"), "message": message})
