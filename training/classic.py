"""
A corpus mined at one support, as slct and logcluster.pl do; nothing is published.

    lines ─► frequent words ─► candidates ─► clusters ─► sorted
             (a dictionary)                     └─► outliers: one pass more over the lines

By the default rules a line's header is taken off, and each program is mined by itself.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from mining.candidates import Key, Keys, PositionKeys, WordKeys
from mining.clusters import Cluster, Method, cluster
from mining.support import Support
from training.errors import DictionaryError
from training.lines import Coverage, Lines


@dataclass(frozen=True, slots=True)
class Found:
    """
    What was mined.

    Attributes:
        clusters: With their scopes; the highest support first, then by scope and text in ascending order of bytes.
        coverage: The frequent words by scope, and which lines belong to a cluster.
        lines: How many lines were mined.
        candidates: How many candidates there were.
    """

    clusters: list[tuple[str, Cluster]]
    coverage: Coverage
    lines: int
    candidates: int


def mine_corpus(lines: Lines, support: Support, method: Method, dictionary: Mapping[str, Keys] | None = None) -> Found:
    """
    Mine each scope of a corpus.

    Args:
        lines: The corpus.
        support: Least number of lines of a frequent word and of a cluster; a share is one of the scope's lines.
        method: How.
        dictionary: Scope → frequent words; they are not counted then, and a scope that it lacks has none.

    Raises:
        DictionaryError: The dictionary has none of the corpus's scopes.
        CorpusError: Lines cannot be read, or have more distinct words than the temporary folder can take.

    Cost: one pass over the lines for frequent words, unless there is a dictionary, and one for candidates.
    """
    frequent: dict[str, Keys] = {}
    covered: dict[str, Collection[Key]] = {}
    clusters: list[tuple[str, Cluster]] = []
    mined = number = 0
    scopes = lines.scopes()
    if dictionary is not None and scopes and dictionary.keys().isdisjoint(scopes):
        raise DictionaryError(
            f"the dictionary has words of {_some(dictionary)}, and the lines are of {_some(scopes)}: nothing would be "
            "frequent; make it by --write-words from lines of the same programs"
        )
    for scope in scopes:
        if dictionary is None:
            keys = lines.keys(scope, support, method)
        else:
            keys = dictionary.get(scope) or _nothing_frequent(method)
        table = lines.candidates(scope, keys, support, method)
        found = cluster(table, keys, support, method)
        frequent[scope], covered[scope] = keys, found.covered
        clusters += [(scope, each) for each in found.clusters]
        mined += table.lines
        number += len(table.candidates) + table.too_few
    return Found(sorted(clusters, key=_order), Coverage(frequent, covered), mined, number)


def _some(scopes: Iterable[str]) -> str:
    named = sorted(scopes)
    return ", ".join([*(scope or "no program" for scope in named[:3]), *(["…"] if named[3:] else [])]) or "no program"


def _nothing_frequent(method: Method) -> Keys:
    return WordKeys(frozenset()) if method.algorithm == "logcluster" else PositionKeys(frozenset(), method.anchored)


def _order(found: tuple[str, Cluster]) -> tuple[int, bytes, bytes]:
    scope, each = found
    return -each.support, scope.encode(errors="surrogateescape"), each.pattern.text.encode(errors="surrogateescape")
