"""
Sends the lines of a file into the partitions of a topic, in turn or by their hosts.

    send.py SERVERS TOPIC FILE TO SKIP LINES RATE   from line SKIP on, RATE a second evenly, 0: as fast as it goes; TO
                                                    is "turns", or "host": a host's lines go to one partition

Behind the last line of the file the first one comes again.

Prints how many seconds it was late at the most, where there is a rate.
"""

import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from zlib import crc32

from kafka import KafkaProducer

PARTITIONS = 2

HOST = len("Nov 16 00:00:00 ")
"""Where the host begins in a line of a fleet."""

# What librdkafka waits, by which rsyslog and most others send; the record has its time stamp before.
_LINGER_MS = 5


def paced(lines: Iterable[bytes], rate: float, late: list[float]) -> Iterator[bytes]:
    """Yield lines when they are due, and put down the most seconds that one was late."""
    began = time.perf_counter()
    for number, line in enumerate(lines):
        wait = began + number / rate - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
        late[0] = max(late[0], -wait)
        yield line


def endless(file: Path) -> Iterator[bytes]:
    """Yield the lines of a file again and again."""
    while True:
        with file.open("rb") as lines:
            yield from (line.rstrip(b"\n") for line in lines)


def partition(number: int, line: bytes, to: str) -> int:
    """Return to which partition a line goes."""
    return number % PARTITIONS if to == "turns" else crc32(line[HOST:].partition(b" ")[0]) % PARTITIONS


def main(servers: str, topic: str, file: str, to: str, *numbers: str) -> None:
    """Send, and wait until Kafka has all of it."""
    skip, lines, rate = numbers
    late = [0.0]
    with closing(_producer(servers)) as producer:
        chosen: Iterable[bytes] = islice(endless(Path(file)), int(skip), int(skip) + int(lines))
        # Else the first line would wait for what the client asks of a topic.
        producer.partitions_for(topic)
        if float(rate):
            chosen = paced(chosen, float(rate), late)
        sent = deque(
            (producer.send(topic, line, partition=partition(number, line, to)) for number, line in enumerate(chosen)),
            maxlen=1,
        )
        producer.flush()
        for last in sent:
            last.get(timeout=60)
    print(late[0])


def _producer(servers: str) -> KafkaProducer:
    return KafkaProducer(bootstrap_servers=servers, linger_ms=_LINGER_MS, batch_size=2**17, acks="all")


if __name__ == "__main__":
    main(*sys.argv[1:])
