"""What the picture shows of PagerDuty, Jira, mail and webhooks, and what people do there as the sandbox plays it."""

import re
from uuid import UUID, uuid4

import pytest
from standardwebhooks import Webhook

from escalator.channels.jira import webhooks as jira
from escalator.channels.pagerduty import webhooks as pagerduty
from escalator.channels.stand_in import Refused
from escalator.errors import Unauthorized
from escalator.model.vendor_event import VendorActorKind, VendorEventKind
from escalator.sandbox import sandbox_state
from escalator.sandbox.signed_request import Signed
from escalator.sandbox.vendor_actions import Deed, signed_act
from escalator.store.tables import sandbox_inbox
from tests.sandboxes import a_core, alert, demo_policy, go_on


@pytest.fixture
def core(database_url, tmp_path):
    core = a_core(database_url, tmp_path)
    yield core
    core.database.close()


def everybody_told(core, name="threat"):
    """Let an alert climb to the end of its path."""
    alert(core, name)
    go_on(core, seconds=20)
    go_on(core, seconds=20)


@pytest.fixture
def without_ana_there(sqlite_url, tmp_path):
    """Ana has no id in PagerDuty."""
    core = a_core(sqlite_url, tmp_path, policy=demo_policy().replace("pagerduty: PANA01, ", ""))
    yield core
    core.database.close()


def items(core, channel):
    return [one for one in sandbox_state(core)["messages"] if one["channel"] == channel]


def deed(core, channel, label, person="dana"):
    """Let somebody press a button of the newest item of a vendor, which is told to nobody yet."""
    item = items(core, channel)[-1]
    button = next(one for one in item["buttons"] if one["label"] == label)
    return signed_act(core, Deed(person, UUID(item["id"]), button["action_id"]))


# ---- what each vendor's reader sees


def test_every_vendor_of_the_demo_has_its_own_object_under_its_own_name(core):
    everybody_told(core)

    shown = {one["channel"]: one for one in sandbox_state(core)["messages"]}

    assert set(shown) == {"slack", "pagerduty", "email", "jira", "webhook"}
    assert all(one[channel] for channel, one in shown.items())
    assert all(one["text"] and one["first_text"] and one["kind"] == channel for channel, one in shown.items())


def test_the_seniors_hear_of_it_in_slack_by_pagerduty_and_by_mail_at_the_same_step(core):
    alert(core)
    before = {one["destination"] for one in sandbox_state(core)["messages"]}

    go_on(core, seconds=20)

    told = {one["destination"] for one in sandbox_state(core)["messages"]} - before
    assert told == {"person:dana", "pager", "senior-mail"}


def test_a_mail_says_who_wrote_what_to_whom_and_where_its_link_leads(core):
    everybody_told(core)

    (mail,) = items(core, "email")

    assert (mail["email"]["to"], mail["email"]["subject"]) == ("dana@example.com", mail["text"])
    assert mail["email"]["from"].startswith("Escalator")
    (link,) = mail["buttons"]
    assert link["label"] == "Acknowledge #1001"
    assert link["url"].startswith(f"{core.settings.base_url}/answer/")
    assert link["url"] in mail["email"]["text"]


def test_a_page_is_an_incident_with_title_urgency_status_and_details(core):
    everybody_told(core)

    (item,) = items(core, "pagerduty")
    page = item["pagerduty"]

    assert page["title"] == "Nobody answered for 40 s: HIGH · Threat is now with you · #1001"
    assert (page["status"], page["urgency"], page["payload"]["severity"]) == ("triggered", "high", "error")
    assert page["payload"]["custom_details"]["incident"] == 1001
    assert [one["label"] for one in item["buttons"]] == ["Acknowledge", "Resolve"]
    assert "routing_key" not in page


def test_an_issue_has_a_key_a_summary_a_status_and_what_was_commented(core):
    everybody_told(core)

    (item,) = items(core, "jira")
    issue = item["jira"]

    assert (issue["key"], issue["status"], issue["category"]) == ("TS-1", "To Do", "new")
    assert issue["fields"]["summary"] == "HIGH · Threat · #1001"
    assert issue["comments"] == []
    assert [one["label"] for one in item["buttons"]] == ["Start work", "Done"]


