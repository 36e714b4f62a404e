"""Interactions from Slack, such as clicks: parse them once their signature is verified.

A signed request is not yet allowed: the use case checks who clicked, and from which workspace.
"""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from marshmallow import EXCLUDE, Schema, ValidationError, fields

from escalator.channels.slack.blocks import BULLETIN_BLOCK, bundle_of, first_id
from escalator.channels.slack.external_select import Suggestion, suggestion
from escalator.channels.slack.submissions import Opening, Sender, Silencing, Submission, submission
from escalator.errors import InvalidEvent
from escalator.model.incident import Verb
from escalator.rendering.buttons import ButtonValue, decode, decode_bundle


@dataclass(frozen=True, slots=True)
class BundleMessage:
    """The message of a bundle in which a button was pressed: `ref` is `CHANNEL/TS`."""

    bundle_id: UUID
    ref: str


@dataclass(frozen=True, slots=True)
class Click:
    """One of our buttons was pressed. `team_id` is the workspace of who pressed it, which may be a guest's.

    `message_ts` is that of the incident's own message; empty for a button of a bulletin. `bundle` is the message of
    the bundle with the button, if it is in one.
    """

    user_id: str
    team_id: str
    api_app_id: str
    verb: Verb
    button: ButtonValue
    channel_id: str
    message_ts: str
    trigger_id: str
    response_url: str
    enterprise_id: str = ""
    bundle: BundleMessage | None = None


@dataclass(frozen=True, slots=True)
class BundleClick:
    """The button that acknowledges all incidents of a bundle was pressed."""

    user_id: str
    team_id: str
    api_app_id: str
    list_id: UUID
    channel_id: str
    response_url: str
    enterprise_id: str = ""
    bundle: BundleMessage | None = None


@dataclass(frozen=True, slots=True)
class Ignored:
    """A signed request with nothing to do: `what` is ssl_check, a kind of payload, or the part that is not ours."""

    what: str


class _Tolerant(Schema):
    class Meta:
        unknown = EXCLUDE


class _User(_Tolerant):
    id = fields.String(required=True)
    team_id = fields.String(load_default="", allow_none=True)


class _Identified(_Tolerant):
    id = fields.String(load_default="", allow_none=True)


class _Team(_Identified):
    enterprise_id = fields.String(load_default="", allow_none=True)


class _Action(_Tolerant):
    action_id = fields.String(load_default="")
    block_id = fields.String(load_default="", allow_none=True)
    value = fields.String(load_default="", allow_none=True)


class _Container(_Tolerant):
    channel_id = fields.String(load_default="")
    message_ts = fields.String(load_default="")


class _View(_Tolerant):
    id = fields.String(load_default="")
    team_id = fields.String(load_default="", allow_none=True)
    callback_id = fields.String(load_default="")
    private_metadata = fields.String(load_default="")
    state = fields.Dict(load_default=dict)


class _Payload(_Tolerant):
    type = fields.String(required=True)
    user = fields.Nested(_User, load_default=None, allow_none=True)
    team = fields.Nested(_Team, load_default=None, allow_none=True)
    enterprise = fields.Nested(_Identified, load_default=None, allow_none=True)
    channel = fields.Nested(_Identified, load_default=None, allow_none=True)
    container = fields.Nested(_Container, load_default=None, allow_none=True)
    view = fields.Nested(_View, load_default=None, allow_none=True)
    action_id = fields.String(load_default="", allow_none=True)
    value = fields.String(load_default="", allow_none=True)
    actions = fields.List(fields.Nested(_Action), load_default=list)
    api_app_id = fields.String(load_default="", allow_none=True)
    trigger_id = fields.String(load_default="", allow_none=True)
    response_url = fields.String(load_default="", allow_none=True)


_PAYLOAD = _Payload()


