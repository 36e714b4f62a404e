"""What is accepted from Slack, and what it means. Bolt is the independent referee for signatures."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_bolt.middleware.request_verification import RequestVerification
from slack_bolt.request import BoltRequest
from slack_bolt.response import BoltResponse

from escalator.channels.slack.blocks import BULLETIN_BLOCK
from escalator.channels.slack.escalate_modal import escalate_view
from escalator.channels.slack.interactions import Click, Ignored, parse
from escalator.channels.slack.modals import Origin, hand_over_view, note_view, resolve_view
from escalator.channels.slack.signature import sign_callback, verify
from escalator.channels.slack.slash_commands import Command, parse_command
from escalator.channels.slack.submissions import Submission
from escalator.errors import InvalidEvent, Unauthorized
from escalator.model.incident import Outcome, Verb
from escalator.rendering.buttons import ButtonValue, encode
from tests.doubles.slack import SlackDouble

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
BUTTON = ButtonValue(UUID(int=7), 2, 5)

# Slack's published vector (docs.slack.dev, "Verifying requests from Slack"; also in slack_sdk's tests).
PUBLISHED_AT = datetime.fromtimestamp(1531420618, UTC)
PUBLISHED_BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar"
    b"&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
PUBLISHED_SIGNATURE = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"


def published(**changes):
    headers = {"X-Slack-Request-Timestamp": "1531420618", "X-Slack-Signature": PUBLISHED_SIGNATURE}
    return headers | {name.replace("_", "-"): value for name, value in changes.items()}


def test_the_published_vector_is_accepted():
    verify(PUBLISHED_BODY, published(), SECRET, PUBLISHED_AT)


def test_header_names_have_no_case():
    verify(PUBLISHED_BODY, {name.lower(): value for name, value in published().items()}, SECRET, PUBLISHED_AT)


def test_our_own_signature_is_slacks():
    assert sign_callback(PUBLISHED_BODY, SECRET, PUBLISHED_AT) == published()


@pytest.mark.parametrize(
    ("body", "headers", "secret", "at"),
    [
        pytest.param(PUBLISHED_BODY + b"&x=1", published(), SECRET, PUBLISHED_AT, id="another body"),
        pytest.param(PUBLISHED_BODY, published(), "another secret", PUBLISHED_AT, id="another secret"),
        pytest.param(PUBLISHED_BODY, published(), "", PUBLISHED_AT, id="no secret"),
        pytest.param(PUBLISHED_BODY, {}, SECRET, PUBLISHED_AT, id="no headers"),
        pytest.param(PUBLISHED_BODY, published(), SECRET, PUBLISHED_AT + timedelta(seconds=301), id="too old"),
        pytest.param(PUBLISHED_BODY, published(), SECRET, PUBLISHED_AT - timedelta(seconds=301), id="from the future"),
        pytest.param(
            PUBLISHED_BODY, published(X_Slack_Request_Timestamp="soon"), SECRET, PUBLISHED_AT, id="no number for a time"
        ),
        pytest.param(
            PUBLISHED_BODY, published(X_Slack_Request_Timestamp="1" * 400), SECRET, PUBLISHED_AT, id="an absurd time"
        ),
        pytest.param(PUBLISHED_BODY, published(X_Slack_Signature="v0=ä"), SECRET, PUBLISHED_AT, id="not ASCII"),
        pytest.param(b"\xff\xfe", published(), SECRET, PUBLISHED_AT, id="not UTF-8"),
    ],
)
def test_what_slack_did_not_sign_now_is_refused(body, headers, secret, at):
    with pytest.raises(Unauthorized):
        verify(body, headers, secret, at)


@given(st.binary(), st.text(), st.text())
def test_a_hostile_request_is_refused_and_never_raises_anything_else(body, timestamp, signature):
    headers = {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signature}
    with pytest.raises(Unauthorized):
        verify(body, headers, SECRET, PUBLISHED_AT)


@pytest.mark.parametrize("age", [0, 290, -290, 310, -310], ids="{:+d} s".format)
@pytest.mark.parametrize("is_tampered", [False, True], ids=["as signed", "tampered"])
def test_bolt_accepts_and_refuses_the_same_requests(age, is_tampered):
    now = datetime.now(UTC)
    body = b"payload=%7B%7D"
    headers = sign_callback(body, SECRET, now - timedelta(seconds=age))
    sent = body + b"&x=1" if is_tampered else body
    assert _is_accepted(sent, headers, now) is _is_accepted_by_bolt(sent, headers)


def _is_accepted(body, headers, now):
    try:
        verify(body, headers, SECRET, now)
    except Unauthorized:
        return False
    return True


def _is_accepted_by_bolt(body, headers):
    request = BoltRequest(body=body.decode(), headers={name: [value] for name, value in headers.items()})
    answer = RequestVerification(SECRET).process(
        req=request, resp=BoltResponse(status=200), next=lambda: BoltResponse(status=202)
    )
    return answer.status == 202


def posted(payload):
    return urlencode({"payload": json.dumps(payload)}).encode()


def a_click(**changes):
    return {
        "type": "block_actions",
        "user": {"id": "U111", "username": "ann", "name": "ann", "team_id": "T111"},
        "api_app_id": "A111",
        "token": "(deprecated)",
        "container": {
            "type": "message",
            "message_ts": "1718000000.000100",
            "channel_id": "C111",
            "is_ephemeral": False,
        },
        "trigger_id": "111.222.abc",
        "team": {"id": "T999", "domain": "acme"},
        "enterprise": None,
        "is_enterprise_install": False,
        "channel": {"id": "C111", "name": "mod-alerts"},
        "message": {"type": "message", "bot_id": "B1", "ts": "1718000000.000100", "text": "...", "blocks": []},
        "state": {"values": {}},
        "response_url": "https://hooks.slack.com/actions/T111/111/xyz",
        "actions": [
            {
                "action_id": "acknowledge",
                "block_id": "answers",
                "type": "button",
                "value": encode(BUTTON),
                "text": {"type": "plain_text", "text": "Acknowledge", "emoji": True},
                "action_ts": "1718000010.194939",
            }
        ],
    } | changes


EXPECTED_CLICK = Click(
    user_id="U111",
    team_id="T111",
    api_app_id="A111",
    verb=Verb.ACKNOWLEDGE,
    button=BUTTON,
    channel_id="C111",
    message_ts="1718000000.000100",
    trigger_id="111.222.abc",
    response_url="https://hooks.slack.com/actions/T111/111/xyz",
)


def test_a_click_says_who_what_and_where():
    assert parse(posted(a_click())) == EXPECTED_CLICK


def test_a_button_of_a_bulletin_stands_on_no_message_of_its_incident():
    (action,) = a_click()["actions"]
    click = parse(posted(a_click(actions=[action | {"block_id": BULLETIN_BLOCK}])))
    assert click == replace(EXPECTED_CLICK, message_ts="")


def test_the_workspace_is_that_of_who_clicked():
    assert parse(posted(a_click(user={"id": "U111"}))).team_id == "T999"
    assert parse(posted(a_click(user={"id": "U111"}, team=None))).team_id == ""


def test_a_second_button_with_the_same_verb_is_that_verb():
    value = encode(ButtonValue(UUID(int=7), 2, 5, 60))
    click = parse(posted(a_click(actions=[{"action_id": "snooze:2", "value": value}])))
    assert (click.verb, click.button.minutes) == (Verb.SNOOZE, 60)


def test_a_click_needs_no_more_than_user_and_action():
    action = {"action_id": "reveal", "value": encode(BUTTON)}
    click = parse(posted({"type": "block_actions", "user": {"id": "U1"}, "actions": [action], "channel": {"id": "C2"}}))
    assert (click.channel_id, click.message_ts, click.response_url) == ("C2", "", "")


@pytest.mark.parametrize(
    ("payload", "what"),
    [
        pytest.param(a_click(actions=[{"action_id": "link", "value": None}]), "action", id="an unknown button"),
        pytest.param(a_click(actions=[{"action_id": "acknowledge", "value": "x"}]), "action", id="a foreign value"),
        pytest.param(a_click(actions=[]), "action", id="no button"),
        pytest.param(a_click(user=None), "action", id="nobody"),
        pytest.param({"type": "view_submission", "user": {"id": "U1"}, "view": None}, "view", id="no window"),
        pytest.param(
            {"type": "view_submission", "user": {"id": "U1"}, "view": {"callback_id": "resolve"}},
            "view",
            id="a window without our metadata",
        ),
        pytest.param(
            {"type": "view_submission", "user": {"id": "U1"}, "view": {"callback_id": "other"}},
            "view",
            id="a foreign one",
        ),
        pytest.param({"type": "view_closed"}, "view_closed", id="a window was closed"),
        pytest.param({"type": "shortcut"}, "shortcut", id="a shortcut"),
    ],
)
def test_what_is_none_of_ours_is_let_pass(payload, what):
    assert parse(posted(payload)) == Ignored(what)


def test_slacks_check_of_the_certificate_is_let_pass():
    assert parse(b"ssl_check=1&token=x") == Ignored("ssl_check")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"payload=not+json", id="not JSON"),
        pytest.param(b"payload=[]", id="a list"),
        pytest.param(b"payload={}", id="no type"),
        pytest.param(posted({"type": "block_actions", "actions": "x"}), id="actions that are none"),
        pytest.param(posted(a_click(user={"name": "ann"})), id="a user without an id"),
        pytest.param(b"\xff\xfe=%00", id="no form"),
        pytest.param(b"payload=" + b"[" * 100_000, id="deeply nested"),
    ],
)
def test_what_is_not_of_slacks_form_is_refused(body):
    with pytest.raises(InvalidEvent):
        parse(body)


def a_submission(outcome="referred", reference=" NC-77 "):
    values = {
        "outcome": {"outcome": {"type": "static_select", "selected_option": {"value": outcome}}},
        "reference": {"reference": {"type": "plain_text_input", "value": reference}},
    }
    view = resolve_view(1042, Origin(encode(BUTTON), "C111", "1718000000.000100"))
    return {
        "type": "view_submission",
        "user": {"id": "U111", "team_id": "T111"},
        "team": {"id": "T111"},
        "api_app_id": "A111",
        "view": {**view, "id": "V1", "hash": "x", "state": {"values": values}},
    }


def test_a_sent_window_says_how_it_ended():
    assert parse(posted(a_submission())) == Submission(
        user_id="U111",
        team_id="T111",
        api_app_id="A111",
        button=BUTTON,
        outcome=Outcome.REFERRED,
        reference="NC-77",
        channel_id="C111",
        message_ts="1718000000.000100",
    )


@pytest.mark.parametrize("state", [{}, {"values": None}, {"values": {"outcome": []}}])
def test_a_window_without_an_answer_has_no_outcome(state):
    payload = a_submission()
    payload["view"]["state"] = state
    said = parse(posted(payload))
    assert (said.outcome, said.reference) == (None, "")


def test_an_outcome_that_is_none_of_ours_is_none():
    assert parse(posted(a_submission("whatever", None))).outcome is None


SENDER = {"user_id": "U111", "team_id": "T0DOUBLE"}


@pytest.mark.parametrize(
    ("view", "values", "expected"),
    [
        pytest.param(
            hand_over_view(1042, Origin(encode(BUTTON), "C111", "1.2"), [("ben", "Ben Okafor")]),
            {"to": "ben"},
            {"verb": Verb.HAND_OVER, "to": "ben", "note": "", "button": BUTTON, "channel_id": "C111"},
            id="who has it from now on",
        ),
        pytest.param(
            note_view(1042, Origin(encode(BUTTON), "C111", "1.2"), is_posted=True),
            {"note": " a line\nand another "},
            {"verb": Verb.NOTE, "to": "", "note": "a line\nand another", "button": BUTTON, "message_ts": "1.2"},
            id="a note",
        ),
        pytest.param(
            escalate_view([("hate", "Hate")], [("chat", "chat"), ("other", "other")]),
            {"category": "hate", "about": " look ", "item": "m-1", "author": "user-42", "source": "other"},
            {
                "view_id": "V0DOUBLE",
                "category": "hate",
                "about": "look",
                "item": "m-1",
                "author": "user-42",
                "source": "other",
            },
            id="an incident that somebody opens",
        ),
        pytest.param(
            escalate_view([("hate", "Hate")], [("chat", "chat")]),
            {"category": "hate", "about": "look"},
            {"category": "hate", "item": "", "author": "", "source": ""},
            id="without what may be left out",
        ),
    ],
)
def test_a_window_that_was_sent_says_what_was_put_into_it(view, values, expected):
    with SlackDouble() as slack:
        said = parse(slack.submitted(view, values, "U111"))
    assert {name: getattr(said, name) for name in expected | SENDER} == expected | SENDER


@pytest.mark.parametrize("state", [{}, {"values": None}, {"values": {"note": {"note": {"value": 7}}}}])
def test_a_window_in_which_nothing_of_ours_stands_says_nothing(state):
    view = {**note_view(1042, Origin(encode(BUTTON)), is_posted=True), "id": "V1", "state": state}
    said = parse(posted({"type": "view_submission", "user": {"id": "U1"}, "view": view}))
    assert (said.to, said.note, said.outcome) == ("", "", None)


# --- Commands ------------------------------------------------------------------------------------------------------


def test_a_command_says_who_what_and_where():
    with SlackDouble() as slack:
        body = slack.typed("/OnCall", "U111", " child safety ")
    assert parse_command(body) == Command("U111", "T0DOUBLE", "/oncall", "child safety", "C0SOMEWHERE", "1.2.trigger1")


def test_the_published_command_is_understood():
    typed = parse_command(PUBLISHED_BODY)
    assert (typed.command, typed.user_id, typed.team_id, typed.text) == (
        "/webhook-collect",
        "U2CERLKJA",
        "T1DC2JH3J",
        "",
    )


def test_bolt_reads_the_same_command():
    with SlackDouble() as slack:
        body = slack.typed("/oncall", "U111", "child-safety")
    theirs = BoltRequest(body=body.decode(), headers={"content-type": ["application/x-www-form-urlencoded"]})
    typed = parse_command(body)
    assert (theirs.body["command"], theirs.body["text"], theirs.context.user_id, theirs.context.team_id) == (
        typed.command,
        typed.text,
        typed.user_id,
        typed.team_id,
    )


def test_slacks_check_of_a_command_is_let_pass():
    assert parse_command(b"ssl_check=1&token=x") == Ignored("ssl_check")


@pytest.mark.parametrize("body", [b"", b"command=%2Foncall", b"user_id=U1", b"\xff\xfe=%00", b"command=&user_id=U1"])
def test_what_is_no_command_is_refused(body):
    with pytest.raises(InvalidEvent):
        parse_command(body)
