"""Which dead letters a configuration says: files, or a topic."""

from streaming.config import DeadLettersConfig
from streaming.dead_letters import DeadLetters, LetterBox
from streaming.dead_letters.files import FileLetters, LetterFolder
from streaming.dead_letters.kafka import KafkaLetters, LetterTopic
from streaming.dead_letters.letter import Sender


def letters_of(config: DeadLettersConfig, sender: Sender) -> DeadLetters:
    """Return what keeps the letters of a sender."""
    return KafkaLetters(config.kafka, sender) if config.kind == "kafka" else FileLetters(config.path, sender)


def box_of(config: DeadLettersConfig) -> LetterBox:
    """Return the letters that are there."""
    return LetterTopic(config.kafka) if config.kind == "kafka" else LetterFolder(config.path)
