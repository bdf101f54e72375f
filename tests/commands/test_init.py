"""`logwinnow init`, and the files that it writes: they are what holds without them, and say so."""

import os
import re
import tomllib
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import msgspec
import pytest

from commands.shipped import shipped_files
from patterns.line import Line, LineReader
from patterns.rules import FormatRule, Rules
from patterns.settings import load, load_formats
from training.config import TrainingConfig

Run = Callable[..., tuple[int, str, str]]

CONF = Path(__file__).resolve().parents[2] / "conf"
RECORD_TIME = 1_795_000_000_000_000


def test_init_writes_every_file_and_says_what_is_next(run: Run, tmp_path: Path) -> None:
    code, out, err = run("init", "etc")

    assert (code, err) == (0, "")
    assert {path.name for path in (tmp_path / "etc").iterdir()} == {path.name for path in CONF.glob("*.toml")}
    assert "wrote etc/training.toml\n" in out
    assert out.endswith("next: logwinnow train FILE --config etc/training.toml\n")
    assert (tmp_path / "etc" / "training.toml").read_bytes() == (CONF / "training.toml").read_bytes()


def test_what_init_wrote_into_conf_is_found_without_config(run: Run, log: Path, tmp_path: Path) -> None:
    _, out, _ = run("init", "conf")

    assert out.endswith("next: logwinnow train FILE\n")
    assert run("train", log, "--quiet") == (0, "", "")
    assert (tmp_path / "logwinnow-data" / "patterns" / "CURRENT").is_file()


def test_init_never_overwrites_and_then_writes_nothing(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "training.toml").write_text("mine", encoding="utf-8")

    code, out, err = run("init", folder)

    assert (code, out) == (1, "")
    assert f"'{folder}/training.toml' is there already" in err
    assert [path.name for path in folder.iterdir()] == ["training.toml"]
    assert (folder / "training.toml").read_text(encoding="utf-8") == "mine"


def test_init_into_a_file_is_told(run: Run, log: Path) -> None:
    code, out, err = run("init", log)

    assert (code, out) == (1, "")
    assert f"logwinnow: '{log}' cannot be written: File exists;" in err


