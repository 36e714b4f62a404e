"""PagerDuty, both ways: what is answered there counts here, what is known here shows there, and no echo of either."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select, update

from escalator.services.delivery.bundles import BUNDLE_AFTER, PAGES_SENT_SINGLY, bundle_waiting_pages
from escalator.services.intake import process
from escalator.store.tables import incidents, posted_messages
from tests.doubles import pagerduty_webhooks as webhooks
from tests.doubles.pagerduty import SECRET, TOKEN, Alert, PagerDutyDouble
from tests.doubles.slack_state import Message
from tests.scenarios.harness import Harness
from tests.scenarios.stories import SELF_HARM, labelled

POLICY = """
version: 1
sources:
  chat: {platform: stream, api_key: "${STREAM_API_KEY}", api_secret: ["${STREAM_API_SECRET}"]}
people:
  ana:  {name: Ana Ruiz, slack: U0ANA, pagerduty: PANA001}
  dana: {name: Dana Fox, slack: U0DANA, pagerduty: PDANA01, role: senior}
  eli:  {name: Eli Stone, slack: U0ELI, role: admin}
teams:
  moderators: {members: [ana]}
  seniors:    {members: [dana], role: senior}
destinations:
  critical-alerts: {slack: "#critical-alerts", urgent: true}
  pager:           {pagerduty: "${ROUTING_KEY}", fallback: leads}
  leads:           {slack: "#leads"}
categories:
  csam:      {title: Child safety, labels: [CSAM], at_least: critical, content: withhold, restricted_to: [seniors]}
  self_harm: {title: Self-harm, labels: [SELF_HARM], at_least: critical, stream_review: acknowledges}
routes:
  - {name: Grave, when: {category: [csam, self_harm]}, assign: moderators, path: urgent}
default: urgent
paths:
  urgent:
    - {notify: [critical-alerts, pager]}
    - {after: 5m, notify: [pager, leads]}
