"""The tables of what happens to the simulated fleet: they fit it, and each other."""

import pytest

from commands.simulation.chance import Chance
from commands.simulation.events.deployments import DEPLOYMENTS
from commands.simulation.events.drifts import VALUES, WORDS, Drift, Drifting
from commands.simulation.events.hosts import NEWCOMERS, SERVICES, story_of
from commands.simulation.events.incidents import INCIDENTS
from commands.simulation.events.seasons import SEASONS
from commands.simulation.hosts import FLEET
from commands.simulation.novelty import NOVELTIES
from commands.simulation.programs import STORIES
from commands.simulation.story import Kind, Story
from commands.simulation.volume import at_volume
from commands.simulation.weeks import LEAST_LINES

NORMAL = {step.kind.label: step.kind for story in STORIES for step in story.steps}


def _stories_of_events() -> list[Story]:
    phases = [phase.story for incident in INCIDENTS for phase in incident.phases]
    return [
        *(story for deployed in DEPLOYMENTS for story in deployed.stories),
        *phases,
        *(season.story for season in SEASONS),
    ]


def _new_kinds() -> list[Kind]:
    told = {step.kind: None for story in _stories_of_events() for step in story.steps}
    return [*told, *(kind for deployed in DEPLOYMENTS for kind in deployed.reworded.values())]


def test_kinds_of_events_have_labels_and_templates_of_their_own() -> None:
    others = [*NORMAL.values(), *(kind for _, kind in NOVELTIES)]

    assert len({kind.label for kind in _new_kinds()}) == len(_new_kinds())
    assert {kind.label for kind in _new_kinds()}.isdisjoint(kind.label for kind in others)
    assert {kind.template for kind in _new_kinds()}.isdisjoint(kind.template for kind in others)


def test_what_events_change_exists_and_no_two_change_the_same() -> None:
    changed = [label for deployed in DEPLOYMENTS for label in (*deployed.reworded, *deployed.gone)]
    changed += [drift.label for drift in WORDS + VALUES]
    changed += [label for service in SERVICES for label in service.more]
    changed += [label for label, kind in NORMAL.items() for service in SERVICES if kind.program in service.programs]

    assert set(changed) <= set(NORMAL)
    assert len(set(changed)) == len(changed)
    assert all(any(kind.program in service.programs for kind in NORMAL.values()) for service in SERVICES)


def test_a_service_that_is_decommissioned_speaks_in_no_event() -> None:
    programs = {program for service in SERVICES for program in service.programs}
    speakers = {kind.program for kind in _new_kinds()} | {kind.program for _, kind in NOVELTIES}

    assert programs.isdisjoint(speakers)


def test_floods_are_of_kinds_that_no_event_changes() -> None:
    changed = {label for deployed in DEPLOYMENTS for label in (*deployed.reworded, *deployed.gone)}

    for incident in INCIDENTS:
        assert {step.kind.label for step in story_of(incident.flood).steps}.isdisjoint(changed)


def test_new_hosts_have_names_and_addresses_of_their_own() -> None:
    hosts = (*FLEET, *NEWCOMERS)

    assert len({host.name for host in hosts}) == len({host.address for host in hosts}) == len(hosts)
    assert {host.role for host in NEWCOMERS} <= {host.role for host in FLEET}


@pytest.mark.parametrize("volume", [LEAST_LINES, 2_000, 20_000, 300_000])
def test_every_story_is_told_at_every_volume(volume: int) -> None:
    told = at_volume(STORIES, volume)

    assert set(told.stories) == set(STORIES)
    assert all(told.hosts[story] for story in told.stories.values())


@pytest.mark.parametrize("drift", WORDS + VALUES, ids=lambda drift: drift.label)
def test_the_share_of_a_drift_grows_to_its_end(drift: Drift) -> None:
    at_work, chance = Drifting(drift, 0, 4_000), Chance(1)
    said = [at_work.instead(now, chance) for now in range(4_000)]
    quarters = [sum(kind is not None for kind in said[begin : begin + 1_000]) for begin in range(0, 4_000, 1_000)]

    assert said[0] is drift.variants[0]
    assert quarters == sorted(quarters)
    assert quarters[0] < 150 < quarters[3]
    assert set(said) == {None, *drift.variants}
