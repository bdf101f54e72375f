from pathlib import Path

import pytest

from mining.support import in_lines
from patterns.errors import SettingsError
from patterns.settings import load
from training.config import Mining, TrainingConfig


def loaded(*assignments: str) -> TrainingConfig:
    return load(TrainingConfig, None, {}, assignments)


@pytest.mark.parametrize(
    ("support", "lines", "expected"),
    [
        (20, 1000, 20),
        ("5%", 1000, 50),
        ("0.1 %", 1000, 1),
        ("0.1%", 100, 1),
        ("100%", 7, 7),
        ("29%", 100, 29),
        ("57%", 100, 57),
        ("0.57%", 10_000, 57),
        ("1.1%", 1000, 11),
        ("33%", 10, 3),
    ],
)
def test_a_support_is_lines_or_a_share_of_the_lines_but_one_at_least(
    support: int | str, lines: int, expected: int
) -> None:
    share = Mining(support=support).share()

    assert share is not None
    assert in_lines(share, lines) == expected


def test_without_a_support_there_is_the_ladder() -> None:
    assert Mining().share() is None


@pytest.mark.parametrize("support", ["0", "-3", "'0%'", "'101%'", "'x'", "''", "'5'", "'-1%'", "'100.1%'", "'1e1%'"])
def test_an_impossible_support_is_refused_with_its_value_and_the_mend(support: str) -> None:
    with pytest.raises(SettingsError, match=r"\$\.mining\.support is .*: a pattern needs .*; set an integer"):
        loaded(f"mining.support={support}")


def test_an_unknown_key_is_refused_with_file_and_path(tmp_path: Path) -> None:
    path = tmp_path / "training.toml"
    path.write_text("[mining]\nsuport = 3\n")

    with pytest.raises(SettingsError, match=r"training\.toml: \$\.mining: .*`suport`; there are: algorithm"):
        load(TrainingConfig, path, {}, [])


def test_the_rules_are_those_of_the_file() -> None:
    config = loaded("lines.zone=Europe/Berlin", "lines.header=plain", "words.classes={number = '[0-9]+'}")

    rules = config.rules({})
    assert (rules.zone, rules.header, rules.words.classes) == ("Europe/Berlin", "plain", {"number": "[0-9]+"})


@pytest.mark.parametrize(
    ("assignments", "why"),
    [
        (["mining.aggregate_supports=true"], r"\$\.mining\.support is not set: the ladder has no aggregate_supports"),
        (["mining.word_weight=0.5"], r"\$\.mining\.support is not set"),
        (["mining.wildcard=true"], r"\$\.mining\.wildcard says how holes are written"),
        (["mining.support=5", "mining.word_weight=1.5"], r"\$\.mining\.word_weight is 1\.5: weights are shares"),
        (["mining.support=5", "mining.word_weight=0"], r"\$\.mining\.word_weight is 0: weights are shares"),
        (
            ["mining.support=5", "mining.word_weight=0.5", "mining.weight_function=5"],
            r"weight_function is 5: there are",
        ),
        (["mining.support=5", "mining.word_weight=0.5", "mining.algorithm=slct"], r"slct has no word weights"),
    ],
)
def test_options_that_do_not_go_together_are_refused_with_the_mend(assignments: list[str], why: str) -> None:
    with pytest.raises(SettingsError, match=why):
        loaded(*assignments)
