"""The real client against a double over real HTTP: every outcome a value, every call with an end, no secret in any."""

import logging
import socket
import threading
import time

import pytest

from escalator.channels.deadline_socket import Limits
from escalator.channels.slack import transport
from escalator.channels.slack.api import Profile, Workspace
from escalator.channels.slack.blocks import message, notice
from escalator.channels.slack.manifest import SCOPES
from escalator.channels.slack.modals import Origin, resolve_view, reveal_view
from escalator.channels.slack.web_api import SlackWebApi, is_slacks
from escalator.model.message import Delivered, Failed, FailureReason, MessageContext
from escalator.rendering.card import card
from tests.doubles.slack import SlackDouble
from tests.doubles.slack_state import Fault
from tests.rendering.builders import TAKEN, a_view

CONTEXT = MessageContext(None, 1042, "critical-alerts")
PAGE = message(card(a_view()))
MENTIONING = message(card(a_view(mentions=("U0ANA", "U0BEN"))))
SHORT = Limits(socket_s=0.6, total_s=0.6)
LONG_AGO_S = 8.0


@pytest.fixture
def slack():
    with SlackDouble() as double:
        yield double


@pytest.fixture
def api(slack):
    return SlackWebApi(slack.token, slack.url)


@pytest.fixture
def hasty(slack):
    """A client with short limits, for what never ends."""
    return SlackWebApi(slack.token, slack.url, patient=SHORT, prompt=SHORT)


def test_a_page_stands_in_the_channel_under_its_reference(slack, api):
    delivered = api.post(CONTEXT, "#critical-alerts", PAGE)
    (kept,) = slack.messages
    assert delivered == Delivered(f"CCRITICALALERTS/{kept.ts}")
    assert (kept.text, kept.blocks) == (PAGE["text"], PAGE["blocks"])
    assert slack.calls[0]["arguments"]["unfurl_links"] is False
    assert slack.calls[0]["arguments"]["unfurl_media"] is False


def test_a_person_is_told_in_the_channel_that_the_answer_names(slack, api):
    assert api.post(CONTEXT, "U0ANA", PAGE).ref.startswith("D0ANA/")


def test_a_reply_rings_in_the_thread_and_the_channel(slack, api):
    ts = api.post(CONTEXT, "C1", PAGE).ref.split("/")[1]
    api.post(CONTEXT, "C1", notice("still there"), ts, broadcast=True)
    assert (slack.messages[1].thread_ts, slack.messages[1].reply_broadcast) == (ts, True)


def test_a_message_is_brought_up_to_date_in_place(slack, api):
    ref = api.post(CONTEXT, "C1", PAGE).ref
    assert api.update(CONTEXT, ref, message(card(a_view(**TAKEN)))) == Delivered(ref)
    (kept,) = slack.messages
    assert kept.text == "#1042 taken by Ana Ruiz after 57 s"
    assert "Acknowledge" not in kept.labels


def test_an_update_without_blocks_takes_the_old_ones_away(slack, api):
    ref = api.post(CONTEXT, "C1", PAGE).ref
    api.update(CONTEXT, ref, notice("gone"))
    assert slack.messages[0].blocks == []


@pytest.mark.parametrize("ref", ["", "C1", "/1.2", "C1/"])
def test_a_reference_that_is_none_fails_without_a_call(slack, api, ref):
    assert api.update(CONTEXT, ref, PAGE) == Failed(FailureReason.BAD_TARGET, "no_reference")
    assert slack.calls == []


def test_one_person_is_answered_in_a_channel(slack, api):
    assert isinstance(api.ephemeral(CONTEXT, "C1", "U0ANA", notice("Ben has it")), Delivered)
    assert (slack.ephemerals[0].user, slack.ephemerals[0].text) == ("U0ANA", "Ben has it")


@pytest.mark.parametrize(
    "view", [reveal_view(1042, "hidden"), resolve_view(1042, Origin("v"))], ids=["reveal", "resolve"]
)
def test_a_window_opens_once_for_one_click(slack, api, view):
    trigger = slack.issue_trigger()
    assert isinstance(api.open_view(CONTEXT, trigger, view), Delivered)
    assert slack.views == [view]
    assert api.open_view(CONTEXT, trigger, view) == Failed(FailureReason.BAD_TARGET, "invalid_trigger_id")