def test_a_webhook_is_a_request_whose_signature_the_receiver_can_verify(database_url, tmp_path):
    secret = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVoxMjM0NTY="
    core = a_core(database_url, tmp_path, DASHBOARD_SECRET=secret)
    alert(core)

    (item,) = items(core, "webhook")
    request = item["webhook"]

    assert (request["method"], request["verified"], item["text"]) == ("POST", True, "incident.opened #1001")
    by_the_standards_own_library = Webhook(secret).sign(
        request["headers"]["webhook-id"], core.clock.now(), request["body"]
    )
    assert by_the_standards_own_library == request["headers"]["webhook-signature"]
    core.database.close()


def webhook_policy(options):
    return demo_policy().replace(', secret: "${DASHBOARD_SECRET:-}"', options)


@pytest.mark.parametrize(
    ("first", "then", "verified"),
    [
        pytest.param(', secret: "${S:-}"', ', secret: "${S:-}"', True, id="no secret yet: the sandbox's own signs"),
        pytest.param(", secret: one", ", secret: two", False, id="the secret was changed since"),
        pytest.param(", secret: one", ', secret: "two, one"', True, id="the old one is still good beside the new"),
        pytest.param(", secret: one", ', secret: "whsec_"', False, id="the secret in force is none"),
        pytest.param("", "", None, id="the policy names no secret: not signed"),
    ],
)
def test_a_signature_is_judged_by_the_secret_in_force(sqlite_url, tmp_path, first, then, verified):
    core = a_core(sqlite_url, tmp_path, policy=webhook_policy(first))
    alert(core)

    core.settings.policy_file.write_text(webhook_policy(then) + "\n# newer\n", encoding="utf-8")
    core.policies.offer(core.database)

    assert [one["webhook"]["verified"] for one in items(core, "webhook")] == [verified]
    core.database.close()


def test_what_was_purged_leaves_rows_with_nothing_in_them(core):
    everybody_told(core)
    with core.database.writing() as connection:
        connection.execute(sandbox_inbox.update().values(sealed_payload=None))

    shown = sandbox_state(core)["messages"]

    assert {one["channel"] for one in shown} == {"slack", "pagerduty", "email", "jira", "webhook"}
    assert not any(one["buttons"] or one["text"] for one in shown)
    assert not any(one[one["channel"]] for one in shown if one["channel"] != "slack")
    page = next(one for one in shown if one["channel"] == "pagerduty")
    assert isinstance(signed_act(core, Deed("dana", UUID(page["id"]), "incident.acknowledged")), Refused)


# ---- what is told of what people do


@pytest.mark.parametrize(
    ("person", "kind", "id_"),
    [
        pytest.param("dana", VendorActorKind.PERSON, "PDANA01", id="somebody whom the policy knows there"),
        pytest.param("ana", VendorActorKind.PERSON, "PANA01", id="everybody in the demo"),
    ],
)
def test_pagerduty_tells_who_acknowledged_signed_with_the_sandboxs_own_secret(core, person, kind, id_):
    everybody_told(core)

    signed = deed(core, "pagerduty", "Acknowledge", person)

    assert isinstance(signed, Signed)
    body = signed.body.encode()
    assert signed.door == "/webhooks/pagerduty"
    pagerduty.verify(body, signed.headers, [core.settings.sandbox_signing_secret])
    with pytest.raises(Unauthorized):
        pagerduty.verify(body, signed.headers, ["PagerDuty's own secret"])
    said = pagerduty.parse(body)
    assert (said.kind, said.agent.kind, said.agent.id) == (VendorEventKind.ACKNOWLEDGED, kind, id_)
    (page,) = items(core, "pagerduty")
    assert said.refs == (page["pagerduty"]["dedup_key"],)
    assert said.title == page["pagerduty"]["title"]


def test_who_has_no_id_in_pagerduty_is_a_stranger_there(without_ana_there):
    everybody_told(without_ana_there)

    said = pagerduty.parse(deed(without_ana_there, "pagerduty", "Acknowledge", "ana").body.encode())

    assert (said.agent.kind, said.agent.id) == (VendorActorKind.PERSON, "PSANDBOXANA")


