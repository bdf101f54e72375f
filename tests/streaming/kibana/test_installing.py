"""`logwinnow setup kibana` against what stands in for Kibana: what it is asked, and what each answer leads to."""

import json
from collections.abc import Iterator

import pytest
from http_answers import Reply, Request, answering
from kibana_stand_in import KibanaStandIn, error

from clients.config import KibanaConfig
from clients.errors import ClientError
from streaming.kibana import VERSION
from streaming.kibana.installing import KibanaInstallation
from streaming.kibana.ndjson import saved_objects
from streaming.kibana.rules import RULES


@pytest.fixture
def kibana() -> KibanaStandIn:
    return KibanaStandIn()


@pytest.fixture
def installation(kibana: KibanaStandIn) -> Iterator[KibanaInstallation]:
    with answering(kibana) as url:
        yield KibanaInstallation(KibanaConfig(url=url), "mine")


def test_all_objects_and_rules_are_made_as_they_were_written(
    kibana: KibanaStandIn, installation: KibanaInstallation
) -> None:
    said = list(installation.install())
    assert list(kibana.objects.values()) == [each.row() for each in saved_objects("mine")]
    assert [rule["name"] for rule in kibana.rules.values()] == [f"mine: {rule.title}" for rule in RULES]
    assert said[0] == f"data views, sessions and dashboards of mine, version {VERSION}: 9 made"
    assert [line.rpartition(": ")[2] for line in said[1:]] == ["made"] * 4


def test_what_a_dry_run_prints_is_what_is_sent(kibana: KibanaStandIn, installation: KibanaInstallation) -> None:
    planned = installation.requests()
    list(installation.install())
    changing = [each for each in kibana.requests if each.method != "GET" and "_export" not in each.path]
    assert [f"{each.method} {each.path}" for each in changing] == list(planned)
    assert [each.json for each in changing[1:]] == list(planned.values())[1:]
    assert list(kibana.objects.values()) == next(iter(planned.values()))


def test_to_run_it_again_changes_nothing(kibana: KibanaStandIn, installation: KibanaInstallation) -> None:
    list(installation.install())
    before = json.dumps([list(kibana.objects.values()), kibana.rules])
    kibana.requests.clear()
    said = list(installation.install())
    assert json.dumps([list(kibana.objects.values()), kibana.rules]) == before
    assert not [each for each in kibana.requests if each.method == "PUT"]
    assert [line.rpartition(": ")[2] for line in said] == ["9 there", *["there"] * 4]


def test_objects_of_an_older_version_are_renewed_and_it_is_said(
    kibana: KibanaStandIn, installation: KibanaInstallation
) -> None:
    list(installation.install())
    of_version(kibana, 0)
    assert next(installation.install()).endswith(": 9 renewed, were of version 0")
    assert next(installation.install()).endswith(": 9 there")


def test_objects_of_a_newer_version_are_left_alone(kibana: KibanaStandIn, installation: KibanaInstallation) -> None:
    list(installation.install())
    of_version(kibana, VERSION + 1)
    kibana.requests.clear()
    with pytest.raises(ClientError, match=rf"objects of version {VERSION + 1} and ours are of version {VERSION}: run"):
        list(installation.install())
    assert [each.path for each in kibana.requests] == ["/api/saved_objects/_export"]


def of_version(kibana: KibanaStandIn, version: int) -> None:
    for (kind, _), row in kibana.objects.items():
        if kind == "dashboard":
            said = row["attributes"]["description"]
            row["attributes"]["description"] = said.replace(f"version {VERSION};", f"version {version};")


def test_a_rule_that_somebody_changed_gets_its_parameters_back_and_keeps_its_actions_and_whether_it_is_on(
    kibana: KibanaStandIn, installation: KibanaInstallation
) -> None:
    list(installation.install())
    rule = kibana.rules[RULES[0].id("mine")]
    wanted = RULES[0].changed("mine")["params"]
    mail = {"id": "mail", "uuid": "u1", "group": "query matched", "params": {"message": "new shape"}}
    rule["actions"] = [mail | {"connector_type_id": ".email"}]
    rule["alert_delay"] = {"active": 3}
    rule["enabled"] = False
    rule["params"]["timeWindowSize"] = 60
    said = list(installation.install())
    after = kibana.rules[RULES[0].id("mine")]
    assert after["params"] | wanted == after["params"]
    assert after["actions"] == [mail | {"connector_type_id": ".email"}]
    assert (after["enabled"], after["alert_delay"]) == (False, {"active": 3})
    assert said[1].endswith(": renewed, with its 1 actions")


