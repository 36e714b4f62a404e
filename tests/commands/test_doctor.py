"""`escalator doctor`: every organ is looked at, and only what fails fails."""

import json
from datetime import timedelta

import pytest

from escalator.channels.slack.manifest import SCOPES
from escalator.services.core.operator_alerts import OperatorAlerts
from escalator.services.core.process_liveness import SWEEPER, record_heartbeat
from tests.doubles import slack as slack_double
from tests.doubles.broker import FAILURES, BrokerProxy
from tests.doubles.slack import SlackDouble
from tests.policy.files import MINIMAL, minimal


@pytest.fixture
def doctor(cli):
    def run():
        result = cli("doctor", "--json")
        found = [(one["what"], one["status"], one["found"]) for one in json.loads(result.stdout)]
        assert result.exit_code == (1 if "fail" in {status for _what, status, _found in found} else 0)
        return found

    return run


@pytest.fixture
def well(core, redis_url, monkeypatch):
    """An installation in which nothing fails: a broker that answers, a worker that beats."""
    monkeypatch.setenv("REDIS_URL", redis_url)
    record_heartbeat(core, SWEEPER, core.clock.now())
    return core


@pytest.fixture(autouse=True)
def unasked(monkeypatch):
    """What other vendors say is a matter of its own (test_reaching)."""
    for asked in ("doctor_destinations.destinations", "stream_checks.sources"):
        monkeypatch.setattr(f"escalator.commands.{asked}", lambda *_: ())


def of(found, what):
    return [(status, said) for name, status, said in found if name == what]


@pytest.mark.live
def test_nothing_fails_in_a_sandbox_that_works(well, doctor):
    found = doctor()
    assert {status for _what, status, _found in found} == {"ok", "warn"}
    assert of(found, "redis") == [("ok", "reachable")]
    assert of(found, "workers") == [("ok", "1 running")]


def test_a_sandbox_says_how_many_alerts_reached_nobody(alerted, doctor):
    assert of(doctor(), "mode") == [("warn", "Sandbox mode: nothing is sent (1 alert so far)")]


def test_a_broker_that_is_away_fails(core, doctor, monkeypatch):
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    assert of(doctor(), "redis")[0][0] == "fail"


@pytest.mark.live
@pytest.mark.parametrize("name", [name for name, (_reply, only) in FAILURES.items() if "SET" in only])
def test_a_broker_that_does_not_take_what_is_written_fails(core, doctor, monkeypatch, redis_server, name):
    with BrokerProxy(redis_server.port) as broker:
        broker.fail(*FAILURES[name])
        monkeypatch.setenv("REDIS_URL", broker.url)
        [(status, said)] = of(doctor(), "redis")
    assert status == "fail"
    assert said.startswith(
        ("cannot be reached (", "reached, but cannot be used (", "the server that answers is not Redis")
    )


def test_workers_that_are_gone_fail(core, doctor):
    assert of(doctor(), "workers") == [("fail", "none is running: nothing is sent or escalated")]


def test_a_deadline_that_nobody_fires_fails(alerted, doctor):
    with alerted.database.writing() as connection:
        connection.exec_driver_sql(
            "UPDATE incidents SET due_at = ?", (str(alerted.clock.now().replace(tzinfo=None) - timedelta(minutes=1)),)
        )
    [(status, said)] = of(doctor(), "deadlines")
    assert (status, said[:13]) == ("fail", "the oldest is")


def test_an_operator_alert_that_is_open_fails(core, doctor):
    with core.database.writing() as connection:
        policy = core.policies.running(connection).policy
        OperatorAlerts(connection, core.clock.now()).raise_alert("destination:room", "broken", policy, core.settings)
    assert of(doctor(), "operator alert") == [("fail", "destination:room: broken")]