unanswered: {restart_after: 30m}
alarms: {notify: [leads]}
"""
TITLE = "CRITICAL · Self-harm"
PAGE = f"{TITLE} · acknowledge within 5 min · #1001"


@pytest.fixture
def pagerduty() -> Iterator[PagerDutyDouble]:
    with PagerDutyDouble() as double:
        yield double


@pytest.fixture
def h(bare: Harness, pagerduty: PagerDutyDouble) -> Harness:
    return bare.start(
        POLICY,
        ROUTING_KEY=pagerduty.routing_key,
        PAGERDUTY_EVENTS_URL=pagerduty.origin,
        PAGERDUTY_API_URL=pagerduty.origin,
        PAGERDUTY_API_TOKEN=pagerduty.token,
        PAGERDUTY_WEBHOOK_SECRET=SECRET,
    )


def paged(h: Harness, pagerduty: PagerDutyDouble, **changes: object) -> tuple[Message, Alert]:
    """A goodbye note has come: the channel has its message, PagerDuty its alert."""
    h.post(SELF_HARM, **changes)
    title = "CRITICAL · Child safety" if changes else TITLE
    message = h.expect_message("#critical-alerts", f"{title} · acknowledge within 5 min · #1001")
    (alert,) = pagerduty.alerts
    return message, alert


def heard(h: Harness, pagerduty: PagerDutyDouble) -> None:
    """Everything that PagerDuty sends us has come, also what our own events have caused."""
    for told in pagerduty.outbox:
        assert h.hear("pagerduty", told).status_code == 202


def actions(alert: Alert) -> list[str]:
    return [event["event_action"] for event in alert.events]


def test_an_alert_opens_with_the_locked_phones_words_and_no_content(h: Harness, pagerduty: PagerDutyDouble) -> None:
    _message, alert = paged(h, pagerduty)
    assert (alert.summary, alert.severity, alert.status) == (PAGE, "critical", "triggered")
    assert "do this" not in str(alert.events)


def test_who_acknowledges_there_has_it_here_and_nobody_is_asked_any_more(
    h: Harness, pagerduty: PagerDutyDouble
) -> None:
    message, alert = paged(h, pagerduty)
    h.fast_forward(seconds=57)
    h.hear("pagerduty", pagerduty.acknowledge(alert, "PANA001"))
    h.expect_update(message, "#1001 taken by Ana Ruiz after 57 s")
    heard(h, pagerduty)
    h.fast_forward(minutes=30)
    h.expect_nothing()
    assert actions(alert) == ["trigger"], "it is not told its own news"


def test_the_alert_is_found_without_a_token_by_the_number_in_its_title(h: Harness, pagerduty: PagerDutyDouble) -> None:
    h.start(
        "", ROUTING_KEY=pagerduty.routing_key, PAGERDUTY_EVENTS_URL=pagerduty.origin, PAGERDUTY_WEBHOOK_SECRET=SECRET
    )
    message, alert = paged(h, pagerduty)
    h.hear("pagerduty", pagerduty.acknowledge(alert, "PANA001"))
    h.expect_update(message, "#1001 taken by Ana Ruiz after 0 s")


def test_who_acknowledges_here_has_it_there_and_the_echo_changes_nothing(
    h: Harness, pagerduty: PagerDutyDouble
) -> None:
    message, alert = paged(h, pagerduty)
    h.click("ana", "Acknowledge", on=message)
    h.expect_update(message, "#1001 taken by Ana Ruiz after 0 s")
    assert alert.status == "acknowledged"
    before = len(h.records())
    heard(h, pagerduty)
    assert len(h.records()) == before, "our own echo is no news"
    assert actions(alert) == ["trigger", "acknowledge"]


def test_a_resolution_here_resolves_there(h: Harness, pagerduty: PagerDutyDouble) -> None:
    message, alert = paged(h, pagerduty)
    h.click("ana", "Acknowledge", on=message)
    h.expect_update(message)
    h.click("ana", "False alarm", on=message)
    h.expect_update(message, "#1001 resolved by Ana Ruiz: no violation")
    assert alert.status == "resolved"
    heard(h, pagerduty)
    assert h.incident()["state"] == "resolved"


def test_a_resolution_there_resolves_here(h: Harness, pagerduty: PagerDutyDouble) -> None:
    message, alert = paged(h, pagerduty)
    h.hear("pagerduty", pagerduty.resolve(alert, "PANA001"))
    h.expect_update(message, "#1001 resolved by Ana Ruiz: action taken")
    assert actions(alert) == ["trigger"] or alert.status == "resolved"


def test_somebody_whom_the_policy_does_not_know_takes_it_for_the_team(h: Harness, pagerduty: PagerDutyDouble) -> None:
    message, alert = paged(h, pagerduty)
    h.hear("pagerduty", pagerduty.acknowledge(alert, "PSTRANGER"))
    h.expect_update(message, "#1001 taken by moderators after 0 s")
    assert h.incident()["owner"] == "moderators"


def test_on_a_restricted_category_only_who_may_see_it_counts(h: Harness, pagerduty: PagerDutyDouble) -> None:
    message, alert = paged(h, pagerduty, **labelled("CSAM"))
    h.hear("pagerduty", pagerduty.acknowledge(alert, "PSTRANGER"))
    h.hear("pagerduty", pagerduty.acknowledge(alert, "PANA001"))
    h.expect_nothing()
    assert [row["reason"] for row in h.records("incident.act_refused")] == ["restricted", "restricted"]
    h.hear("pagerduty", pagerduty.acknowledge(alert, "PDANA01"))
    h.expect_update(message, "#1001 taken by Dana Fox after 0 s")


def test_what_was_taken_there_and_runs_out_there_starts_from_the_top(h: Harness, pagerduty: PagerDutyDouble) -> None:
    message, alert = paged(h, pagerduty)
    h.hear("pagerduty", pagerduty.acknowledge(alert, "PANA001"))
    h.expect_update(message)
    h.fast_forward(minutes=2)
    h.hear("pagerduty", pagerduty.unacknowledge(alert))
    h.expect_update(message, PAGE)
    h.expect_reply("#critical-alerts", PAGE)
    assert [one.status for one in pagerduty.alerts] == ["resolved", "triggered"], "the round is part of the key"
    assert pagerduty.alerts[0].key != pagerduty.alerts[1].key


def test_what_was_taken_in_slack_is_not_taken_back_by_a_time_out_there(h: Harness, pagerduty: PagerDutyDouble) -> None:
    message, alert = paged(h, pagerduty)
    h.click("ana", "Acknowledge", on=message)
    h.expect_update(message)
    h.hear("pagerduty", pagerduty.unacknowledge(alert))
    h.fast_forward(minutes=10)
    h.expect_nothing()
    assert h.incident()["state"] == "acknowledged"


def test_what_is_resolved_there_by_a_time_out_goes_on_here_and_the_next_step_opens_a_new_alert(
    h: Harness, pagerduty: PagerDutyDouble
) -> None:
    _message, alert = paged(h, pagerduty)
    h.hear("pagerduty", pagerduty.resolve(alert, None))
    assert h.incident()["state"] == "triggered"
    h.expect_nothing()
    h.fast_forward(minutes=5)
    h.expect_message("#leads", f"Nobody answered for 5 min: {TITLE} is now with you · #1001")
    h.forget_seen()
    assert [one.status for one in pagerduty.alerts] == ["resolved", "triggered"]


def test_a_merge_is_no_resolution_and_an_answer_to_what_they_became_counts_for_both(
    h: Harness, pagerduty: PagerDutyDouble
) -> None:
    first, alert = paged(h, pagerduty)
    h.post(SELF_HARM, item=2)
    second = h.expect_message("#critical-alerts", PAGE.replace("1001", "1002"))
    other = pagerduty.alerts[1]
    h.hear("pagerduty", pagerduty.merge(alert, other, "PANA001"))
    assert h.incident()["state"] == "triggered"
    h.hear("pagerduty", pagerduty.acknowledge(other, "PANA001"))
    h.expect_update(first, "#1001 taken by Ana Ruiz after 0 s")
    h.expect_update(second, "#1002 taken by Ana Ruiz after 0 s")


def test_an_answer_given_before_we_know_that_the_alert_stands_counts(h: Harness, pagerduty: PagerDutyDouble) -> None:
    """A worker was killed between PagerDuty's answer and our note of it."""
    message, alert = paged(h, pagerduty)
    with h.core.database.writing() as connection:
        connection.execute(
            update(posted_messages)
            .where(posted_messages.c.channel == "pagerduty")
            .values(vendor_ref=None, shown_revision=0)
        )
    h.hear("pagerduty", pagerduty.acknowledge(alert, "PANA001"))
    h.expect_update(message, "#1001 taken by Ana Ruiz after 0 s")
    with h.core.database.reading() as connection:
        assert (
            connection.scalar(select(posted_messages.c.vendor_ref).where(posted_messages.c.channel == "pagerduty"))
            == alert.key
        )


