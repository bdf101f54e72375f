"""The server's side of TLS, as openssl s_client, rsyslog and syslog-ng understand it."""

import ssl

from streaming.config import SocketSourceConfig
from streaming.errors import ReceiverError


def server_context(config: SocketSourceConfig) -> ssl.SSLContext:
    """
    Return what TLS sessions are made by: TLS 1.2 or newer; with a CA, clients must have a certificate of it.

    Raises:
        ReceiverError: A file cannot be read, or does not fit the others.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    key, path = "tls_certificate", config.tls_certificate or ""
    try:
        context.load_cert_chain(path, config.tls_key, password=_no_password)
        if config.tls_client_ca:
            key, path = "tls_client_ca", config.tls_client_ca
            context.load_verify_locations(path)
            context.verify_mode = ssl.CERT_REQUIRED
    except OSError as error:
        # Of SSL's errors the reason says more than the text, which has a line of its source.
        said = error.reason if isinstance(error, ssl.SSLError) and error.reason else error.strerror or error
        raise ReceiverError(
            f"source.socket.{key} is {path!r}: {said}; check that it is a PEM file that may be read, and that "
            "tls_key is the key of tls_certificate, without a password"
        ) from None
    return context


def _no_password() -> str:
    # Else it is asked for on the terminal.
    return ""
