"""Slack's Web API over HTTP: every result is a value, every call has a time limit."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from urllib.request import Request

import structlog
from slack_sdk.errors import SlackApiError, SlackClientError

from escalator.channels.contract import CALL_ENDS_S
from escalator.channels.deadline_socket import Limits, tls
from escalator.channels.http import BROKEN, broken, exchange
from escalator.channels.slack.api import Profile, Workspace
from escalator.channels.slack.blocks import Json, Payload, smaller
from escalator.channels.slack.failures import BLOCKS_REFUSED, failure
from escalator.channels.slack.transport import PATIENT, PROMPT, BoundedWebClient
from escalator.clock import Stopwatch
from escalator.model.message import Delivered, Failed, FailureReason, MessageContext

log = structlog.get_logger(__name__)

DEFAULT_API_URL = "https://slack.com/api/"
RESPONSE_HOSTS = frozenset({"hooks.slack.com", "hooks.slack-gov.com"})

_NOT_OURS = ("deleted", "is_bot", "is_workflow_bot", "is_restricted", "is_ultra_restricted", "is_stranger")
_BROKEN = (*BROKEN, SlackClientError)


class _Answered(NamedTuple):
    """An answer with `ok: true`."""

    data: Mapping[str, Any]
    headers: Mapping[str, str]


class SlackWebApi:
    """The real Slack. `base_url` may be plain http. Without a token every call fails as NOT_CONFIGURED."""

    def __init__(
        self, token: str, base_url: str = DEFAULT_API_URL, *, patient: Limits = PATIENT, prompt: Limits = PROMPT
    ) -> None:
        self._base_url = base_url
        self._has_token = bool(token.strip())
        self._tls = tls()
        self._prompt_limits = prompt
        self._patience_s = patient.total_s
        self._patient = BoundedWebClient(token, base_url, patient, self._tls)
        self._prompt = BoundedWebClient(token, base_url, prompt, self._tls)

    def post(
        self,
        _context: MessageContext,
        /,
        channel: str,
        payload: Payload,
        thread_ts: str | None = None,
        *,
        broadcast: bool = False,
    ) -> Delivered | Failed:
        """Post a message; links in it are not unfurled."""
        message = {**payload, "channel": channel, "unfurl_links": False, "unfurl_media": False}
        if thread_ts is not None:
            message |= {"thread_ts": thread_ts, "reply_broadcast": broadcast}
        return _reference(self._message("chat.postMessage", message, without_blocks={}))

    def update(self, _context: MessageContext, /, ref: str, payload: Payload) -> Delivered | Failed:
        """Update a message. Blocks that are left out would stay, so they are always sent."""
        channel, _, ts = ref.partition("/")
        if not (channel and ts):
            return Failed(FailureReason.BAD_TARGET, "no_reference")
        message = {"blocks": [], **payload, "channel": channel, "ts": ts}
        return _reference(self._message("chat.update", message, without_blocks={"blocks": []}))

    def ephemeral(self, _context: MessageContext, /, channel: str, user: str, payload: Payload) -> Delivered | Failed:
        """Show a message to one person in a channel."""
        message = {**payload, "channel": channel, "user": user}
        answer = self._call(self._prompt, "chat.postEphemeral", message)
        return answer if isinstance(answer, Failed) else Delivered(f"{channel}/{answer.data.get('message_ts', '')}")

    def open_view(self, _context: MessageContext, /, trigger_id: str, view: Json) -> Delivered | Failed:
        """Open a modal; the reference is the view's id."""
        answer = self._call(self._prompt, "views.open", {"trigger_id": trigger_id, "view": view})
        if isinstance(answer, Failed):
            return answer
        opened = answer.data.get("view")
        return Delivered(str(opened.get("id", "")) if isinstance(opened, dict) else "")

    def respond(self, _context: MessageContext, /, response_url: str, payload: Payload) -> Delivered | Failed:
        """Answer a click at its `response_url`, without our token."""
        if not is_slacks(response_url, self._base_url):
            return Failed(FailureReason.NOT_SUPPORTED, "response_url")
        body = json.dumps({**payload, "response_type": "ephemeral", "replace_original": False}).encode()
        headers = {"Content-Type": "application/json; charset=utf-8"}
        request = Request(response_url, data=body, headers=headers, method="POST")  # noqa: S310  # checked just above
        try:
            answer = exchange(request, self._prompt_limits, self._tls)
        except _BROKEN as error:
            return broken(error)
        if answer.status == 200:
            return Delivered("")
        return failure(answer.status, None, answer.headers)

    def user(self, user_id: str, /) -> Profile | Failed:
        """Return a user's profile (docs.slack.dev, "users.info" and "User object"; the email needs its own scope)."""
        answer = self._call(self._prompt, "users.info", {"user": user_id}, is_question=True)
        if isinstance(answer, Failed):
            return answer
        user = answer.data.get("user")
        if not isinstance(user, dict) or user.get("id") != user_id:
            return Failed(FailureReason.BAD_ANSWER, "no_user")
        profile = user.get("profile")
        email = profile.get("email") if isinstance(profile, dict) else None
        is_ours = not any(user.get(name) for name in _NOT_OURS) and user.get("is_email_confirmed", True) is True
        organization = user.get("enterprise_user")
        return Profile(
            user_id,
            str(user.get("team_id") or ""),
            email if isinstance(email, str) else "",
            is_ours,
            str(organization.get("enterprise_id") or "") if isinstance(organization, dict) else "",
        )

    def auth_test(self) -> Workspace | Failed:
        """Return the token's workspace and scopes."""
        answer = self._call(self._prompt, "auth.test", {})
        if isinstance(answer, Failed):
            return answer
        data, headers = answer
        team_id, enterprise_id = str(data.get("team_id") or ""), str(data.get("enterprise_id") or "")
        if not (team_id or enterprise_id):
            return Failed(FailureReason.BAD_ANSWER, "no_team_id")
        scopes = next((value for name, value in headers.items() if name.lower() == "x-oauth-scopes"), "")
        return Workspace(
            team_id,
            str(data.get("team", "")),
            str(data.get("user_id", "")),
            frozenset(scope.strip() for scope in scopes.split(",") if scope.strip()),
            enterprise_id,
        )

    def _message(self, method: str, message: Json, *, without_blocks: Json) -> _Answered | Failed:
        """Send a message; when Slack refuses its blocks, again with fewer of them: text and buttons matter most.

        When there is no time for several tries, the next one has the text alone.
        """
        watch = Stopwatch()
        blocks = message.get("blocks")
        answer = self._call(self._patient, method, message)
        for fewer in smaller(blocks if isinstance(blocks, list) else []):
            if not isinstance(answer, Failed) or answer.detail not in BLOCKS_REFUSED:
                break
            if fewer and watch.seconds() + 2 * self._patience_s > CALL_ENDS_S:
                continue
            log.warning("slack_blocks_refused", method=method, error=answer.detail, blocks_left=len(fewer))
            bare = {name: value for name, value in message.items() if name != "blocks"}
            answer = self._call(self._patient, method, bare | ({"blocks": fewer} if fewer else without_blocks))
        return answer

    def _call(
        self, client: BoundedWebClient, method: str, arguments: Json, *, is_question: bool = False
    ) -> _Answered | Failed:
        """Call a method; query methods do not accept JSON and get their arguments as a form."""
        if not self._has_token:
            return Failed(FailureReason.NOT_CONFIGURED, "no_token")
        try:
            form, body = (arguments, None) if is_question else (None, arguments)
            response = client.api_call(method, params=form, json=body)
        except SlackApiError as error:
            answer = error.response
            return failure(answer.status_code, answer.get("error"), answer.headers)
        except _BROKEN as error:
            return broken(error)
        return _Answered(response.data if isinstance(response.data, dict) else {}, response.headers)


def is_slacks(url: str, api_url: str) -> bool:
    """Whether the URL of a click is Slack's, or on the host of the configured API (RULES 4)."""
    try:
        parts, api = urlsplit(url), urlsplit(api_url)
        port = parts.port
    except ValueError:
        return False
    if parts.username is not None or parts.password is not None:
        return False
    if parts.hostname in RESPONSE_HOSTS:
        return parts.scheme == "https" and port in {None, 443}
    return bool(api.hostname) and (parts.scheme, parts.hostname) == (api.scheme, api.hostname)


def _reference(answer: _Answered | Failed) -> Delivered | Failed:
    if isinstance(answer, Failed):
        return answer
    channel, stamp = answer.data.get("channel"), answer.data.get("ts")
    if isinstance(channel, str) and isinstance(stamp, str) and channel and stamp:
        return Delivered(f"{channel}/{stamp}")
    return Failed(FailureReason.BAD_ANSWER, "no_reference")
