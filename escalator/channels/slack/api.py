"""Slack's Web API as we use it. Nothing is rendered here, so that a sandbox can stand in its place."""

import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import Request

from slack_sdk.errors import SlackApiError, SlackClientError

from escalator.channels.slack.blocks import Json, Payload
from escalator.channels.slack.failures import BLOCKS_REFUSED, failure
from escalator.channels.slack.transport import PATIENT, PROMPT, BadAnswer, BoundedWebClient, Limits, exchange
from escalator.model.message import Context, Delivered, Failed, FailureReason

DEFAULT_API_URL = "https://slack.com/api/"
RESPONSE_HOSTS = frozenset({"hooks.slack.com", "hooks.slack-gov.com"})


@dataclass(frozen=True, slots=True)
class Workspace:
    """Whose token it is, as `auth.test` says. `scopes` are what the token may do (empty when Slack does not say)."""

    team_id: str
    team: str = ""
    bot_user_id: str = ""
    scopes: frozenset[str] = frozenset()


class SlackApi(Protocol):
    """What the product asks of Slack. No method raises for anything Slack or the network does."""

    def post(
        self,
        context: Context,
        channel: str,
        payload: Payload,
        thread_ts: str | None = None,
        *,
        broadcast: bool = False,
    ) -> Delivered | Failed:
        """Post a message to a channel or person; the reference is `CHANNEL/TS`, with the channel's id."""
        ...

    def update(self, context: Context, ref: str, payload: Payload) -> Delivered | Failed:
        """Bring a message of ours up to date."""
        ...

    def ephemeral(self, context: Context, channel: str, user: str, payload: Payload) -> Delivered | Failed:
        """Show something to one person in a channel."""
        ...

    def open_view(self, context: Context, trigger_id: str, view: Json) -> Delivered | Failed:
        """Open a window for the person whose click gave this trigger, which is good for 3 s."""
        ...

    def respond(self, context: Context, response_url: str, payload: Payload) -> Delivered | Failed:
        """Answer a click, only to the person who clicked; NOT_SUPPORTED when the address is not one of Slack's."""
        ...

    def auth_test(self) -> Workspace | Failed:
        """Return whose token it is."""
        ...


