"""Answers of a Mattermost server to an incoming webhook, and their failure reasons.

An error is JSON with an `id` (mattermost/mattermost: server/channels/app/webhook.go, HandleIncomingWebhook): 400
`web.incoming_webhook.invalid.app_error` for a webhook that does not exist, 404 for a channel that does not, 403 where
the webhook may not post, 501 where incoming webhooks are switched off.
"""

import json
import re

from escalator.channels.http import Answer, refused
from escalator.model.message import Failed, FailureReason

TAKEN = b"ok"
"""Mattermost's answer after it has posted."""

NO_SUCH_CHANNEL = "web.incoming_webhook.channel.app_error"
_OUR_HOOK = "web.incoming_webhook."
_NO_SUCH_HOOK = "web.incoming_webhook.invalid.app_error"
_SWITCHED_OFF = "web.incoming_webhook.disabled.app_error"
_IDS = {
    _NO_SUCH_HOOK: (FailureReason.BAD_TARGET, "no_such_webhook"),
    _SWITCHED_OFF: (FailureReason.NOT_SUPPORTED, "webhooks_disabled"),
    NO_SUCH_CHANNEL: (FailureReason.BAD_TARGET, "no_such_channel"),
}
_ID = re.compile(r"[a-z0-9_.]{1,80}")


def is_accepted(answer: Answer) -> bool:
    """Whether it was posted: a proxy may also answer with 200."""
    return answer.status == 200 and answer.body.strip() == TAKEN


def error_id(answer: Answer) -> str:
    """Return the id of Mattermost's error; empty when there is none."""
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        return ""
    id_ = body.get("id") if isinstance(body, dict) else None
    return id_ if isinstance(id_, str) and _ID.fullmatch(id_) else ""


def failure(answer: Answer) -> Failed:
    """Return why it was not posted."""
    if 200 <= answer.status < 300:
        return Failed(FailureReason.BAD_ANSWER, "not_ok")
    id_ = error_id(answer)
    if id_ in _IDS:
        return Failed(*_IDS[id_])
    if id_.startswith(_OUR_HOOK) and answer.status == 403:
        return Failed(FailureReason.BAD_TARGET, "may_not_post")
    return refused(answer.status, answer.headers)
