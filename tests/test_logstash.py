"""conf/logstash in the hands of a grammar of Logstash's language; tests/servers/test_logstash.py has it read lines."""

import re

import pytest
from logstash_pipeline import SHIPPED, Pipeline
from logstash_pipeline_parser.tree import ParseError

from patterns.settings import load
from streaming.config import StreamingConfig

FILES = ["pipeline.conf", "direct.conf"]

COMMENTED = {"pipeline.conf": 11, "direct.conf": 4}
"""Lines of Logstash's language that are comments."""

MISTAKES = {
    "a bracket that is not closed": ("  }\n}\n\noutput {", "  }\n\noutput {"),
    "a quote that is not closed": ('"/var/log/syslog"', '"/var/log/syslog'),
    "a path without quotes": ('=> "/var/lib/logstash/', "=> /var/lib/logstash/"),
    "a comma between the pairs of a hash": ('"REST" =>', ', "REST" =>'),
    "a comma between settings": ("    overwrite =>", "    , overwrite =>"),
    "another arrow": ("start_position =>", "start_position ="),
    "no value": ('locale => "en"', "locale =>"),
    "no such section": ("filter {", "filters {"),
    "a condition that says nothing": ("if ![host][hostname]", "if !"),
    "a plugin without brackets": ("  grok {", "  grok"),
}


@pytest.mark.parametrize("name", FILES)
def test_logstash_s_grammar_takes_the_pipeline_as_it_is_shipped(name: str) -> None:
    pipeline = Pipeline((SHIPPED / name).read_text())
    assert [section for section, _ in pipeline.tree] == ["input", "filter", "output"]


@pytest.mark.parametrize(("right", "wrong"), MISTAKES.values(), ids=MISTAKES)
@pytest.mark.parametrize("name", FILES)
def test_a_mistake_in_it_would_be_told(name: str, right: str, wrong: str) -> None:
    shipped = (SHIPPED / name).read_text()
    assert shipped.count(right) == 1
    with pytest.raises(ParseError):
        Pipeline(shipped.replace(right, wrong))


@pytest.mark.parametrize("name", FILES)
def test_what_it_has_as_comments_is_in_the_language_too(name: str) -> None:
    shipped = (SHIPPED / name).read_text()
    # Plugins and settings, and the brackets that end plugins.
    switched_on, settings = re.subn(r"^( *)# ( *(?:\w+ (?:=>|\{).*|\}))$", r"\1\2", shipped, flags=re.MULTILINE)
    assert settings == COMMENTED[name]
    Pipeline(switched_on)


@pytest.mark.parametrize("name", FILES)
def test_nothing_is_in_it_that_logstash_refuses_and_this_grammar_takes(name: str) -> None:
    shipped = (SHIPPED / name).read_text()
    [hash_of_several] = re.findall(r"=> \{\n(.*?)\n    \}", shipped, flags=re.DOTALL)
    assert "#" not in hash_of_several
    assert not re.search(r'"\s*,\s*\]', shipped)


def test_both_cut_lines_alike() -> None:
    pipelines = [Pipeline((SHIPPED / name).read_text()) for name in FILES]
    for plugin in ("grok", "date"):
        first, second = (each.plugin("filter", plugin) for each in pipelines)
        assert first == second


def test_the_records_go_where_the_stream_reads_and_are_what_it_expects() -> None:
    kafka = Pipeline((SHIPPED / "pipeline.conf").read_text()).plugin("output", "kafka")
    source = load(StreamingConfig, SHIPPED.parent / "streaming.toml", {}, []).source.kafka
    assert kafka["bootstrap_servers"] == source.bootstrap_servers
    assert [kafka["topic_id"]] == list(source.topics)
    assert (kafka["codec"], source.format) == ({"plain": {"format": "%{[event][original]}"}}, "plain")


def test_it_is_sent_until_all_replicas_have_it() -> None:
    kafka = Pipeline((SHIPPED / "pipeline.conf").read_text()).plugin("output", "kafka")
    assert kafka["acks"] == "all"
    assert "retries" not in kafka


def test_both_can_follow_the_same_files_at_once() -> None:
    first, second = (Pipeline((SHIPPED / name).read_text()).plugin("input", "file") for name in FILES)
    assert first["path"] == second["path"]
    assert first["sincedb_path"] != second["sincedb_path"]
