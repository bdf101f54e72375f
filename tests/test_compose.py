import re
import shlex
import shutil
import stat
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from commands.__main__ import _parser
from patterns.settings import load
from streaming.config import StreamingConfig

ROOT = Path(__file__).parent.parent
FILE = ROOT / "docker-compose.yml"
CONFIGURATION = ROOT / "conf" / "streaming.toml"

COMPOSE: dict[str, Any] = YAML(typ="safe", pure=True).load(FILE)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DEFAULTS: dict[str, Any] = tomllib.loads(CONFIGURATION.read_text())

ENDED = "service_completed_successfully"
ONE_SHOT = {
    name
    for service in SERVICES.values()
    for name, waited in service.get("depends_on", {}).items()
    if waited["condition"] == ENDED
}

every_service = pytest.mark.parametrize("name", SERVICES)


def version(name: str) -> str:
    return str(SERVICES[name]["image"]).rpartition(":")[2]


def version_in_the_tests(artifact: str) -> str:
    pom = (ROOT / "tests" / "servers" / "pom.xml").read_text()
    (found,) = re.findall(rf"<artifactId>{artifact}</artifactId>\s*<version>([^<]+)</version>", pom)
    return str(found)


def listeners(setting: str) -> dict[str, str]:
    """What follows each listener's name: `HOST://127.0.0.1:9092` or `HOST:PLAINTEXT`."""
    pairs = (listener.partition(":") for listener in SERVICES["kafka"]["environment"][setting].split(","))
    return {name: value.removeprefix("//") for name, _, value in pairs}


def published(name: str) -> dict[str, str]:
    """The port inside of the container → the address outside."""
    return {inside: outside for outside, _, inside in (port.rpartition(":") for port in SERVICES[name]["ports"])}


def topic_option(option: str) -> str:
    command: list[str] = SERVICES["topic"]["command"]
    options = dict(word.split("=", 1) for word in command if "=" in word)
    return options[f"--{option}"]


def test_the_file_follows_the_compose_specification() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(FILE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_there_is_no_version_key_which_compose_warns_of() -> None:
    assert "version" not in COMPOSE


@every_service
def test_an_image_has_a_whole_version(name: str) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", version(name))


@every_service
def test_a_port_is_published_on_this_machine_alone(name: str) -> None:
    for port in SERVICES[name].get("ports", []):
        assert re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port)


@every_service
def test_a_service_tells_its_health_or_runs_once(name: str) -> None:
    service = SERVICES[name]

    if name in ONE_SHOT:
        assert "healthcheck" not in service
        assert service["restart"] == "no"
    else:
        assert service["healthcheck"]["test"][0] == "CMD"


def test_the_topic_is_made_by_a_one_shot_that_another_service_waits_for() -> None:
    # Else `docker compose up --wait` takes its end for a failure (docker/compose#10596).
    assert sorted(ONE_SHOT) == ["topic"]


@every_service
def test_a_dependency_is_waited_for_until_it_is_healthy_or_done(name: str) -> None:
    for other, waited in SERVICES[name].get("depends_on", {}).items():
        assert waited["condition"] == (ENDED if other in ONE_SHOT else "service_healthy")


@every_service
def test_memory_is_bounded(name: str) -> None:
    assert re.fullmatch(r"\d+[mg]", SERVICES[name]["mem_limit"])


@every_service
def test_data_are_in_named_volumes(name: str) -> None:
    for volume in SERVICES[name].get("volumes", []):
        assert volume.partition(":")[0] in COMPOSE["volumes"]


@every_service
def test_no_secret_stands_in_the_file(name: str) -> None:
    for variable in SERVICES[name].get("environment", {}):
        assert not re.search(r"password|secret|token|key", variable, re.IGNORECASE)


def test_elasticsearch_and_kibana_have_one_version_of_the_line_that_the_tests_run() -> None:
    assert version("elasticsearch") == version("kibana")
    assert version("kibana").split(".")[:2] == version_in_the_tests("elasticsearch").split(".")[:2]


def test_kafka_has_the_version_that_the_tests_run() -> None:
    assert {version("kafka"), version("topic")} == {version_in_the_tests("kafka_2.13")}


def test_kafka_is_where_the_shipped_configuration_looks_for_it_and_says_so() -> None:
    address = DEFAULTS["source"]["kafka"]["bootstrap_servers"]
    port = listeners("KAFKA_LISTENERS")["HOST"].rpartition(":")[2]

    assert published("kafka") == {port: address}
    assert listeners("KAFKA_ADVERTISED_LISTENERS")["HOST"] == address


def test_kafka_is_found_by_its_name_from_inside() -> None:
    advertised = listeners("KAFKA_ADVERTISED_LISTENERS")["INSIDE"]

    assert advertised.partition(":")[0] == "kafka"
    assert advertised.endswith(listeners("KAFKA_LISTENERS")["INSIDE"])
    assert topic_option("bootstrap-server") == advertised


def test_the_topic_is_the_one_of_the_shipped_configuration() -> None:
    assert [topic_option("topic")] == DEFAULTS["source"]["kafka"]["topics"]
    assert topic_option("partitions") == "2"


def test_elasticsearch_is_where_the_shipped_configuration_looks_for_it() -> None:
    assert f"http://{published('elasticsearch')['9200']}" == DEFAULTS["sink"]["elasticsearch"]["url"]