def test_a_title_that_only_names_our_number_is_none_of_ours(h: Harness, pagerduty: PagerDutyDouble) -> None:
    known = {"ROUTING_KEY": pagerduty.routing_key, "PAGERDUTY_EVENTS_URL": pagerduty.origin}
    h.start("", **known, PAGERDUTY_WEBHOOK_SECRET=SECRET)
    paged(h, pagerduty)
    for title in ("Disk full on db3, ticket #1001", "#1001 is owned by you now", "Build #1001 of web failed"):
        foreign = webhooks.incident("QFOREIGN1", 77, title, "acknowledged")
        h.hear("pagerduty", webhooks.signed(webhooks.body("incident.acknowledged", foreign, "PANA001"), SECRET))
    assert h.incident()["state"] == "triggered"


def test_an_answer_that_could_not_be_looked_up_is_not_overtaken_by_its_withdrawal(
    h: Harness, pagerduty: PagerDutyDouble
) -> None:
    _message, alert = paged(h, pagerduty)
    taken, taken_back = pagerduty.acknowledge(alert, "PANA001"), pagerduty.unacknowledge(alert)
    pagerduty.token = "another"
    h.hear("pagerduty", taken)
    pagerduty.token = TOKEN
    h.clock.move(milliseconds=500)
    h.hear("pagerduty", taken_back)
    h.fast_forward(seconds=3)
    h.forget_seen()
    assert h.incident()["state"] == "triggered", "nobody holds it there, so nobody holds it here"


