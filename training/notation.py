"""
How slct 0.05 and logcluster.pl 0.10 write their clusters, but for the space at the end of a pattern.

    LogCluster   Interface (eth0|eth1) down at *{1,2}     words as they are, nothing escaped
    SLCT         Interface * down at                      one * for each hole; nothing for what follows the last word
"""

from patterns.language import NO_GAP, Constant, Pattern


def as_printed(pattern: Pattern) -> str:
    """Return a pattern of raw words as the program prints it whose algorithm made it: SLCT's are positional."""
    return _as_slct(pattern) if pattern.positional else _as_logcluster(pattern)


def _as_logcluster(pattern: Pattern) -> str:
    parts = [_gap(pattern.gaps[0])]
    for constant, gap in zip(pattern.constants, pattern.gaps[1:], strict=True):
        parts += [_words(constant), _gap(gap)]
    return " ".join(part for part in parts if part)


def _as_slct(pattern: Pattern) -> str:
    parts: list[str] = []
    for (holes, _), constant in zip(pattern.gaps, pattern.constants, strict=False):
        parts += [*(["*"] * holes), _words(constant)]
    return " ".join(parts)


def _gap(gap: tuple[int, int | None]) -> str:
    return "" if gap == NO_GAP else f"*{{{gap[0]},{gap[1]}}}"


def _words(constant: Constant) -> str:
    return constant if isinstance(constant, str) else f"({'|'.join(constant)})"
