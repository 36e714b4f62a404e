"""Every bounded place of every vendor, filled: what is longer is split or cut visibly, and nothing is refused.

The odd texts stand for what the world and a policy may hold: names, titles, keys, what people write.
"""

import json
from dataclasses import fields, replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from escalator.channels.contract import Notification
from escalator.channels.email.channel import MailChannel
from escalator.channels.jira import documents
from escalator.channels.jira.api import Flavour
from escalator.channels.jira.channel import JiraChannel, label
from escalator.channels.pagerduty import dedup_keys, payload
from escalator.channels.slack import limits
from escalator.channels.slack.blocks import message, notice
from escalator.channels.slack.escalate_modal import escalate_view
from escalator.channels.slack.external_select import options
from escalator.channels.slack.modals import Origin, hand_over_view, result_view, reveal_view
from escalator.channels.slack.silence_modal import silence_view
from escalator.channels.webhook import payload as messages
from escalator.model.destination_kind import DestinationKind
from escalator.model.incident import Verb
from escalator.model.levels import ContentRule
from escalator.model.message import Button, Card, Delivered, InlineTime, Link, MessageContext, Occasion
from escalator.model.policy import Category, Person
from escalator.rendering.buttons import ButtonValue, encode
from escalator.rendering.card import card, standing
from tests.channels.letters import MAIL_FROM, RECIPIENT, a_note
from tests.doubles import jira_rules, pagerduty_rules
from tests.doubles.mail_reader import flaws
from tests.doubles.slack_rules import block_problems, found_problems, is_too_long, length, text_problems, view_problems
from tests.doubles.webhook import MAX_BODY_BYTES
from tests.rendering.builders import INCIDENT_ID, NOW, TAKEN, a_policy, a_view, some_content

ROUTING_KEY = "r" * 32
PIECES = [
    "x",
    "👩‍👩‍👧‍👦",
    "🇩🇪",
    "e\u0301",
    "مرحبا",
    "&",
    "<",
    ">",
    "|",
    "`",
    "\u202e",
    "\ud83d",
    "\n",
    "\r\n",
    " ",
    "\x00",
    "<@U0ANA>",
    "<!channel>",
]
ODD = st.builds(
    lambda pieces, times: "".join(pieces) * times,
    st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=5)), max_size=6),
    st.sampled_from([1, 3, 40, 300, 900]),
)
NAME = st.builds(lambda text: (text or "x")[:500], ODD)
EXTREMES = ["x" * 5_000, "&" * 5_000, "😀" * 5_000, "مرحبا " * 900, "\ud83d" * 300, "\n" * 400]


def filled(text, mentions=250, buttons=60):
    """A card with this text in every place, and more of everything than fits anywhere."""
    value = encode(ButtonValue(INCIDENT_ID, 10**6, 10**9, 60))
    return Card(
        text=text,
        header=text,
        lines=((text,), (text, InlineTime(NOW), text), (Link(text, f"https://x.example/{text}"), text)) * 30,
        snippet=text,
        buttons=tuple(Button(Verb.ACKNOWLEDGE, text, value, confirm=text if at < 8 else None) for at in range(buttons)),
        mentions=tuple(f"U{number:010}" for number in range(mentions)),
    )


def a_world(text):
    """An incident of a policy in which everything is called so, and about which everything says so."""
    people = {"ana": Person("ana", text, slack="U0ANA"), "ben": Person("ben", text, slack="U0BEN")}
    categories = {
        "self_harm": Category("self_harm", text, content=ContentRule.SHOW, runbook=f"https://w.example/{text}")
    }
    policy = a_policy(people=people, categories=categories)
    said = some_content(text=text, author_name=text, author_id=text, language=text)
    return {
        "frozen": policy,
        "running": policy,
        "waiting_for": (text,) * 3,
        "next_what": text,
        "story": ((NOW, text),) * 12,
        "is_for_seniors": True,
        "content": said,
        "content_rule": ContentRule.SHOW,
        "severity_reason": text,
        "source": "chat-prod",
        **TAKEN,
    }


def a_notification(text, kind, **changes):
    view = a_view(channel=kind, **a_world(text))
    said = Notification(
        context=MessageContext(None, 1042, "somewhere"),
        address="TS",
        card=card(view),
        occasion=Occasion.STEP,
        key="0198c7a0-0000-7000-8000-0000000000b1",
        place="0198c7a0-0000-7000-8000-0000000000aa",
        at=NOW,
        standing=standing(view),
        options={"issue_type": "Task"},
    )
    return replace(said, **changes)


# --- Slack ---------------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=30)
@given(ODD, st.integers(0, 700), st.integers(0, 60))
@example(EXTREMES[0], 250, 60)
@example(EXTREMES[1], 700, 25)
@example(EXTREMES[2], 250, 8)
@example(EXTREMES[3], 1, 1)
@example(EXTREMES[4], 0, 0)
@example(EXTREMES[5], 700, 60)
def test_slack_takes_every_message_and_all_its_buttons(text, mentions, buttons):
    said = message(filled(text, mentions, buttons))
    assert block_problems(said["blocks"]) == []
    assert not is_too_long(said["blocks"])
    assert text_problems(said["text"], limits.TEXT) == []
    rows = [block["elements"] for block in said["blocks"] if block["type"] == "actions"]
    assert sum(map(len, rows)) == buttons
    assert text_problems(notice(text)["text"], limits.EPHEMERAL_TEXT) == []


@settings(deadline=None, max_examples=30)
@given(NAME)
@example(EXTREMES[2])
def test_slack_takes_whatever_an_incident_is_about(text):
    said = message(card(a_view(**a_world(text))))
    assert block_problems(said["blocks"]) == []
    assert not is_too_long(said["blocks"])
    assert [block["type"] for block in said["blocks"]][-1] == "actions"


