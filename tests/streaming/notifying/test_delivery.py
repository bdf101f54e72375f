"""One receiver's thread, against a real HTTP or mail server that is well, ill, slow or gone."""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from alert_documents import alert_of, item_of
from http_answers import Reply, Request, answering
from smtp_server import Mailbox, mail_server

from patterns.settings import convert
from streaming.notifying.config import EmailConfig, WebhookConfig
from streaming.notifying.delivery import Delivery, Patience
from streaming.notifying.given_up import GivenUp
from streaming.notifying.mail import Mail
from streaming.notifying.notice import notice_of
from streaming.notifying.outbox import Item, Outbox, Waiting
from streaming.notifying.receiver import Receiver
from streaming.notifying.webhook import Webhook

PATIENCE = 20
LINES = ("panic stations", "all is lost", "the ship sinks")
_QUICK = Patience(3_600, 0.01, 0.02)


def now() -> int:
    return time.time_ns() // 1000


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.005)


def webhook(url: str, name: str = "webhook.a", timeout: float = 30) -> Webhook:
    return Webhook(name, convert({"url": url, "timeout_seconds": timeout}, WebhookConfig, "test"), 24)


def items(*lines: str) -> list[Item]:
    return [item_of(alert_of(line)) for line in lines]


def delivery(folder: Path, receiver: Receiver, outbox: Outbox, patience: Patience = _QUICK) -> Delivery:
    return Delivery(
        receiver, outbox, lambda document: notice_of(document, None, None), GivenUp(folder), patience, lambda: None
    )


@contextmanager
def running(made: Delivery) -> Iterator[None]:
    thread = threading.Thread(target=made.run)
    thread.start()
    try:
        yield
    finally:
        made.end(at_once=False)
        thread.join(PATIENCE)
        assert not thread.is_alive()


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with closing(Outbox(tmp_path, ["webhook.a", "webhook.b", "email"], 1_000_000, now())) as made:
        yield made


def rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(row) for row in (folder / "given-up.ndjson").read_text().splitlines()]


def told(log: pytest.LogCaptureFixture) -> AbstractContextManager[None]:
    """Hear the log while the block runs."""
    return log.at_level(logging.INFO, "logwinnow")


def events(log: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in log.records if record.getMessage() != "notify"]


class Asked:
    """Answers by statuses in turn, the last one for good, and remembers."""

    def __init__(self, *statuses: int, **headers: str) -> None:
        self.statuses, self.headers = list(statuses), headers
        self.requests: list[Request] = []
        self.times: list[float] = []

    def __call__(self, request: Request) -> Reply:
        self.requests.append(request)
        self.times.append(time.monotonic())
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        headers = {name.replace("_", "-"): value for name, value in self.headers.items()} if status >= 300 else {}
        return Reply(status, b"well", headers)

    @property
    def messages(self) -> list[str]:
        return [request.json["message"] for request in self.requests]


def test_alerts_arrive_in_order_and_what_comes_later_too(tmp_path: Path, outbox: Outbox) -> None:
    asked = Asked(200)
    outbox.put(0, items(*LINES[:2]), {}, "v1", now())
    with answering(asked) as url, running(made := delivery(tmp_path, webhook(url), outbox)):
        until(lambda: len(asked.requests) == 2)
        outbox.put(1, items(LINES[2]), {}, "v1", now())
        made.wake()
        until(lambda: outbox.counts("webhook.a").sent == 3)
    assert asked.messages == list(LINES)
    assert [request.headers["idempotency-key"] for request in asked.requests] == [i.id for i in items(*LINES)]


