"""What becomes of memory that is given back."""

import numpy as np

_BLOCK = 24 << 20


def keep_freed_memory() -> None:
    """
    Make the C library keep what is freed, for what is asked for next, instead of giving it back to the system.

    Columns live for one piece of a text; to be given the same pages anew with each costs up to twice what all work on
    them does. The threshold of glibc above which memory is given back follows the largest block that was freed
    (mallopt(3), "dynamic mmap threshold"): so one is asked for and freed, without a page of it being touched. It keeps
    twice that much at most. Who set the thresholds by environment is obeyed; elsewhere this does nothing.
    """
    np.empty(_BLOCK, np.uint8)
