"""
Records by the letter of their definition (patterns/records.py): each line looks for itself at all that are before it.

It shares no code with what is tested: headers are known by two expressions of the test's own.
"""

import re

_HEADER = re.compile(
    rb"Nov 23 10:00:00 .*|<34>1 2003-10-11T22:14:15Z a b c d \[x@1 k=\"v\"\] .*|2026-11-23 10:00:0\d,\d{3} .*",
    re.DOTALL,
)


def plain_records(data: bytes, multiline: str, block: int) -> list[tuple[bytes, int]]:
    """
    Return the records of a file and their offsets.

    Args:
        data: The file.
        multiline: Which lines are joined.
        block: Bytes of a block.
    """
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    offsets = [sum(len(line) + 1 for line in lines[:index]) for index in range(len(lines))]
    begin = [_begins(line, multiline) for line in lines]
    records: list[tuple[list[bytes], int]] = []
    for index, (line, offset) in enumerate(zip(lines, offsets, strict=True)):
        near = [
            other
            for other in range(index)
            if begin[other] and offsets[other] // block in (offset // block, offset // block - 1)
        ]
        if begin[index] or not near:
            records.append(([line], offset))
        else:
            records[-1][0].append(line)
    return [(b"\n".join(lines).removesuffix(b"\r"), offset) for lines, offset in records]


def _begins(line: bytes, multiline: str) -> bool:
    if multiline == "off":
        return True
    if line.startswith((b" ", b"\t")):
        return False
    return multiline == "indented" or _HEADER.fullmatch(line) is not None