def test_a_database_without_a_schema_fails_and_is_not_made(cli, doctor, folder, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{folder}/none.db")
    assert of(doctor(), "database") == [("fail", "has no schema or an old one")]
    assert not (folder / "none.db").exists()


def test_an_environment_that_does_not_fit_is_the_only_finding(doctor, monkeypatch):
    monkeypatch.setenv("PORT", "eighty")
    assert [(what, status) for what, status, _found in doctor()] == [("environment", "fail")]


@pytest.mark.parametrize(
    ("policy", "mode", "status"),
    [
        pytest.param(MINIMAL, "sandbox", "ok", id="without problems"),
        pytest.param(minimal(("key: key", 'key: "${NOT_SET}"')), "sandbox", "warn", id="warnings in a sandbox"),
        pytest.param(minimal(("key: key", 'key: "${NOT_SET}"')), "production", "fail", id="a name not set, for real"),
        pytest.param(minimal(("default: urgent", "default: none")), "sandbox", "fail", id="an error"),
        pytest.param(None, "sandbox", "warn", id="no file in a sandbox: the demo"),
        pytest.param(None, "production", "fail", id="no file, for real"),
    ],
)
def test_the_policy_is_judged_by_what_it_is_used_for(core, doctor, folder, monkeypatch, policy, mode, status):
    monkeypatch.delenv("ESCALATOR_POLICY")
    monkeypatch.setenv("ESCALATOR_MODE", mode)
    if policy is not None:
        (folder / "escalation.yml").write_text(policy)
    assert of(doctor(), "policy")[0][0] == status


def test_people_without_a_working_contact_are_named(core, doctor, folder, monkeypatch):
    monkeypatch.delenv("ESCALATOR_POLICY")
    (folder / "escalation.yml").write_text(minimal(("slack: U0ANA", 'slack: "${ANAS_ID:-}"')))
    assert of(doctor(), "people") == [("warn", "no working contact: ana")]


def test_a_changed_file_that_no_worker_has_taken_is_said(core, doctor, folder, monkeypatch):
    monkeypatch.delenv("ESCALATOR_POLICY")
    (folder / "escalation.yml").write_text(MINIMAL)
    assert of(doctor(), "active policy") == [("warn", "differs from escalation.yml")]


@pytest.fixture
def slack(monkeypatch):
    with SlackDouble() as double:
        for name, value in {"SLACK_API_URL": double.url, "SLACK_BOT_TOKEN": double.token}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("SLACK_SIGNING_SECRET", "signed")
        yield double


def test_a_token_with_every_scope_is_good(core, slack, doctor):
    [(status, said)] = of(doctor(), "slack")
    assert (status, said[:27]) == ("ok", "the token is valid in works")


def test_a_scope_that_is_missing_fails_by_name(core, slack, doctor, monkeypatch):
    monkeypatch.setattr(slack_double, "SCOPES", "chat:write")
    missing = ", ".join(scope for scope in SCOPES if scope != "chat:write")
    assert of(doctor(), "slack") == [("fail", f"scopes missing: {missing}")]


def test_a_token_that_slack_refuses_fails(core, slack, doctor, monkeypatch):
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-other")
    assert of(doctor(), "slack") == [
        ("fail", "reached, but the credentials were refused (bad_credentials: invalid_auth)")
    ]


def test_a_slack_that_nobody_answers_at_is_unreachable_and_no_token_is_blamed(core, slack, doctor, monkeypatch):
    monkeypatch.setenv("SLACK_API_URL", "http://127.0.0.1:1/api/")
    assert of(doctor(), "slack") == [("fail", "cannot be reached (unreachable)")]


@pytest.mark.parametrize(("mode", "status"), [("sandbox", "warn"), ("production", "fail")])
def test_secrets_of_slack_are_needed_only_for_real(core, doctor, monkeypatch, mode, status):
    monkeypatch.setenv("ESCALATOR_MODE", mode)
    assert [one for one, _said in of(doctor(), "slack")] == [status, status]
