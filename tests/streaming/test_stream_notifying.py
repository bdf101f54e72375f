"""The stream with receivers: what they get of a line, whom it waits for (nobody), and what a crash leaves."""

import contextlib
import json
import signal
import socket
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from http_answers import Reply, Request, answering
from smtp_server import Mailbox, mail_server
from stream_process import stream_process

from patterns.errors import SettingsError
from patterns.settings import convert
from streaming.config import StreamingConfig
from streaming.job import Stream
from streaming.notifying.config import NotifyConfig

if TYPE_CHECKING:
    from tests.streaming.conftest import Site

pytestmark = pytest.mark.spark

_KILLED = Path(__file__).parents[1] / "servers" / "killed_notifying.py"
_SECRET = "hunterxx"
_PATIENCE = 120


class Hook:
    """A webhook's receiver that takes everything, and remembers it."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def __call__(self, request: Request) -> Reply:
        self.requests.append(request)
        return Reply(200, b"ok")

    @property
    def messages(self) -> list[str]:
        return [request.json["message"] for request in self.requests]


@pytest.fixture
def hook() -> Hook:
    return Hook()


@pytest.fixture
def url(hook: Hook) -> Iterator[str]:
    with answering(hook) as url:
        yield url


@pytest.fixture
def silent() -> Iterator[int]:
    """Give the port of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def notifying(site: "Site", **notify: object) -> StreamingConfig:
    return msgspec.structs.replace(site.config(), notify=convert(notify, NotifyConfig, "test"))


@pytest.mark.usefixtures("spark")
def test_each_receiver_gets_each_alert_and_a_second_run_sends_none_again(site: "Site", hook: Hook, url: str) -> None:
    site.publish("user *{1,1} logged in")
    site.append("user bob logged in", "all is lost", "the ship sinks", "all is lost")
    with mail_server(Mailbox()) as mailbox:
        email = {"to": ["a@b"], "from": "c@d", "tls": "none", "port": mailbox.port}
        config = notifying(site, webhook={"team": {"url": url}, "chat": {"url": url, "body": "slack"}}, email=email)
        site.stream_once(config)
        site.append("user eve logged in", "man overboard")
        site.stream_once(config)
    plain = [request for request in hook.requests if b"blocks" not in request.body]
    assert [request.json["message"] for request in plain] == ["all is lost", "the ship sinks", "man overboard"]
    assert [request.json["count"] for request in plain] == [2, 1, 1]
    assert len(hook.requests) == 6
    assert {request.headers["idempotency-key"] for request in hook.requests} == {
        alert["event"]["id"] for alert in site.alerts()
    }
    texts = [mail.get_content() for mail in mailbox.mails]
    assert ["man overboard" in text for text in texts] == [False, True]


@pytest.mark.usefixtures("spark")
def test_masked_a_secret_is_in_no_byte_that_a_receiver_gets(site: "Site", hook: Hook, url: str) -> None:
    site.publish("user *{1,1} logged in", "login with *{1,1} done")
    lines = [
        f"user {_SECRET} broke in",
        f"login with {_SECRET} failed: token=({_SECRET})",
        f"Nov 29 08:00:00 {_SECRET} sshd[1]: user broke in",
        f"Nov 29 08:00:00 host {_SECRET}[1]: user broke in",
    ]
    site.append(*lines)
    (site.folder / "body").write_text("{{ notice | tojson }}")
    bodies = ["json", "slack", "alertmanager", str(site.folder / "body")]
    with mail_server(Mailbox()) as mailbox:
        email = {"to": ["a@b"], "from": "c@d", "tls": "none", "port": mailbox.port}
        hooks = {f"hook{number}": {"url": url, "body": body} for number, body in enumerate(bodies)}
        site.stream_once(notifying(site, webhook=hooks, email=email, redact_below=2))
    assert len(hook.requests) == len(lines) * len(bodies)
    received = [request.body for request in hook.requests]
    received += [json.dumps(request.headers).encode() for request in hook.requests]
    received += [mail.get_content().encode() for mail in mailbox.mails] + mailbox.raw
    assert mailbox.raw
    assert not [data for data in received if _SECRET.encode() in data]
    # What is not sent is kept.
    assert all(_SECRET in alert["event"]["original"] for alert in site.alerts())
    assert any(b"user <*>" in request.body for request in hook.requests)
    # Nor a hash by which somebody could try what it is.
    hashes = {a["event"]["id"] for a in site.alerts()} | {a["logwinnow"]["shape"]["id"] for a in site.alerts()}
    assert {each for each in hashes for data in received if each.encode() in data} == set()


