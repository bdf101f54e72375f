"""Stack traces and tracebacks as programs write them, behind headers of syslog and of log4j, each a record by hand."""

from random import Random

from patterns.rules import FormatRule, Rules

LOG4J = FormatRule(
    r"(?P<timestamp>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) +(?P<level>[A-Z]+) +\[(?P<program>[^\]]*)\] (?P<message>.*)",
    "%Y-%m-%d %H:%M:%S,%f",
)
NO_HEADER = Rules(formats={"log4j": LOG4J}, multiline="no_header")
INDENTED = Rules(formats={"log4j": LOG4J}, multiline="indented")

JAVA = """\
2026-11-23 10:00:{second:02},{millisecond:03} ERROR [shop.checkout] Checkout of cart {number} failed
java.lang.IllegalStateException: cart {number} is not paid
\tat shop.Checkout.confirm(Checkout.java:88)
\tat shop.Checkout.run(Checkout.java:41)
Caused by: java.net.SocketException: Connection reset
\tat java.base/java.net.SocketInputStream.read(SocketInputStream.java:186)
\tat shop.Bank.ask(Bank.java:17)
\t... 2 more"""

JAVA_BY_SYSLOG = """\
Nov 23 10:00:{second:02} web1 tomcat[{number}]: SEVERE: Servlet.service() for servlet threw exception
java.lang.NullPointerException
\tat shop.Cart.add(Cart.java:{number})

\tat shop.CartServlet.doPost(CartServlet.java:30)
Caused by: java.io.IOException: Broken pipe
\t... 1 more"""

PYTHON = """\
Nov 23 10:00:{second:02} web1 billing[{number}]: Unhandled exception while invoice {number} was written
Traceback (most recent call last):
  File "/srv/billing/invoice.py", line 71, in write
    total = sum(item.price for item in items) / len(items)
ZeroDivisionError: division by zero

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/srv/billing/main.py", line 12, in main
    write(invoice)
billing.errors.NoInvoice: invoice is empty"""

INDENTED_ONLY = """\
Nov 23 10:00:{second:02} web1 kernel: Call Trace:
 dump_stack+0x5c/0x{number}
 oom_kill_process+0x2b1/0x430"""

LINES = [
    "2026-11-23 10:00:{second:02},{millisecond:03} INFO [shop.checkout] Cart {number} took {millisecond} ms",
    "Nov 23 10:00:{second:02} web1 sshd[{number}]: Accepted publickey for root from 10.0.0.{second}",
]


def records(number: int, seed: int = 7) -> list[bytes]:
    """Return so many records in the order of a log, the same ones for the same seed."""
    chance = Random(seed)
    kinds = [JAVA, JAVA_BY_SYSLOG, PYTHON, INDENTED_ONLY, *LINES, *LINES]
    return [
        chance.choice(kinds)
        .format(second=chance.randrange(60), millisecond=chance.randrange(1000), number=chance.randrange(100, 9999))
        .encode()
        for _ in range(number)
    ]


def file_of(given: list[bytes], end: bytes = b"\n") -> bytes:
    """Return the file that has such records, its lines ended so."""
    return b"".join(record.replace(b"\n", end) + end for record in given)