def test_a_click_is_answered_where_it_asks_without_our_token(slack, api):
    assert api.respond(CONTEXT, f"{slack.origin}/response/1", notice("Ben <has> it")) == Delivered("")
    assert slack.responses == [
        {
            "path": "/response/1",
            "body": {"text": "Ben &lt;has&gt; it", "response_type": "ephemeral", "replace_original": False},
        }
    ]
    assert slack.calls == []


@pytest.mark.parametrize(
    ("url", "is_ours"),
    [
        ("https://hooks.slack.com/actions/T1/2/x", True),
        ("https://hooks.slack-gov.com/actions/T1/2/x", True),
        ("https://slack.com/x", True),
        ("http://hooks.slack.com/actions/T1/2/x", False),
        ("https://hooks.slack.com:8443/x", False),
        ("https://hooks.slack.com@evil.example/x", False),
        ("https://hooks.slack.com.evil.example/x", False),
        ("https://evil.example/hooks.slack.com", False),
        ("http://slack.com/x", False),
        ("https://[::1", False),
        ("https://hooks.slack.com:x/", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_only_slacks_own_addresses_are_answered(url, is_ours):
    assert is_slacks(url, "https://slack.com/api/") is is_ours


def test_an_address_that_is_not_slacks_is_not_called(slack, api):
    assert api.respond(CONTEXT, "https://evil.example/x", notice("x")) == Failed(
        FailureReason.NOT_SUPPORTED, "response_url"
    )


def test_the_token_says_whose_it_is_and_what_it_may(api):
    assert api.auth_test() == Workspace("T0DOUBLE", "Double", "U0BOT", frozenset(SCOPES))


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        pytest.param(Fault(error="is_archived"), Failed(FailureReason.BAD_TARGET, "is_archived"), id="200 and not ok"),
        pytest.param(Fault(status=503, html=True), Failed(FailureReason.VENDOR_ERROR, "http_503"), id="HTML and 503"),
        pytest.param(
            Fault(status=500), Failed(FailureReason.VENDOR_ERROR, "internal_error"), id="500 with a word of Slack's"
        ),
        pytest.param(Fault(html=True), Failed(FailureReason.BAD_ANSWER, "not_json"), id="HTML and 200"),
        pytest.param(Fault(body="[1]"), Failed(FailureReason.BAD_ANSWER, "not_an_object"), id="a list"),
        pytest.param(Fault(body="[" * 90_000), Failed(FailureReason.BAD_ANSWER, "not_json"), id="deeply nested"),
        pytest.param(Fault(body='{"ok": true}'), Failed(FailureReason.BAD_ANSWER, "no_reference"), id="ok and no ts"),
        pytest.param(Fault(body="{}"), Failed(FailureReason.BAD_ANSWER, "http_200"), id="neither ok nor a word"),
        pytest.param(Fault(oversized=400_000), Failed(FailureReason.BAD_ANSWER, "too_large"), id="400 kB"),
        pytest.param(Fault(drop=True), Failed(FailureReason.UNREACHABLE), id="dropped after it was accepted"),
    ],
)
def test_a_bad_answer_has_its_reason(slack, api, fault, expected):
    slack.inject("chat.postMessage", fault)
    assert api.post(CONTEXT, "C1", PAGE) == expected


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_carries_no_token_away(slack, api, status):
    with SlackDouble() as elsewhere:
        slack.inject("chat.postMessage", Fault(status=status, html=True, location=f"{elsewhere.url}chat.postMessage"))
        assert api.post(CONTEXT, "C1", PAGE) == Failed(FailureReason.BAD_TARGET, f"http_{status}")
        assert elsewhere.calls == []


def test_slack_says_how_long_to_wait(slack, api):
    slack.inject("chat.postMessage", Fault(status=429, error="ratelimited", retry_after="17"))
    failed = api.post(CONTEXT, "C1", PAGE)
    assert (failed.reason, failed.retry_after.total_seconds()) == (FailureReason.RATE_LIMITED, 17)


def test_a_message_is_never_sent_twice_by_itself(slack, api):
    slack.inject("chat.postMessage", Fault(drop=True))
    api.post(CONTEXT, "C1", PAGE)
    assert len(slack.calls) == 1


@pytest.mark.parametrize("word", ["invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"])
def test_a_page_whose_blocks_are_refused_still_rings(slack, api, word):
    slack.inject("chat.postMessage", *[Fault(error=word)] * 3)
    assert isinstance(api.post(CONTEXT, "C1", MENTIONING), Delivered)
    assert (slack.messages[0].text, slack.messages[0].blocks) == (PAGE["text"], [])


@pytest.mark.parametrize(
    ("refusals", "left"),
    [(1, ["mentions", "answers"]), (2, ["answers"]), (3, [])],
    ids=["then mentions and buttons", "then buttons", "then the text alone"],
)
def test_of_refused_blocks_the_buttons_are_the_last_to_go(slack, api, refusals, left):
    slack.inject("chat.postMessage", *[Fault(error="invalid_blocks")] * refusals)
    assert isinstance(api.post(CONTEXT, "C1", MENTIONING), Delivered)
    assert [block["block_id"] for block in slack.messages[0].blocks] == left


def test_a_slow_refusal_leaves_time_for_the_text_alone(slack):
    api = SlackWebApi(slack.token, slack.url, patient=Limits(socket_s=12.0, total_s=13.0))
    slack.inject("chat.postMessage", Fault(error="invalid_blocks"))
    assert isinstance(api.post(CONTEXT, "C1", MENTIONING), Delivered)
    assert slack.messages[0].blocks == []
    assert len(slack.calls) == 2


def test_an_update_whose_blocks_are_refused_leaves_no_old_ones(slack, api):
    ref = api.post(CONTEXT, "C1", PAGE).ref
    slack.inject("chat.update", *[Fault(error="invalid_blocks")] * 2)
    assert api.update(CONTEXT, ref, PAGE) == Delivered(ref)
    assert slack.messages[0].blocks == []


def test_blocks_are_left_out_once_only(slack, api):
    slack.inject("chat.postMessage", *[Fault(error="invalid_blocks")] * 4)
    assert api.post(CONTEXT, "C1", MENTIONING) == Failed(FailureReason.BAD_MESSAGE, "invalid_blocks")
    assert len(slack.calls) == 4


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(drip=True), id="a body that drips"),
        pytest.param(Fault(drip_headers=True), id="a head that drips"),
        pytest.param(Fault(delay=30), id="silence"),
        pytest.param(Fault(status=503, body="x" * 9000, drip=True), id="an error that drips"),
    ],
)
def test_an_answer_that_never_ends_ends_the_call(slack, hasty, fault):
    slack.inject("chat.postMessage", fault)
    began = time.monotonic()
    assert hasty.post(CONTEXT, "C1", PAGE) == Failed(FailureReason.TIMEOUT)
    assert time.monotonic() - began < LONG_AGO_S


