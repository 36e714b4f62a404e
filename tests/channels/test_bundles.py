"""A list at every vendor that a page may go to: it is about no single incident, and yet about incidents."""

import json
from datetime import UTC, datetime

from escalator.channels.contract import Notification
from escalator.channels.email.letter import full
from escalator.channels.jira.channel import _summary
from escalator.channels.pagerduty import payload
from escalator.channels.slack import blocks
from escalator.channels.webhook import payload as messages
from escalator.model.levels import Severity
from escalator.model.message import MessageContext, Occasion
from escalator.rendering.bundles import BundledIncident, incidents_card

CARD = incidents_card([BundledIncident(number, Severity.CRITICAL, "Self-harm") for number in (1042, 1043)], 0)
AT = datetime(2026, 8, 20, 14, 5, tzinfo=UTC)
NOTE = Notification(MessageContext(None, None, "room"), "address", CARD, Occasion.BUNDLE, "key", "place", AT)
TEXT = "CRITICAL · 2 more alerts · #1042 to #1043"


def test_at_pagerduty_it_is_as_grave_as_the_gravest_on_it() -> None:
    said = payload.trigger(NOTE, "key")["payload"]
    assert (said["summary"], said["severity"], said["class"]) == (TEXT, "critical", "list")


def test_in_a_mail_its_text_is_the_subject_and_its_lines_the_body() -> None:
    letter = full(NOTE)
    assert letter.lead == TEXT
    assert letter.answer is None
    assert ("CRITICAL · Self-harm: 2 (#1042, #1043)",) in letter.lines


def test_in_jira_it_is_an_issue_of_its_own() -> None:
    assert _summary(NOTE) == TEXT


def test_a_machine_is_told_that_it_is_a_list() -> None:
    assert messages.send_type(NOTE) == "escalator.list"
    assert json.loads(messages.body(messages.send_type(NOTE), AT, NOTE))["data"]["text"] == TEXT


def test_in_slack_it_has_no_buttons() -> None:
    assert "actions" not in {block["type"] for block in blocks.message(CARD)["blocks"]}