def test_init_that_fails_midway_leaves_nothing(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    last = shipped_files()[-1]
    read_bytes = Path.read_bytes

    def broken(path: Path) -> bytes:
        if path == last:
            raise OSError(5, "Input/output error")
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", broken)

    code, _, err = run("init", "etc")

    assert code == 1
    assert "Input/output error" in err
    assert list((tmp_path / "etc").iterdir()) == []


def test_the_wheel_ships_the_files_beside_the_code() -> None:
    built = tomllib.loads((CONF.parent / "pyproject.toml").read_text(encoding="utf-8"))

    assert built["tool"]["hatch"]["build"]["targets"]["wheel"]["sources"] == {"conf": "commands/conf"}


def test_training_toml_as_shipped_is_the_defaults() -> None:
    assert load(TrainingConfig, CONF / "training.toml", {}, []) == TrainingConfig()


def test_training_toml_names_every_key_with_a_comment_before_it() -> None:
    text = (CONF / "training.toml").read_text(encoding="utf-8")
    for table in msgspec.structs.fields(TrainingConfig):
        section = re.search(rf"^\[{table.name}(?:\.\w+)?\]\n(.*?)(?=^\[|\Z)", text, re.DOTALL | re.MULTILINE)
        assert section, table.name
        for key in msgspec.structs.fields(table.type):
            as_value = re.search(rf"^# .*\n(?:# )?{key.name} = ", section[1], re.MULTILINE)
            as_table = re.search(rf"^\[{table.name}\.{key.name}\]\n# ", text, re.MULTILINE)
            assert as_value or as_table, key.name


def test_an_example_in_training_toml_that_is_uncommented_is_taken() -> None:
    text = (CONF / "training.toml").read_text(encoding="utf-8").replace('# support = "0.5%"', 'support = "0.5%"')

    assert msgspec.toml.decode(text, type=TrainingConfig).mining.support == "0.5%"


def formats() -> dict[str, FormatRule]:
    return load_formats(CONF / "training.toml")


def read(line: str, header: str = "auto") -> Line:
    return reader(header).read(line.encode(), RECORD_TIME)


@cache
def reader(header: str) -> LineReader:
    return LineReader(replace(Rules(formats=formats()), header=header))


def test_formats_toml_explains_every_field_and_shows_a_line_of_every_format() -> None:
    text = (CONF / "formats.toml").read_text(encoding="utf-8")

    for field in ("expression", "time", "zone", "timestamp", "host", "pid", "program", "level", "message"):
        assert re.search(rf"^# .*\b{field}\b", text, re.MULTILINE), field
    assert set(re.findall(r"^\[(\w+)\]", text, re.MULTILINE)) == set(formats())
    examples = re.findall(r"^#    (\S.*)$", text, re.MULTILINE)
    assert [read(example).format for example in examples] == list(formats())


@pytest.mark.parametrize(
    ("line", "name", "program", "pid", "message"),
    [
        (
            "[Sun Dec 04 04:47:44 2005] [error] mod_jk child workerEnv in error state 6",
            "apache_error",
            None,
            None,
            "error mod_jk child workerEnv in error state 6",
        ),
        ("[Sun Dec  4 04:47:44 2005] [notice] ", "apache_error", None, None, "notice "),
        (
            "[Fri Sep 09 10:42:29.902022 2011] [core:error] [pid 35708:tid 4328636416] [client 72.15.99.187] gone",
            "apache_error_24",
            "core",
            "35708",
            "error [client 72.15.99.187] gone",
        ),
        ("[Fri Sep 09 10:42:29.902022 2011] [:error] [pid 7] x", "apache_error_24", None, "7", "error x"),
        (
            "2015-07-29 17:41:44,747 - INFO  [QuorumPeer[myid=1]/0:0:0:2181:FastLeaderElection@774] - Notified",
            "log4j_dash",
            "FastLeaderElection",
            None,
            "INFO Notified",
        ),
        (
            "2015-07-29 19:04:29,071 - WARN  [SendWorker:18897:QuorumCnxManager$SendWorker@688] - leaving [a:B@1] - x",
            "log4j_dash",
            "QuorumCnxManager$SendWorker",
            None,
            "WARN leaving [a:B@1] - x",
        ),
        (
            "2015-07-29 17:41:44,747 - INFO  [main] - x [a:B@1] - y",
            "log4j_dash",
            None,
            None,
            "INFO [main] - x [a:B@1] - y",
        ),
        (
            "17/06/09 20:10:40 INFO executor.Executor: Running task 0.0: now",
            "log4j_slashes",
            "executor.Executor",
            None,
            "INFO Running task 0.0: now",
        ),
        (
            "081109 203615 148 INFO dfs.DataNode$PacketResponder: PacketResponder 1 for block blk_38 terminating",
            "log4j_numbers",
            "dfs.DataNode$PacketResponder",
            "148",
            "INFO PacketResponder 1 for block blk_38 terminating",
        ),
        (
            "KERNDTLB 1118536327 2005.06.11 R30-M0-N9 2005-06-11-17.32.07.581048 R30-M0-N9 RAS KERNEL FATAL TLB error",
            "blue_gene",
            "KERNEL",
            None,
            "FATAL TLB error",
        ),
        (
            "[07.26 17:28:22] chrome.exe *64 - clients6.google.com:443 open through proxy",
            "month_day_application",
            None,
            None,
            "clients6.google.com:443 open through proxy",
        ),
        ("2026-11-23 10:00:00.123 WARN  disk is full", "date_time_level", None, None, "WARN disk is full"),
        ("2026-11-23 10:00:00,1 WARNING disk", "date_time_level", None, None, "WARNING disk"),
        ("2026-11-23 10:00:00+01:00 [ERROR]: disk", "date_time_level", None, None, "ERROR disk"),
        ("2026-11-23 10:00:00 FATAL", "date_time_level", None, None, "FATAL "),
        ("2026-11-23T10:00:00.1Z  INFO app::start: ready", "date_time_level", None, None, "INFO app::start: ready"),
        ("2026-11-23T10:00:00.1Z\tWARN\tapp/a.go:7\tlate", "date_time_level", None, None, "WARN app/a.go:7\tlate"),
        ("- 1131566461 2005.11.09 tb1 Nov 9 12:01:01 a@tb1 kernel: up", "labelled_syslog", "kernel", None, "up"),
        ("FLT 1131566461 2005.11.09 tb1 Nov 19 12:01:01 tb1/tb1 up", "labelled_syslog", None, None, "up"),
        (
            "2568643 node-70 action start 1074119817 1 boot  (command 7)",
            "cluster_events",
            "action",
            None,
            "boot  (command 7)",
        ),
        ("20171224-0:7:20:4|Step_SPUtils|30002312| total = 7", "bars", "Step_SPUtils", "30002312", " total = 7"),
        ("03-17 16:13:38.811  1702  2395 W Audio (7): gone: x", "android", "Audio (7)", "1702", "W gone: x"),
        (
            "2016-09-28 04:30:31, Error                 CSI    000@2016 gone",
            "windows_servicing",
            "CSI",
            None,
            "Error 000@2016 gone",
        ),
        (
            "nova-api.log.1.2017-05-16_13:53:08 2017-05-16 00:00:00.272 25746 INFO nova.wsgi [req-1 a - -] 10.1.1.1 up",
            "openstack",
            "nova.wsgi",
            "25746",
            "INFO 10.1.1.1 up",
        ),
        (
            "2017-05-16 00:00:10.302 7 WARNING nova.virt [-] [instance: x] up",
            "openstack",
            "nova.virt",
            "7",
            "WARNING [instance: x] up",
        ),
        (
            "2015-10-18 18:01:53,447 WARN [IPC [7] of x] a.b.C$D: gone: x",
            "log4j_thread",
            "a.b.C$D",
            None,
            "WARN gone: x",
        ),
        ("2026-11-23 10:00:00.123 [main] WARN  c.e.App: gone - x", "logback", "c.e.App", None, "WARN gone - x"),
        ("2026-11-23 10:00:00.123  WARN 7 --- [   main] c.e.App   : gone", "spring_boot", "c.e.App", "7", "WARN gone"),
        ("2026-11-29 10:00:00,123 [myid:1] - WARN  [main:A@13] - gone", "log4j_dash", "A", None, "WARN gone"),
        ("[2026-11-23T10:00:00,123][WARN ][o.e.c.C] gone", "elasticsearch", "o.e.c.C", None, "WARN gone"),
        ("[2026-11-23 10:00:00,123] INFO done (x) (kafka.log.Log)", "kafka", "kafka.log.Log", None, "INFO done (x)"),
        ("2026-11-23 10:00:00.123 CET [7] bob@shop ERROR:  no table", "postgresql", None, "7", "ERROR no table"),
        ("2026-11-23 10:00:00 0 [Note] InnoDB: gone", "mysql", None, None, "Note InnoDB: gone"),
        ("2026/11/23 10:00:00 [warn] 7#8: gone", "nginx_error", None, "7", "warn gone"),
        ('shop:443 ::1 - - [23/Nov/2026:10:00:00 +0000] "GET /" 200', "access_log", None, None, '"GET /" 200'),
        ("[23-Nov-2026 10:00:00 Europe/Rome] PHP Warning:  gone", "php", None, None, "PHP Warning:  gone"),
        ("[2026-11-23 10:00:00] local.ERROR: gone", "monolog", "local", None, "ERROR gone"),
        ("E0123 10:00:00.123456       1 reflector.go:150] gone", "klog", "reflector.go", "1", "E gone"),
        ("2026-11-23T10:00:00.123456789+02:00 stderr P gone", "container", None, None, "gone"),
        (
            'ts=2026-11-23T10:00:00.123Z caller=main.go:12 level=warn msg="gone"',
            "logfmt",
            "main.go",
            None,
            'warn msg="gone"',
        ),
        ('time="2026-11-23T10:00:00+01:00" level=error msg=gone', "logfmt", None, None, "error msg=gone"),
        ("2026/11/23 10:00:00.123456 server.go:7: gone", "go_log", None, None, "server.go:7: gone"),
        ("<4>Nov  3 10:00:00.123456 web1 gone", "syslog_fraction", None, None, "gone"),
        ("<189>123: Nov 23 10:00:00.123 UTC: %LINK-3-UPDOWN: down", "cisco", "LINK", None, "UPDOWN: down"),
        ("<166>Nov 23 2026 10:00:00: %ASA-6-302013: Built", "cisco_asa", "ASA", None, "302013: Built"),
        ("F, [2026-11-23T10:00:00.123456 #7] FATAL -- shop: gone", "ruby", "shop", "7", "FATAL gone"),
        ("[Sun Dec 04 04:47:44 2005] [client 10.0.0.1] gone", "date_brackets", None, None, "[client 10.0.0.1] gone"),
        ("[2026-11-23 10:00:00] INFO: gone", "date_time_brackets", None, None, "INFO gone"),
        ("2026-11-23 10:00:00,123 - util.py[DEBUG]: gone", "date_time", None, None, "- util.py[DEBUG]: gone"),
        ("2026-11-23 10:00:00 INFORMATION desk is open", "date_time", None, None, "INFORMATION desk is open"),
        ("2026-11-23T10:00:00.123+0000 I NETWORK [conn1] end", "date_time", None, None, "I NETWORK [conn1] end"),
    ],
)
def test_a_shipped_format_takes_its_lines_apart(
    line: str, name: str, program: str | None, pid: str | None, message: str
) -> None:
    found = read(line)

    assert (found.format, found.program, found.pid, found.message) == (name, program, pid, message)
    assert found.time != RECORD_TIME
    assert read(line, header=name) == found


@pytest.mark.parametrize(
    "line",
    [
        "[Sun Dec 04 2005] [error] no time",
        "[error] [Sun Dec 04 04:47:44 2005] turned around",
        "17/06/09 20:10:40 INFO no class in front",
        "17/06/09 20:10:40 200 OK",
        "081109 203615 148 INFO no class in front",
        "081109 993615 148 INFO a.B: no time",
        "- 1117838570 2005.06.03 R02-M1 2005-06-03 R02-M1 RAS KERNEL INFO no time",
        "[10.30 16:49:06] chrome.exe: no dash",
        "[10.30.2026 16:49] chrome.exe - no time",
        "2026/11/23 [error] 1#1: *1 no time",
        "2026-11-23 INFO no time",
        "at 2026-11-23 10:00:00 INFO",
        '81.2.3.4 - - [23/Nov/2026:10:00:00] "GET / HTTP/1.1" 200 17',
        "350766 node-109 unix.hw state 1084680778 no flag",
        "11-23 10:00:00.123 7 8 X tag: no level",
        "X1123 10:00:00.123456 7 a.go:7] no level",
        "I1123 10:00:00.123456 7 a.go] no line",
        "1:Y 23 Nov 2026 10:00:00.123 * no role",
        "level=info msg=x time=2026-11-23T10:00:00Z",
        "NOTE:a:b",
        "INFO: a: b",
        "[   12] usb",
    ],
)
def test_a_shipped_format_fits_no_other_line(line: str) -> None:
    assert read(line).format == "plain"


def test_shipped_formats_leave_syslog_to_the_built_in_ones() -> None:
    assert read("Nov 23 10:00:00 web1 app[7]: 2026-11-23 10:00:00 INFO started").format == "rfc3164"
    assert read("2026-11-23T10:00:00Z web1 app[7]: INFO started").format == "iso"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("10:00:00.123 [main] WARN com.example.App - gone", "WARN gone"),
        ("ERROR:shop.orders:gone", "ERROR gone"),
        ("<6>[    0.000000] Linux version 6.1", "Linux version 6.1"),
    ],
)
def test_a_line_without_a_date_has_the_time_of_its_record(line: str, message: str) -> None:
    found = read(line)

    assert (found.format != "plain", found.message, found.time) == (True, message, RECORD_TIME)