def test_the_shipped_configuration_is_asked_for_no_password() -> None:
    protocols = set(listeners("KAFKA_LISTENER_SECURITY_PROTOCOL_MAP").values())

    assert protocols == {DEFAULTS["source"]["kafka"]["security_protocol"]} == {"PLAINTEXT"}
    assert SERVICES["elasticsearch"]["environment"]["xpack.security.enabled"] == "false"
    assert not {"api_key", "username", "password"} & DEFAULTS["sink"]["elasticsearch"].keys()


def test_nothing_paid_is_on() -> None:
    assert SERVICES["elasticsearch"]["environment"]["xpack.license.self_generated.type"] == "basic"


def test_kibana_gets_a_key_at_its_first_start_and_keeps_it(tmp_path: Path) -> None:
    kibana = tmp_path / "kibana-docker"
    kibana.write_text('#!/bin/sh\necho "$XPACK_ENCRYPTEDSAVEDOBJECTS_ENCRYPTIONKEY"\n')
    kibana.chmod(0o755)
    *command, script = SERVICES["kibana"]["command"]
    script = script.replace("$$", "$")  # a single one is compose's own
    script = script.replace("/usr/share/kibana/data", str(tmp_path)).replace(
        "/usr/local/bin/kibana-docker", str(kibana)
    )

    first, second = (
        subprocess.run([*command, script], capture_output=True, text=True, check=True).stdout for _ in range(2)
    )

    assert len(first.strip()) >= 32  # Kibana takes no shorter one
    assert second == first
    assert stat.S_IMODE((tmp_path / "encryption-key").stat().st_mode) == 0o600


class Docker:
    """A stand-in for docker that writes down what it is asked, and fails at what it is told to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._asked = folder / "asked"

    def install(self, fails: str = "nothing") -> None:
        program = self.folder / "docker"
        program.write_text(f'#!/bin/sh\necho "$*" >>{shlex.quote(str(self._asked))}\ntest "$*" != "{fails}"\n')
        program.chmod(0o755)

    def asked(self) -> list[str]:
        return self._asked.read_text().splitlines() if self._asked.exists() else []

    def make(self, *words: str) -> subprocess.CompletedProcess[str]:
        make = shutil.which("make")
        if make is None:
            pytest.skip("make is not here: `apt install make`")
        # Nothing else is on the path, and nothing comes from a make that runs this test.
        return subprocess.run(
            [make, *words], cwd=ROOT, env={"PATH": str(self.folder)}, capture_output=True, text=True, check=False
        )


@pytest.fixture
def docker(tmp_path: Path) -> Docker:
    return Docker(tmp_path)


def test_make_up_waits_until_all_are_healthy(docker: Docker) -> None:
    docker.install()

    assert docker.make("up").returncode == 0
    assert docker.asked() == ["compose version", "info", "compose up --wait"]


def test_make_down_keeps_the_data_and_says_how_to_remove_them(docker: Docker) -> None:
    docker.install()
    done = docker.make("down")

    assert docker.asked() == ["compose version", "info", "compose down"]
    assert "docker compose down --volumes" in done.stdout


@pytest.mark.parametrize(("target", "command"), [("up", "docker compose up --wait"), ("down", "docker compose down")])
def test_a_dry_run_shows_what_would_run_and_runs_nothing(docker: Docker, target: str, command: str) -> None:
    docker.install()

    assert command in docker.make("-n", target).stdout
    assert docker.asked() == []


@pytest.mark.parametrize("target", ["up", "down"])
def test_without_docker_make_says_what_to_install(docker: Docker, target: str) -> None:
    done = docker.make(target)

    assert done.returncode == 2
    assert "make: 'docker' is not on this machine" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("fails", "message"),
    [
        ("compose version", "make: 'docker compose' does not run here"),
        ("info", "make: docker is here, but its engine does not answer"),
        ("compose up --wait", "make: not all of docker-compose.yml came up"),
    ],
)
def test_where_docker_fails_make_up_says_how_to_mend_it_and_goes_no_further(
    docker: Docker, fails: str, message: str
) -> None:
    docker.install(fails)
    done = docker.make("up")

    assert done.returncode == 2
    assert message in done.stderr
    assert docker.asked()[-1] == fails
    assert "Next" not in done.stdout


def test_the_next_commands_are_ones_that_logwinnow_takes(docker: Docker) -> None:
    docker.install()
    lines = [shlex.split(line) for line in docker.make("up").stdout.splitlines() if line.startswith("  ")]
    parsed = {line[1]: _parser().parse_args(line[1:]) for line in lines if line[0] == "logwinnow"}

    assert list(parsed) == ["setup", "train", "stream"]
    stream = load(StreamingConfig, CONFIGURATION, {}, parsed["stream"].set)
    assert (stream.source.kind, stream.sink.kind) == ("kafka", "elasticsearch")
    assert load(StreamingConfig, CONFIGURATION, {}, parsed["setup"].set).sink.elasticsearch.replicas == 0


def test_the_next_commands_feed_the_topic_and_name_kibana(docker: Docker) -> None:
    docker.install()
    said = docker.make("up").stdout

    assert f"--topic {topic_option('topic')} " in said
    assert said.rstrip().endswith(f"http://{published('kibana')['5601']}")
