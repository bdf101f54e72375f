"""Mining at one support, whole, against a miner that follows the definitions and shares no code with it."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from brute_force import How
from brute_force import mined as by_brute_force
from hypothesis import given
from hypothesis import strategies as st

from mining.candidates import WordKeys
from mining.clusters import Method
from mining.support import parse_support
from mining.words import words_of
from patterns.judge import Shaper
from patterns.rules import PLAIN, Rules
from training.classic import Found, mine_corpus
from training.corpus import Corpus
from training.engines.python import PythonEngine
from training.errors import DictionaryError
from training.line_filter import Filter
from training.lines import Lines, Place, raw_words
from training.notation import as_printed

DATASETS = ["Apache", "BGL", "HDFS", "Linux", "OpenSSH", "Proxifier", "Spark", "Zookeeper"]

Mined = Counter[tuple[str, str, int]]


def method(how: How) -> Method:
    return Method(
        "slct" if how.slct else "logcluster",
        aggregate_supports=how.aggregate,
        word_weight=how.weight or None,
        weight_function=how.function,
        wildcard=how.wildcard,
        anchored=not how.raw,
    )


def quiet(_lines: int, _done: int, _size: int) -> None:
    """Show no progress."""


def read(corpus: Corpus, how: How, rules: Rules | None = None) -> Lines:
    return whole(corpus) if how.raw else by_shape(corpus, rules or Rules())


def whole(corpus: Corpus, chosen: Filter | None = None) -> Lines:
    return PythonEngine(corpus).raw_lines(chosen or Filter(), quiet)


def by_shape(corpus: Corpus, rules: Rules, chosen: Filter | None = None) -> Lines:
    return PythonEngine(corpus).shaped_lines(chosen or Filter(), rules, quiet)


def place(line: bytes, how: How) -> Place | None:
    if how.raw:
        return Place("", raw_words(line))
    found = Shaper(Rules()).shape(line, 0)
    return None if found.unjudged else Place(found.scope, words_of(found.shape))


def mined(log: Path, how: How, rules: Rules | None = None) -> Mined:
    with Corpus([str(log)]) as corpus:
        return shown(mine_corpus(read(corpus, how, rules), how.support, method(how)), how)


def shown(found: Found, how: How) -> Mined:
    text: Callable[..., str] = as_printed if how.raw else str
    return Counter((scope, text(each.pattern), each.support) for scope, each in found.clusters)


@pytest.fixture(scope="session")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("classic") / "log"


def written(log: Path, lines: list[str]) -> Path:
    log.write_text("".join(f"{line}\n" for line in lines))
    return log


HEADERS = [
    "",
    "",
    "Nov  3 04:05:06 web1 sshd[12]: ",
    "Nov  3 04:05:07 web1 worker-7: ",
    "2026-01-02T03:04:05Z db cron: ",
]
WORDS = [
    "up",
    "down",
    "link",
    "user=root",
    "user=",
    "10.0.0.7",
    "eth0",
    "onExtend:15",
    "r24=",
    "/var/log/x",
    "Mon",
    "(a|b)",
]

messages = st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join)
lines_of = st.lists(st.tuples(st.sampled_from(HEADERS), messages).map("".join), max_size=16)
supports = st.integers(1, 4)

# Few plain words, so that candidates share them; weights that no share of so few lines equals, and one.
raw_lines = st.lists(st.lists(st.sampled_from("aabcdxyz"), min_size=1, max_size=6).map(" ".join), max_size=16)
weights = st.sampled_from([0.31, 0.47, 0.71, 0.93, 1.0])


@given(lines_of, supports, st.booleans(), st.booleans())
def test_lines_with_headers_are_mined_by_program_and_shape_as_the_definitions_say(
    log: Path, lines: list[str], support: int, slct: bool, aggregate: bool
) -> None:
    how = How(support, slct=slct, aggregate=aggregate)

    # The words above have nothing to escape in the pattern language but the one that reads like alternatives.
    expected = Counter({(s, p.replace("(a|b)", "a|b"), n): m for (s, p, n), m in by_brute_force(lines, how).items()})
    assert mined(written(log, lines), how) == expected


@given(raw_lines, supports, st.booleans(), st.booleans())
def test_raw_lines_are_mined_as_the_definitions_say(
    log: Path, lines: list[str], support: int, slct: bool, aggregate: bool
) -> None:
    how = How(support, raw=True, slct=slct, aggregate=aggregate)

    assert mined(written(log, lines), how) == by_brute_force(lines, how)


@given(raw_lines, supports, weights, st.integers(1, 4), st.booleans(), st.booleans(), st.booleans())
def test_clusters_are_joined_by_the_weights_of_their_words_as_the_definitions_say(
    log: Path, lines: list[str], support: int, weight: float, function: int, wildcard: bool, aggregate: bool, raw: bool
) -> None:
    how = How(support, raw=raw, aggregate=aggregate, weight=weight, function=function, wildcard=wildcard)

    assert mined(written(log, lines), how) == by_brute_force(lines, how)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("slct", [False, True], ids=["logcluster", "slct"])
def test_a_table_of_many_candidates_is_aggregated_as_the_definitions_say(log: Path, slct: bool, seed: int) -> None:
    # So many that common words are found by their bits: small ones have lists alone. Words of digits occur once.
    chance = Random(seed)
    weights = [9, 8, 7, 6, 5, 4, 3, 2, 1, 1]
    lines = []
    for number in range(300):
        words = chance.choices("abcdefghij", weights, k=chance.randint(1, 5))
        for once in range(chance.choice([0, 0, 1, 2, 3])):
            words.insert(chance.randint(0, len(words)), f"{number}.{once}")
        lines.append(" ".join(words))
    for support in (2, 5, 20):
        how = How(support, raw=True, slct=slct, aggregate=True)
        assert mined(written(log, lines), how) == by_brute_force(lines, how)


@pytest.mark.parametrize("slct", [False, True], ids=["logcluster", "slct"])
@pytest.mark.parametrize("dataset", DATASETS)
def test_real_lines_are_mined_by_shape_as_the_definitions_say(loghub: Path, dataset: str, slct: bool) -> None:
    path = loghub / dataset / f"{dataset}_2k.log"
    lines = [line.removesuffix("\r") for line in path.read_bytes().decode().split("\n") if line]
    for support in (3, 20):
        how = How(support, slct=slct)
        found, expected = mined(path, how), by_brute_force(lines, how)
        assert found
        assert found == expected


@given(raw_lines, supports, st.randoms(use_true_random=False), st.booleans(), st.booleans())
def test_the_order_of_lines_changes_no_pattern_and_not_their_order(
    log: Path, lines: list[str], support: int, random: Random, slct: bool, raw: bool
) -> None:
    how = How(support, slct=slct, raw=raw, aggregate=True)
    shuffled = list(lines)
    random.shuffle(shuffled)

    results = []
    for each in (lines, shuffled):
        with Corpus([str(written(log, each))]) as corpus:
            results.append(mine_corpus(read(corpus, how), support, method(how)).clusters)
    assert results[0] == results[1]


@given(lines_of, supports, st.booleans(), st.booleans(), st.booleans())
def test_lines_of_a_cluster_and_outliers_are_all_lines(
    log: Path, lines: list[str], support: int, slct: bool, raw: bool, aggregate: bool
) -> None:
    how = How(support, slct=slct, raw=raw, aggregate=aggregate)
    with Corpus([str(written(log, lines))]) as corpus:
        given_lines = read(corpus, how)
        found = mine_corpus(given_lines, support, method(how))
        rest = list(given_lines.outliers(found.coverage, quiet))

    supported = sum(each.support for _, each in found.clusters)
    if aggregate:
        assert len(lines) - len(rest) <= supported
    else:
        assert len(lines) - len(rest) == supported
    assert rest == [line for line in map(str.encode, lines) if found.coverage.is_outlier(place(line, how))]


def test_a_join_changes_no_outlier(log: Path) -> None:
    written(log, ["A B x1", "A B x2", "A B x3", "A y1 z", "A y2 q", "B"])
    with Corpus([str(log)]) as corpus:
        lines = whole(corpus)
        plain = mine_corpus(lines, 3, Method(aggregate_supports=True))
        joined = mine_corpus(lines, 3, Method(aggregate_supports=True, word_weight=0.85, wildcard=True))

    assert len(joined.clusters) < len(plain.clusters)
    for found in (plain, joined):
        assert not found.coverage.is_outlier(Place("", ("A", "y1", "z")))
        assert found.coverage.is_outlier(Place("", ("B",)))


def test_a_line_that_looks_like_a_pattern_is_an_outlier_where_a_gap_took_a_frequent_word(log: Path) -> None:
    written(log, ["A x B", "A y B", "A z q B", "A K B", "K", "K"])
    with Corpus([str(log)]) as corpus:
        found = mine_corpus(whole(corpus), 3, Method())

    assert [str(each.pattern) for _, each in found.clusters] == ["A *{1,2} B"]
    assert found.coverage.is_outlier(Place("", ("A", "K", "B")))
    assert not found.coverage.is_outlier(Place("", ("A", "t", "B")))


@pytest.mark.parametrize(("support", "expected"), [("50%", {("a", 3)}), ("66%", {("a", 3)}), ("67%", set())])
def test_a_share_is_one_of_all_raw_lines_blank_ones_too(
    log: Path, support: str, expected: set[tuple[str, int]]
) -> None:
    written(log, ["a", "", "a", " ", "a", ""])
    with Corpus([str(log)]) as corpus:
        found = mine_corpus(whole(corpus), parse_support(support), Method())

    assert {(str(each.pattern), each.support) for _, each in found.clusters} == expected


def test_a_given_dictionary_decides_which_words_are_frequent_whatever_their_number(log: Path) -> None:
    written(log, ["a x", "a y", "a z", "b z"])
    with Corpus([str(log)]) as corpus:
        found = mine_corpus(whole(corpus), 1, Method(), {"": WordKeys(frozenset({"x", "z"}))})

    assert {(str(each.pattern), each.support) for _, each in found.clusters} == {("*{1,1} x", 1), ("*{1,1} z", 2)}


def test_a_program_that_the_dictionary_lacks_has_no_frequent_words(log: Path) -> None:
    written(log, [f"{HEADERS[2]}up", f"{HEADERS[4]}up"])
    with Corpus([str(log)]) as corpus:
        found = mine_corpus(by_shape(corpus, Rules()), 1, Method(), {"sshd": WordKeys(frozenset({"up"}))})

    assert [(scope, str(each.pattern)) for scope, each in found.clusters] == [("sshd", "up")]


def test_by_a_plain_header_the_whole_line_is_the_message(log: Path) -> None:
    written(log, [f"{HEADERS[2]}up"] * 2)

    assert mined(log, How(2), Rules(header=PLAIN)) == {("", "*{1,1} sshd *{1,1} : up", 2): 1}


def test_a_dictionary_of_other_programs_than_the_corpus_s_is_an_error(log: Path) -> None:
    written(log, [f"{HEADERS[2]}up"])
    with Corpus([str(log)]) as corpus:
        lines = by_shape(corpus, Rules())
        with pytest.raises(DictionaryError, match=r"words of no program, and the lines are of sshd: nothing would be"):
            mine_corpus(lines, 1, Method(), {"": WordKeys(frozenset({"up"}))})


@pytest.mark.parametrize(
    ("raw", "left_out"), [(True, {"filter": 1}), (False, {"filter": 1, "blank": 1, "no_constant": 1})]
)
def test_lines_that_are_not_mined_are_counted_by_reason(log: Path, raw: bool, left_out: dict[str, int]) -> None:
    written(log, ["up 1", " ", "17", "reject"])
    with Corpus([str(log)]) as corpus:
        chosen = Filter("^[^r]")
        lines = whole(corpus, chosen) if raw else by_shape(corpus, Rules(), chosen)
        mined_lines = mine_corpus(lines, 1, Method()).lines

        assert lines.left_out == left_out
        assert mined_lines == 4 - sum(left_out.values())