def test_a_time_out_is_nobodys_doing(core):
    everybody_told(core)
    deed(core, "pagerduty", "Acknowledge")

    said = pagerduty.parse(deed(core, "pagerduty", "Time out").body.encode())

    assert (said.kind, said.agent.kind) == (VendorEventKind.UNACKNOWLEDGED, VendorActorKind.NOBODY)


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        pytest.param(["Start work"], VendorEventKind.ACKNOWLEDGED, id="started is acknowledged"),
        pytest.param(["Done"], VendorEventKind.RESOLVED, id="done is resolved"),
        pytest.param(["Done", "Reopen"], VendorEventKind.REOPENED, id="back from done is reopened"),
    ],
)
def test_jira_tells_who_moved_an_issue_signed_with_the_sandboxs_own_secret(core, labels, kind):
    everybody_told(core)

    signed = [deed(core, "jira", label) for label in labels][-1]

    body = signed.body.encode()
    assert signed.door == "/webhooks/jira"
    jira.verify(body, signed.headers, [core.settings.sandbox_signing_secret])
    with pytest.raises(Unauthorized):
        jira.verify(body, signed.headers, ["Jira's own secret"])
    said = jira.parse(body)
    assert (said.kind, said.refs, said.agent.email) == (kind, ("TS-1",), "dana@example.com")


def test_who_has_no_address_in_the_policy_is_a_stranger_in_jira(database_url, tmp_path):
    core = a_core(database_url, tmp_path, policy=demo_policy().replace("email: ben@example.com,", ""))
    everybody_told(core)

    said = jira.parse(deed(core, "jira", "Start work", "ben").body.encode())

    assert (said.agent.kind, said.agent.email) == (VendorActorKind.PERSON, "")
    core.database.close()


def test_the_vendor_knows_what_was_done_there_before_we_are_told(core):
    everybody_told(core)

    deed(core, "pagerduty", "Acknowledge")
    deed(core, "jira", "Start work")

    (page,), (issue,) = items(core, "pagerduty"), items(core, "jira")
    assert (page["pagerduty"]["status"], page["pagerduty"]["changed_by"]) == ("acknowledged", "Dana Fox")
    assert [one["label"] for one in page["buttons"]] == ["Resolve", "Time out"]
    assert (issue["jira"]["status"], [one["label"] for one in issue["buttons"]]) == ("In Progress", ["Done"])
    assert sandbox_state(core)["incidents"][0]["state"] == "triggered"


def test_the_same_act_twice_is_two_events(core):
    everybody_told(core)

    bodies = {deed(core, "jira", label).body for label in ("Done", "Reopen", "Done", "Reopen")}

    assert len(bodies) == 4


def of_another_kind(core):
    return Deed("dana", UUID(items(core, "slack")[0]["id"]), "incident.acknowledged")


def by_nobody_known(core):
    return Deed("zoe", UUID(items(core, "pagerduty")[0]["id"]), "incident.acknowledged")


def out_of_turn(core):
    return Deed("dana", UUID(items(core, "pagerduty")[0]["id"]), "incident.unacknowledged")


def made_up(core):
    return Deed("dana", UUID(items(core, "jira")[0]["id"]), "explode")


@pytest.mark.parametrize(
    ("what", "why"),
    [
        pytest.param(
            lambda _core: Deed("dana", uuid4(), "start"), "no such PagerDuty alert", id="to what is not there"
        ),
        pytest.param(of_another_kind, "no such PagerDuty alert", id="to a message in Slack"),
        pytest.param(by_nobody_known, "nobody called zoe", id="by somebody who is not in the policy"),
        pytest.param(out_of_turn, "triggered in PagerDuty", id="timing out what nobody has acknowledged"),
        pytest.param(made_up, "To Do in Jira", id="what Jira does not offer"),
    ],
)
def test_what_a_vendor_does_not_offer_is_refused_and_changes_nothing(core, what, why):
    everybody_told(core)
    before = sandbox_state(core)["messages"]

    refused = signed_act(core, what(core))

    assert isinstance(refused, Refused)
    assert why in refused.why
    assert sandbox_state(core)["messages"] == before


# ---- Mattermost


@pytest.fixture
def with_mattermost(sqlite_url, tmp_path):
    """The pager of the demo is a channel in Mattermost."""
    text = re.sub(r"(?m)^  pager: .*$", '  pager: {mattermost: "${DESK}", urgent: true, reader: ana}', demo_policy())
    core = a_core(sqlite_url, tmp_path, policy=text, DESK="https://chat.example.com/hooks/secret")
    yield core
    core.database.close()


def test_a_post_in_mattermost_is_shown_with_its_link_and_without_the_secret_of_its_webhook(with_mattermost):
    everybody_told(with_mattermost)

    (post,) = items(with_mattermost, "mattermost")

    assert post["text"].startswith("@channel")
    assert [one["label"] for one in post["buttons"] if "/answer/" in one["url"]] == [f"Acknowledge #{post['incident']}"]
    assert "hooks/secret" not in repr(post)