class SlackWebApi:
    """The real one. `base_url` may be plain http. A token that is missing fails every call as NOT_CONFIGURED."""

    def __init__(
        self, token: str, base_url: str = DEFAULT_API_URL, *, patient: Limits = PATIENT, prompt: Limits = PROMPT
    ) -> None:
        self._api_host = urlsplit(base_url).hostname or ""
        self._api_scheme = urlsplit(base_url).scheme
        self._has_token = bool(token.strip())
        self._tls = ssl.create_default_context()
        self._prompt_limits = prompt
        self._patient = BoundedWebClient(token, base_url, patient, self._tls)
        self._prompt = BoundedWebClient(token, base_url, prompt, self._tls)

    def post(
        self,
        context: Context,
        channel: str,
        payload: Payload,
        thread_ts: str | None = None,
        *,
        broadcast: bool = False,
    ) -> Delivered | Failed:
        """Post a message; Slack fetches no link in it."""
        message = {**payload, "channel": channel, "unfurl_links": False, "unfurl_media": False}
        if thread_ts is not None:
            message |= {"thread_ts": thread_ts, "reply_broadcast": broadcast}
        return _reference(self._message("chat.postMessage", message, without_blocks={}), "ts")

    def update(self, context: Context, ref: str, payload: Payload) -> Delivered | Failed:
        """Bring a message up to date. Blocks that are left out would stay as they were, so they are always named."""
        channel, _, ts = ref.partition("/")
        if not (channel and ts):
            return Failed(FailureReason.BAD_TARGET, "no_reference")
        message = {"blocks": [], **payload, "channel": channel, "ts": ts}
        return _reference(self._message("chat.update", message, without_blocks={"blocks": []}), "ts")

    def ephemeral(self, context: Context, channel: str, user: str, payload: Payload) -> Delivered | Failed:
        """Show something to one person in a channel."""
        message = {**payload, "channel": channel, "user": user}
        answer = self._call(self._prompt, "chat.postEphemeral", message)
        return answer if isinstance(answer, Failed) else Delivered(f"{channel}/{answer.get('message_ts', '')}")

    def open_view(self, context: Context, trigger_id: str, view: Json) -> Delivered | Failed:
        """Open a window; the reference is the view's id."""
        answer = self._call(self._prompt, "views.open", {"trigger_id": trigger_id, "view": view})
        if isinstance(answer, Failed):
            return answer
        opened = answer.get("view")
        return Delivered(str(opened.get("id", "")) if isinstance(opened, dict) else "")

    def respond(self, context: Context, response_url: str, payload: Payload) -> Delivered | Failed:
        """Answer a click at the address it brought, without our token."""
        if not self._is_slacks(response_url):
            return Failed(FailureReason.NOT_SUPPORTED, "response_url")
        body = json.dumps({**payload, "response_type": "ephemeral", "replace_original": False}).encode()
        headers = {"Content-Type": "application/json; charset=utf-8"}
        request = Request(response_url, data=body, headers=headers, method="POST")  # noqa: S310  # checked just above
        try:
            answer = exchange(request, self._prompt_limits, self._tls)
        except (OSError, http.client.HTTPException, BadAnswer, ValueError) as error:
            return _broken(error)
        if answer.status == 200:
            return Delivered("")
        return failure(answer.status, None, answer.headers)

    def auth_test(self) -> Workspace | Failed:
        """Ask whose token it is, and what it may do."""
        answer = self._call(self._prompt, "auth.test", {})
        if isinstance(answer, Failed):
            return answer
        team_id = answer.get("team_id")
        if not isinstance(team_id, str) or not team_id:
            return Failed(FailureReason.BAD_ANSWER, "no_team_id")
        scopes = str(answer.get(_SCOPES, ""))
        return Workspace(
            team_id,
            str(answer.get("team", "")),
            str(answer.get("user_id", "")),
            frozenset(scope.strip() for scope in scopes.split(",") if scope.strip()),
        )

    def _is_slacks(self, url: str) -> bool:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            return False
        if parts.username is not None or parts.password is not None:
            return False
        if parts.hostname in RESPONSE_HOSTS:
            return parts.scheme == "https" and port in {None, 443}
        return bool(self._api_host) and parts.hostname == self._api_host and parts.scheme == self._api_scheme

    def _message(self, method: str, message: Json, *, without_blocks: Json) -> dict[str, Any] | Failed:
        """Send a message; when Slack refuses its blocks, once more without them: its text is the page."""
        answer = self._call(self._patient, method, message)
        if isinstance(answer, Failed) and answer.detail in BLOCKS_REFUSED and message.get("blocks"):
            bare = {name: value for name, value in message.items() if name != "blocks"}
            return self._call(self._patient, method, bare | without_blocks)
        return answer

    def _call(self, client: BoundedWebClient, method: str, arguments: Json) -> dict[str, Any] | Failed:
        if not self._has_token:
            return Failed(FailureReason.NOT_CONFIGURED, "no_token")
        try:
            response = client.api_call(method, json=arguments)
        except SlackApiError as error:
            answer = error.response
            return failure(answer.status_code, answer.get("error"), answer.headers)
        except (OSError, http.client.HTTPException, BadAnswer, SlackClientError, ValueError) as error:
            return _broken(error)
        data = response.data if isinstance(response.data, dict) else {}
        return {**data, _SCOPES: _header(response.headers, "x-oauth-scopes")}


_SCOPES = " scopes"


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((value for key, value in headers.items() if key.lower() == name), "")


def _reference(answer: dict[str, Any] | Failed, ts: str) -> Delivered | Failed:
    if isinstance(answer, Failed):
        return answer
    channel, stamp = answer.get("channel"), answer.get(ts)
    if isinstance(channel, str) and isinstance(stamp, str) and channel and stamp:
        return Delivered(f"{channel}/{stamp}")
    return Failed(FailureReason.BAD_ANSWER, "no_reference")


def _broken(error: Exception) -> Failed:
    """Return why there was no answer. The error's own words are not kept: they may hold an address."""
    cause = error.reason if isinstance(error, URLError) else error
    if isinstance(cause, TimeoutError):
        return Failed(FailureReason.TIMEOUT)
    if isinstance(cause, BadAnswer):
        return Failed(FailureReason.BAD_ANSWER, str(cause))
    if isinstance(cause, ssl.SSLError):
        return Failed(FailureReason.UNREACHABLE, "tls")
    if isinstance(cause, OSError):
        return Failed(FailureReason.UNREACHABLE)
    return Failed(FailureReason.BAD_ANSWER)