def test_one_that_is_away_is_tried_until_it_is_back_and_told_of_once(
    tmp_path: Path, outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    asked = Asked(503, 503, 500, 200)
    outbox.put(0, items(*LINES), {}, "v1", now())
    with told(caplog), answering(asked) as url, running(delivery(tmp_path, webhook(url), outbox)):
        until(lambda: outbox.counts("webhook.a").sent == 3)
    # 503 twice is told once.
    assert asked.messages == [LINES[0]] * 3 + list(LINES)
    assert events(caplog) == ["notify_away", "notify_away", "notify_back"]
    keys = [request.headers["idempotency-key"] for request in asked.requests]
    assert keys[0] == keys[3]


def test_the_time_that_a_receiver_asks_for_is_kept(tmp_path: Path, outbox: Outbox) -> None:
    asked = Asked(429, 200, retry_after="1")
    outbox.put(0, items(LINES[0]), {}, "v1", now())
    with answering(asked) as url, running(delivery(tmp_path, webhook(url), outbox)):
        until(lambda: outbox.counts("webhook.a").sent == 1)
    assert asked.times[1] - asked.times[0] >= 1


def test_pauses_double_up_to_the_longest_and_are_spread() -> None:
    patience = Patience(3_600)
    for failures, most in ((1, 1), (2, 2), (5, 16), (9, 256), (10, 300), (5_000, 300)):
        assert {most / 2 <= patience.pause(failures, None) <= most for _ in range(50)} == {True}
    assert patience.pause(1, 17.0) == 17.0
    assert len({patience.pause(3, None) for _ in range(50)}) > 1


def test_what_is_refused_for_good_is_kept_with_the_reason_and_the_next_goes_on(
    tmp_path: Path, outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    asked = Asked(400, 400, 200)
    outbox.put(0, items(*LINES), {}, "v1", now())
    with told(caplog), answering(asked) as url, running(delivery(tmp_path, webhook(url), outbox)):
        until(lambda: outbox.counts("webhook.a").sent == 1)
    assert asked.messages == list(LINES)
    assert [row["notice"]["message"] for row in rows(tmp_path)] == list(LINES[:2])
    assert "answers 400: well; check notify.webhook.a.body" in rows(tmp_path)[0]["reason"]
    assert outbox.counts("webhook.a") == (0, 1, 2, 0)
    assert events(caplog) == ["notify_given_up", "notify_back"]


def test_one_that_refuses_us_keeps_all_waiting_and_is_told_of_once(
    tmp_path: Path, outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    asked = Asked(401, 401, 401, 200)
    outbox.put(0, items(*LINES), {}, "v1", now())
    with told(caplog), answering(asked) as url, running(delivery(tmp_path, webhook(url), outbox)):
        until(lambda: outbox.counts("webhook.a").sent == 3)
    assert events(caplog) == ["notify_refused", "notify_back"]
    assert not (tmp_path / "given-up.ndjson").exists()


def test_what_waited_for_too_long_is_given_up_and_what_is_younger_is_not(
    tmp_path: Path, outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    asked = Asked(503, 200)
    outbox.put(0, items(*LINES[:2]), {}, "v1", now() - 7_200 * 1_000_000)
    outbox.put(1, items(LINES[2]), {}, "v1", now())
    with told(caplog), answering(asked) as url, running(delivery(tmp_path, webhook(url), outbox)):
        until(lambda: outbox.counts("webhook.a").sent == 1)
    assert asked.messages == [LINES[0], LINES[2]]
    assert outbox.counts("webhook.a") == (0, 1, 2, 0)
    assert [row["notice"]["message"] for row in rows(tmp_path)] == list(LINES[:2])
    assert all(row["reason"].startswith("given up after 1 hours: http://") for row in rows(tmp_path))
    assert events(caplog) == ["notify_away", "notify_given_up", "notify_back"]


def test_what_waited_while_nothing_ran_is_tried_before_it_is_given_up(tmp_path: Path, outbox: Outbox) -> None:
    outbox.put(0, items(*LINES), {}, "v1", now() - 7_200 * 1_000_000)
    with answering(Asked(200)) as url, running(delivery(tmp_path, webhook(url), outbox)):
        until(lambda: outbox.counts("webhook.a").sent == 3)
    assert outbox.counts("webhook.a").failed == 0


def test_one_that_hangs_holds_up_no_other(tmp_path: Path, outbox: Outbox, silent: int) -> None:
    asked = Asked(200)
    outbox.put(0, items(*LINES), {}, "v1", now())
    hangs = delivery(tmp_path, webhook(f"http://127.0.0.1:{silent}", timeout=0.3), outbox)
    with answering(asked) as url, running(hangs), running(delivery(tmp_path, webhook(url, "webhook.b"), outbox)):
        until(lambda: outbox.counts("webhook.b").sent == 3)
    assert outbox.counts("webhook.a") == (3, 0, 0, 0)


def test_alerts_of_some_minutes_are_one_mail_and_the_same_mail_again(tmp_path: Path, outbox: Outbox) -> None:
    config = convert({"to": ["a@b"], "from": "c@d", "tls": "none", "every_minutes": 5}, EmailConfig, "test")
    outbox.put(0, items(*LINES[:2]), {}, "v1", now())
    refused = ["451 later"]

    def answer(stage: str, _address: str) -> str | None:
        if stage == "DATA" and refused:
            # What comes between two tries is of the next mail.
            outbox.put(1, items(LINES[2]), {}, "v1", now())
            return refused.pop()
        return None

    with mail_server(Mailbox(answer=answer)) as mailbox:
        made = delivery(tmp_path, Mail(msgspec.structs.replace(config, port=mailbox.port), "app"), outbox)
        assert made._step() > 0
        assert refused
        made.clock = lambda: now() + 301 * 1_000_000
        with running(made):
            until(lambda: len(mailbox.raw) == 2)
    texts = [mail.get_content() for mail in mailbox.mails]
    assert [[line in text for line in LINES] for text in texts] == [[True, True, False], [False, False, True]]
    assert mailbox.mails[0]["message-id"] != mailbox.mails[1]["message-id"]


def test_a_defect_is_told_and_the_thread_goes_on(
    tmp_path: Path, outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    asked, failing = Asked(200), [1, 2]
    outbox.put(0, items(LINES[0]), {}, "v1", now())

    def tick() -> None:
        if failing:
            raise KeyError(failing.pop())

    with told(caplog), answering(asked) as url, running(replace(delivery(tmp_path, webhook(url), outbox), tick=tick)):
        until(lambda: outbox.counts("webhook.a").sent == 1)
    assert events(caplog)[0] == "notify_away"


def test_what_was_put_before_the_end_is_sent(tmp_path: Path, outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, waiting = Asked(200), outbox.waiting

    def nothing_and_then_all(receiver: str, most: int) -> list[Waiting]:
        found = waiting(receiver, most)
        if not made._ending:
            # It was looked, and nothing waits: now comes the last batch, and then the end.
            outbox.put(0, items(*LINES), {}, "v1", now())
            made.end(at_once=False)
        return found

    with answering(asked) as url:
        made = delivery(tmp_path, webhook(url), outbox)
        monkeypatch.setattr(outbox, "waiting", nothing_and_then_all)
        made.run()
    assert asked.messages == list(LINES)