def test_a_vendor_that_does_not_say_is_asked_once_and_holds_up_nobody(h: Harness, pagerduty: PagerDutyDouble) -> None:
    message, alert = paged(h, pagerduty)
    h.hear("pagerduty", pagerduty.reassign(alert, "PDANA01", "PANA001"))
    pagerduty.token = "another"
    before = len(pagerduty.requests)
    for number in range(10):
        foreign = webhooks.incident(f"QFOREIGN{number}", number, "Disk full", "acknowledged")
        told = webhooks.signed(webhooks.body("incident.acknowledged", foreign, "PX"), SECRET)
        h.hear("pagerduty", told, is_working=False)
    h.hear("pagerduty", pagerduty.acknowledge(alert, "PANA001"))
    h.expect_update(message, "#1001 taken by Ana Ruiz after 0 s")
    assert len(pagerduty.requests) == before + 1


@pytest.fixture
def two(bare: Harness, pagerduty: PagerDutyDouble) -> Harness:
    """An installation that pages two services at once."""
    second = "R1" + pagerduty.routing_key[2:]
    pagerduty.routing_keys.add(second)
    policy = POLICY.replace("  leads:  ", '  pager2:          {pagerduty: "${SECOND_KEY}"}\n  leads:  ', 1)
    return bare.start(
        policy.replace("[critical-alerts, pager]", "[critical-alerts, pager, pager2]"),
        ROUTING_KEY=pagerduty.routing_key,
        SECOND_KEY=second,
        PAGERDUTY_EVENTS_URL=pagerduty.origin,
        PAGERDUTY_API_URL=pagerduty.origin,
        PAGERDUTY_API_TOKEN=pagerduty.token,
        PAGERDUTY_WEBHOOK_SECRET=SECRET,
    )


def test_of_two_services_each_is_brought_up_to_date_and_only_where_it_was_taken_it_is_taken_back(
    two: Harness, pagerduty: PagerDutyDouble
) -> None:
    two.post(SELF_HARM)
    message = two.expect_message("#critical-alerts", PAGE)
    first, second = pagerduty.alerts
    two.hear("pagerduty", pagerduty.acknowledge(first, "PANA001"))
    two.expect_update(message, "#1001 taken by Ana Ruiz after 0 s")
    assert [first.status, second.status] == ["acknowledged", "acknowledged"]
    two.hear("pagerduty", pagerduty.unacknowledge(second))
    assert two.incident()["state"] == "acknowledged", "it was not given there"
    two.hear("pagerduty", pagerduty.unacknowledge(first))
    two.forget_seen()
    assert two.incident()["state"] == "triggered"


def test_an_answer_there_that_does_not_count_does_not_silence_the_next_step(
    h: Harness, pagerduty: PagerDutyDouble
) -> None:
    _message, alert = paged(h, pagerduty, **labelled("CSAM"))
    h.hear("pagerduty", pagerduty.acknowledge(alert, "PSTRANGER"))
    h.fast_forward(minutes=5)
    h.forget_seen()
    assert [one.status for one in pagerduty.alerts] == ["resolved", "triggered"]


