"""PagerDuty as a way out: what an alert says, how it follows the incident, and when it is left alone."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from escalator.channels.pagerduty import limits
from escalator.channels.pagerduty.channel import PagerDutyChannel
from escalator.channels.pagerduty.dedup_keys import dedup_key, incident_of, notice_key
from escalator.channels.pagerduty.events import PagerDutyEvents
from escalator.model.incident import State
from escalator.model.levels import ContentRule, Severity
from escalator.model.message import Card, Delivered, Failed, FailureReason, Link, MessageContext, Occasion
from escalator.model.vendor_event import place_in
from escalator.rendering.card import standing
from tests.channels.pagerduty_messages import CONTEXT, KEY, OVER, PLACE, QUIET, notice, say
from tests.doubles import pagerduty_rules
from tests.doubles.pagerduty import PagerDutyDouble
from tests.rendering.builders import INCIDENT_ID, NOW, SECRETS, TAKEN, a_view


@pytest.fixture
def pagerduty():
    with PagerDutyDouble() as double:
        yield double


@pytest.fixture
def channel(pagerduty):
    return PagerDutyChannel(PagerDutyEvents(pagerduty.origin))


def told(pagerduty, channel):
    done = channel.send(say(pagerduty))
    assert done == Delivered(KEY)
    return pagerduty.alerts[0]


# What an alert says


def test_an_alert_says_what_a_locked_phone_shows_and_how_grave_it_is(pagerduty, channel):
    shown = told(pagerduty, channel).shown
    assert shown["payload"] == {
        "summary": "CRITICAL · Self-harm · acknowledge within 3 min · #1042",
        "timestamp": "2026-08-20T14:05:00.000+00:00",
        "severity": "critical",
        "source": "moderation-escalator",
        "component": "incident-1042",
        "group": "moderation",
        "class": "Self-harm",
        "custom_details": shown["payload"]["custom_details"],
    }
    assert shown["client"] == "Moderation Escalator"


def test_the_details_are_the_lines_of_the_card_in_plain_words(pagerduty, channel):
    details = told(pagerduty, channel).shown["payload"]["custom_details"]
    assert (details["incident"], details["round"], details["severity"]) == (1042, 1, "critical")
    lines = details["details"].splitlines()
    assert lines[0] == "#1042 · chat-prod · image and text · opened 2026-08-20 14:03 UTC"
    assert "Waiting for Ana Ruiz (child-safety, on call)" in lines
    assert "Next, 2026-08-20 14:08 UTC (in 3 min): senior moderators and PagerDuty" in lines
    assert not any("Open in Stream" in line for line in lines)


def test_the_links_of_the_card_can_be_followed(pagerduty, channel):
    shown = told(pagerduty, channel).shown
    assert [link["text"] for link in shown["links"]] == ["Open in Stream", "Runbook"]
    assert shown["client_url"] == shown["links"][0]["href"]
    assert shown["links"][1]["href"] == "https://wiki.example.com/ts/self-harm"


def test_an_address_that_nobody_can_follow_is_left_out(pagerduty, channel):
    lines = ((Link("Book", "javascript:alert(1)"),), (Link("Long", "https://x/" + "y" * 2_000),))
    channel.send(notice(pagerduty, said=Card("Look", "Look", lines)))
    assert pagerduty.alerts[0].shown["links"] == []
    assert "client_url" not in pagerduty.alerts[0].shown


def test_what_is_withheld_is_in_no_byte_of_it(pagerduty, channel):
    channel.send(say(pagerduty, content_rule=ContentRule.WITHHOLD))
    said = json.dumps(pagerduty.alerts[0].events, ensure_ascii=False)
    assert not [secret for secret in SECRETS if secret in said]


def test_a_snippet_never_leaves_even_if_a_card_has_one(pagerduty, channel):
    channel.send(notice(pagerduty, said=Card("Look", "Look", (("a line",),), snippet="what a user wrote")))
    assert "what a user wrote" not in json.dumps(pagerduty.events)


@pytest.mark.parametrize(
    ("severity", "word"),
    [
        (Severity.CRITICAL, "critical"),
        (Severity.HIGH, "error"),
        (Severity.MEDIUM, "warning"),
        (Severity.LOW, "info"),
        pytest.param(Severity.UNKNOWN, "error", id="what nobody graded is not harmless"),
    ],
)
def test_every_severity_is_one_of_pagerdutys_four_words(pagerduty, channel, severity, word):
    channel.send(say(pagerduty, severity=severity))
    assert pagerduty.alerts[0].severity == word


@pytest.mark.parametrize(
    ("occasion", "severity", "kind"), [(Occasion.TEST, "info", "test"), (Occasion.ALARM, "error", "alarm")]
)
def test_what_is_about_no_incident_is_graded_by_its_occasion(pagerduty, channel, occasion, severity, kind):
    assert channel.send(notice(pagerduty, occasion)) == Delivered("escalator-a-key")
    said = pagerduty.alerts[0].shown["payload"]
    assert (said["severity"], said["class"], said["custom_details"]) == (
        severity,
        kind,
        {"details": "ts-leads cannot be told"},
    )


@pytest.mark.parametrize("char", ["x", "é", "\U0001f600", '"', "\x00"])
def test_the_largest_card_keeps_within_the_vendors_limits(pagerduty, channel, char):
    much = char * 40_000
    links = tuple((Link(much, "https://x/" + "y" * 1_900),) for _ in range(40))
    assert isinstance(channel.send(notice(pagerduty, said=Card(much, much, ((much,), *links)))), Delivered)
    shown = pagerduty.alerts[0].shown
    assert len(shown["payload"]["summary"]) == pagerduty_rules.MAX_SUMMARY
    assert shown["payload"]["summary"].endswith("…")
    assert limits.EVENT_BYTES == pagerduty_rules.MAX_BYTES


# How it follows the incident


@pytest.mark.parametrize(
    ("how", "status"),
    [
        pytest.param({"waiting_for": ("Ben Okafor",)}, "triggered", id="still waiting, for somebody else"),
        pytest.param(TAKEN, "acknowledged", id="acknowledged"),
        pytest.param({**TAKEN, "state": State.SNOOZED}, "acknowledged", id="snoozed: somebody keeps it"),
        pytest.param({**OVER, **QUIET}, "resolved", id="resolved"),
        pytest.param({"state": State.MERGED, **QUIET}, "resolved", id="merged: it goes on in another's alert"),
        pytest.param({"state": State.LOGGED, **QUIET}, "resolved", id="logged: nobody is asked"),
        pytest.param({"is_superseded": True, "round": 2}, "resolved", id="a later round's alert stands"),
    ],
)
def test_an_alert_follows_the_incidents_state(pagerduty, channel, how, status):
    alert = told(pagerduty, channel)
    assert channel.update(say(pagerduty, KEY, **how)) == Delivered(KEY)
    assert (alert.status, len(pagerduty.alerts)) == (status, 1)


def test_an_alert_that_waits_shows_the_newest_words(pagerduty, channel):
    alert = told(pagerduty, channel)
    channel.update(say(pagerduty, KEY, waiting_for=("Ben Okafor",)))
    assert "Waiting for Ben Okafor" in alert.shown["payload"]["custom_details"]["details"]


def test_a_later_step_adds_a_trigger_to_the_open_alert(pagerduty, channel):
    alert = told(pagerduty, channel)
    channel.send(say(pagerduty, KEY, step=1))
    assert ([event["event_action"] for event in alert.events], len(pagerduty.alerts)) == (["trigger"] * 2, 1)


def test_a_step_opens_a_new_alert_when_pagerduty_has_resolved_the_last_by_itself(pagerduty, channel):
    pagerduty.resolve(told(pagerduty, channel), None)
    channel.send(say(pagerduty, KEY, step=1))
    assert [alert.status for alert in pagerduty.alerts] == ["resolved", "triggered"]


def test_a_new_round_opens_an_alert_of_its_own(pagerduty, channel):
    first = told(pagerduty, channel)
    channel.update(say(pagerduty, KEY, **TAKEN))
    assert channel.send(say(pagerduty, round=2)) == Delivered(f"escalator-{INCIDENT_ID}-2-{PLACE}")
    channel.update(say(pagerduty, KEY, round=2, is_superseded=True))
    assert (first.status, pagerduty.alerts[1].status) == ("resolved", "triggered")


def test_an_incident_that_is_reopened_does_not_ring_before_its_next_page(pagerduty, channel):
    alert = told(pagerduty, channel)
    channel.update(say(pagerduty, KEY, **OVER, **QUIET))
    assert channel.update(say(pagerduty, KEY, round=2)) == Delivered(KEY)
    assert (alert.status, len(pagerduty.alerts)) == ("resolved", 1)


def test_an_earlier_rounds_alert_that_nobody_answered_stays_open_until_the_next_page(pagerduty, channel):
    alert = told(pagerduty, channel)
    channel.update(say(pagerduty, KEY, round=2))
    assert alert.status == "triggered"
    channel.update(say(pagerduty, KEY, round=2, **TAKEN))
    assert alert.status == "acknowledged"


@pytest.mark.parametrize(
    ("occasion", "how", "actions"),
    [
        (Occasion.OPENED, {}, ["trigger"]),
        (Occasion.REOPENED, {"round": 2}, ["trigger"]),
        (Occasion.ACKNOWLEDGED, TAKEN, ["acknowledge"]),
        (Occasion.RESOLVED, {**OVER, **QUIET}, ["resolve"]),
        pytest.param(Occasion.OPENED, {"state": State.LOGGED, **QUIET}, ["resolve"], id="a silent one pages nobody"),
    ],
)
def test_a_copy_says_how_the_incident_stands(pagerduty, channel, occasion, how, actions):
    assert isinstance(channel.send(say(pagerduty, occasion=occasion, **how)), Delivered)
    assert [event["event_action"] for event in pagerduty.events] == actions


def test_nothing_is_shown_where_nothing_stands(pagerduty, channel):
    assert channel.update(say(pagerduty)) == Failed(FailureReason.BAD_TARGET, "no_reference")
    assert pagerduty.events == []


def test_a_person_has_no_routing_key(pagerduty, channel):
    to_chen = MessageContext(INCIDENT_ID, 1042, "person:chen", "chen")
    assert channel.send(say(pagerduty, context=to_chen)) == Failed(FailureReason.NOT_SUPPORTED, "person")
    assert pagerduty.requests == []


def test_a_routing_key_is_tried_without_disturbing_anybody(pagerduty, channel):
    assert isinstance(channel.probe(CONTEXT, pagerduty.routing_key), Delivered)
    assert channel.probe(CONTEXT, "B" * 32) == Failed(FailureReason.BAD_CREDENTIALS, "routing_key")
    assert (pagerduty.alerts, len(pagerduty.dropped), pagerduty.outbox) == ([], 1, [])


# Its face


@pytest.mark.parametrize(
    ("how", "face"),
    [
        (TAKEN, "acknowledge"),
        ({**TAKEN, "state": State.SNOOZED}, "acknowledge"),
        ({**OVER, **QUIET}, "resolve"),
        ({"is_superseded": True}, "resolve"),
        pytest.param({"round": 2}, "left", id="an earlier round's, which is left alone"),
    ],
)
def test_a_face_is_what_is_done_there(pagerduty, channel, how, face):
    assert channel.face(say(pagerduty, KEY, **how)) == face


def test_a_waiting_alerts_face_is_a_digest_of_its_words(pagerduty, channel):
    face = channel.face(say(pagerduty))
    assert re.fullmatch("trigger:[0-9a-f]{56}", face)
    assert face == channel.face(say(pagerduty, KEY))
    others = ({"severity": Severity.HIGH}, {"waiting_for": ("Ben Okafor",)}, {"content_rule": ContentRule.WITHHOLD})
    assert len({face, *(channel.face(say(pagerduty, **how)) for how in others)}) == 4


def test_what_is_about_no_incident_has_a_face_too_and_can_be_told_anew(pagerduty, channel):
    channel.send(notice(pagerduty))
    again = replace(notice(pagerduty), ref="escalator-a-key")
    assert channel.face(again) == channel.face(notice(pagerduty))
    assert channel.update(again) == Delivered("escalator-a-key")
    assert len(pagerduty.alerts) == 1


@pytest.mark.parametrize("later", [timedelta(minutes=1), timedelta(minutes=9), timedelta(hours=3), timedelta(days=40)])
def test_time_alone_changes_no_face(pagerduty, channel, later):
    assert channel.face(say(pagerduty, now=NOW + later)) == channel.face(say(pagerduty))


# Its key


def test_a_key_names_incident_round_and_place():
    key = dedup_key(standing(a_view(round=7)), PLACE)
    assert (key, incident_of(key)) == (f"escalator-{INCIDENT_ID}-7-{PLACE}", (INCIDENT_ID, 7))
    assert place_in(key) == UUID(PLACE)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "escalator-doctor",
        f"escalator-{INCIDENT_ID}",
        f"escalator-{INCIDENT_ID}-",
        f"escalator-{INCIDENT_ID}-x-{PLACE}",
        f"escalator-{INCIDENT_ID}--1-{PLACE}",
        f"escalator-{INCIDENT_ID}-01-{PLACE}",
        f"escalator-{INCIDENT_ID}-1-{PLACE}\n",
        f" escalator-{INCIDENT_ID}-1-{PLACE}",
        f"escalator-{INCIDENT_ID}-٣-{PLACE}",
        f"escalator-{INCIDENT_ID}-{'9' * 5000}-{PLACE}",
        f"escalator-{str(INCIDENT_ID).upper()}-1-{PLACE}",
        f"escalator-{INCIDENT_ID.hex}-1-{PLACE}",
        f"escalator-{INCIDENT_ID}-1",
        notice_key(str(UUID(int=1))),
    ],
)
def test_a_key_that_is_not_of_an_incident_names_none(key):
    assert incident_of(key) is None


def test_a_notices_key_fits_whatever_it_is_made_from():
    long = [notice_key("x" * 300), notice_key("x" * 301)]
    assert notice_key("a") == "escalator-a"
    assert len(set(long)) == 2
    assert all(len(key) <= limits.DEDUP_KEY for key in long)