def test_the_thread_of_a_call_that_was_cut_ends_too(slack, hasty):
    slack.inject("chat.postMessage", Fault(drip_headers=True))
    hasty.post(CONTEXT, "C1", PAGE)
    for thread in threading.enumerate():
        if thread.name == "slack-exchange":
            thread.join(LONG_AGO_S)
            assert not thread.is_alive()


def test_a_slow_look_up_of_the_name_ends_the_call(slack, hasty, monkeypatch):
    asked, answered = threading.Event(), threading.Event()

    def look_up(*_args, **_options):
        asked.set()
        answered.wait(LONG_AGO_S)
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    failed = hasty.post(CONTEXT, "C1", PAGE)
    assert asked.is_set()
    answered.set()
    assert failed == Failed(FailureReason.TIMEOUT)


def test_a_host_that_is_not_there_is_unreachable():
    with SlackDouble() as gone:
        url = gone.url
    assert SlackWebApi("xoxb-x", url).post(CONTEXT, "C1", PAGE) == Failed(FailureReason.UNREACHABLE)


def test_tls_that_does_not_shake_hands_fails_in_time(slack):
    api = SlackWebApi(slack.token, slack.url.replace("http:", "https:"), patient=SHORT, prompt=SHORT)
    assert api.post(CONTEXT, "C1", PAGE).reason in {FailureReason.UNREACHABLE, FailureReason.TIMEOUT}


