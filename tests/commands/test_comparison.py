"""What docs/COMPARISON.md says of `logwinnow mine` beside slct and logcluster.pl, and that its lines have tests."""

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from commands.__main__ import main
from patterns.store import Store

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "COMPARISON.md"

Run = Callable[..., tuple[int, str, str]]
Mine = Callable[..., Counter[tuple[str, int]]]


@pytest.fixture
def mine(run: Run, tmp_path: Path) -> Mine:
    """Mine raw lines with options and return patterns with supports."""

    def mine(lines: bytes, *options: str) -> Counter[tuple[str, int]]:
        log = tmp_path / "log"
        log.write_bytes(lines)
        code, told, _ = run("mine", log, "--raw", "--quiet", *options)
        assert code == 0
        return Counter((pattern, int(support)) for pattern, support in re.findall(r"(.*)\nSupport: (\d+)\n\n", told))

    return mine


def test_each_line_of_the_comparison_names_a_test_that_is_there() -> None:
    tests = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)
    }
    lines = re.findall(r"^(?:- .*(?:\n  .*)*|\| `.*)", PAGE.read_text(), re.MULTILINE)

    assert len(lines) > 40
    for line in lines:
        named = set(re.findall(r"`(test_\w+)`", line))
        assert named, line
        assert named <= tests, line


def test_leading_white_space_makes_no_empty_word(mine: Mine) -> None:
    lines = b"  a b\n\ta b\na b\n"

    assert mine(lines, "--support", "3") == {("a b", 3): 1}
    assert mine(lines, "--support", "3", "--algorithm", "slct") == {("a b", 3): 1}


@pytest.mark.parametrize("algorithm", ["logcluster", "slct"])
def test_all_ascii_white_space_separates_words_and_nothing_else(mine: Mine, algorithm: str) -> None:
    words = ["x\u00a0y", "x\u0085y", "x\x1cy", "x\x1fy", "x\x00y", "x\u2003y"]
    lines = b"a\vb\fc\rd\te\n" * 2 + "".join(f"{word}\n" for word in words * 2).encode()

    assert mine(lines, "--support", "2", "--algorithm", algorithm) == {
        ("a b c d e", 2): 1,
        **{(word, 2): 1 for word in words},
    }


@pytest.mark.parametrize("algorithm", ["logcluster", "slct"])
def test_a_line_of_any_length_and_any_number_of_words_is_mined_whole(mine: Mine, algorithm: str) -> None:
    words = [f"w{number}" for number in range(3_000)]
    line = " ".join(words)
    assert len(line) > 10_240

    assert mine(f"{line}\n{line}\n".encode(), "--support", "2", "--algorithm", algorithm) == {(line, 2): 1}


def test_a_final_carriage_return_is_no_part_of_the_last_word(mine: Mine) -> None:
    assert mine(b"a b\r\na b\n", "--support", "2", "--algorithm", "slct") == {("a b", 2): 1}


def test_a_file_that_is_named_twice_counts_twice(run: Run, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"a\n")

    assert run("mine", log, log, "--raw", "--quiet", "--support", "2") == (0, "a\nSupport: 2\n\n", "")


def test_a_name_of_a_file_is_no_glob_and_no_command(run: Run, tmp_path: Path) -> None:
    odd = tmp_path / "a b*.log"
    odd.write_bytes(b"x\n")

    assert run("mine", odd, "--raw", "--quiet", "--support", "1") == (0, "x\nSupport: 1\n\n", "")
    assert run("mine", "true |", "--raw", "--support", "1")[0] == 1


def test_lines_that_the_filter_rejects_count_for_no_share(mine: Mine) -> None:
    lines = b"a 1\na 2\nb\nb\nb\nb\n"

    assert mine(lines, "--support", "100%", "--filter", "^a") == {("a *{1,1}", 2): 1}


@pytest.mark.parametrize("algorithm", ["logcluster", "slct"])
def test_blank_lines_are_outliers_of_both_algorithms(run: Run, tmp_path: Path, algorithm: str) -> None:
    log, rest = tmp_path / "log", tmp_path / "rest"
    log.write_bytes(b"a\n\n \na\n")

    code, _, _ = run("mine", log, "--raw", "--support", "2", "--algorithm", algorithm, "--outliers", rest)
    assert (code, rest.read_bytes()) == (0, b"\n \n")


def test_outliers_are_written_where_nothing_is_found_at_all(run: Run, tmp_path: Path) -> None:
    log, rest = tmp_path / "log", tmp_path / "rest"
    log.write_bytes(b"a\nb\n")

    assert run("mine", log, "--raw", "--quiet", "--support", "2", "--algorithm", "slct", "--outliers", rest)[0] == 0
    assert rest.read_bytes() == b"a\nb\n"


def test_the_words_of_a_hole_are_in_ascending_order(mine: Mine) -> None:
    lines = b"up b x\n" * 2 + b"up a x\n" * 2 + b"a\n" * 9 + b"b\n" * 9

    assert mine(lines, "--support", "2", "--word-weight", "0.7")[("up (a|b) x", 4)] == 1


