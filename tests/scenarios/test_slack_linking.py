"""Somebody whom the policy knows by e-mail clicks in Slack for the first time: it counts at once, and is remembered."""

import pytest
from sqlalchemy import update

from escalator.rendering.replies import stranger_words
from escalator.services.auth.our_vendor_accounts import WORKSPACE
from escalator.store.tables import key_values
from tests.doubles.slack_state import Fault, Message
from tests.scenarios.harness import POLICY, Harness
from tests.scenarios.linked_accounts import EMAIL, NINA, PEOPLE, links, with_nina
from tests.scenarios.slack_acts import answer_to, typed
from tests.scenarios.stories import paged


def asked(h: Harness) -> list[str]:
    return [call["arguments"].get("user") for call in h.slack.calls if call["method"] == "users.info"]


def test_the_first_click_counts_and_is_remembered(bare: Harness) -> None:
    h = with_nina(bare)
    messages = paged(h)
    h.slack.join(NINA, "Nina@Example.com")
    h.click("nina", "Acknowledge", on=messages[0])
    h.expect_updates(*messages, text="#1001 taken by Nina Roy after 0 s")
    assert links(h) == {"slack_user:U0NINA": "nina"}
    [record] = h.records("person.linked")
    assert (record["actor_key"], record["after"]) == ("nina", {"slack": NINA})
    h.click("nina", "Release", on=messages[0])
    assert asked(h) == [NINA]
    h.forget_seen()


def test_a_command_links_as_a_click_does(bare: Harness) -> None:
    h = with_nina(bare)
    h.slack.join(NINA, EMAIL)
    assert "moderators" in answer_to(typed(h, "nina", "/oncall"))
    assert links(h) == {"slack_user:U0NINA": "nina"}


def test_who_is_in_the_policy_by_id_is_never_looked_up(h: Harness) -> None:
    messages = paged(h)
    h.click("ana", "Acknowledge", on=messages[0])
    h.expect_updates(*messages)
    assert asked(h) == []


def refused(h: Harness, message: Message, **odd: str) -> None:
    h.click("nina", "Acknowledge", on=message, **odd)
    h.expect_answer("nina", stranger_words(NINA))
    assert h.incident()["state"] == "triggered"
    assert links(h) == {}
    h.forget_seen()


@pytest.mark.parametrize(
    "profile",
    [
        pytest.param({"is_restricted": True}, id="a guest"),
        pytest.param({"is_ultra_restricted": True}, id="a guest of one channel"),
        pytest.param({"is_bot": True}, id="a bot"),
        pytest.param({"deleted": True}, id="somebody who has left"),
        pytest.param({"is_stranger": True}, id="somebody from elsewhere"),
        pytest.param({"team_id": "T0ELSEWHERE"}, id="a member of another workspace"),
        pytest.param({"is_email_confirmed": False}, id="an address that nobody has confirmed"),
        pytest.param({"profile": {}}, id="no address, for want of the scope"),
        pytest.param({"profile": {"email": ""}}, id="an empty address"),
        pytest.param({"profile": {"email": "other@example.com"}}, id="an address that the policy does not know"),
        pytest.param({"profile": None}, id="no profile"),
        pytest.param({"id": "U0OTHER"}, id="an answer about somebody else"),
    ],
)
def test_who_is_not_surely_that_person_is_not_linked(bare: Harness, profile: dict[str, object]) -> None:
    h = with_nina(bare)
    messages = paged(h)
    h.slack.join(NINA, EMAIL, **profile)
    refused(h, messages[0])
    assert asked(h) == [NINA]


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(error="missing_scope"), id="the scope is missing"),
        pytest.param(Fault(status=429, retry_after="30"), id="too fast"),
        pytest.param(Fault(drop=True), id="no answer"),
    ],
)
def test_what_slack_does_not_say_links_nobody(bare: Harness, fault: Fault) -> None:
    h = with_nina(bare)
    messages = paged(h)
    h.slack.join(NINA, EMAIL)
    h.slack.inject("users.info", fault)
    refused(h, messages[0])
    h.click("nina", "Acknowledge", on=messages[0])
    assert links(h) == {"slack_user:U0NINA": "nina"}
    h.forget_seen()


def test_from_another_workspace_nobody_is_looked_up(bare: Harness) -> None:
    h = with_nina(bare)
    messages = paged(h)
    h.slack.join(NINA, EMAIL)
    h.click("nina", "Acknowledge", on=messages[0], team="T0ELSEWHERE")
    h.expect_answer("nina", "Nothing changed: this Slack workspace is not the one of these alerts.")
    assert asked(h) == []