def test_a_rule_that_somebody_else_makes_at_the_same_time_is_taken_as_it_is(
    kibana: KibanaStandIn, installation: KibanaInstallation
) -> None:
    list(installation.install())
    rule = RULES[0]
    asked: list[str] = []

    def away_at_first(request: Request) -> Reply:
        asked.append(request.method)
        if request.path.endswith(rule.id("mine")) and request.method == "GET" and asked.count("GET") == 1:
            return error(404, "not found")
        return kibana(request)

    with answering(away_at_first) as url:
        said = list(KibanaInstallation(KibanaConfig(url=url), "mine").install())
    assert said[1].endswith(": there")


def test_a_rule_that_is_being_changed_is_told(kibana: KibanaStandIn, installation: KibanaInstallation) -> None:
    list(installation.install())
    kibana.rules[RULES[1].id("mine")]["tags"] = []
    kibana.replies["PUT", "/api/alerting/rule/"] = error(409, "version conflict")
    with pytest.raises(
        ClientError, match="rule 'more outliers than usual' is just being changed by others: run it again"
    ):
        list(installation.install())


def test_a_rule_that_kibana_cannot_keep_is_told_by_what_kibana_says(
    kibana: KibanaStandIn, installation: KibanaInstallation
) -> None:
    why = "Unable to create rule: xpack.encryptedSavedObjects.encryptionKey is missing"
    kibana.replies["POST", "/api/alerting/rule/"] = error(400, why)
    done: list[str] = []
    with pytest.raises(ClientError, match="encryptionKey is missing"):
        done.extend(installation.install())
    # The objects are there, and it was said.
    assert len(kibana.objects) == 9 == int(done[0].split()[-2])


def test_an_import_that_took_only_some_objects_names_those_that_it_did_not(
    kibana: KibanaStandIn, installation: KibanaInstallation
) -> None:
    kibana.refused["mine-outlier-lines"] = {"type": "unsupported_type"}
    kibana.refused["mine-logs"] = {"type": "unknown", "message": "belongs to a more recent version", "statusCode": 422}
    with pytest.raises(ClientError) as refused:
        list(installation.install())
    assert "took 7 of 9 objects and refuses search mine-outlier-lines (unsupported_type); dashboard mine-logs" in str(
        refused.value
    )
    assert "(unknown: belongs to a more recent version): mend that" in str(refused.value)
    assert not kibana.rules


def test_an_import_that_waits_for_a_missing_object_took_none(
    kibana: KibanaStandIn, installation: KibanaInstallation
) -> None:
    missing = {"type": "missing_references", "references": [{"type": "index-pattern", "id": "gone"}]}
    kibana.refused["mine-lines"] = missing
    why = r"took 0 of 9 objects and refuses search mine-lines \(missing_references: index-pattern gone\): mend that"
    with pytest.raises(ClientError, match=why):
        list(installation.install())
    assert not kibana.objects


def test_of_many_refused_objects_the_first_are_named(kibana: KibanaStandIn, installation: KibanaInstallation) -> None:
    missing = {"type": "missing_references", "references": [{"type": "index-pattern", "id": "gone"}]}
    kibana.refused |= {each.id: missing for each in saved_objects("mine")}
    with pytest.raises(
        ClientError, match=r"took 0 of 9 .*\(missing_references: index-pattern gone\).* and 6 more: mend"
    ):
        list(installation.install())


@pytest.mark.parametrize("body", [{}, [], {"id": "x"}], ids=str)
def test_an_answer_that_is_no_import_s_is_told(
    body: object, kibana: KibanaStandIn, installation: KibanaInstallation
) -> None:
    kibana.replies["POST", "/api/saved_objects/_import"] = Reply(200, body)
    with pytest.raises(ClientError, match=r"answers an import by .*: check kibana.url"):
        list(installation.install())


def test_what_was_made_is_removed_and_nothing_else(kibana: KibanaStandIn, installation: KibanaInstallation) -> None:
    other = KibanaInstallation(installation.config, "other")
    list(other.install())
    foreign = {("dashboard", "of-others"): {"id": "of-others"}}
    kibana.objects |= foreign
    before = dict(kibana.objects), dict(kibana.rules)
    list(installation.install())
    kibana.requests.clear()
    said = list(installation.remove())
    assert (kibana.objects, kibana.rules) == before
    assert kibana.asked() == list(installation.removals())
    assert len(said) == 13
    assert all(line.endswith(": removed") for line in said)


def test_to_remove_it_again_is_no_error(installation: KibanaInstallation) -> None:
    assert all(line.endswith(": was not there") for line in installation.remove())


def test_what_names_others_is_removed_before_them(installation: KibanaInstallation) -> None:
    kinds = [path.split("/")[3] for path in installation.removals() if "saved_objects" in path]
    assert kinds == ["dashboard"] * 2 + ["search"] * 5 + ["index-pattern"] * 2
