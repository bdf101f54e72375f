"""What starts a night: the units of systemd, the line of cron, the CronJob of Kubernetes."""

import re
import shlex
import shutil
import subprocess
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from commands.__main__ import _parser

CONF = Path(__file__).parent.parent / "conf"
UNITS = sorted((CONF / "systemd").iterdir())

KEYS = {
    "Unit": {"Description", "Wants", "After"},
    "Timer": {"OnCalendar", "RandomizedDelaySec", "Persistent"},
    "Install": {"WantedBy"},
}


def unit(name: str) -> ConfigParser:
    found = ConfigParser(interpolation=None, comment_prefixes=("#",))
    found.optionxform = str  # type: ignore[assignment, method-assign]  # keys of systemd have capitals
    found.read(CONF / "systemd" / name)
    return found


def verb(command: str) -> Any:
    return _parser().parse_args(shlex.split(command))


def test_the_service_learns_a_night_once_and_may_write_nothing_but_its_state() -> None:
    service = unit("logwinnow-train.service")["Service"]

    program, command = service["ExecStart"].split(" ", 1)
    assert program.endswith("/bin/logwinnow")
    assert verb(command).nightly
    wanted = {"Type": "oneshot", "PrivateTmp": "yes", "ProtectSystem": "strict", "StateDirectory": "logwinnow"}
    assert {key: service[key] for key in wanted} == wanted
    assert service["WorkingDirectory"] == f"/var/lib/{service['StateDirectory']}"
    # What `train` ends with where another runs.
    assert service["SuccessExitStatus"] == "75"


def test_the_timer_makes_up_for_a_missed_night_and_waits_till_the_day_has_ended_everywhere() -> None:
    timer = unit("logwinnow-train.timer")

    assert set(timer.sections()) == {"Unit", "Timer", "Install"}
    assert all(set(timer[section]) <= KEYS[section] for section in timer.sections())
    assert timer["Timer"]["Persistent"] == "true"
    assert re.fullmatch(r"\*-\*-\* 0[1-9]:\d\d:00 UTC", timer["Timer"]["OnCalendar"])
    assert timer["Install"]["WantedBy"] == "timers.target"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="wants systemd-analyze (apt install systemd)")
def test_systemd_takes_both_units(tmp_path: Path) -> None:
    for path in UNITS:
        # Of a program that is not there it says only that.
        (tmp_path / path.name).write_text(path.read_text().replace("/opt/logwinnow/bin/logwinnow", "/bin/true"))

    command = ["systemd-analyze", "verify", *(str(tmp_path / path.name) for path in UNITS)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (found.returncode, found.stdout + found.stderr) == (0, "")


def test_crons_line_has_five_times_a_user_and_a_command_without_a_percent_sign() -> None:
    *_, line = (CONF / "cron" / "logwinnow-train").read_text().splitlines()

    *times, user, command = line.split(" ", 6)[:7]
    assert all(re.fullmatch(r"\*|\d+", time) for time in times)
    assert user == "logwinnow"
    # cron makes a line feed of it.
    assert "%" not in command
    assert verb(command.rpartition("logwinnow ")[2]).nightly
    assert (CONF / "cron" / "logwinnow-train").read_text().endswith("\n")


def test_the_cron_job_never_runs_beside_itself_and_has_the_fields_of_its_kind() -> None:
    job = YAML(typ="safe", pure=True).load(CONF / "kubernetes" / "train-cronjob.yaml")

    assert (job["apiVersion"], job["kind"]) == ("batch/v1", "CronJob")
    spec = job["spec"]
    assert spec["concurrencyPolicy"] == "Forbid"
    assert spec["startingDeadlineSeconds"] >= 3_600
    assert (spec["timeZone"], len(spec["schedule"].split())) == ("Etc/UTC", 5)
    assert set(spec) <= {
        "schedule",
        "timeZone",
        "concurrencyPolicy",
        "startingDeadlineSeconds",
        "successfulJobsHistoryLimit",
        "failedJobsHistoryLimit",
        "jobTemplate",
    }
    pod = spec["jobTemplate"]["spec"]["template"]["spec"]
    assert pod["restartPolicy"] in {"Never", "OnFailure"}
    (container,) = pod["containers"]
    assert verb(shlex.join(container["args"][1:])).nightly
    mounted = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert set(mounted) == {volume["name"] for volume in pod["volumes"]}
    # Where the root is read-only, temporary files need a place.
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert mounted["tmp"] == "/tmp"
    assert verb(shlex.join(container["args"][1:])).store == mounted["patterns"]
