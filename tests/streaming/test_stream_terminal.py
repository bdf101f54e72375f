"""`logwinnow stream` on a real terminal: what its screen shows, and what never reaches it."""

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import pytest
from terminal_process import TerminalProcess, on_terminal

if TYPE_CHECKING:
    from tests.streaming.conftest import Site

Started = Callable[..., AbstractContextManager[TerminalProcess]]

_HIDE_CURSOR, _SHOW_CURSOR = b"\x1b[?25l", b"\x1b[?25h"
_COLOURS = re.compile(rb"\x1b\[[0-9;]*3[0-9][0-9;]*m")
# What the view needs of a terminal: style, hidden cursor, one row up, a row or the screen erased, home.
_OURS = re.compile(rb"\x1b\[(\??25[lh]|[0-9;]*m|1A|2K|2J|H)")


@pytest.fixture
def started(site: "Site") -> Started:
    """Run the stream of the site on a terminal."""

    def start(*options: str, **more: Any) -> AbstractContextManager[TerminalProcess]:
        given = {
            "checkpoint": site.checkpoint,
            "patterns.store": site.store,
            "sink.files.path": site.sink,
            "dead_letters.path": site.folder / "dead-letters",
            "source.name": "app",
            "source.files.paths": json.dumps([str(site.log)]),
            "trigger.seconds": 0.2,
            "spark.master": "local[2]",
        }
        named = [part for name, value in given.items() for part in ("--set", f"{name}={value}")]
        return on_terminal(["stream", *named, *options], **more)

    return start


def check_it_ended_well(stream: TerminalProcess) -> None:
    """Press Ctrl-C; see that it ends, the last state stays, and the terminal is as it was."""
    stream.press_ctrl_c()
    assert stream.end() == 0
    sent = b"".join(stream.sent)
    assert sent.rfind(_SHOW_CURSOR) > sent.rfind(_HIDE_CURSOR)
    assert "Traceback" not in stream.text()
    assert b"\x1b" not in _OURS.sub(b"", sent)
    assert stream.rows()[-1].strip()


@pytest.mark.spark
def test_the_view_shows_what_the_batches_come_to_and_no_log_line_reaches_the_terminal(
    site: "Site", started: Started
) -> None:
    site.publish("user left")
    hostile = "evil \x1b]0;owned\x07 \x1b[2J\x1b[31mred \x9b5A \u202e " + "\u4e16" * 300 + " end"
    site.append(*["user left"] * 30, hostile, b"broken \xff\xfe bytes \x1b[H")
    with started() as stream:
        shown = stream.wait_for(lambda text: "32 in all" in text)
        assert "logwinnow stream: app" in shown
        assert re.search(r"^matched +93\.7 %$", shown, re.MULTILINE)
        assert re.search(r"^outliers +2$", shown, re.MULTILINE)
        assert re.search(r"^dead letters +0$", shown, re.MULTILINE)
        assert re.search(r"^lag +[0-9.]+ s$", shown, re.MULTILINE)
        assert re.search(r"^set +(new|\d minutes? old), 2", shown, re.MULTILINE)
        harmless = r"evil \x1b]0;owned\x07 \x1b[2J\x1b[31mred \x9b5A \u202e 世"
        assert re.search(rf"^  [0-9:]{{8}} +{re.escape(harmless)}", shown, re.MULTILINE)
        assert "bytes \\x1b[H" in shown
        stream.resize(36, 9)
        site.append("user came")
        small = stream.wait_for(lambda text: re.search(r"^outliers +3$", text, re.MULTILINE) is not None)
        assert small.count("logwinnow stream") == 1
        assert len(stream.rows()) <= 9
        (site.store / "CURRENT").write_text("20990101T000000.000Z-none\n")
        site.append("user left")
        stream.resize(120, 40)
        told = stream.wait_for(lambda text: "set refused" in text and "34 in all" in text)
        assert told.index("set refused") < told.index("logwinnow stream")
        assert told.count("logwinnow stream") == 1
        check_it_ended_well(stream)
    assert len(site.lines()) == 34
    assert stream.text().count("logwinnow stream") == 1


@pytest.mark.parametrize(("columns", "rows"), [(200, 30), (24, 6), (10, 3)])
def test_a_warning_stands_above_the_view_which_fits(started: Started, columns: int, rows: int) -> None:
    with started(columns=columns, rows=rows) as stream:
        stream.wait_for(lambda text: re.search("^lines ", text, re.MULTILINE) is not None)
        # The time in it goes on, and is drawn where it stood.
        text = stream.wait_for(
            lambda text: (
                bool(re.search(r"^0:\d\d:(0[2-9]|[1-5]\d) ", text, re.MULTILINE))
                and (columns <= 80 or "no set: " in text)
            )
        )
        assert len(re.findall(r"^0:\d\d:\d\d ", text, re.MULTILINE)) == 1
        if columns > 80:
            assert "no set: " in text.splitlines()[0]
            assert re.match(r"0:\d\d:\d\d logwinnow stream: app  Ctrl-C ends it", text.splitlines()[1])
        check_it_ended_well(stream)
    # Nothing but the time was drawn anew, and nothing ever cleared the screen.
    assert b"\x1b[2J" not in b"".join(stream.sent)


def test_a_resize_leaves_one_view_and_the_messages(started: Started) -> None:
    with started() as stream:
        stream.wait_for(lambda text: "no set: " in text)
        for columns, rows in ((40, 10), (20, 30), (90, 20)):
            stream.resize(columns, rows)
            stream.wait_for_more()
        text = stream.wait_for(lambda text: "no set: " in text and "Ctrl-C" in text)
        assert text.count("logwinnow stream") == 1
        check_it_ended_well(stream)


def test_no_color_is_honoured(started: Started) -> None:
    with started(NO_COLOR="1") as stream:
        stream.wait_for(lambda text: "no set: " in text)
        check_it_ended_well(stream)
    assert not _COLOURS.search(b"".join(stream.sent))


def test_a_dumb_terminal_gets_words_without_any_escape(started: Started) -> None:
    with started(TERM="dumb") as stream:
        assert stream.wait_for(lambda text: "no set: " in text).startswith(tuple("012"))
        stream.press_ctrl_c()
        assert stream.end() == 0
    assert b"\x1b" not in b"".join(stream.sent)


def test_json_on_a_terminal_is_the_log_of_a_service(started: Started) -> None:
    with started("--json", columns=400) as stream:
        row = json.loads(stream.wait_for(lambda text: "no_set" in text and "}" in text).splitlines()[0])
        assert (row["level"], row["event"]) == ("warning", "no_set")
        stream.press_ctrl_c()
        assert stream.end() == 0
    assert b"\x1b" not in b"".join(stream.sent)


def test_what_ends_it_is_told_below_the_view(site: "Site", started: Started) -> None:
    site.publish("user left")
    with started("--once", "--set", 'source.files.paths=["/no/such/file"]', columns=200) as stream:
        assert stream.end() == 1
    assert stream.rows()[-1].startswith("logwinnow: source.files.paths is ['/no/such/file']")
    assert stream.text().count("logwinnow: ") == 1


def test_quiet_says_warnings_and_errors_alone(started: Started) -> None:
    with started("--quiet", columns=400) as stream:
        stream.wait_for(lambda text: "no set: " in text)
        stream.press_ctrl_c()
        assert stream.end() == 0
    # The terminal's own echo of the key stands behind it.
    assert stream.rows()[1:] == ["^C"]
