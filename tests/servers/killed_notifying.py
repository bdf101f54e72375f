"""
`logwinnow` that kills its own process group at a moment of sending that no clock would meet.

    python killed_notifying.py stream …    with LOGWINNOW_TEST_MOMENT one of

    before_put     the first batch that told something is done; the outbox does not have it
    after_put      the outbox has it; Spark has not noted yet that the batch is over
    after_send     a receiver has the first notice; the outbox does not say so
"""

import os
import signal
import sys
from typing import Any, NoReturn

from commands.__main__ import main
from streaming.notifying.mail import Mail
from streaming.notifying.outbox import Outbox
from streaming.notifying.webhook import Webhook


def die() -> NoReturn:
    """Kill this process, its JVM and its workers."""
    os.killpg(0, signal.SIGKILL)
    raise AssertionError


def arrange(moment: str) -> None:
    """Have this process die at the moment."""
    put = Outbox.put

    def put_and_die(outbox: Outbox, batch: int, items: Any, *further: Any) -> int:
        told = list(items)
        if told and moment == "before_put":
            die()
        dropped = put(outbox, batch, told, *further)
        if told and moment == "after_put":
            die()
        return dropped

    Outbox.put = put_and_die  # type: ignore[method-assign, assignment]
    for kind in (Webhook, Mail):
        send = kind.send

        def send_and_die(receiver: Any, *given: Any, send: Any = send) -> Any:
            if moment == "after_put":
                # None shall be faster than the moment.
                signal.pause()
            send(receiver, *given)
            die()

        if moment != "before_put":
            kind.send = send_and_die  # type: ignore[method-assign, assignment]


if __name__ == "__main__":
    arrange(os.environ["LOGWINNOW_TEST_MOMENT"])
    sys.exit(main())