@settings(deadline=None, max_examples=20)
@given(ODD, st.sampled_from([1, 2, 100, 101, 250]))
@example(EXTREMES[1], 250)
def test_slack_takes_every_window_and_every_search(text, count):
    people = [(f"{number}-{text}", text) for number in range(count)] + [("ana", "Ana Ruiz")]
    for view in (
        hand_over_view(10**15, Origin("v"), people),
        escalate_view(people, people),
        silence_view(people, 300),
        reveal_view(10**15, text * 20),
        result_view("Escalate", text),
    ):
        assert view_problems(view) == []
    for typed in ("", text, "ana"):
        assert found_problems(options(people, typed)) == []


def test_whoever_is_not_mentioned_for_want_of_room_is_counted():
    blocks = message(filled("x", mentions=1_000))["blocks"]
    sections = [block["text"]["text"] for block in blocks if str(block.get("block_id", "")).startswith("mentions")]
    words = " ".join(sections)
    assert len(sections) == limits.MENTION_SECTIONS
    assert words.endswith(f"… and {1_000 - words.count('<@')} more")


def test_a_team_of_250_is_mentioned_whole():
    said = message(filled("x", mentions=250))
    mentioned = [block["text"]["text"] for block in said["blocks"] if str(block.get("block_id")).startswith("mentions")]
    assert " ".join(mentioned).split() == [f"<@U{number:010}>" for number in range(250)]


def test_what_does_not_fit_is_cut_visibly():
    said = message(filled("word " * 900))
    (*_rest, mark) = [block for block in said["blocks"] if block["type"] == "section"]
    assert mark["text"]["text"] == "… the rest does not fit into a Slack message"


# --- PagerDuty -----------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=30)
@given(NAME)
@example(EXTREMES[0])
@example(EXTREMES[2])
def test_pagerduty_takes_every_alert(text):
    for said in (
        a_notification(text, DestinationKind.PAGERDUTY),
        a_notification(text, DestinationKind.PAGERDUTY, card=filled(text), standing=None),
    ):
        event = {**payload.trigger(said, dedup_keys.notice_key("k" * 300)), "routing_key": ROUTING_KEY}
        assert list(pagerduty_rules.problems(event)) == []
        assert len(json.dumps(event).encode()) <= pagerduty_rules.MAX_BYTES


def test_the_number_stays_in_what_is_short():
    said = a_notification("Very long title " * 40, DestinationKind.PAGERDUTY)
    assert "#1042" in payload.trigger(said, "k")["payload"]["summary"]
    assert documents.summary(f"{said.standing.headline} · #1042").endswith("· #1042")


# --- Jira ----------------------------------------------------------------------------------------------------------


class _Conversation:
    """Keeps the fields of what is opened."""

    def __init__(self):
        self.fields = {}

    def find(self, _label):
        return ""

    def create(self, given_fields):
        self.fields = given_fields
        return Delivered("TS-1")

    def read(self, _key):
        raise AssertionError("nothing stands there")


class _Jira:
    def __init__(self, flavour):
        self.flavour = flavour
        self.talk = _Conversation()

    def conversation(self, _context):
        return self.talk


@settings(deadline=None, max_examples=8)
@given(NAME)
@example(EXTREMES[1])
@example(EXTREMES[2])
@pytest.mark.parametrize("flavour", list(Flavour))
def test_jira_takes_every_issue_and_comment(flavour, text):
    for said in (
        a_notification(text, DestinationKind.JIRA, standing=None),
        a_notification(text, DestinationKind.JIRA, card=filled(text), standing=None, place="a b " * 300, key="k" * 300),
    ):
        jira = _Jira(flavour)
        assert JiraChannel(jira).send(said) == Delivered("TS-1")
        is_cloud = flavour is Flavour.CLOUD
        screen = {"project", "issuetype", "summary", "description", "labels"}
        assert jira_rules.issue_problems(jira.talk.fields, {"TS": ["Task"]}, screen, is_cloud) == {}
        comment = documents.marked(flavour, said.card.text, "escalator-0")
        assert jira_rules.document_problem(comment, is_cloud) is None
        assert len(label(said)) <= jira_rules.MAX_LABEL


# --- Mail ----------------------------------------------------------------------------------------------------------


class _Mailer:
    def __init__(self):
        self.mails = []

    def send(self, _context, mail):
        self.mails.append(mail)
        return Delivered("id")


@settings(deadline=None, max_examples=20)
@given(NAME)
@example("Bcc: everybody@example.com\r\nBcc: x@example.com\r\n\r\n" * 9)
@example(EXTREMES[0])
@example(EXTREMES[2])
def test_a_mail_keeps_to_the_standards_whatever_is_said(text):
    mailer = _Mailer()
    channel = MailChannel(mailer, MAIL_FROM)
    assert isinstance(channel.send(a_note(view=a_world(text))), Delivered)
    assert isinstance(channel.send(a_note(card=filled(text), standing=None)), Delivered)
    for mail in mailer.mails:
        assert flaws(mail.message.as_bytes(), "alerts@example.com", [RECIPIENT]) == []


# --- Webhooks ------------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=20)
@given(NAME)
@example(EXTREMES[2])
def test_a_webhook_stays_small(text):
    for said in (
        a_notification(text, DestinationKind.WEBHOOK),
        a_notification(text, DestinationKind.WEBHOOK, card=filled(text), standing=None),
    ):
        assert len(messages.body("incident.opened", NOW, said)) < MAX_BODY_BYTES


def test_a_length_is_never_less_than_its_characters():
    assert length("😀") == 2
    assert {one.name for one in fields(Card)} >= {"text", "header", "lines", "snippet", "buttons", "mentions"}
