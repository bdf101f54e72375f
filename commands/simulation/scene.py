"""One playing of a story: where and when it is, and the values that stay the same throughout it."""

from collections.abc import Mapping

from commands.simulation.chance import Chance
from commands.simulation.clock import Clock
from commands.simulation.hosts import FIXED_PID, LONG_RUNNING, WITHOUT_PID, Machine


class Scene:
    """
    What a line needs to know when it is written.

    `values` remembers the named slots, so that a session keeps its user; `time` moves on with each line.
    """

    __slots__ = ("_pids", "chance", "clock", "machine", "time", "values")

    def __init__(self, machine: Machine, clock: Clock, chance: Chance, given: Mapping[str, str]) -> None:
        """Begin on `machine`, with the values that the story gives."""
        self.machine = machine
        self.clock = clock
        self.chance = chance
        self.time = clock.start
        self.values = dict(given)
        self._pids: dict[str, str] = {}

    def tag(self, program: str) -> str:
        """The program as syslog writes it in front of the message: `sshd[1234]:`, `kernel:`."""
        if program in WITHOUT_PID:
            return f"{program}:"
        return f"{program}[{self.pid(program)}]:"

    def pid(self, program: str) -> str:
        """The process that speaks for `program`: the daemon's, else one that lives as long as the scene."""
        if program in LONG_RUNNING:
            return self.machine.daemon(program, self.chance)
        if program in FIXED_PID:
            return str(FIXED_PID[program])
        if program not in self._pids:
            self._pids[program] = self.machine.fork(self.chance)
        return self._pids[program]
