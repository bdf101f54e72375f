"""Stack traces, joined and line by line: a trace seen once is not a pattern a frame, and another one is no flood."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from patterns.store import Store

Run = Callable[..., tuple[int, str, str]]

USUAL: Final = [f"Nov 23 10:{n // 60:02}:{n % 60:02} web1 mill[{n}]: order {n} is on its way" for n in range(200)]
HEAD: Final = "Nov 23 11:00:00 web1 mill[7]: request 7 failed"

# What programs write below such a line: one trace, and another of other frames.
TRACES: Final = {
    "java": (
        """\
java.lang.IllegalStateException: basket is locked
\tat org.nordwind.mill.Basket.total(Basket.java:117)
\tat org.nordwind.mill.Order.<init>(Order.java:40)
\tat org.nordwind.mill.Mill$Inner.lambda$run$0(Mill.java:88)
\tat java.base/java.lang.Thread.run(Thread.java:829)
Caused by: java.io.IOException: disk gone
\tat sun.nio.ch.FileDispatcherImpl.write0(Native Method)
\t... 12 more""",
        """\
java.lang.NullPointerException
\tat org.nordwind.shelf.Shelf.move(Shelf.java:17)
\tat org.nordwind.shelf.Shelf.access$000(Shelf.java:9)
\tat jdk.internal.reflect.GeneratedMethodAccessor7.invoke(Unknown Source)
\tat java.base/java.lang.reflect.Method.invoke(Method.java:566)
\tat java.lang.Object.wait(Native Method)
Caused by: java.net.ConnectException: Connection refused
\tat java.net.PlainSocketImpl.socketConnect(Native Method)
\tat org.nordwind.shelf.Net.open(Net.java:9)
\t... 3 more""",
    ),
    "python": (
        """\
Traceback (most recent call last):
  File "/srv/mill/app.py", line 31, in handle
    total = basket.total()
  File "basket.py", line 12, in total
    raise ValueError("locked")
ValueError: locked""",
        """\
Traceback (most recent call last):
  File "/srv/mill/app.py", line 31, in handle
    return shelf.move(sku)
  File "shelf.py", line 80, in move
    self.rows[sku] -= 1
KeyError: 4711""",
    ),
    "go": (
        """\
panic: runtime error: index out of range [5] with length 3

goroutine 17 [running]:
main.(*Server).total(0xc0000b4000, 0x5)
\t/srv/mill/server.go:41 +0x1d
main.main()
\t/srv/mill/main.go:12 +0x25""",
        """\
panic: assignment to entry in nil map

goroutine 1 [chan receive, 2 minutes]:
shelf/rows.(*Shelf).Move(...)
\t/srv/shelf/rows.go:80 +0x4f
created by main.serve
\t/srv/shelf/main.go:33 +0x2b""",
    ),
    ".net": (
        r"""System.InvalidOperationException: basket is locked
   at Nordwind.Mill.Basket.Total(Int32 number) in C:\src\mill\Basket.cs:line 42
   at Nordwind.Mill.Program.Main(String[] args)
--- End of inner exception stack trace ---""",
        r"""System.NullReferenceException: Object reference not set
   at Nordwind.Shelf.Shelf.Move(String sku) in C:\src\shelf\Shelf.cs:line 7
   at Nordwind.Shelf.Rows.<Load>d__3.MoveNext()
   at System.Threading.Tasks.Task.Execute()""",
    ),
    "gdb": (
        """\
#0  0x00007f12ab in raise () from /lib/libc.so
#1  0x0000557a12 in total (basket=0x55) at basket.c:117
#2  main (argc=1, argv=0x7ffe) at main.c:9""",
        """\
#0  0x00007f99aa in __poll () from /lib/libc.so
#1  0x0000557b77 in move (shelf=0x77) at shelf.c:80
#2  0x0000557c88 in ?? ()""",
    ),
    "node": (
        """\
TypeError: Cannot read properties of undefined (reading 'total')
    at Basket.total (/srv/mill/basket.js:117:9)
    at async handle (/srv/mill/app.js:31:3)
    at Module._compile (node:internal/modules/cjs/loader:1105:14)""",
        """\
RangeError: Maximum call stack size exceeded
    at Shelf.move (/srv/shelf/shelf.js:80:5)
    at new Rows (/srv/shelf/rows.js:7:1)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)""",
    ),
}
PER_LINE: Final = {"java": 2, "python": 4, "go": 4, ".net": 3, "gdb": 3, "node": 4}
"""New kinds of the other trace where lines are not joined: what the classes of words cannot help."""


def log_of(*traces: str) -> bytes:
    return "\n".join([*USUAL, *(f"{HEAD}\n{trace}" for trace in traces), *USUAL[:9], ""]).encode()


def trained(run: Run, folder: Path, multiline: str, *traces: str) -> Path:
    (folder / "mill.log").write_bytes(log_of(*traces))
    code, _, err = run("train", folder / "mill.log", "--multiline", multiline, "--store", folder / "store", "--quiet")
    assert (code, err) == (0, "")
    return folder / "store"


def alerts(run: Run, store: Path, trace: str) -> set[str]:
    """Return the shapes that people are told of."""
    _, out, _ = run("match", "-", "--store", store, "--json", stdin=log_of(trace))
    return {row["shape_text"] for row in map(json.loads, out.splitlines()) if row["outlier"]}


def with_other_numbers(trace: str) -> str:
    return trace.replace("117", "118").replace("31", "33").replace("41", "47")


@pytest.mark.parametrize("language", TRACES)
def test_a_joined_trace_is_one_pattern_and_another_is_one_alert(run: Run, tmp_path: Path, language: str) -> None:
    first, other = TRACES[language]
    store = trained(run, tmp_path, "no_header", first)

    assert len(Store(str(store)).read().patterns.by_id) == 2
    assert alerts(run, store, with_other_numbers(first)) == set()
    assert len(alerts(run, store, other)) == 1


@pytest.mark.parametrize("language", TRACES)
def test_line_by_line_a_trace_is_known_again_and_another_is_told_by_kinds_of_frames(
    run: Run, tmp_path: Path, language: str
) -> None:
    first, other = TRACES[language]
    store = trained(run, tmp_path, "off", first)

    assert alerts(run, store, with_other_numbers(first)) == set()
    assert len(alerts(run, store, other)) == PER_LINE[language]


def test_frames_of_java_are_of_one_kind_even_line_by_line(run: Run, tmp_path: Path) -> None:
    first, other = TRACES["java"]
    store = trained(run, tmp_path, "off", first)

    # Not one for each class or method: what else is told is what the exception says, and a frame without a source.
    assert alerts(run, store, other) == {"Caused by: <*> Connection refused", "at <*> Unknown Source"}
