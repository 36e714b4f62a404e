"""`escalator run`: what keeps it from starting, what it starts, and what it says first."""

import socket

import pytest

from escalator.commands.run_banner import real, start_page
from escalator.commands.run_plan import Plan
from escalator.commands.run_preflight import free_port, plan, prepared
from escalator.errors import ConfigurationError
from escalator.policy.parse import load
from tests.policy.files import MINIMAL, minimal

SECRETS = {"SECRET_KEY": "key", "SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "signed"}
PRODUCTION = {"ESCALATOR_MODE": "production", **SECRETS}


@pytest.fixture
def policy(folder):
    (folder / "escalation.yml").write_text(MINIMAL)


def without(*names):
    return {name: value for name, value in PRODUCTION.items() if name not in names}


def test_a_sandbox_needs_nothing_and_runs_the_demo(folder):
    found = prepared({})
    assert (found.problems, found.is_demo) == ((), True)


def test_production_starts_when_nothing_is_missing(policy):
    assert prepared(PRODUCTION).problems == ()


@pytest.mark.parametrize(
    ("env", "names"),
    [
        pytest.param(without("SECRET_KEY"), ["SECRET_KEY"], id="the key"),
        pytest.param(without("SLACK_BOT_TOKEN"), ["SLACK_BOT_TOKEN"], id="the token"),
        pytest.param(without("SLACK_SIGNING_SECRET"), ["SLACK_SIGNING_SECRET"], id="the signing secret"),
        pytest.param(without(*SECRETS), list(SECRETS), id="everything at once"),
    ],
)
def test_production_names_every_secret_that_the_policy_needs_and_lacks(policy, env, names):
    assert [problem.split(":")[0] for problem in prepared(env).problems] == names


def test_a_policy_without_slack_needs_no_secret_of_slacks(folder):
    people = ("slack: U0ANA, ", "email: ana@example.com, "), ("slack: U0ELI, ", "email: eli@example.com, ")
    mailed = minimal(*people, ('{slack: "#alerts", urgent: true}', "{email: [a@example.com], urgent: true}"))
    (folder / "escalation.yml").write_text(mailed)
    assert not any("SLACK" in problem for problem in prepared(PRODUCTION).problems)


@pytest.mark.parametrize("mode", ["divert", "production"])
def test_the_demo_is_for_the_sandbox_only(folder, mode):
    [problem] = prepared({**PRODUCTION, "ESCALATOR_MODE": mode}).problems
    assert "escalation.yml: No such file" in problem


def test_a_named_policy_that_is_not_there_is_never_replaced_by_the_demo(folder):
    [problem] = prepared({"ESCALATOR_POLICY": "mine.yml"}).problems
    assert "mine.yml: No such file" in problem


@pytest.mark.parametrize(("mode", "count"), [("sandbox", 0), ("production", 1)])
def test_a_name_that_is_not_set_is_a_problem_only_in_production(folder, mode, count):
    (folder / "escalation.yml").write_text(minimal(("key: key", 'key: "${NOT_SET}"')))
    problems = prepared({**PRODUCTION, "ESCALATOR_MODE": mode}).problems
    assert [("${NOT_SET} is not set" in problem) for problem in problems] == [True] * count


def test_a_policy_with_errors_starts_nowhere(folder):
    (folder / "escalation.yml").write_text(minimal(("default: urgent", "default: none")))
    assert len(prepared({}).problems) == 1


def test_a_folder_too_deep_for_a_socket_is_told_before_anything_starts(folder):
    [problem] = prepared({"ESCALATOR_VAR": "deep/" * 30}).problems
    assert problem.startswith("ESCALATOR_VAR: ")
    assert prepared({"ESCALATOR_VAR": "deep/" * 30, "REDIS_URL": "redis://127.0.0.1"}).problems == ()


def test_production_on_embedded_parts_is_allowed_with_a_warning(policy):
    told = " ".join(prepared(PRODUCTION).warnings)
    assert ("DATABASE_URL" in told, "REDIS_URL" in told) == (True, True)
    elsewhere = {"DATABASE_URL": "postgresql://h/d", "REDIS_URL": "redis://h"}
    assert prepared({**PRODUCTION, **elsewhere}).warnings == ()


@pytest.mark.parametrize("url", ["sqlite:////srv/escalator.db", "postgresql://me:p@ss@host/db"])
def test_of_a_database_that_is_named_it_is_not_said_that_none_is(policy, url):
    told = prepared({**PRODUCTION, "DATABASE_URL": url}).warnings
    assert not any("DATABASE_URL is not set" in one for one in told)
    assert any("one SQLite file" in one for one in told) is url.startswith("sqlite")


@pytest.mark.parametrize(
    ("env", "names"),
    [
        pytest.param({}, ["web", "broker", "worker"], id="all of it"),
        pytest.param({"REDIS_URL": "redis://h"}, ["web", "worker"], id="the broker is somebody else's"),
    ],
)
def test_web_starts_first_and_the_worker_after_the_broker(folder, env, names):
    made = plan(prepared(env), 8000, is_verbose=False)
    assert [part.name for part in made.parts] == names
    assert bool(made.broker_socket) is ("broker" in names)
    assert Plan.from_json(made.to_json()) == made


def test_parts_are_told_absolute_paths_and_no_secret_is_in_the_plan(folder):
    made = plan(prepared({**SECRETS, "ESCALATOR_VAR": "data"}), 8123, is_verbose=False)
    assert made.environment["ESCALATOR_VAR"] == str(folder / "data")
    assert made.environment["ESCALATOR_POLICY"].endswith("/demo.yml")
    assert (made.environment["PORT"], made.environment["ESCALATOR_RUN"]) == ("8123", "1")
    assert not any(secret in made.to_json() for secret in ("xoxb-1", "signed"))


def test_the_page_says_that_nobody_is_told_and_how_to_leave_the_demo(folder):
    page = "\n".join(start_page(prepared({"PORT": "0"}), 8123, ""))
    for said in ("SANDBOX", "http://127.0.0.1:8123/sandbox", "escalator init", "Ctrl-C"):
        assert said in page


def test_the_page_of_production_shows_no_sandbox(policy):
    page = "\n".join(start_page(prepared(PRODUCTION), 8000, "3 people are now real"))
    assert ("/sandbox" in page, "3 people are now real" in page) == (False, True)


def test_who_is_real_are_those_with_an_address():
    policy = load(minimal(("slack: U0ANA", 'slack: "${ANA:-}"')), {})
    assert "messages now reach 1 person and 1 destination" in real(policy, lambda text: "" if "${" in text else text)


def test_who_is_reached_by_mail_only_is_real_too():
    policy = load(minimal(("slack: U0ANA", "email: ana@example.com")), {})
    assert "2 people and" in real(policy, lambda text: text)


def test_a_port_that_is_taken_is_told():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"cannot listen on 127.0.0.1:{port}"):
            free_port("127.0.0.1", port)


def test_port_0_is_any_free_one():
    assert free_port("127.0.0.1", 0) > 1023


def test_problems_end_the_command_before_anything_is_made(cli, folder, monkeypatch):
    monkeypatch.setenv("ESCALATOR_POLICY", "mine.yml")
    monkeypatch.setenv("SECRET_KEY", "key")
    result = cli("run")
    assert result.exit_code == 1
    assert "nothing was started" in result.stderr
    assert list(folder.iterdir()) == []
