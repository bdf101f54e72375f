"""Mails against a real mail server."""

from collections.abc import Callable
from typing import Any

import certificates
import pytest
from alert_documents import alert_of
from smtp_server import Mailbox, mail_server

from patterns.errors import SettingsError
from patterns.settings import convert
from streaming.notifying.config import EmailConfig
from streaming.notifying.mail import Mail
from streaming.notifying.notice import notice_of
from streaming.notifying.receiver import Outcome

NOTICE = notice_of(alert_of("panic \x1b[2J\r\nBcc: evil@example.org\r\n.\r\nQUIT"), None, None)
LOGIN = ("logwinnow", "well kept")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> certificates.Certificate:
    return certificates.make(tmp_path_factory.mktemp("certificates"))


def mail(port: int, **given: Any) -> Mail:
    addresses = {"to": ["ops@example.org", "dev@example.org"], "from": "logwinnow@example.net"}
    return Mail(convert({**addresses, "port": port, "tls": "none", **given}, EmailConfig, "test"), "app\r\nBcc: x@y")


def sent(mailbox: Mailbox, **given: Any) -> Outcome:
    return mail(mailbox.port, **given).send([NOTICE, NOTICE], "the-key")


def test_a_mail_has_the_lines_and_goes_to_all() -> None:
    with mail_server(Mailbox()) as mailbox:
        assert sent(mailbox) == Outcome("sent")
    (got,) = mailbox.mails
    assert mailbox.recipients == [["ops@example.org", "dev@example.org"]]
    assert (got["to"], got["from"]) == ("ops@example.org, dev@example.org", "logwinnow@example.net")
    assert (got["message-id"], got["auto-submitted"]) == ("<the-key.logwinnow@example.net>", "auto-generated")
    assert got["date"]
    text = got.get_content()
    assert text.count("    panic \\x1b[2J\r\n    Bcc: evil@example.org\r\n    .\r\n") == 2


def test_no_text_of_a_log_or_a_name_makes_a_header_or_an_end() -> None:
    with mail_server(Mailbox()) as mailbox:
        sent(mailbox)
    (raw,) = mailbox.raw
    head = raw.partition(b"\r\n\r\n")[0]
    names = [row.partition(b":")[0].lower() for row in head.split(b"\r\n") if not row.startswith((b" ", b"\t"))]
    assert sorted(names) == [
        *(b"auto-submitted", b"content-transfer-encoding", b"content-type", b"date", b"from", b"message-id"),
        *(b"mime-version", b"subject", b"to"),
    ]
    assert b"panic" not in head
    assert "Bcc: x@y: 2 new kinds" in mailbox.mails[0]["subject"]


# The server does not see that it speaks TLS from the first byte.
@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
@pytest.mark.parametrize("starttls", [True, False], ids=["starttls", "tls"])
def test_a_mail_goes_by_tls_with_a_login(
    starttls: bool, certificate: certificates.Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", LOGIN[1])
    login = {"username": LOGIN[0], "password": "env:MAIL_PASSWORD"}
    kind = {"tls": "starttls" if starttls else "tls"}
    with mail_server(Mailbox(), certificate, starttls=starttls, login=LOGIN) as mailbox:
        assert sent(mailbox, ca_certs=str(certificate.ca), **kind, **login) == Outcome("sent")
        untrusted = sent(mailbox, **kind, **login)
        monkeypatch.setenv("MAIL_PASSWORD", "guessed")
        wrong = sent(mailbox, ca_certs=str(certificate.ca), **kind, **login)
    assert mailbox.tls == [True]
    assert (untrusted.fate, wrong.fate) == ("closed", "closed")
    assert "its certificate is not trusted" in untrusted.why
    assert "check notify.email.username and password" in wrong.why
    assert "guessed" not in wrong.why


def test_a_server_without_tls_gets_no_mail_that_is_to_go_by_it() -> None:
    with mail_server(Mailbox()) as mailbox:
        outcome = sent(mailbox, tls="starttls")
    assert outcome.fate == "closed"
    assert "STARTTLS extension not supported" in outcome.why
    assert mailbox.raw == []


def at(stage: str, answer: str) -> Callable[[str, str], str | None]:
    return lambda now, _address: answer if now == stage else None


@pytest.mark.parametrize(
    ("stage", "answer", "fate", "said"),
    [
        ("MAIL", "451 later", "away", "answers 451: later"),
        ("MAIL", "550 not you", "closed", "answers 550: not you; check notify.email.from"),
        ("RCPT", "450 greylisted", "away", "ops@example.org (450: greylisted)"),
        ("RCPT", "550 nobody", "closed", "dev@example.org (550: nobody); check notify.email.to"),
        ("DATA", "452 full", "away", "answers 452: full"),
        ("DATA", "554 spam \x1b[2J", "refused", "answers 554: spam \\x1b[2J"),
    ],
)
def test_each_answer_says_what_is_done_next(stage: str, answer: str, fate: str, said: str) -> None:
    with mail_server(Mailbox(answer=at(stage, answer))) as mailbox:
        outcome = sent(mailbox)
    assert outcome.fate == fate
    assert said in outcome.why
    assert mailbox.raw == []


def test_who_is_refused_is_told_and_the_others_get_the_mail_once() -> None:
    def answer(stage: str, address: str) -> str | None:
        return "550 nobody" if stage == "RCPT" and address.startswith("dev") else None

    with mail_server(Mailbox(answer=answer)) as mailbox:
        outcome = sent(mailbox)
    assert outcome.fate == "sent"
    assert "refuses dev@example.org (550: nobody); check notify.email.to" in outcome.why
    assert mailbox.recipients == [["ops@example.org"]]


def test_one_that_says_nothing_or_is_not_there_is_tried_again(silent: int) -> None:
    assert mail(silent, timeout_seconds=0.2).send([NOTICE], "k").fate == "away"
    with mail_server(Mailbox()) as mailbox:
        pass
    outcome = sent(mailbox)
    assert outcome.fate == "away"
    assert "Connection refused" in outcome.why


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"to": ["nobody"]}, "to has 'nobody', which is no address"),
        ({"to": ["a@b\r\nBcc: c@d"]}, "which is no address"),
        ({"to": ["a@b"]}, "to needs from"),
        ({"to": ["a@b"], "from": "Me <a@b>"}, "from has 'Me <a@b>', which is no address"),
        ({"username": "me"}, "username and password go together"),
        ({"username": "me", "password": "env:X", "tls": "none"}, "everybody on the way could read it"),
        ({"tls": "ssl"}, "Invalid enum value 'ssl'"),
    ],
)
def test_a_table_that_cannot_work_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        convert(given, EmailConfig, "test")
    assert said.lower() in str(refused.value).lower()


def test_a_ca_that_is_not_there_is_refused_at_the_start() -> None:
    with pytest.raises(SettingsError, match=r"notify\.email\.ca_certs is '/no/such\.pem': No such file"):
        mail(25, ca_certs="/no/such.pem")
