"""
A notice → one HTTP POST.

    Content-Type               as configured
    Idempotency-Key            the notice's id: the same when it comes a second time
    X-Logwinnow-Timestamp      seconds since 1970, of this try
    X-Logwinnow-Signature      sha256=<HMAC-SHA-256 of timestamp, a full stop, and the body, in hexadecimal digits>
                               both only with `hmac`

Redirects are not followed: a body meant for one receiver would go to another. A status of 408, 425, 429 or 500 and
above is tried again, after the seconds that Retry-After asks for; 400, 409, 413 and 422 are about this notice, which is
given up; whatever else is about us, and waits until it is mended. Certificates are verified, always.
"""

import hashlib
import hmac
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import urllib3
from urllib3.exceptions import HTTPError, LocationParseError, SSLError
from urllib3.util import Timeout, parse_url

from patterns.errors import SettingsError
from patterns.terminal import printable
from streaming.notifying.bodies import alertmanager_body, json_body, slack_body
from streaming.notifying.config import BODIES, WebhookConfig, revealed
from streaming.notifying.notice import Notice
from streaming.notifying.receiver import Outcome
from streaming.notifying.templates import BodyTemplate

LONGEST_WAIT: Final = 3_600.0
"""Seconds that a receiver may ask us to wait."""

_AGAIN: Final = frozenset({408, 425, 429})
_OF_THE_NOTICE: Final = frozenset({400, 409, 413, 422})
_ANSWER_BYTES: Final = 2_048
_ANSWER_CHARACTERS: Final = 200
_MENDS: Final = {
    401: "check the login in its headers, or hmac",
    403: "check the login in its headers, or hmac, and what it may do",
    404: "check url",
    410: "it is gone for good: set another url, or remove it",
}


def signature(secret: bytes, timestamp: str, body: bytes) -> str:
    """Return what X-Logwinnow-Signature says of a body; a receiver compares it in constant time."""
    return "sha256=" + hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


@dataclass
class Webhook:
    """
    A receiver by HTTP; see `streaming.notifying.receiver.Receiver`.

    Attributes:
        name: `webhook.` and what the configuration calls it.
        config: Its table.
        repeat_after_hours: For how long an alert fires in Alertmanager.
    """

    name: str
    config: WebhookConfig
    repeat_after_hours: int
    most: int = 1
    gather_seconds: float = 0.0
    _render: Callable[[Notice], bytes] = field(init=False, repr=False)
    _pool: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """
        Check all that can be checked before anything is sent.

        Raises:
            SettingsError: A secret, the CA or a template is not there, or cannot be used; the URL is none.
        """
        key, config = f"notify.{self.name}", self.config
        self._place = _checked(f"{key}.url", revealed(config.url))
        self._headers(b"")
        made_by = {"json": json_body, "slack": slack_body}
        if config.body in made_by:
            self._render = made_by[config.body]
        elif config.body in BODIES:
            self._render = self._alertmanager
        else:
            self._render = BodyTemplate(f"{key}.body", config.body, config.content_type).render
        if config.ca_certs is not None and not Path(config.ca_certs).is_file():
            raise SettingsError(
                f"{key}.ca_certs is {config.ca_certs!r}: there is no such file; set the PEM file of the server's CA"
            )
        seconds = Timeout(connect=config.timeout_seconds, read=config.timeout_seconds)
        verify: dict[str, Any] = {"cert_reqs": "CERT_REQUIRED", "ca_certs": config.ca_certs}
        self._pool = urllib3.PoolManager(num_pools=1, maxsize=1, timeout=seconds, retries=False, **verify)

    def send(self, notices: Sequence[Notice], key: str) -> Outcome:
        """Post a notice."""
        (notice,) = notices
        try:
            body = self._render(notice)
        except SettingsError as error:
            return Outcome("refused", str(error))
        try:
            return self._post(body, key)
        except SettingsError as error:
            # A secret that was there at the start.
            return Outcome("closed", str(error))
        except SSLError as error:
            why = f"{self._place}: its certificate is not trusted: {error}; check notify.{self.name}.ca_certs"
            return Outcome("closed", printable(why))
        except (HTTPError, OSError) as error:
            return Outcome("away", printable(f"{self._place} does not answer: {_said(error)}"))

    def _post(self, body: bytes, key: str) -> Outcome:
        headers = {**self._headers(body), "Idempotency-Key": key}
        request = partial(self._pool.request, "POST", revealed(self.config.url), body=body, headers=headers)
        answer = request(redirect=False, preload_content=False)
        try:
            said = answer.read(_ANSWER_BYTES).decode(errors="replace")
        finally:
            # What is not read of it would stand before the next answer.
            answer.close()
        return self._outcome(answer.status, answer.headers, said)

    def _headers(self, body: bytes) -> dict[str, str]:
        config = self.config
        headers = {"Content-Type": config.content_type, "User-Agent": "logwinnow"}
        for name, value in config.headers.items():
            headers[name] = revealed(value)
            if not headers[name].isprintable() or not headers[name].isascii():
                raise SettingsError(
                    f"notify.{self.name}.headers.{name}: what is at {value!r} has characters that no header may have; "
                    "write it as one line of ASCII"
                )
        if config.hmac is not None:
            timestamp = str(int(time.time()))
            headers["X-Logwinnow-Timestamp"] = timestamp
            headers["X-Logwinnow-Signature"] = signature(config.hmac.reveal().encode(), timestamp, body)
        return headers

    def _outcome(self, status: int, headers: Any, said: str) -> Outcome:
        if 200 <= status < 300:
            return Outcome("sent")
        reason = printable(said.strip(), _ANSWER_CHARACTERS) or "no reason"
        why = f"{self._place} answers {status}: {reason}"
        if status in _AGAIN or status >= 500:
            return Outcome("away", why, wait_asked(headers.get("Retry-After"), datetime.now(UTC)))
        if status in _OF_THE_NOTICE:
            return Outcome("refused", f"{why}; check notify.{self.name}.body: it is not what the receiver takes")
        if 300 <= status < 400:
            return Outcome("closed", f"{why}; redirects are not followed: set notify.{self.name}.url to where it leads")
        return Outcome("closed", f"{why}; {_MENDS.get(status, 'see its log')} (notify.{self.name})")

    def _alertmanager(self, notice: Notice) -> bytes:
        return alertmanager_body(notice, self.repeat_after_hours, time.time_ns() // 1000)


def wait_asked(text: str | None, now: datetime) -> float | None:
    """Return the seconds that a header Retry-After asks for, no more than LONGEST_WAIT; None where it says none."""
    if text is None:
        return None
    try:
        if text.strip().isdecimal():
            return min(float(text), LONGEST_WAIT)
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), LONGEST_WAIT)


def _checked(key: str, url: str) -> str:
    """Return of a URL what may be shown: its path may be all that guards it."""
    try:
        found = parse_url(url)
    except LocationParseError:
        found = parse_url("")
    if found.scheme not in ("http", "https") or not found.host:
        raise SettingsError(f"{key} is no URL of a webhook: write it as https://example.org/path")
    if found.auth:
        raise SettingsError(f"{key} has a login in it: give that as a header, Authorization, at env:NAME or file:PATH")
    return f"{found.scheme}://{found.netloc}"


def _said(error: Exception) -> str:
    """Return what went wrong, without the URL that urllib3 puts into it."""
    inner = error.args[-1] if isinstance(error, HTTPError) and error.args else error
    text = str(getattr(inner, "reason", None) or inner)
    return text.rpartition(": ")[2] or type(error).__name__
