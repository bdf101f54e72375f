"""Lines → words by the definitions alone: header, words, class words, runs. Shares no code with logwinnow's."""

import re
from itertools import pairwise

Words = tuple[str | None, ...]

CLASSES = (
    r".*[0-9].*",
    r"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|Mon|Tue|Wed|Thu|Fri|Sat|Sun)[.,]?",
    r"[KMGTP]?i?B|[num]?secs?|ms|ns",
    r"/.*|\W*/.*/.*",
    r".*\w\.\w.*\.\w.*",
    r".*\w:\w[^:]*\.\w.*",
    r".*\w@\w[^@]*\.\w.*",
    r"[0-9a-f]{8,}",
    r"<\*>",
)
TIME = r"(<\d+>)?([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S+) "
HEADER = re.compile(TIME + r"([^\s\[\]]*[^\s:\[\]] +)?((?P<program>[^\s:\[\]]+)(\[\d*\])?:( |$))?(?P<message>.*)")


def place(line: str, *, raw: bool) -> tuple[str, Words]:
    """Return the scope and the words of a line; a run of class words is one None. Unjudged lines have no words."""
    if raw:
        return "", tuple(re.findall(r"\S+", line, re.ASCII))
    header = HEADER.fullmatch(line)
    program, message = (header["program"] or "", header["message"]) if header else ("", line)
    found = re.findall(r"[^\s=,;()\[\]{}]+=?|=", message, re.ASCII)
    words = [None if of_class(word) else word for word in found]
    if not any(words):
        words = [part for word in found for part in kept(word)]
    runs = [word for before, word in pairwise([".", *words]) if word or before]
    return "".join(map(masked, re.split("(/)", program))), tuple(runs) if any(runs) else ()


def of_class(word: str) -> bool:
    return any(re.fullmatch(each, word, re.ASCII) for each in CLASSES)


def kept(word: str) -> list[str | None]:
    """Return what stays of a class word where a line has no other words."""
    prefix = re.sub("[0-9].*", "", word)
    if prefix != word and len(re.findall("[A-Za-z]", prefix)) >= 3 and not of_class(prefix):
        return [prefix, None]
    return [word if re.fullmatch("[A-Za-z]{1,2}[0-9]{1,2}=", word) else None]


def masked(part: str) -> str:
    """Return a part of a program's name with what varies masked."""
    if not re.search("[0-9]", part) and not re.fullmatch("[0-9a-f]{8,}", part):
        return part
    return "".join(piece or "<*>" for piece in kept(part))
