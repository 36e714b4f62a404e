"""`escalator doctor` asks every vendor whether it would be reached, and disturbs nobody."""

import json

import pytest

from tests.doubles.everybody import POLICY, vendors
from tests.doubles.mail import MailFault
from tests.doubles.mattermost import MattermostDouble
from tests.doubles.slack import SlackDouble

VENDORS = ("pagerduty pager", "email mailbox", "jira board", "webhook copy", "pagerduty token")


@pytest.fixture
def everybody(core, monkeypatch):
    """Every vendor, and an installation in production that knows them."""
    with vendors() as found, SlackDouble() as slack:
        known = found.environment | {
            "ESCALATOR_POLICY": str(POLICY),
            "ESCALATOR_MODE": "production",
            "SLACK_BOT_TOKEN": slack.token,
            "SLACK_API_URL": slack.url,
            "STREAM_API_URL": "http://127.0.0.1:1",
            "STREAM_API_KEY": "key",
            "STREAM_API_SECRET": "secret",
        }
        for name, value in known.items():
            monkeypatch.setenv(name, value)
        yield found


@pytest.fixture
def examined(cli, everybody):
    def run():
        found = json.loads(cli("doctor", "--json").stdout)
        return {one["what"]: (one["status"], one["found"]) for one in found if one["what"] in VENDORS}

    return run


def test_all_would_be_reached_and_nobody_is_disturbed(everybody, examined):
    assert {status for status, _found in examined().values()} == {"ok"}
    assert set(examined()) == set(VENDORS)
    assert everybody.pagerduty.alerts == []
    assert everybody.jira.issues == {}
    assert everybody.mail.mails == []
    assert everybody.feed.received == []


def test_a_routing_key_that_is_refused_fails(everybody, examined):
    everybody.pagerduty.routing_keys.clear()
    assert examined()["pagerduty pager"][0] == "fail"


def test_a_token_that_may_not_read_incidents_fails(everybody, examined):
    everybody.pagerduty.token = "another"
    assert examined()["pagerduty token"] == (
        "fail",
        "reached, but the credentials were refused (bad_credentials: http_401)",
    )


def test_a_mailbox_that_is_refused_fails(everybody, examined):
    everybody.mail.inject(*[MailFault("recipient", "550 no such user")] * 2)
    assert examined()["email mailbox"] == ("fail", "the address was not accepted (bad_target: recipient_550)")


def test_a_project_in_which_we_may_open_nothing_fails(everybody, examined):
    everybody.jira.permissions = ()
    status, found = examined()["jira board"]
    assert status == "fail"
    assert "may not" in found
    assert "CREATE_ISSUES" in found


def test_a_field_that_jira_needs_and_the_policy_does_not_give_fails_by_name(everybody, examined):
    everybody.jira.screen = everybody.jira.screen | {"customfield_10042"}
    everybody.jira.required = {"customfield_10042"}
    assert examined()["jira board"] == (
        "fail",
        "reached, but it would refuse the message (bad_message: Jira requires customfield_10042 ('Team'))",
    )


@pytest.mark.parametrize(
    ("field", "status"), [pytest.param("customfield_10042", "ok", id="known"), pytest.param("cf_1", "fail", id="not")]
)
def test_the_fields_of_the_policy_are_looked_for_in_jira(everybody, examined, tmp_path, monkeypatch, field, status):
    everybody.jira.screen = everybody.jira.screen | {"customfield_10042"}
    policy = tmp_path / "escalation.yml"
    policy.write_text(
        POLICY.read_text().replace("issue_type: Incident}", f"issue_type: Incident, fields: {{{field}: x}}}}")
    )
    monkeypatch.setenv("ESCALATOR_POLICY", str(policy))
    found = examined()["jira board"]
    assert found[0] == status
    assert status == "ok" or "Jira does not know cf_1" in found[1]


def test_a_private_address_that_nobody_has_allowed_fails(everybody, examined, monkeypatch):
    monkeypatch.delenv("WEBHOOK_ALLOW_PRIVATE")
    assert examined()["webhook copy"] == ("fail", "not asked: the address is not allowed (forbidden: private_address)")


def test_a_receiver_that_is_not_there_fails(everybody, examined, monkeypatch):
    monkeypatch.setenv("WEBHOOK_URL", "http://127.0.0.1:1/nobody")
    assert examined()["webhook copy"] == ("fail", "cannot be reached (unreachable)")


def test_in_the_sandbox_no_vendor_is_asked(everybody, examined, monkeypatch):
    monkeypatch.setenv("ESCALATOR_MODE", "sandbox")
    assert examined() == {}


def test_a_mailbox_that_no_mail_could_go_to_fails(everybody, examined, tmp_path, monkeypatch):
    policy = tmp_path / "escalation.yml"
    policy.write_text(POLICY.read_text().replace("desk@example.com", '"${DESK}"'))
    monkeypatch.setenv("ESCALATOR_POLICY", str(policy))
    monkeypatch.setenv("DESK", "the..desk@example.com")
    assert examined()["email mailbox"] == ("fail", "the address was not accepted (bad_target: address)")


def test_a_mattermost_webhook_is_asked_without_a_post(everybody, cli, tmp_path, monkeypatch):
    with MattermostDouble() as server:
        text = POLICY.read_text()
        desk = f'destinations:\n  desk: {{mattermost: "{server.url}"}}\n'
        policy = tmp_path / "with-mattermost.yml"
        policy.write_text(text.replace("destinations:\n", desk, 1))
        monkeypatch.setenv("ESCALATOR_POLICY", str(policy))

        def desk_line():
            found = json.loads(cli("doctor", "--json").stdout)
            return next(one for one in found if one["what"] == "mattermost desk")

        assert desk_line()["status"] == "ok"
        server.hook = "deleted"
        assert desk_line()["status"] == "fail"
        assert "deleted" in desk_line()["remedy"]
        assert server.posts == []
