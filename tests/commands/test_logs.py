import io
import json
import logging
import sys

import pytest

from commands.logs import log_to

_LOG = logging.getLogger("logwinnow")
_FACTS = {"batch": 3, "set": "v1", "lines": 1_200, "matched": 0, "outliers": 12, "alerts_held_back": 0, "seconds": 0.25}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_record_is_one_json_object_a_line_with_its_facts() -> None:
    log_to(stream := io.StringIO())
    _LOG.info("batch", extra={"facts": _FACTS})
    _LOG.warning("no_set", extra={"facts": {"store": "a\nb\x1b"}})
    first, second = (json.loads(row) for row in stream.getvalue().splitlines())
    assert first.pop("time").endswith("Z")
    assert first == {"level": "info", "event": "batch", **_FACTS}
    assert (second["level"], second["event"], second["store"]) == ("warning", "no_set", "a\nb\x1b")


def test_on_a_terminal_it_is_words_without_numbers_that_say_nothing() -> None:
    log_to(stream := Terminal())
    _LOG.info("batch", extra={"facts": _FACTS})
    said = stream.getvalue().split(" ", 1)[1]
    assert said == "batch: batch 3, set v1, 1,200 lines, 0 matched, 12 outliers, seconds 0.25\n"


def test_on_a_terminal_nothing_of_a_log_or_a_name_can_move_the_cursor() -> None:
    log_to(stream := Terminal())
    _LOG.warning("set_refused", extra={"facts": {"error": "bad\x1b[2J\nset"}})
    assert stream.getvalue().endswith("set refused: error bad\\x1b[2J\\x0aset\n")
    assert stream.getvalue().count("\n") == 1


def test_a_record_without_facts_is_fine_and_one_below_the_level_is_not_said() -> None:
    log_to(stream := io.StringIO(), logging.WARNING)
    _LOG.info("set")
    _LOG.warning("stopped")
    assert [json.loads(row)["event"] for row in stream.getvalue().splitlines()] == ["stopped"]


def test_it_goes_to_what_standard_error_is_now_and_only_there(monkeypatch: pytest.MonkeyPatch) -> None:
    streams = [io.StringIO(), io.StringIO()]
    for stream in streams:
        monkeypatch.setattr(sys, "stderr", stream)
        log_to()
    _LOG.info("set")
    assert [stream.getvalue().count("\n") for stream in streams] == [0, 1]


def test_json_for_a_terminal_has_no_character_that_it_does_not_show() -> None:
    log_to(stream := Terminal(), words=False)
    _LOG.warning("source", extra={"facts": {"why": "a\x1b\x7f\x9bb\u202e"}})
    [row] = stream.getvalue().splitlines()
    assert row.isprintable()
    assert row.isascii()
    assert json.loads(row)["why"] == "a\x1b\x7f\x9bb\u202e"
