"""The verbs below `logwinnow patterns` by which the operator decides."""

import argparse

from commands.deciding import accepting, entries, of_patterns


def add_decisions(deeds: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register accept, reject, name, pin, decisions and withdraw."""
    accepting.add(deeds)
    of_patterns.add(deeds)
    entries.add(deeds)
