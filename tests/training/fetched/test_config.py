"""The tables [corpus.kafka] and [corpus.elasticsearch]: each key is in the shipped file, and what cannot be is told."""

from pathlib import Path

import msgspec
import pytest

from patterns.errors import SettingsError
from patterns.secrets import Secret
from patterns.settings import load, read_toml
from training.config import FILE, TrainingConfig
from training.fetched.config import CorpusConfig, ElasticsearchCorpus, KafkaCorpus

SHIPPED = Path(__file__).parents[3] / "conf" / FILE


def loaded(*assignments: str) -> CorpusConfig:
    return load(TrainingConfig, None, {}, assignments).corpus


def test_the_shipped_file_says_the_defaults() -> None:
    assert load(TrainingConfig, SHIPPED, {}, []) == TrainingConfig()


@pytest.mark.parametrize(("table", "kind"), [("kafka", KafkaCorpus), ("elasticsearch", ElasticsearchCorpus)])
def test_the_shipped_file_names_every_key_with_its_default(table: str, kind: type[msgspec.Struct]) -> None:
    written = SHIPPED.read_text().split(f"[corpus.{table}]\n")[1].split("\n[")[0]
    told = read_toml(SHIPPED)["corpus"][table]

    for field in msgspec.structs.fields(kind):
        if field.default is None:
            assert f"\n# {field.name} = " in written
        else:
            assert told[field.name] == field.default
            assert f"\n{field.name} = " in written


def test_both_are_reached_as_the_stream_reaches_them_and_secrets_stay_where_they_are() -> None:
    config = loaded(
        "corpus.kafka.security_protocol=SASL_SSL",
        "corpus.kafka.username=reader",
        "corpus.kafka.password=env:KAFKA_PASSWORD",
        "corpus.kafka.format=json",
        "corpus.elasticsearch.url=https://search:9200",
        "corpus.elasticsearch.api_key=file:/run/key",
        'corpus.elasticsearch.query={"term": {"logwinnow.outlier": false}}',
    )

    assert config.kafka.password == Secret("env:KAFKA_PASSWORD")
    assert config.elasticsearch.api_key == Secret("file:/run/key")
    assert config.elasticsearch.query == '{"term": {"logwinnow.outlier": false}}'


def test_a_variable_says_where_it_is() -> None:
    given = {"LOGWINNOW_CORPUS__KAFKA__BOOTSTRAP_SERVERS": "broker:9092"}

    assert load(TrainingConfig, None, given, []).corpus.kafka.bootstrap_servers == "broker:9092"


@pytest.mark.parametrize(
    ("assignment", "told"),
    [
        ("corpus.files=x", r"\$\.corpus: .*unknown field `files`; there are: kafka, elasticsearch"),
        ("corpus.kafka.topic=x", r"\$\.corpus\.kafka: .*unknown field `topic`; there are: .*format, message_field"),
        ("corpus.kafka.format=xml", r"\$\.corpus\.kafka\.format"),
        ("corpus.kafka.message_field=", r"\$\.corpus\.kafka\.message_field"),
        ("corpus.kafka.username=x", r"\$\.corpus\.kafka.*security_protocol PLAINTEXT has no login"),
        (
            "corpus.elasticsearch.index=x",
            r"\$\.corpus\.elasticsearch: .*unknown field `index`; there are: .*time_field",
        ),
        ("corpus.elasticsearch.time_field=", r"\$\.corpus\.elasticsearch\.time_field"),
        ("corpus.elasticsearch.page_documents=0", r"\$\.corpus\.elasticsearch\.page_documents"),
        ("corpus.elasticsearch.page_documents=10001", r"\$\.corpus\.elasticsearch\.page_documents"),
        ("corpus.elasticsearch.slices=0", r"\$\.corpus\.elasticsearch\.slices"),
        ("corpus.elasticsearch.slices=11", r"\$\.corpus\.elasticsearch\.slices"),
        ("corpus.elasticsearch.query=outlier:false", r"\$\.corpus\.elasticsearch.*no JSON object; set one such as"),
        ("corpus.elasticsearch.query='[1]'", r"\$\.corpus\.elasticsearch.*no JSON object"),
        ("corpus.elasticsearch.username=x", r"\$\.corpus\.elasticsearch.*username and password go together"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_its_path(assignment: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        loaded(assignment)
