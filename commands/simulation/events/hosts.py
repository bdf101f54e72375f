"""Hosts that join the fleet, and services that are decommissioned."""

from dataclasses import dataclass

from commands.simulation.hosts import Host
from commands.simulation.programs import STORIES
from commands.simulation.story import Story

NEWCOMERS = (
    Host("app3", "application", "10.10.2.23"),
    Host("web4", "web", "10.10.1.14"),
    Host("db3", "database", "10.10.3.33"),
    Host("mail3", "mail", "10.10.4.43"),
    Host("build2", "build", "10.10.6.62"),
    Host("web5", "web", "10.10.1.15"),
    Host("app4", "application", "10.10.2.24"),
    Host("vault2", "backup", "10.10.7.72"),
)


@dataclass(frozen=True, slots=True)
class Service:
    """What is decommissioned: all kinds of these programs, and more by label."""

    about: str
    programs: tuple[str, ...]
    more: tuple[str, ...] = ()


# None of them speaks in a novelty, an incident, a season or another event: it is silent for good.
SERVICES = (
    Service("the scaling of pictures has moved to a provider: thumbs is switched off", ("thumbs",)),
    Service("sessions have moved into the database: redis is switched off", ("redis",)),
    Service("mail is signed by the provider: opendkim is switched off", ("opendkim",)),
    Service("hosts are asked by another agent: snmpd is switched off", ("snmpd",)),
    Service(
        "the shop no longer copies the shelf index: shelf-sync is switched off, and NFS exports with it",
        ("rpc.mountd",),
        ("systemd.starting_shelf-sync", "systemd.done_shelf-sync", "systemd.finished_shelf-sync"),
    ),
)


def story_of(label: str) -> Story:
    """The first story of the normal traffic that tells this kind."""
    return next(story for story in STORIES if any(step.kind.label == label for step in story.steps))


def first_boot() -> Story:
    """What a new host says first: the story of a reboot from the kernel's first line on."""
    reboot = story_of("kernel.version")
    labels = [step.kind.label for step in reboot.steps]
    return Story(reboot.when, reboot.roles, reboot.steps[labels.index("kernel.version") :], reboot.given)