def test_candidates_below_the_support_count_in_how_words_depend_on_each_other(mine: Mine) -> None:
    # Of five lines with A three have B, one of them in a candidate that is no cluster: B weighs (3/5 + 1) / 2 = .8,
    # and would weigh (2/4 + 1) / 2 = .75 without it.
    lines = b"A B\n" * 2 + b"B A\n" + b"A\n" * 2 + b"B\n"

    assert mine(lines, "--support", "2", "--word-weight", "0.78")[("A B", 2)] == 1
    assert mine(lines, "--support", "2", "--word-weight", "0.81", "--wildcard")[("A *{0,1}", 4)] == 1


def test_supports_are_aggregated_before_patterns_are_joined_so_that_a_line_may_count_twice(mine: Mine) -> None:
    lines = b"A B x1\nA B x2\nA B x3\nA y1 z\nA y2 q\n"
    options = ("--support", "3", "--word-weight", "0.85", "--wildcard")

    assert mine(lines, *options) == {("A *{2,2}", 3): 1}
    assert mine(lines, *options, "--aggregate-supports") == {("A *{2,2}", 8): 1}


def test_outliers_can_be_mined_again_at_a_lower_support(run: Run, tmp_path: Path) -> None:
    log, rest = tmp_path / "log", tmp_path / "rest"
    log.write_bytes(b"common x\n" * 10 + b"rare y1 z\nrare y2 z\nonce\n")

    assert run("mine", log, "--raw", "--quiet", "--support", "10", "--outliers", rest)[0] == 0
    assert run("mine", rest, "--raw", "--quiet", "--support", "2") == (0, "rare *{1,1} z\nSupport: 2\n\n", "")


def test_another_separator_can_be_made_white_space_on_the_way(run: Run) -> None:
    lines = b"GET,1,ok\nGET,2,ok\n".replace(b",", b" ")

    assert run("mine", "-", "--raw", "--quiet", "--support", "2", stdin=lines)[1] == "GET *{1,1} ok\nSupport: 2\n\n"


def test_without_raw_words_that_vary_by_their_looks_are_never_constants(run: Run) -> None:
    lines = b"login from 10.0.0.1\n" * 5

    assert run("mine", "-", "--quiet", "--support", "5", stdin=lines)[1] == "login from *{1,1}\nSupport: 5\n\n"
    assert (
        run("mine", "-", "--raw", "--quiet", "--support", "5", stdin=lines)[1] == "login from 10.0.0.1\nSupport: 5\n\n"
    )


def test_options_that_change_no_result_or_depend_on_the_order_of_lines_are_not_there(run: Run) -> None:
    for option in ("--wsize=10", "--csize=10", "-r", "--refine", "--wfilter=x", "--separator=,", "--color"):
        assert run("mine", "log", "--raw", "--support", "1", option)[0] == 2


def test_the_first_bytes_of_a_line_can_be_skipped_by_a_template(mine: Mine) -> None:
    lines = "0123456é a b\n0123456é a c\nshort\n".encode()

    assert mine(lines, "--support", "2", "--filter", "^.{10}(.+)", "--template", "$1") == {("a *{1,1}", 2): 1}


def test_what_is_no_utf_8_comes_out_as_the_same_bytes(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"\xe9t\xe9 \xff\n" * 2 + b"\xe9t\xe9 \xfe\n" * 2)

    assert main(["mine", str(log), "--raw", "--quiet", "--support", "2"]) == 0
    assert capfdbinary.readouterr().out == b"\xe9t\xe9 \xfe\nSupport: 2\n\n\xe9t\xe9 \xff\nSupport: 2\n\n"


@pytest.mark.parametrize("algorithm", ["logcluster", "slct"])
@pytest.mark.parametrize("options", [(), ("aggregate_supports=true",)], ids=["plain", "aggregated"])
@pytest.mark.parametrize("support", ["5", "10%"])
def test_a_training_at_one_support_publishes_what_mine_prints(
    run: Run, log: Path, tmp_path: Path, algorithm: str, support: str, options: tuple[str, ...]
) -> None:
    keys = [word for key in options for word in ("--set", f"mining.{key}")]
    given = ("--support", support, "--algorithm", algorithm)
    assert run("train", log, "--store", tmp_path / "store", "--quiet", *given, *keys)[0] == 0

    mined = json.loads(
        run("mine", log, "--quiet", "--format", "json", *given, *(["--aggregate-supports"] if options else []))[1]
    )
    published = Store(str(tmp_path / "store")).read().patterns.patterns
    assert {(known.scope, known.pattern.text, known.mined_support) for known in published} == {
        (row["scope"], row["pattern"], row["support"]) for row in mined
    }
    assert len(mined) >= 3


def test_a_pattern_of_holes_alone_is_printed_and_not_published(run: Run, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"link up\nlink down\nport up\nport down\n" * 2 + b"all quiet\n" * 2)
    keys = ["mining.support=2", "mining.word_weight=0.8", "mining.wildcard=true"]

    printed = run("mine", log, "--quiet", "--support", "2", "--word-weight", "0.8", "--wildcard")[1]
    trained = run("train", log, "--quiet", "--store", tmp_path / "store", *[w for k in keys for w in ("--set", k)])
    assert printed == "*{2,2}\nSupport: 8\n\nall quiet\nSupport: 2\n\n"
    assert trained[0] == 0
    published = Store(str(tmp_path / "store")).read().patterns.patterns
    assert [known.pattern.text for known in published] == ["all quiet"]