@pytest.mark.parametrize("what", ["reassign", "escalate", "annotate"])
def test_what_people_do_there_besides_is_recorded_and_changes_nothing(
    h: Harness, pagerduty: PagerDutyDouble, what: str
) -> None:
    _message, alert = paged(h, pagerduty)
    arguments = {"reassign": ("PDANA01", "PANA001"), "escalate": (), "annotate": ("PANA001", "looking")}[what]
    h.hear("pagerduty", getattr(pagerduty, what)(alert, *arguments))
    (noted,) = h.records("incident.vendor_noted")
    assert noted["via"] == "pagerduty"
    assert h.incident()["state"] == "triggered"


def test_an_event_that_comes_twice_counts_once(h: Harness, pagerduty: PagerDutyDouble) -> None:
    message, alert = paged(h, pagerduty)
    told = pagerduty.acknowledge(alert, "PANA001")
    assert [h.hear("pagerduty", told).status_code for _ in range(3)] == [202, 202, 202]
    h.expect_update(message)
    assert len(h.records("incident.acknowledged")) == 1
    assert not h.records("incident.act_refused")


def test_what_is_not_signed_is_refused_and_a_ping_is_answered(h: Harness, pagerduty: PagerDutyDouble) -> None:
    _message, alert = paged(h, pagerduty)
    body, headers = pagerduty.acknowledge(alert, "PANA001")
    forged = dict(headers) | {"X-PagerDuty-Signature": "v1=" + "0" * 64}
    assert h.hear("pagerduty", (body, forged)).status_code == 401
    assert h.hear("pagerduty", (body, {})).status_code == 401
    assert h.hear("pagerduty", webhooks.signed(b'{"event": {}}', SECRET)).status_code == 202
    assert h.hear("pagerduty", pagerduty.ping()).status_code == 202
    assert h.incident()["state"] == "triggered"


def test_an_answer_given_while_their_interface_is_away_counts_once_it_is_back(
    h: Harness, pagerduty: PagerDutyDouble
) -> None:
    message, alert = paged(h, pagerduty)
    told = pagerduty.acknowledge(alert, "PANA001")
    pagerduty.token = "another"
    h.hear("pagerduty", told)
    assert h.incident()["state"] == "triggered"
    pagerduty.token = TOKEN
    h.fast_forward(seconds=2)
    h.expect_update(message, "#1001 taken by Ana Ruiz after 1 s")


def test_a_routing_key_that_is_refused_goes_to_the_fallback_and_is_told_once(
    h: Harness, pagerduty: PagerDutyDouble
) -> None:
    pagerduty.routing_keys.clear()
    h.post(SELF_HARM)
    h.expect_message("#critical-alerts", PAGE)
    h.expect_message("#leads", PAGE)
    h.expect_message("#leads", "Escalator needs attention: destination")
    h.post(SELF_HARM, item=2)
    h.expect_message("#critical-alerts", PAGE.replace("1001", "1002"))
    h.expect_message("#leads", PAGE.replace("1001", "1002"))


def test_what_is_acknowledged_there_of_a_bundle_is_not_taken_for_an_answer(
    h: Harness, pagerduty: PagerDutyDouble
) -> None:
    many = PAGES_SENT_SINGLY + 5
    for item in range(20, 20 + many):
        h.send(h.sample(SELF_HARM, item=item), is_working=False)
    while process.process_events(h.core):
        pass
    h.queue.take()
    h.clock.move(seconds=BUNDLE_AFTER.total_seconds())
    bundle_waiting_pages(h.core)
    h.sweep()
    [bundle] = [alert for alert in pagerduty.alerts if "more alerts" in alert.summary]
    h.forget_seen()
    assert h.hear("pagerduty", pagerduty.acknowledge(bundle, "PANA001")).status_code == 202
    with h.core.database.reading() as connection:
        assert set(connection.scalars(select(incidents.c.state))) == {"triggered"}
    h.forget_seen()
