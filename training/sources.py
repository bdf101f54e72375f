"""
What a user names → a corpus: files as they are, and what is fetched into a spool.

    app.log  '*.gz'  -  s3://…             files: see training/paths.py
    kafka:logs  elasticsearch:'logs-*'     fetched: see training/fetched/; a file of such a name is ./kafka:logs
    events:logwinnow-data/out              likewise, from the folder of the stream's sink `files`
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from patterns.rules import PLAIN, Rules
from training.config import TrainingConfig
from training.corpus import Corpus, Progress
from training.errors import CorpusError
from training.fetched.counts import FetchCounts
from training.fetched.spool import Spool
from training.fetched.time_range import TimeRange, Times
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
    with fetched_into_spool(named, config, rules, Times(time_range), progress) as (spool, fetched):
        for counts in fetched:
            if not counts.lines:
                raise CorpusError(_nothing(counts))
        with Corpus(files, spool.pieces(), rules) as corpus:
            yield corpus, fetched


@contextmanager
def fetched_into_spool(
    named: Sequence[str],
    config: TrainingConfig,
    rules: Rules | None,
    times: Times,
    progress: Progress,
    *,
    by_batch: bool = False,
) -> Iterator[tuple[Spool, list[FetchCounts]]]:
    """
    Fetch into a spool, which is there for the block; yield it, and what was fetched, which may be nothing.

    Args:
        named: What is fetched.
        config: Where from, and which folder the machines of an engine share.
        rules: How its lines are read afterwards; None for raw ones.
        times: Of which times.
        progress: Called now and then.
        by_batch: See `FetchCounts`.

    Raises: as `corpus_of`.
    """
    with Spool(_shared_folder(config)) as spool:
        wanted = [FetchCounts(path, times.wanted, excluded=times.excluded, by_batch=by_batch) for path in named]
        for counts in wanted:
            _fetch(counts, config, rules or Rules(header=PLAIN), spool, progress)
        yield spool, wanted


def _fetch(counts: FetchCounts, config: TrainingConfig, rules: Rules, spool: Spool, progress: Progress) -> None:
    kind, name = fetched_from(counts.source) or ("", "")

    def tell(lines: int, done: int, size: int) -> None:
        # That all is read is told when it is: the engine reads it once more.
        progress(lines, min(done, max(size - 1, 0)), size)

    # Each needs a client that the others do not.
    if kind == "kafka":
        from training.fetched import kafka

        kafka.fetch(name, config.corpus.kafka, rules, counts, spool, tell)
    elif kind == "elasticsearch":
        from training.fetched import elasticsearch

        elasticsearch.fetch(name, config.corpus.elasticsearch, rules, counts, spool, tell)
    else:
        from training.fetched import events

        events.fetch(name, rules, counts, spool, tell)


def _nothing(counts: FetchCounts) -> str:
    if not counts.records:
        return f"{counts.source} has nothing {counts.time_range}; check the name, --from and --to"
    why = ", ".join(f"{reason} {number:,}" for reason, number in sorted(counts.left_out.items()))
    if counts.source.startswith("events:"):
        return f"{counts.source} has no line {counts.time_range}, in {counts.records:,} records ({why})"
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