@pytest.mark.usefixtures("spark")
def test_a_storm_is_one_notice_and_one_new_kind_and_masked_no_secret_of_it_leaves(
    site: "Site", hook: Hook, url: str
) -> None:
    site.publish("user *{1,1} logged in", "all is lost of user")
    names = [f"{_SECRET}{letter}" for letter in "ghijklmnopqrstu"]
    site.append(*(f"user {name} lost all of {_SECRET} in the house" for name in names))
    site.stream_once(notifying(site, webhook={"team": {"url": url}}, redact_below=2, digest_at="08:00"))
    [request] = hook.requests
    assert _SECRET.encode() not in request.body
    assert (request.json["shapes"], request.json["message"]) == (15, "user *{1,1} lost all of <*> in <*>")
    outbox = sqlite3.connect(site.checkpoint / "logwinnow" / "notify" / "outbox.sqlite")
    with contextlib.closing(outbox):
        assert outbox.execute("SELECT value FROM number WHERE name = 'tally.new_kinds'").fetchall() == [(1,)]


@pytest.mark.usefixtures("spark")
def test_a_receiver_that_never_answers_holds_up_neither_batches_nor_the_end(site: "Site", silent: int) -> None:
    site.publish("user *{1,1} logged in")
    site.append("all is lost")
    hooks = {"team": {"url": f"http://127.0.0.1:{silent}", "timeout_seconds": 600}}
    stream = Stream(notifying(site, webhook=hooks, digest_at="08:00"), once=False)
    thread = threading.Thread(target=stream.run)
    thread.start()
    words = ("one", "two", "three", "four", "five")
    for number, word in enumerate(words, start=1):
        until = time.monotonic() + _PATIENCE
        while stream.totals["alerts"] < number:
            assert time.monotonic() < until
            time.sleep(0.02)
        site.append(f"trouble {word}")
    stream.stop()
    thread.join(_PATIENCE)
    assert not thread.is_alive()


@pytest.mark.usefixtures("spark")
def test_without_a_receiver_nothing_is_kept(site: "Site") -> None:
    site.publish("user *{1,1} logged in")
    site.append("all is lost")
    site.stream_once()
    assert not (site.checkpoint / "logwinnow" / "notify").exists()


def test_a_receiver_that_cannot_work_ends_the_start(site: "Site") -> None:
    with pytest.raises(SettingsError, match=r"notify\.webhook\.team\.url is no URL"):
        site.stream_once(notifying(site, webhook={"team": {"url": "nonsense"}}))


def test_a_kill_loses_no_alert_and_doubles_only_what_was_being_sent(site: "Site", hook: Hook, url: str) -> None:
    site.publish("user *{1,1} logged in")
    site.append("user bob logged in", "all is lost", "the ship sinks")
    file = site.folder / "streaming.toml"
    file.write_text(
        f'checkpoint = "{site.checkpoint}"\n[source]\nname = "app"\n[source.files]\npaths = ["{site.log}"]\n'
        f'[patterns]\nstore = "{site.store}"\n[sink.files]\npath = "{site.sink}"\n'
        f'[dead_letters]\npath = "{site.folder}/dead-letters"\n[notify.webhook.team]\nurl = "{url}"\n'
        f'[spark]\nmaster = "local[2]"\n[spark.settings]\n"spark.local.dir" = "{site.folder}"\n'
    )
    arguments, program = ["--config", str(file), "--once"], [str(_KILLED)]
    for moment, arrived in (("before_put", []), ("after_put", []), ("after_send", ["all is lost"])):
        with stream_process(site.folder, arguments, program=program, LOGWINNOW_TEST_MOMENT=moment) as stream:
            assert stream.end() == -signal.SIGKILL, stream.said.read_text()
        assert hook.messages == arrived
    with stream_process(site.folder, arguments) as stream:
        assert stream.end() == 0, stream.said.read_text()
    assert Counter(hook.messages) == {"all is lost": 2, "the ship sinks": 1}
    # By its key a receiver can tell that the second is the first.
    assert len({request.headers["idempotency-key"] for request in hook.requests}) == 2
    assert stream.records("notify")[-1]["waiting"] == 0
