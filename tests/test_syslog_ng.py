"""conf/syslog-ng/logwinnow.conf in the hands of the real syslog-ng."""

import shutil
import subprocess
from pathlib import Path

import pytest

SHIPPED = Path(__file__).parent.parent / "conf" / "syslog-ng" / "logwinnow.conf"


@pytest.fixture
def syslog_ng() -> str:
    """The program, where it has the destination for Kafka."""
    found = shutil.which("syslog-ng")
    answer = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout if found else ""
    if found is None or not any(row.startswith("Available-Modules:") and "kafka" in row for row in answer.split("\n")):
        pytest.skip("syslog-ng with its kafka-c() is not here: `apt install syslog-ng-core syslog-ng-mod-rdkafka`")
    return found


def complaints(syslog_ng: str, folder: Path, shipped: str) -> str | None:
    """Return what syslog-ng says of a configuration beside a source s_src; None where it takes it."""
    (folder / SHIPPED.name).write_text(shipped)
    main = folder / "syslog-ng.conf"
    main.write_text(
        f'@version: 3.35\nsource s_src {{ unix-dgram("{folder}/socket"); }};\n@include "{folder / SHIPPED.name}"\n'
    )
    command = [syslog_ng, "--syntax-only", "--no-caps", "--cfgfile", str(main)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return done.stderr if done.returncode or done.stderr else None


def test_syslog_ng_takes_the_configuration_as_it_is_shipped(syslog_ng: str, tmp_path: Path) -> None:
    assert complaints(syslog_ng, tmp_path, SHIPPED.read_text()) is None


@pytest.mark.parametrize("written", ["kafka-c(", "disk-buf-size(", "flags(flow-control)", "frac-digits("])
def test_a_misspelt_word_of_it_would_be_told(syslog_ng: str, tmp_path: Path, written: str) -> None:
    shipped = SHIPPED.read_text()
    assert shipped.count(written) == 1
    assert complaints(syslog_ng, tmp_path, shipped.replace(written, f"un{written}")) is not None
