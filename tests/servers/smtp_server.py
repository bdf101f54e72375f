"""A mail server for tests of what sends mail: aiosmtpd on a port of this machine, and what it got."""

import ssl
import threading
from asyncio.base_events import Server
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from certificates import Certificate

HOST = "127.0.0.1"


@dataclass
class Mailbox:
    """
    What a server got, and how it answers.

    Attributes:
        port: Its own.
        answer: Stage (`MAIL`, `RCPT`, `DATA`) and address, of DATA the empty one → an SMTP answer; None for yes.
        raw: The mails, as they came.
        recipients: Of each mail.
        tls: Of each mail: whether it came by TLS.
    """

    port: int = 0
    answer: Callable[[str, str], str | None] = lambda _stage, _address: None
    raw: list[bytes] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    tls: list[bool] = field(default_factory=list)
    came: threading.Event = field(default_factory=threading.Event)

    @property
    def mails(self) -> list[EmailMessage]:
        return [message_from_bytes(each, policy=default) for each in self.raw]

    async def handle_MAIL(  # noqa: N802 - the library's names
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from, envelope.mail_options = address, options
        return self.answer("MAIL", address) or "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        refused = self.answer("RCPT", address)
        if refused is None:
            envelope.rcpt_tos.append(address)
        return refused or "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        refused = self.answer("DATA", "")
        if refused is None:
            assert isinstance(envelope.original_content, bytes)
            self.raw.append(envelope.original_content)
            self.recipients.append(list(envelope.rcpt_tos))
            assert server.transport is not None
            self.tls.append(server.transport.get_extra_info("sslcontext") is not None)
            self.came.set()
        return refused or "250 OK"


class _OfAnyPort(Controller):
    """Listens on a port that is free: before it is looked whether it is up, that must be known."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def mail_server(
    mailbox: Mailbox,
    certificate: Certificate | None = None,
    *,
    starttls: bool = False,
    login: tuple[str, str] | None = None,
) -> Iterator[Mailbox]:
    """
    Serve until the block ends.

    Args:
        mailbox: Gets the port, and the mails.
        certificate: Speaks TLS by it from the first byte, or with `starttls` when it is asked to, before any mail.
        starttls: See above.
        login: The one that it wants; without one it wants none.
    """
    context = None
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate.certificate, certificate.key)

    def knows(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        assert isinstance(given, LoginPassword)
        return AuthResult(success=login == (given.login.decode(), given.password.decode()), handled=False)

    further: dict[str, Any] = {"ssl_context": context}
    if starttls:
        further = {"tls_context": context, "require_starttls": True}
    if login is not None:
        further |= {"authenticator": knows, "auth_required": True, "auth_require_tls": starttls}
    controller = _OfAnyPort(mailbox, hostname=HOST, port=0, ready_timeout=60, **further)
    controller.start()
    try:
        mailbox.port = controller.port
        yield mailbox
    finally:
        controller.stop()
