"""What is deployed fits together: Procfile, systemd units, gunicorn's configuration, pins, Heroku's app.json."""

import configparser
import json
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from escalator.store.database import PATIENCE_S, WAIT_S
from web.__main__ import GUNICORN

ROOT = Path(__file__).parents[1]


def setup_cfg():
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return parser


def procfile():
    return dict(re.split(r":\s+", line, maxsplit=1) for line in (ROOT / "Procfile").read_text().splitlines())


def unit(name):
    lines = (ROOT / "deploy" / "systemd" / f"escalator-{name}.service").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def pins(name):
    lines = (ROOT / name).read_text().splitlines()
    return dict(line.split("==") for line in lines if "==" in line)


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("process", ["web", "worker", "sqs"])
def test_systemd_runs_what_the_procfile_runs(process):
    program = "/opt/escalator/.venv/bin/"
    assert unit(process)["ExecStart"].removeprefix(program) == procfile()[process]


@pytest.mark.parametrize("process", ["web", "worker", "sqs"])
def test_systemd_restarts_what_dies_within_a_second_and_never_gives_up(process):
    written = unit(process)
    assert (written["Restart"], written["RestartSec"], written["StartLimitIntervalSec"]) == ("always", "1", "0")


def test_heroku_migrates_before_new_code_runs():
    assert procfile()["release"] == "escalator migrate"


def test_heroku_starts_every_process_in_sandbox_on_dynos_that_do_not_sleep():
    app = json.loads((ROOT / "app.json").read_text())
    assert set(app["formation"]) == set(procfile()) - {"release"}
    assert {process["size"] for process in app["formation"].values()} == {"basic"}
    assert {name: process["quantity"] for name, process in app["formation"].items()} == {
        "web": 1,
        "worker": 1,
        "sqs": 0,
    }
    assert app["env"]["ESCALATOR_MODE"]["value"] == "sandbox"
    assert app["env"]["SECRET_KEY"]["generator"] == "secret"


@pytest.mark.parametrize(
    ("environment", "bind"),
    [
        pytest.param({}, "127.0.0.1:8000", id="on a machine only this machine may come in"),
        pytest.param({"PORT": "9000"}, "127.0.0.1:9000", id="a port alone opens nothing more"),
        pytest.param({"HOST": "0.0.0.0", "PORT": "9000"}, "0.0.0.0:9000", id="the host decides who may"),
        pytest.param({"DYNO": "web.1", "PORT": "5000"}, "0.0.0.0:5000", id="on a dyno the router must come in"),
    ],
)
def test_the_web_process_listens_where_the_environment_says(monkeypatch, environment, bind):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert runpy.run_module("web.gunicorn_config")["bind"] == bind


def test_one_web_process_stays_below_the_connections_of_the_smallest_database(monkeypatch):
    configured = runpy.run_module("web.gunicorn_config")
    assert (configured["workers"], configured["threads"]) == (1, 8)
    monkeypatch.setenv("WEB_CONCURRENCY", "3")
    assert runpy.run_module("web.gunicorn_config")["workers"] == 3


def test_gunicorn_understands_its_configuration():
    command = [sys.executable, "-m", *GUNICORN[:-1], "--print-config", "wsgiref.simple_server:demo_app"]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | {"PORT": "1"}, capture_output=True, text=True, check=True)
    said = dict(re.findall(r"^(\w+)\s+= (.*)$", done.stdout, re.MULTILINE))
    assert said["worker_class"] == "gthread"
    assert (said["max_requests"], said["accesslog"], said["control_socket_disable"]) == ("0", "None", "True")
    assert int(said["graceful_timeout"]) < 30, "Heroku kills 30 s after it has asked to stop"
    assert int(said["keepalive"]) > 90, "Heroku's router lets go of an idle connection after 90 s"


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_everything_that_runs_is_pinned_within_its_bounds(name):
    pinned = {canonical(package): version for package, version in pins(name).items()}
    for line in setup_cfg()["options"]["install_requires"].strip().splitlines():
        wanted = Requirement(line)
        assert wanted.specifier.contains(pinned[canonical(wanted.name)]), line


def test_the_extra_for_queues_is_pinned_within_its_bounds_and_adds_to_what_runs():
    [wanted] = [Requirement(line) for line in setup_cfg()["options.extras_require"]["sqs"].strip().splitlines()]
    added = pins("requirements-sqs.txt")
    assert wanted.specifier.contains(added[wanted.name])
    assert not added.keys() & pins("requirements.txt").keys()


def test_what_is_tested_is_what_runs():
    tested = pins("requirements-dev.txt").items()
    assert pins("requirements.txt").items() <= tested
    assert pins("requirements-sqs.txt").items() <= tested


def test_the_pins_name_no_place_to_download_from():
    for name in ("requirements.txt", "requirements-sqs.txt"):
        assert not re.search(r"https?:|file:|--|@", (ROOT / name).read_text())


def test_every_kind_of_file_that_the_packages_hold_is_installed_with_them():
    installed = {kind.strip() for kind in setup_cfg()["options.package_data"]["*"].split(",")} | {"*.py", "*.pyc"}
    held = {f"*{path.suffix}" for part in ("escalator", "web", "workers") for path in (ROOT / part).rglob("*.*")}
    assert held <= installed


def test_a_pool_process_is_not_killed_while_the_database_hangs():
    configured = runpy.run_path(str(ROOT / "celeryconfig.py"))
    assert configured["worker_proc_alive_timeout"] >= 2 * (PATIENCE_S + WAIT_S), "its first beat connects and writes"