@pytest.mark.parametrize(
    ("dataset", "name"),
    [
        ("Apache", "apache_error"),
        ("BGL", "blue_gene"),
        ("HDFS", "log4j_numbers"),
        ("Proxifier", "month_day_application"),
        ("Spark", "log4j_slashes"),
        ("Zookeeper", "log4j_dash"),
    ],
)
def test_a_shipped_format_fits_every_line_of_a_real_log(loghub: Path, dataset: str, name: str) -> None:
    lines = (loghub / dataset / f"{dataset}_2k.log").read_text(encoding="utf-8").splitlines()

    assert {read(line).format for line in lines} == {name}


def test_without_a_configuration_the_shipped_formats_hold_and_beside_one_its_own_alone(
    run: Run, tmp_path: Path
) -> None:
    log = tmp_path / "error.log"
    log.write_text("[Thu Jun 09 06:07:04 2005] [notice] starting\n")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "training.toml").touch()

    assert "apache_error 1" in run("train", log)[1]
    assert "plain 1" in run("train", log, "--config", "own/training.toml", "--force")[1]
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "formats.toml").write_text("[mine]\nexpression = '.(?P<message>.*)'\n")
    assert "mine 1" in run("train", log, "--force")[1]


def test_an_unknown_key_of_a_format_is_told(run: Run, log: Path, tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "formats.toml").write_text("[mine]\nexpression = '(?P<message>.*)'\nzoen = 'UTC'\n")

    code, _, err = run("train", log)

    assert code == 1
    assert err == ("logwinnow: conf/formats.toml: $.mine: there is no key 'zoen'; there are: expression, time, zone\n")


def test_shipped_files_are_read_whatever_the_folder_is_called(run: Run, log: Path) -> None:
    odd = os.fsdecode(b"e\xfftc")

    assert run("init", odd)[0] == 0
    assert run("train", log, "--config", f"{odd}/training.toml", "--quiet") == (0, "", "")


def test_quiet_writes_the_files_and_says_nothing(run: Run) -> None:
    assert run("init", "conf", "--quiet") == (0, "", "")
    assert Path("conf/training.toml").is_file()
    assert run("init", "conf", "--quiet")[0] == 1