def parse(body: bytes) -> Click | BundleClick | Submission | Opening | Silencing | Suggestion | Ignored:
    """Return the interaction of a verified request; raises InvalidEvent when it is not of Slack's form."""
    form = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    if "ssl_check" in form:
        return Ignored("ssl_check")
    payload = _load(form.get("payload", [""])[0])
    match payload["type"]:
        case "block_actions":
            return _click(payload)
        case "view_submission":
            return _submission(payload)
        case "block_suggestion":
            return _suggestion(payload)
        case other:
            return Ignored(other)


def _load(payload: str) -> dict[str, Any]:
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError):
        raise InvalidEvent({"payload": ["Not JSON."]}) from None
    try:
        loaded: dict[str, Any] = _PAYLOAD.load(value)
    except ValidationError as error:
        raise InvalidEvent({name: [str(problems)] for name, problems in error.messages_dict.items()}) from None
    return loaded


def _click(payload_: dict[str, Any]) -> Click | BundleClick | Ignored:
    action = payload_["actions"][0] if payload_["actions"] else {"action_id": "", "block_id": "", "value": ""}
    verb, value = _verb(action["action_id"]), action["value"] or ""
    container = payload_["container"] or {"channel_id": "", "message_ts": ""}
    channel_id = container["channel_id"] or (payload_["channel"] or {}).get("id") or ""
    button, list_id = decode(value), decode_bundle(value)
    if payload_["user"] is not None and verb is Verb.ACKNOWLEDGE and list_id is not None:
        return BundleClick(
            user_id=payload_["user"]["id"],
            team_id=_team(payload_),
            api_app_id=payload_["api_app_id"] or "",
            list_id=list_id,
            channel_id=channel_id,
            response_url=payload_["response_url"] or "",
            enterprise_id=_enterprise(payload_),
            bundle=_bundle_message(list_id, container),
        )
    if payload_["user"] is None or verb is None or button is None:
        return Ignored("action")
    block_id = action["block_id"] or ""
    return Click(
        user_id=payload_["user"]["id"],
        team_id=_team(payload_),
        api_app_id=payload_["api_app_id"] or "",
        verb=verb,
        button=button,
        channel_id=channel_id,
        message_ts="" if first_id(block_id) == BULLETIN_BLOCK else container["message_ts"],
        trigger_id=payload_["trigger_id"] or "",
        response_url=payload_["response_url"] or "",
        enterprise_id=_enterprise(payload_),
        bundle=_bundle_message(bundle_of(block_id), container),
    )


def _bundle_message(bundle_id: UUID | None, container: dict[str, Any]) -> BundleMessage | None:
    if bundle_id is None or not (container["channel_id"] and container["message_ts"]):
        return None
    return BundleMessage(bundle_id, f"{container['channel_id']}/{container['message_ts']}")


def _suggestion(payload: dict[str, Any]) -> Suggestion | Ignored:
    if payload["user"] is None:
        return Ignored("suggestion")
    return suggestion(_sender(payload), payload) or Ignored("suggestion")


def _submission(payload: dict[str, Any]) -> Submission | Opening | Silencing | Ignored:
    if payload["user"] is None or payload["view"] is None:
        return Ignored("view")
    return submission(_sender(payload), payload["view"]) or Ignored("view")


def _sender(payload: dict[str, Any]) -> Sender:
    return Sender(payload["user"]["id"], _team(payload), payload["api_app_id"] or "", _enterprise(payload))


def _team(payload: dict[str, Any]) -> str:
    """Return the sender's workspace; an app of a whole organization gets `team: null`."""
    return (
        payload["user"]["team_id"] or (payload["team"] or {}).get("id") or (payload["view"] or {}).get("team_id") or ""
    )


def _enterprise(payload: dict[str, Any]) -> str:
    """Return the organization, which may also be in the modal's team."""
    return (payload["enterprise"] or {}).get("id") or (payload["team"] or {}).get("enterprise_id") or ""


def _verb(action_id: str) -> Verb | None:
    """Return the verb of one of our buttons; a second button with the same verb has a number after it."""
    word = first_id(action_id)
    return Verb(word) if word in set(Verb) else None
