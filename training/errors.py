"""
The errors of the trainer; the tree's root is `patterns.errors.LogwinnowError`.

    TrainingError
    ├── CorpusError      a file of the corpus cannot be read, is broken, or was changed while it was read; or there is
    │                    nothing that could be fetched, or no room for it
    ├── DictionaryError  a file is no dictionary of frequent words
    ├── NightError       a night cannot be learned from: the last set was mined by other rules, or changed meanwhile
    └── TrainingRuns     another training runs into the same store
"""

from patterns.errors import LogwinnowError


class TrainingError(LogwinnowError):
    """Raised by the trainer."""


class CorpusError(TrainingError):
    """Raised when a part of the corpus cannot be read."""


class DictionaryError(TrainingError):
    """Raised when a file is no dictionary of frequent words."""


class NightError(TrainingError):
    """Raised when a night cannot be learned from."""


class TrainingRuns(TrainingError):
    """Raised when another training runs into the same store."""
