"""`logwinnow stream` as a user meets it where it does not get as far as Spark: one line that says what to mend."""

import json
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from commands.__main__ import main
from patterns import settings
from spark import session
from streaming.batches import BatchLog

if TYPE_CHECKING:
    from tests.streaming.conftest import Site


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Refuse to start Spark; put back the signal handlers that a command sets up."""
    monkeypatch.setattr(session, "start", lambda *_: pytest.fail("Spark was started"))
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def fails(site: "Site", capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run `stream` on the site, which must fail; return the one line of its message."""

    def run(*assignments: str, once: bool = True) -> str:
        given = {
            "checkpoint": site.checkpoint,
            "patterns.store": site.store,
            "sink.files.path": site.sink,
            "source.files.paths": json.dumps([str(site.log)]),
        }
        given |= dict(assignment.split("=", 1) for assignment in assignments)
        options = [part for name, value in given.items() for part in ("--set", f"{name}={value}")]
        assert main(["stream", *(["--once"] if once else []), *options]) == 1
        out, err = capsys.readouterr()
        assert out == ""
        *_, message = err.splitlines()
        assert "Traceback" not in err
        assert err.count("logwinnow: ") == 1
        return message

    return run


def test_without_a_set_once_says_how_to_get_one(site: "Site", fails: Callable[..., str]) -> None:
    site.append("user left")
    said = f"logwinnow: store '{site.store}' holds no pattern set; run: logwinnow train FILE --store {site.store}"
    assert fails() == said


def truncated(version: Path) -> str:
    rows = version / "patterns.jsonl"
    rows.write_bytes(rows.read_bytes()[:-9])
    return "is damaged: "


def empty(version: Path) -> str:
    (version / "patterns.jsonl").write_bytes(b"")
    return "it has no pattern, so that every line would be an outlier"


def newer(version: Path) -> str:
    manifest = version / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b'"format": 1', b'"format": 2'))
    return "is of format 2, and this logwinnow reads up to format 1; install a newer logwinnow"


def gone(version: Path) -> str:
    (version / "manifest.json").unlink()
    return "is damaged: "


@pytest.mark.parametrize("damage", [truncated, empty, newer, gone])
def test_a_set_that_cannot_be_used_is_named_with_the_reason(
    damage: Callable[[Path], str], site: "Site", fails: Callable[..., str]
) -> None:
    site.append("user left")
    version = site.publish("user left", "user came")
    why = damage(site.store / version)
    said = fails()
    assert version in said
    assert why in said


@pytest.mark.parametrize("once", [True, False])
def test_a_packed_file_as_a_path_says_what_to_do_with_it(
    site: "Site", fails: Callable[..., str], *, once: bool
) -> None:
    site.publish("user left")
    said = fails(f'source.files.paths=["{site.folder}/app.log.1.gz"]', once=once)
    assert said == (
        f"logwinnow: '{site.folder}/app.log.1.gz' is compressed: it does not grow; `logwinnow match` judges it"
    )


def test_once_without_any_file_says_so(site: "Site", fails: Callable[..., str]) -> None:
    site.publish("user left")
    assert fails() == (
        f"logwinnow: source.files.paths is ['{site.log}']: there is nothing to read; check paths and rights: "
        f"'{site.log}' is not there, or has no file"
    )


def test_a_second_stream_on_a_checkpoint_is_refused(site: "Site", fails: Callable[..., str]) -> None:
    site.publish("user left")
    site.append("user left")
    with BatchLog(str(site.checkpoint)).held():
        said = fails()
    assert said.startswith(f"logwinnow: checkpoint '{site.checkpoint}' is in use by another stream; stop it")


def test_an_address_of_the_metrics_that_is_taken_is_named_before_spark_starts(
    site: "Site", fails: Callable[..., str]
) -> None:
    site.publish("user left")
    site.append("user left")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        said = fails(f"metrics.listen={address}")
    assert said.startswith(f"logwinnow: metrics.listen is '{address}': Address already in use: another program has it")


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("source.fils=x", "defaults: $.source: object contains unknown field `fils`; there are: kind, name, files"),
        ("alerts.per_hour=0", "defaults: $.alerts.per_hour is 0: expected `int` >= 1"),
        ("trigger.seconds=fast", "defaults: $.trigger.seconds is 'fast': expected `float`, got `str`"),
        ("spark.master=nonsense", "defaults: $.spark.master is 'nonsense': expected `str` matching regex"),
    ],
)
def test_a_wrong_setting_is_named(
    assignment: str, said: str, fails: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "FOLDERS", ())
    assert fails(assignment).startswith(f"logwinnow: {said}")


def test_redact_is_a_setting_of_the_receivers(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "FOLDERS", ())

    assert main(["stream", "--redact", "0"]) == 1
    assert "$.notify.redact_below is 0: expected `int` >= 1" in capsys.readouterr().err


def test_a_configuration_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stream", "--config", "/no/such/file.toml"]) == 1
    assert "--config is '/no/such/file.toml': there is no such file" in capsys.readouterr().err
