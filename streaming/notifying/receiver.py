"""What each receiver does, and what may become of what is sent to it."""

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

from streaming.notifying.notice import Notice


class Outcome(NamedTuple):
    """
    What became of one try.

    Attributes:
        fate: `sent`; `away`, another try may help; `closed`, the receiver refuses us until somebody mends something;
            `refused`, it refuses this notice for good.
        why: What it said, and how to mend it; empty when sent.
        wait: Seconds before the next try that it asked for; None where it did not.
    """

    fate: Literal["sent", "away", "closed", "refused"]
    why: str = ""
    wait: float | None = None


class Receiver(Protocol):
    """A webhook or a mail server."""

    @property
    def name(self) -> str:
        """By which the outbox knows it; it stays."""

    @property
    def most(self) -> int:
        """Notices that are sent as one, at most."""

    @property
    def gather_seconds(self) -> float:
        """Seconds for which alerts are gathered; a digest is not waited for."""

    def send(self, notices: Sequence[Notice], key: str) -> Outcome:
        """
        Send notices, once.

        Args:
            notices: One or more.
            key: The same for the same notices, by which the receiver can tell a second sending.
        """
