"""A certificate of 127.0.0.1 and localhost, good for clients too, and the authority to trust for it; by openssl."""

import hashlib
import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

from maven import NotHere

_DAYS = "2"  # short, so that none is ever used for more than a test
_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
_OF_SERVER = (
    "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\nbasicConstraints=CA:FALSE\n"
)


@dataclass(frozen=True)
class Certificate:
    """
    Files in PEM.

    Attributes:
        ca: The authority.
        certificate: The server's, signed by the authority, which follows it: that is how a client that knows only
            the authority's fingerprint gets to see it.
        key: The server's, in PKCS #8 and not encrypted.
    """

    ca: Path
    certificate: Path
    key: Path

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the authority in hex digits, for `ssl_assert_fingerprint` of Elasticsearch's client."""
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(self.ca.read_text())).hexdigest()


def make(folder: Path) -> Certificate:
    """
    Make an authority and a certificate in `folder`, which is there; another call makes others.

    Raises:
        NotHere: where openssl is missing.
    """
    made = Certificate(ca=folder / "ca.pem", certificate=folder / "certificate.pem", key=folder / "key.pem")
    ca_key, request, extensions = folder / "ca-key.pem", folder / "request.pem", folder / "extensions"
    extensions.write_text(_OF_SERVER)
    ca_name, name = "/CN=logwinnow test authority", "/CN=logwinnow test server"
    _openssl("req", "-x509", *_NEW_KEY, "-keyout", ca_key, "-out", made.ca, "-subj", ca_name, "-days", _DAYS)
    _openssl("req", *_NEW_KEY, "-keyout", made.key, "-out", request, "-subj", name)
    _openssl(
        "x509", "-req", "-in", request, "-CA", made.ca, "-CAkey", ca_key, "-CAcreateserial",
        "-extfile", extensions, "-out", made.certificate, "-days", _DAYS,
    )  # fmt: skip
    made.certificate.write_text(made.certificate.read_text() + made.ca.read_text())
    return made


def _openssl(*arguments: str | Path) -> None:
    program = shutil.which("openssl")
    if program is None:
        raise NotHere("openssl, which makes the servers' certificates, is not here: `apt install openssl`")
    subprocess.run([program, *arguments], stdin=subprocess.DEVNULL, capture_output=True, check=True)
