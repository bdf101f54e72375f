"""The table [notify] of conf/streaming.toml, typed: who is told, by what, and how much of a line."""

from email.headerregistry import Address
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, field

from patterns.secrets import RULE, Secret

BODIES: Final = ("json", "slack", "alertmanager")

_SECRET_NAMES: Final = ("authorization", "cookie", "token", "key", "secret", "password")
_HEADER_NAME: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")
_OURS: Final = frozenset({"content-type", "content-length", "host", "transfer-encoding", "idempotency-key"})

Positive = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(gt=0, le=600)]


class WebhookConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """
    One webhook: where to, what of body, what proves that it comes from here.

    `url`, and each value of `headers`, may be a place of a secret instead: env:NAME or file:PATH. `body` is one of
    BODIES, or the path of a template of Jinja, whose output is of `content_type`.
    """

    url: Annotated[str, Meta(min_length=1)]
    body: Annotated[str, Meta(min_length=1)] = "json"
    content_type: Annotated[str, Meta(pattern=r"^[\x21-\x7e][\x20-\x7e]*$")] = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    hmac: Secret | None = None
    ca_certs: str | None = None
    timeout_seconds: Seconds = 10.0

    def __post_init__(self) -> None:
        """Raise ValueError for a header that cannot be one, or whose value looks like a secret of its own."""
        for name, value in self.headers.items():
            if not name or not set(name.lower()) <= _HEADER_NAME:
                msg = f"headers has the name {name!r}: it is made of letters, digits, - and _"
                raise ValueError(msg)
            if name.lower() in _OURS or name.lower().startswith("x-logwinnow-"):
                msg = f"headers has {name!r}, which is set for each request; leave it out"
                raise ValueError(msg)
            if not is_place(value) and any(part in name.lower() for part in _SECRET_NAMES):
                raise ValueError(RULE)
            if not value.isprintable():
                msg = f"headers has a value for {name!r} with a control character; leave it out"
                raise ValueError(msg)


class EmailConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """
    The mail server, who writes to whom (nobody: no mail), and for how many minutes alerts are gathered into one mail.

    Without a `port` it is that of the kind of TLS: 587, 465, or 25 for none.
    """

    to: list[str] = field(default_factory=list)
    sender: str | None = field(default=None, name="from")
    host: Annotated[str, Meta(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65_535)] | None = None
    tls: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password: Secret | None = None
    ca_certs: str | None = None
    every_minutes: Annotated[int, Meta(ge=0, le=1_440)] = 5
    timeout_seconds: Seconds = 30.0

    def __post_init__(self) -> None:
        """Raise ValueError for addresses that are none, and for keys that do not go together."""
        for name, addresses in (("to", self.to), ("from", [self.sender] if self.sender else [])):
            for address in addresses:
                _check_address(name, address)
        if self.to and self.sender is None:
            msg = "to needs from, the address that mails come from"
            raise ValueError(msg)
        if (self.username is None) != (self.password is None):
            msg = "username and password go together: set both or none"
            raise ValueError(msg)
        if self.username is not None and self.tls == "none":
            msg = 'tls is "none" and there is a password: everybody on the way could read it; set "starttls" or "tls"'
            raise ValueError(msg)


class NotifyConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """
    Whom alerts are sent to; without any receiver nothing is kept either.

    What cannot be sent in `give_up_hours` is given up; of what waits the oldest is dropped above `max_waiting_bytes`.
    `digest_at` is an hour and minute in UTC. With `redact_below` words seen in fewer lines are masked in what leaves.
    """

    give_up_hours: Annotated[float, Meta(gt=0, le=8_760)] = 24.0
    max_waiting_bytes: Annotated[int, Meta(ge=65_536)] = 67_108_864
    digest_at: Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")] | None = None
    redact_below: Positive | None = None
    link: Annotated[str, Meta(pattern=r"^https?://[\x21-\x7e]+$")] | None = None
    webhook: dict[Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,40}$")], WebhookConfig] = field(default_factory=dict)
    email: EmailConfig = field(default_factory=EmailConfig)


def is_place(value: str) -> bool:
    """Tell whether a value says where a secret is."""
    return value.startswith(("env:", "file:"))


def revealed(value: str) -> str:
    """
    Return a value, or what is at the place that it is.

    Raises:
        SettingsError: There is none.
    """
    return Secret(value).reveal() if is_place(value) else value


def _check_address(name: str, address: str) -> None:
    try:
        found = Address(addr_spec=address)
        fine = bool(found.username and found.domain) and address.isprintable()
    except (ValueError, IndexError):
        fine = False
    if not fine:
        msg = f"{name} has {address!r}, which is no address: write it as ops@example.org"
        raise ValueError(msg)