@pytest.mark.parametrize("token", ["", "  "])
def test_without_a_token_nothing_is_called(slack, token):
    failed = SlackWebApi(token, slack.url).post(CONTEXT, "C1", PAGE)
    assert failed == Failed(FailureReason.NOT_CONFIGURED, "no_token")
    assert slack.calls == []


def test_a_wrong_token_is_told_as_such(slack):
    failed = SlackWebApi("xoxb-wrong", slack.url).post(CONTEXT, "C1", PAGE)
    assert failed == Failed(FailureReason.BAD_CREDENTIALS, "invalid_auth")


@pytest.mark.parametrize(
    "fault",
    [
        Fault(error="xoxb-double leaked"),
        Fault(html=True),
        Fault(status=500, body='{"error": "https://hooks.slack.com/x"}'),
        Fault(drop=True),
        Fault(delay=30),
        Fault(body="[]"),
    ],
)
def test_no_secret_no_address_and_no_content_is_in_any_failure_or_log(slack, hasty, caplog, fault):
    slack.inject("chat.postMessage", fault)
    slack.inject("response_url", fault)
    with caplog.at_level(logging.DEBUG):
        failed = repr(
            [hasty.post(CONTEXT, "C1", PAGE), hasty.respond(CONTEXT, f"{slack.origin}/response/1", notice("x"))]
        )
    for secret in (slack.token, "127.0.0.1", "http:", "https:", "Self-harm", "sleepy"):
        assert secret not in failed
        assert secret not in caplog.text


def test_both_limits_keep_a_claim_alive():
    assert transport.PATIENT.total_s * 2 < 20
    assert transport.PROMPT.total_s < 3


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"ok": true}', Failed(FailureReason.BAD_ANSWER, "no_team_id")),
        ('{"ok": false, "error": "token_revoked"}', Failed(FailureReason.BAD_CREDENTIALS, "token_revoked")),
    ],
)
def test_a_token_that_says_nothing_is_told_as_such(slack, api, body, expected):
    slack.inject("auth.test", Fault(body=body))
    assert api.auth_test() == expected


def test_a_response_url_that_is_used_up_fails(slack, api):
    slack.inject("response_url", Fault(status=404, html=True))
    failed = api.respond(CONTEXT, f"{slack.origin}/response/1", notice("x"))
    assert failed == Failed(FailureReason.BAD_TARGET, "http_404")


def test_who_somebody_is_comes_with_their_address(slack, api):
    slack.join("U0ANA", "Ana@Example.com")
    assert api.user("U0ANA") == Profile("U0ANA", "T0DOUBLE", "Ana@Example.com", is_ours=True)
    assert api.user("U0NOBODY") == Failed(FailureReason.BAD_TARGET, "user_not_found")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param('{"ok": true}', id="nobody"),
        pytest.param('{"ok": true, "user": []}', id="no object"),
        pytest.param('{"ok": true, "user": {"id": "U0OTHER"}}', id="somebody else"),
    ],
)
def test_an_answer_about_nobody_is_a_bad_one(slack, api, body):
    slack.inject("users.info", Fault(body=body))
    assert api.user("U0ANA") == Failed(FailureReason.BAD_ANSWER, "no_user")


def test_to_ask_who_somebody_is_holds_nobody(slack):
    slack.inject("users.info", Fault(delay=30))
    began = time.monotonic()
    failed = SlackWebApi(slack.token, slack.url, prompt=SHORT).user("U0ANA")
    assert failed.reason is FailureReason.TIMEOUT
    assert time.monotonic() - began < LONG_AGO_S
