"""
Drain3 over a file, by its Python interface.

    drain.py FILE plain|masks

`plain` is its configuration as the package has it, which masks nothing; `masks` adds the masks that its documentation
gives. Drain3 knows no headers: one regular expression takes those of syslog off.
Prints ``{"templates": number}``.
"""

import json
import re
import sys
from pathlib import Path

from drain3 import TemplateMiner
from drain3.masking import MaskingInstruction
from drain3.template_miner_config import TemplateMinerConfig

NAMES = ("plain", "masks")

_HEADER = re.compile(r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ [^\s:]+: ")
_MASKS = {
    r"((?<=[^A-Za-z0-9])|^)(([0-9a-f]{2,}:){3,}([0-9a-f]{2,}))((?=[^A-Za-z0-9])|$)": "ID",
    r"((?<=[^A-Za-z0-9])|^)(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})((?=[^A-Za-z0-9])|$)": "IP",
    r"((?<=[^A-Za-z0-9])|^)([0-9a-f]{6,} ?){3,}((?=[^A-Za-z0-9])|$)": "SEQ",
    r"((?<=[^A-Za-z0-9])|^)([0-9A-F]{4} ?){4,}((?=[^A-Za-z0-9])|$)": "SEQ",
    r"((?<=[^A-Za-z0-9])|^)(0x[a-f0-9A-F]+)((?=[^A-Za-z0-9])|$)": "HEX",
    r"((?<=[^A-Za-z0-9])|^)([\-\+]?\d+)((?=[^A-Za-z0-9])|$)": "NUM",
}


def made(masks: str) -> TemplateMiner:
    """Return a miner that masks nothing, or what its documentation masks; `masks` is one of NAMES."""
    config = TemplateMinerConfig()
    if masks == "masks":
        config.masking_instructions = [MaskingInstruction(pattern, name) for pattern, name in _MASKS.items()]
    return TemplateMiner(config=config)


def message_of(line: str) -> str:
    """Return a line of syslog without its header."""
    header = _HEADER.match(line)
    return line[header.end() if header else 0 :]


def main(path: Path, masks: str) -> None:
    """Mine a file and print how many templates there are."""
    miner = made(masks)
    with path.open(encoding="utf-8", errors="replace", newline="\n") as lines:
        for line in lines:
            miner.add_log_message(message_of(line).rstrip("\r\n"))
    print(json.dumps({"templates": len(miner.drain.clusters)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
