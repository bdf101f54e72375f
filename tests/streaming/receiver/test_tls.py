"""TLS: with the right certificates lines come through; with wrong ones it is told, counted, and disturbs nobody."""

import shutil
import socket
import ssl
import subprocess
from pathlib import Path
from typing import Any

import certificates
import pytest
from certificates import Certificate
from maven import NotHere
from receiver_process import ReceiverProcess, blocks_of, lost_of, messages_of, receiver_process

from streaming.receiver import connections


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """The certificate of the receiver."""
    return made(tmp_path_factory.mktemp("ours"))


@pytest.fixture(scope="module")
def another(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A certificate of another authority."""
    return made(tmp_path_factory.mktemp("another"))


def made(folder: Path) -> Certificate:
    try:
        return certificates.make(folder)
    except NotHere as missing:
        pytest.skip(str(missing))


def tls(certificate: Certificate, **more: object) -> dict[str, Any]:
    """Return the settings of a receiver that takes TLS."""
    files = {"tls_certificate": certificate.certificate, "tls_key": certificate.key}
    return {"tls": "127.0.0.1:0", "tcp": "", "udp": ""} | files | more


def wrapped(receiver: ReceiverProcess, trusted: Certificate, own: Certificate | None = None) -> ssl.SSLSocket:
    """Return a TLS session with it."""
    context = ssl.create_default_context(cafile=str(trusted.ca))
    if own is not None:
        context.load_cert_chain(own.certificate, own.key)
    return context.wrap_socket(receiver.connect("tls"), server_hostname="127.0.0.1")


def test_lines_come_by_tls_whole_however_many(ours: Certificate, tmp_path: Path) -> None:
    lines = [b"<13>%d" % number for number in range(50_000)]
    with receiver_process(tmp_path, **tls(ours)) as receiver:
        with wrapped(receiver, ours) as session:
            session.sendall(b"".join(b"%d %b" % (len(line), line) for line in lines))
            session.sendall(b"4 <13>5 <13>")
            session.unwrap().close()
        assert receiver.wait_for(50_002) == [*lines, b"<13>", b"<13>"]
    assert {block.transport for block in blocks_of(tmp_path / "spool")} == {"tls"}
    assert lost_of(tmp_path / "spool") == {"lines_unfinished": 1}


def test_openssl_s_client_is_understood(ours: Certificate, tmp_path: Path) -> None:
    program = shutil.which("openssl")
    assert program is not None
    with receiver_process(tmp_path, **tls(ours)) as receiver:
        host, port = receiver.address("tls")
        subprocess.run(
            [program, "s_client", "-quiet", "-no_ign_eof", "-verify_return_error", "-CAfile", ours.ca,
             "-connect", f"{host}:{port}"],
            input=b"<13>from openssl\n", capture_output=True, check=True,
        )  # fmt: skip
        assert receiver.wait_for(1) == [b"<13>from openssl"]


def test_what_comes_to_no_session_is_told_and_counted_and_others_go_on(
    ours: Certificate, another: Certificate, tmp_path: Path
) -> None:
    with receiver_process(tmp_path, **tls(ours, tls_client_ca=ours.ca)) as receiver:
        with wrapped(receiver, ours, ours) as good:
            good.sendall(b"<13>a\n")
            receiver.wait_for(1)

            # It does not trust us.
            with pytest.raises(ssl.SSLCertVerificationError):
                wrapped(receiver, another, ours)
            # We do not trust it: in TLS 1.3 it hears of that after its part of the handshake.
            for own in (another, None):
                assert is_refused(receiver, ours, own)
            # Plain text, and one that breaks off.
            with receiver.connect("tls") as plain:
                plain.sendall(b"<13>plain\n" * 100)
                assert ends(plain)
            receiver.connect("tls").close()

            receiver.wait_until(lambda: lost_of(receiver.spool)["tls_failures"] == 5)
            good.sendall(b"<13>b\n")
            receiver.wait_for(2)
        assert receiver.stopped()["tls_failures"] == 5
        told = [each["error"] for each in receiver.records("tls_failed")]
    assert messages_of(tmp_path / "spool") == [b"<13>a", b"<13>b"]
    assert len(told) == 5
    assert {"CERTIFICATE_VERIFY_FAILED", "PEER_DID_NOT_RETURN_A_CERTIFICATE"} <= set(told)


def is_refused(receiver: ReceiverProcess, trusted: Certificate, own: Certificate | None) -> bool:
    """Tell whether a session is ended before it is one, or as soon as it is."""
    try:
        with wrapped(receiver, trusted, own) as session:
            session.sendall(b"<13>stranger\n")
            return ends(session)
    except OSError:
        return True


def ends(connection: socket.socket) -> bool:
    """Tell whether the other side ends a connection, in whatever way."""
    try:
        while connection.recv(1_000):
            pass
    except OSError as error:
        return not isinstance(error, TimeoutError)
    return True


def test_a_handshake_that_does_not_go_on_is_given_up(ours: Certificate, tmp_path: Path) -> None:
    assert connections.HANDSHAKE_SECONDS <= 10
    with receiver_process(tmp_path, **tls(ours)) as receiver, receiver.connect("tls") as silent:
        assert ends(silent)
        receiver.wait_until(lambda: lost_of(receiver.spool)["tls_failures"] == 1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"tls_certificate": "/nowhere.pem"},
            "source.socket.tls_certificate is '/nowhere.pem': No such file or directory",
        ),
        ({"tls_key": "another"}, "KEY_VALUES_MISMATCH"),
        ({"tls_client_ca": "/nowhere.pem"}, "source.socket.tls_client_ca is '/nowhere.pem': No such file or directory"),
        ({"tls_certificate": __file__}, "; check that it is a PEM file"),
    ],
)
def test_a_certificate_that_cannot_be_used_is_told(
    change: dict[str, str], said: str, ours: Certificate, another: Certificate, tmp_path: Path
) -> None:
    change = {name: str(another.key) if value == "another" else value for name, value in change.items()}
    with receiver_process(tmp_path, receives=False, **tls(ours, **change)) as receiver:
        assert receiver.end() == 1
        assert said in receiver.complaint()
