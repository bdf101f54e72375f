"""
Notices → one mail in plain text, by SMTP.

A mail has the alerts of some minutes, with a Message-ID that follows from them: the same when it is sent a second time.
No text of a log is in a header, and in the body control characters are shown as escapes. Certificates are verified.
"""

import contextlib
import smtplib
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from typing import Final

from patterns.errors import SettingsError
from patterns.terminal import printable
from streaming.notifying.bodies import text_of
from streaming.notifying.config import EmailConfig
from streaming.notifying.notice import Notice
from streaming.notifying.receiver import Outcome

ALERTS_A_MAIL: Final = 100

_PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}
_SAID_CHARACTERS: Final = 200


@dataclass
class Mail:
    """
    A receiver by e-mail; see `streaming.notifying.receiver.Receiver`.

    Attributes:
        config: The table [notify.email].
        source: Name of the source, for the subject.
    """

    config: EmailConfig
    source: str
    name: str = "email"
    most: int = ALERTS_A_MAIL

    def __post_init__(self) -> None:
        """
        Check all that can be checked before anything is sent.

        Raises:
            SettingsError: The password or the CA is not there.
        """
        if self.config.password is not None:
            self.config.password.reveal()
        self._trust = self._context()

    @property
    def gather_seconds(self) -> float:
        """See `streaming.notifying.receiver.Receiver`."""
        return self.config.every_minutes * 60.0

    def send(self, notices: Sequence[Notice], key: str) -> Outcome:
        """Send a mail."""
        message = self.message(notices, key)
        try:
            with self._connected() as server:
                refused = server.send_message(message)
        except SettingsError as error:
            return Outcome("closed", str(error))
        except (smtplib.SMTPException, OSError) as error:
            return self._failed(error)
        if refused:
            # The others have it: a second sending would be a double for them.
            return Outcome("sent", f"{self._place} refuses {_of_recipients(refused)}; check notify.email.to")
        return Outcome("sent")

    def message(self, notices: Sequence[Notice], key: str) -> EmailMessage:
        """Return the mail of notices."""
        assert self.config.sender is not None  # noqa: S101 (the configuration sees to it)
        message = EmailMessage(policy=SMTP_POLICY)
        message["From"] = self.config.sender
        message["To"] = ", ".join(self.config.to)
        message["Subject"] = self._subject(notices)
        message["Date"] = format_datetime(datetime.now(UTC))
        message["Message-ID"] = f"<{key}.logwinnow@{self.config.sender.rpartition('@')[2]}>"
        # No mail of absence shall answer.
        message["Auto-Submitted"] = "auto-generated"
        text = "\n\n".join(map(text_of, notices))
        link = f"\n\n{notices[0].link}" if notices[0].link else ""
        message.set_content(f"{text}{link}\n", cte="quoted-printable")
        return message

    def _subject(self, notices: Sequence[Notice]) -> str:
        kinds = [notice.kind for notice in notices]
        source = printable(self.source, 60)
        if kinds == ["digest"]:
            return f"[logwinnow] {source}: digest of {notices[0].time[:10]}"
        alerts = kinds.count("alert")
        return f"[logwinnow] {source}: {alerts:,} new kind{'' if alerts == 1 else 's'} of lines"

    @contextlib.contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        config = self.config
        port = config.port or _PORTS[config.tls]
        seconds = config.timeout_seconds
        if config.tls == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(config.host, port, timeout=seconds, context=self._trust)
        else:
            server = smtplib.SMTP(config.host, port, timeout=seconds)
        try:
            if config.tls == "starttls":
                server.starttls(context=self._trust)
            if config.username is not None and config.password is not None:
                server.login(config.username, config.password.reveal())
            yield server
            with contextlib.suppress(smtplib.SMTPException, OSError):
                # It has the mail; how it says farewell does not matter.
                server.quit()
        finally:
            server.close()

    def _context(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self.config.ca_certs)
        except (OSError, ssl.SSLError) as error:
            raise SettingsError(
                f"notify.email.ca_certs is {self.config.ca_certs!r}: {error.strerror or error}; set the PEM file of "
                "the server's CA"
            ) from None

    def _failed(self, error: smtplib.SMTPException | OSError) -> Outcome:
        if isinstance(error, ssl.SSLCertVerificationError):
            why = f"its certificate is not trusted: {error.verify_message}; check notify.email.ca_certs and host"
            return Outcome("closed", f"{self._place}: {why}")
        if isinstance(error, smtplib.SMTPNotSupportedError):
            why = f"it lacks what notify.email asks for: {error}; check port, tls and username"
            return Outcome("closed", printable(f"{self._place}: {why}"))
        if isinstance(error, smtplib.SMTPRecipientsRefused):
            codes = [code for code, _ in error.recipients.values()]
            why = f"{self._place} refuses {_of_recipients(error.recipients)}"
            if all(code >= 500 for code in codes):
                return Outcome("closed", f"{why}; check notify.email.to")
            return Outcome("away", why)
        if isinstance(error, smtplib.SMTPResponseException):
            return self._answered(error)
        return Outcome("away", printable(f"{self._place} does not answer: {getattr(error, 'strerror', None) or error}"))

    def _answered(self, error: smtplib.SMTPResponseException) -> Outcome:
        why = f"{self._place} answers {error.smtp_code}: {_decoded(error.smtp_error)}"
        if not 500 <= error.smtp_code < 600:
            return Outcome("away", why)
        if isinstance(error, smtplib.SMTPAuthenticationError):
            return Outcome("closed", f"{why}; check notify.email.username and password")
        if isinstance(error, smtplib.SMTPSenderRefused):
            return Outcome("closed", f"{why}; check notify.email.from, and whether it wants a login")
        if isinstance(error, smtplib.SMTPDataError):
            return Outcome("refused", why)
        return Outcome("closed", f"{why}; check notify.email")

    @property
    def _place(self) -> str:
        return f"mail server {self.config.host}:{self.config.port or _PORTS[self.config.tls]}"


def _of_recipients(refused: dict[str, tuple[int, bytes]]) -> str:
    return ", ".join(f"{address} ({code}: {_decoded(said)})" for address, (code, said) in refused.items())


def _decoded(said: bytes | str) -> str:
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    return printable(text, _SAID_CHARACTERS)
