"""
Kinds of message, and the stories in which they are told.

A template is text with slots. `{user}` is a *named* slot: drawn once a story, the same in all its lines.
`{number:1-500}` is a slot with a *rule*: drawn anew each time. `slots.py` lists both.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from string import Formatter

from commands.simulation.chance import Chance
from commands.simulation.clock import SECOND, When
from commands.simulation.scene import Scene
from commands.simulation.slots import Maker, maker


@dataclass(eq=False, slots=True)
class Kind:
    """A kind of message: program and name, as in `sshd.accepted_key`, and its template."""

    label: str
    template: str
    program: str = field(init=False)
    _text: Callable[..., str] = field(init=False, repr=False)
    _makers: list[Maker] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Read the template once; an unknown slot is an error here, and not in the middle of a log."""
        text, self._makers = "", []
        for literal, slot, rule, _ in Formatter().parse(self.template):
            text += literal.replace("{", "{{").replace("}", "}}")
            if slot is not None:
                text += "{}"
                self._makers.append(maker(slot, rule or ""))
        self._text = text.format
        self.program = self.label.rpartition(".")[0]

    def line(self, scene: Scene) -> str:
        """The whole syslog line (RFC 3164) as it is said in `scene`, without line end."""
        message = self._text(*[make(scene) for make in self._makers])
        return f"{scene.clock.syslog(scene.time)} {scene.machine.host.name} {scene.tag(self.program)} {message}"


@dataclass(frozen=True, slots=True)
class Step:
    """A line of a story: the kind, the seconds it waits (least, most), and how many times it is said."""

    kind: Kind
    wait: tuple[float, float] = (0, 0)
    times: tuple[int, int] = (1, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Story:
    """
    Lines that belong together and recur: when, on hosts of which roles, which steps, and which values are settled.

    Every step is said at least once, so that a story that was told has shown all its kinds.
    """

    when: When
    roles: Sequence[str]
    steps: Sequence[Step]
    given: Mapping[str, str] = field(default_factory=dict)

    @property
    def longest(self) -> int:
        """The most milliseconds from its beginning to its last line."""
        return sum(int(step.wait[1] * SECOND) * step.times[1] for step in self.steps)

    def tell(self, chance: Chance) -> Iterator[tuple[int, Kind]]:
        """The lines of one telling: the wait before each, in milliseconds, and its kind."""
        for step in self.steps:
            least, most = step.wait
            for _ in range(chance.between(*step.times)):
                yield chance.mostly_low(int(least * SECOND), int(most * SECOND)), step.kind
