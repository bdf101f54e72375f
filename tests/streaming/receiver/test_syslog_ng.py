"""The real syslog-ng as a sender: by lines, by octet counting, and by TLS with certificates of both sides."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import certificates
import pytest
from maven import NotHere
from receiver_process import blocks_of, receiver_process

_LINES = [f"user {number} left" for number in range(1_000)]


def test_syslog_ng_is_understood_by_lines_by_counts_and_by_tls(tmp_path: Path) -> None:
    program = shutil.which("syslog-ng")
    if program is None:
        pytest.skip("syslog-ng is not here: `apt install syslog-ng-core`")
    try:
        ours = certificates.make(tmp_path)
    except NotHere as missing:
        pytest.skip(str(missing))
    own: dict[str, Any] = {"tls_certificate": ours.certificate, "tls_key": ours.key, "tls_client_ca": ours.ca}
    with receiver_process(tmp_path, tls="127.0.0.1:0", **own) as receiver:
        (_, tcp), (_, tls) = receiver.address("tcp"), receiver.address("tls")
        file = tmp_path / "syslog-ng.conf"
        file.write_text(
            "@version: current\noptions { stats-freq(0); keep-hostname(yes); };\n"
            "source s { stdin(flags(no-parse)); };\n"
            f'destination lines {{ network("127.0.0.1" port({tcp}) persist-name("lines")); }};\n'
            f'destination counts {{ syslog("127.0.0.1" port({tcp}) persist-name("counts")); }};\n'
            f'destination sealed {{ syslog("127.0.0.1" port({tls}) transport("tls") tls(ca-file("{ours.ca}") '
            f'cert-file("{ours.certificate}") key-file("{ours.key}"))); }};\n'
            "log { source(s); destination(lines); destination(counts); destination(sealed); };\n"
        )
        state = [f"--{name}={tmp_path / name}" for name in ("persist-file", "pidfile", "control")]
        sender = subprocess.Popen(
            [program, "-F", "--no-caps", "-f", str(file), *state],
            stdin=subprocess.PIPE,
            stderr=(tmp_path / "err").open("wb"),
        )
        try:
            assert sender.stdin is not None
            sender.stdin.write("".join(f"{line}\n" for line in _LINES).encode())
            sender.stdin.flush()
            receiver.wait_for(3 * len(_LINES))
        finally:
            sender.kill()
            sender.communicate()
        assert receiver.stopped()["lines"] == 3 * len(_LINES)
    found: dict[tuple[str, bool], list[str]] = {}
    for block in blocks_of(tmp_path / "spool"):
        for message in block.messages:
            # RFC 5424 has its version behind the priority.
            kind = (block.transport, message.partition(b">")[2].startswith(b"1 "))
            found.setdefault(kind, []).append(message.decode()[-len(_LINES[-1]) :].split("user ")[-1])
    assert found.keys() == {("tcp", False), ("tcp", True), ("tls", True)}
    assert all(each == [line.removeprefix("user ") for line in _LINES] for each in found.values())
