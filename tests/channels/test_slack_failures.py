"""What Slack's answers mean (facts by word: docs.slack.dev)."""

from datetime import timedelta

import pytest

from escalator.channels.slack.failures import failure
from escalator.model.message import Failed, FailureReason

WORDS = {
    FailureReason.RATE_LIMITED: "ratelimited rate_limited message_limit_exceeded",
    FailureReason.TIMEOUT: "request_timeout",
    FailureReason.VENDOR_ERROR: "service_unavailable internal_error fatal_error team_added_to_org org_login_required "
    "accesslimited external_channel_migrating",
    FailureReason.BAD_CREDENTIALS: "invalid_auth not_authed token_revoked token_expired account_inactive missing_scope "
    "no_permission not_allowed_token_type two_factor_setup_required ekm_access_denied enterprise_is_restricted",
    FailureReason.BAD_TARGET: "channel_not_found not_in_channel is_archived restricted_action "
    "restricted_action_read_only_channel restricted_action_thread_locked messages_tab_disabled user_not_found "
    "users_not_found message_not_found cant_update_message edit_window_closed is_inactive thread_not_found "
    "invalid_trigger_id expired_trigger_id exchanged_trigger_id cannot_dm_bot user_disabled user_not_in_channel "
    "team_not_found cannot_reply_to_message",
    FailureReason.BAD_MESSAGE: "invalid_blocks invalid_blocks_format msg_blocks_too_long msg_too_long no_text "
    "invalid_arg_name invalid_arguments metadata_too_large too_many_attachments view_too_large",
    FailureReason.UNKNOWN: "something_new",
}


@pytest.mark.parametrize(
    ("word", "reason"),
    [pytest.param(word, reason, id=word) for reason, words in WORDS.items() for word in words.split()],
)
def test_an_error_word_has_its_reason(word, reason):
    assert failure(200, word, {}) == Failed(reason, word)


RETRIED = {FailureReason.RATE_LIMITED, FailureReason.TIMEOUT, FailureReason.VENDOR_ERROR, FailureReason.UNKNOWN}


@pytest.mark.parametrize("reason", WORDS)
def test_only_what_may_pass_is_tried_again(reason):
    assert reason.is_retryable is (reason in RETRIED)


@pytest.mark.parametrize(
    ("status", "word", "expected"),
    [
        pytest.param(429, "ratelimited", Failed(FailureReason.RATE_LIMITED, "ratelimited"), id="too many calls"),
        pytest.param(500, "channel_not_found", Failed(FailureReason.VENDOR_ERROR, "channel_not_found"), id="500 wins"),
        pytest.param(503, None, Failed(FailureReason.VENDOR_ERROR, "http_503"), id="a page of HTML"),
        pytest.param(302, None, Failed(FailureReason.BAD_TARGET, "http_302"), id="a redirect"),
        pytest.param(404, None, Failed(FailureReason.BAD_TARGET, "http_404"), id="no such page"),
        pytest.param(401, None, Failed(FailureReason.BAD_CREDENTIALS, "http_401"), id="no word of Slack's"),
        pytest.param(403, "forbidden", Failed(FailureReason.BAD_CREDENTIALS, "http_403"), id="a proxy's word"),
        pytest.param(404, "is_archived", Failed(FailureReason.BAD_TARGET, "is_archived"), id="a word of Slack's"),
        pytest.param(200, None, Failed(FailureReason.BAD_ANSWER, "http_200"), id="not ok, and no word"),
        pytest.param(200, "<b>x</b> xoxb-1", Failed(FailureReason.BAD_ANSWER, "http_200"), id="a word that is none"),
        pytest.param(200, ["x"], Failed(FailureReason.BAD_ANSWER, "http_200"), id="a list"),
    ],
)
def test_the_status_counts_before_the_word(status, word, expected):
    assert failure(status, word, {}) == expected


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ({"Retry-After": "30"}, timedelta(seconds=30)),
        ({"retry-after": " 7 "}, timedelta(seconds=7)),
        ({"Retry-After": "999999"}, timedelta(hours=1)),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "9" * 5000}, None),
        ({}, None),
    ],
)
def test_slack_says_how_long_to_wait(header, wait):
    assert failure(429, "ratelimited", header).retry_after == wait
    assert failure(200, "ratelimited", header).retry_after == wait
    assert failure(500, None, header).retry_after is None
