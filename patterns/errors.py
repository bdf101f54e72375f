"""
The errors of logwinnow that a user can mend; everything else is a defect.

    LogwinnowError                 one sentence for the user: what with the value, why, how to mend
    ├── patterns.errors.PatternsError
    │   ├── PatternSyntaxError     a text is no pattern
    │   ├── RulesError             a word class, header format, zone or limit cannot be used
    │   ├── EnvelopeError          a record is no JSON object that carries a line
    │   ├── SettingsError          a configuration file, --set or LOGWINNOW_ variable is wrong
    │   ├── NoPatternSet           the store holds no published set
    │   ├── DecisionsError         an entry of the operator's file cannot be used
    │   ├── BrokenPatternSet       a stored set is damaged, empty or of a newer format
    │   └── PublishRefused         a new set would lose too much of what the last one knew
    ├── clients.errors.ClientError Elasticsearch or Kafka cannot be used
    ├── training.errors.TrainingError
    ├── spark.errors.SparkError    Spark failed, or there is no Java for it
    └── streaming.errors.StreamingError

Each takes its one message and nothing else, so that it survives pickling between Python workers and the JVM.
"""


class LogwinnowError(Exception):
    """The root: its text is printed as it is, without a traceback, and the command ends with 1."""


class PatternsError(LogwinnowError):
    """Raised by what training and streaming share."""


class PatternSyntaxError(PatternsError):
    """Raised when a text is not a pattern in canonical form."""


class RulesError(PatternsError):
    """Raised when the rules by which lines are read and split cannot be used."""


class EnvelopeError(PatternsError):
    """Raised when a record is no JSON object that carries the text of a line; fit for a dead letter as its reason."""


class SettingsError(PatternsError):
    """Raised when a configuration value is unknown, of the wrong type or out of range."""


class DecisionsError(PatternsError):
    """Raised when an entry of the operator's file cannot be read, or means nothing under the rules of a set."""


class NoPatternSet(PatternsError):
    """Raised when a store holds no published pattern set yet."""


class BrokenPatternSet(PatternsError):
    """Raised when a stored pattern set is damaged, empty, or of a format newer than this program."""


class PublishRefused(PatternsError):
    """Raised when publishing a set would lose too much of what the last one knew."""
