"""
What a user names → a corpus: files as they are, and what is fetched into a spool.

    app.log  '*.gz'  -  s3://…             files: see training/paths.py
    kafka:logs  elasticsearch:'logs-*'     fetched: see training/fetched/; a file of such a name is ./kafka:logs
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from patterns.rules import PLAIN, Rules
from training.config import TrainingConfig
from training.corpus import Corpus, Progress
from training.errors import CorpusError
from training.fetched.counts import FetchCounts
from training.fetched.spool import Spool
from training.fetched.time_range import TimeRange
from training.paths import expand, fetched_from, is_uri


@contextmanager
def corpus_of(
    paths: Sequence[str], config: TrainingConfig, rules: Rules | None, time_range: TimeRange, progress: Progress
) -> Iterator[tuple[Corpus, list[FetchCounts]]]:
    """
    Open a corpus for the block, and fetch of it what is to be fetched; yield it, and what was fetched.

    Args:
        paths: Files and what is fetched, as above.
        config: Where it is fetched from; and of an engine on a cluster, which folder its machines share.
        rules: How its lines are read afterwards, and those of files joined; None for raw ones.
        time_range: Of which times records and documents are fetched; files are read whole.
        progress: Called now and then while it is fetched.

    Raises:
        ClientError: Kafka or Elasticsearch cannot be used.
        CorpusError: A file cannot be read; there is nothing to be fetched, or no room for it; or lines of URIs were to
            be joined.
        RulesError: The rules join lines, and cannot be used.
        SettingsError: A secret is not there.

    Cost: what is fetched is written to disk once, as it is unpacked.
    """
    files = [path for path in paths if not fetched_from(path)]
    named = [path for path in paths if fetched_from(path)]
    if not named:
        with Corpus(files, rules=rules) as corpus:
            yield corpus, []
        return
    # What is missing is told before hours are spent on the rest.
    expand(files)
    with Spool(_shared_folder(config)) as spool:
        fetched = [_fetch(path, config, rules or Rules(header=PLAIN), time_range, spool, progress) for path in named]
        with Corpus(files, spool.pieces(), rules) as corpus:
            yield corpus, fetched


def _fetch(
    path: str, config: TrainingConfig, rules: Rules, time_range: TimeRange, spool: Spool, progress: Progress
) -> FetchCounts:
    kind, name = fetched_from(path) or ("", "")
    counts = FetchCounts(path, time_range)

    def tell(lines: int, done: int, size: int) -> None:
        # That all is read is told when it is: the engine reads it once more.
        progress(lines, min(done, max(size - 1, 0)), size)

    # Each needs a client that the other does not.
    if kind == "kafka":
        from training.fetched import kafka

        kafka.fetch(name, config.corpus.kafka, rules, counts, spool, tell)
    else:
        from training.fetched import elasticsearch

        elasticsearch.fetch(name, config.corpus.elasticsearch, rules, counts, spool, tell)
    if not counts.lines:
        raise CorpusError(_nothing(counts))
    return counts


def _nothing(counts: FetchCounts) -> str:
    if not counts.records:
        return f"{counts.source} has nothing {counts.time_range}; check the name, --from and --to"
    why = ", ".join(f"{reason} {number:,}" for reason, number in sorted(counts.left_out.items()))
    return (
        f"{counts.source} has no line {counts.time_range}, in {counts.records:,} records ({why}); check format, "
        f"message_field and time_field of $.corpus.{counts.source.partition(':')[0]}"
    )


def _shared_folder(config: TrainingConfig) -> str | None:
    """Return the folder for what is fetched; None for that of this machine."""
    spark = config.spark
    if config.mining.engine != "spark" or spark.master.startswith("local"):
        return None
    if not spark.staging or is_uri(spark.staging):
        raise CorpusError(
            f"$.spark.staging is {spark.staging!r} and $.spark.master is {spark.master!r}: what is fetched is written "
            "to a folder that this machine and those of the cluster see by the same path; set it to one, or choose "
            "engine polars"
        )
    return spark.staging
