"""
The errors of the streaming job; the tree's root is `patterns.errors.LogwinnowError`.

    StreamingError                 also: Spark itself failed, with what it said
    ├── SourceError                files or a spool cannot be read
    ├── ReceiverError              the receiver of the source `socket` cannot listen, or cannot write its spool
    ├── SinkError                  the sink cannot be written
    ├── MetricsError               the address of the metrics cannot be had
    └── CheckpointError            the checkpoint is in use, or what it names is gone

Each takes its one message and nothing else, so that it survives pickling between Python workers and the JVM.
"""

from patterns.errors import LogwinnowError


class StreamingError(LogwinnowError):
    """Raised by the streaming job, in the driver or in a worker."""


class SourceError(StreamingError):
    """Raised when lines cannot be read."""


class ReceiverError(StreamingError):
    """Raised when the receiver cannot receive."""


class SinkError(StreamingError):
    """Raised when events or alerts cannot be written."""


class MetricsError(StreamingError):
    """Raised when the metrics cannot be served."""


class CheckpointError(StreamingError):
    """Raised when the checkpoint cannot be used."""
