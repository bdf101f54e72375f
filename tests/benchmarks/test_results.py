from pathlib import Path

import pytest

from benchmarks.training.results import Comparison, Found, agree, clusters, printed, published, told

OURS = b"if *{1,1} down at *{1,2}\nSupport: 1203\n\na b\nSupport: 3\n\n"


def found(content: bytes) -> Found:
    return Found(content, 0)


def test_a_space_at_the_end_of_a_pattern_does_not_count() -> None:
    # logcluster.pl and slct end each word with a space.
    assert clusters(b"a b \nSupport: 3\n\n") == clusters(b"a b\nSupport: 3\n\n") == {((b"a", b"b"), 3): 1}


def test_what_logclusterc_prints_is_read_as_what_the_perl_program_prints() -> None:
    theirs = b"\nif *{1,1} down at *{1,2}\nSupport : 1,203\n\na b \nSupport : 3\n\n\n"
    assert clusters(theirs) == clusters(OURS)


def test_order_does_not_count() -> None:
    turned = b"a b\nSupport: 3\n\nif *{1,1} down at *{1,2}\nSupport: 1203\n\n"
    assert agree("clusters", found(turned), found(OURS))
    assert not agree("exact", found(turned), found(OURS))


@pytest.mark.parametrize(
    ("content", "comparison"),
    [
        (b"if down at\nSupport: 1203\n\na b\nSupport: 3\n\n", "clusters"),
        (b"if down at\nSupport: 1202\n\na b\nSupport: 3\n\n", "counts"),
        (b"if down at\nSupport: 1203\n\n", "counts"),
        (OURS + b"a b\nSupport: 3\n\n", "clusters"),
        (b"", "exact"),
    ],
)
def test_a_difference_is_seen(content: bytes, comparison: Comparison) -> None:
    assert agree(comparison, found(content), found(OURS)) is False


def test_gaps_do_not_count_where_only_candidates_are_counted() -> None:
    assert agree("counts", found(b"if down at\nSupport: 1203\n\na b\nSupport: 3\n\n"), found(OURS))


def test_a_hole_of_slct_is_a_place_and_counts() -> None:
    assert clusters(b"a * b\nSupport: 3\n\n", gaps=False) != clusters(b"a b\nSupport: 3\n\n", gaps=False)


def test_other_algorithms_are_not_compared() -> None:
    assert agree("number", found(b"{}"), found(OURS)) is None


def test_printed_patterns_are_counted(tmp_path: Path) -> None:
    (tmp_path / "output").write_bytes(OURS)
    assert printed(tmp_path / "output") == (OURS, 2, "")


def test_the_set_is_read_of_the_version_that_is_current(tmp_path: Path) -> None:
    for version, lines in (("1", b"old\n"), ("2", b"a\nb\n")):
        (tmp_path / "output.store" / version).mkdir(parents=True)
        (tmp_path / "output.store" / version / "patterns.jsonl").write_bytes(lines)
    (tmp_path / "output.store" / "CURRENT").write_text("2\n")
    assert published(tmp_path / "output") == (b"a\nb\n", 2, "")


def test_other_programs_tell_what_they_did(tmp_path: Path) -> None:
    (tmp_path / "output").write_text('{"templates": 12, "format": "syslog", "threads": 2}')
    assert told(tmp_path / "output")[1:] == (12, "format syslog, threads 2")