def test_before_the_workspace_is_known_nobody_is_linked(bare: Harness) -> None:
    h = with_nina(bare)
    messages = paged(h)
    h.slack.join(NINA, EMAIL)
    with h.core.database.writing() as connection:
        connection.execute(key_values.delete())
    refused(h, messages[0])
    assert asked(h) == []


def test_a_link_does_not_override_the_policy(bare: Harness) -> None:
    h = with_nina(bare, f"{{name: Nina Roy, email: {EMAIL}, slack: U0NINAWORK}}")
    messages = paged(h)
    h.slack.join(NINA, EMAIL)
    refused(h, messages[0])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(f"  nina: {{name: Nina Roy, email: {EMAIL}}}\n", "", id="has left the policy"),
        pytest.param(f"email: {EMAIL}}}", f"email: {EMAIL}, slack: U0NINAWORK}}", id="has another id there by now"),
    ],
)
def test_a_link_ends_when_who_it_names(bare: Harness, old: str, new: str) -> None:
    h = with_nina(bare)
    messages = paged(h)
    h.slack.join(NINA, EMAIL)
    h.click("nina", "Reveal", on=messages[0])
    assert links(h) == {"slack_user:U0NINA": "nina"}
    h.change_policy(old, new)
    h.forget_seen()
    h.click("nina", "Acknowledge", on=messages[0])
    h.expect_answer("nina", stranger_words(NINA))
    assert h.incident()["state"] == "triggered"
    h.forget_seen()


def test_who_has_another_address_by_now_is_linked_anew(bare: Harness) -> None:
    h = with_nina(bare)
    messages = paged(h)
    h.slack.join(NINA, EMAIL)
    h.click("nina", "Reveal", on=messages[0])
    h.change_policy(EMAIL, "another.nina@example.com")
    h.forget_seen()
    h.click("nina", "Acknowledge", on=messages[0])
    h.expect_answer("nina", stranger_words(NINA))
    assert h.incident()["state"] == "triggered"
    h.slack.join("U0NEWNINA", "another.nina@example.com")
    h.click("nina", "Acknowledge", on=messages[0], user="U0NEWNINA")
    assert h.incident()["owner"] == "nina"
    assert [one["after"] for one in h.records("person.linked")] == [{"slack": NINA}, {"slack": "U0NEWNINA"}]
    h.forget_seen()


def test_another_token_asks_anew_whose_workspace_it_is(h: Harness) -> None:
    messages = paged(h)
    with h.core.database.writing() as connection:
        connection.execute(update(key_values).where(key_values.c.key == WORKSPACE).values(value="T0OLD"))
    h.click("ana", "Acknowledge", on=messages[0])
    h.expect_answer("ana", "Nothing changed: this Slack workspace is not the one of these alerts.")
    h.slack.token = "xoxb-of-another-workspace"
    h.start("")
    h.click("ana", "Acknowledge", on=messages[0])
    assert h.incident()["owner"] == "ana"
    h.forget_seen()


def test_until_another_token_is_answered_nobody_is_held_to_the_workspace_of_the_old_one(h: Harness) -> None:
    messages = paged(h)
    with h.core.database.writing() as connection:
        connection.execute(update(key_values).where(key_values.c.key == WORKSPACE).values(value="T0OLD"))
    h.slack.token = "xoxb-of-another-workspace"
    h.slack.inject("auth.test", Fault(error="internal_error"))
    h.start("")
    h.click("ana", "Acknowledge", on=messages[0])
    assert h.incident()["owner"] == "ana"
    h.forget_seen()


def test_of_one_token_it_is_asked_once(h: Harness) -> None:
    h.clock.move(minutes=2)
    h.tidy()
    h.start("")
    assert [call["method"] for call in h.slack.calls].count("auth.test") == 1


def test_of_two_people_with_one_address_nobody_is_linked(bare: Harness) -> None:
    two = f"{{name: Nina Roy, email: {EMAIL}}}\n  nino: {{name: Nino Roy, email: '${{NINO_EMAIL:-x@example.com}}'}}"
    bare.start(POLICY.read_text().replace(PEOPLE, f"{PEOPLE}  nina: {two}\n"), NINO_EMAIL=EMAIL.upper())
    messages = paged(bare)
    bare.slack.join(NINA, EMAIL)
    refused(bare, messages[0])
