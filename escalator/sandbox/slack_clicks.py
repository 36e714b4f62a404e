"""Simulated actions in Slack: a button pressed, a window submitted, a command typed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from escalator.channels.slack.sandbox import TEAM
from escalator.channels.slack.signature import sign_callback
from escalator.channels.stand_in import Json, Refused
from escalator.model.destination_kind import DestinationKind
from escalator.model.policy import Person
from escalator.model.sandbox_item import InboxItem, InboxItemType
from escalator.sandbox.inbox import open_payload
from escalator.sandbox.signed_request import Signed
from escalator.services.core.context import Core
from escalator.store import sandbox_inbox

_CLICKS = "/slack/interactions"
_COMMANDS = "/slack/commands"
_APP = "SANDBOX"


@dataclass(frozen=True, slots=True)
class Press:
    """Somebody (a policy key) presses a button of an inbox message, or, with `view_state`, submits a window.

    `view_state` has the values of the inputs, as `{block_id: {action_id: value}}`. `typed` is the search text in the
    window's input `action_id`.
    """

    person: str
    message: UUID
    action_id: str = ""
    value: str = ""
    view_state: Mapping[str, Mapping[str, str]] | None = field(default=None)
    typed: str | None = None


@dataclass(frozen=True, slots=True)
class TypedCommand:
    """Somebody (a policy key) types a command in the channel of a message, such as `/oncall child-safety`."""

    person: str
    message: UUID
    typed: str


def signed_click(core: Core, press: Press) -> Signed | Refused:
    """Return the request that Slack would send for this click, signed with the sandbox's secret. Raises Unavailable."""
    with core.database.reading() as connection:
        running = core.policies.running(connection)
        item = sandbox_inbox.find(connection, press.message)
    person = running.policy.people.get(press.person) if running else None
    user_id = core.expand(person.slack or "") if person else ""
    if item is None:
        return Refused("There is no such message.")
    if person is None or not user_id:
        return Refused(f"{press.person} has no Slack id in the policy, so nothing can come from them.")
    payload_shown = open_payload(item, core.seal)
    if press.view_state is None and press.typed is None:
        payload = _block_actions(person, user_id, item, payload_shown, press)
    elif item.type is not InboxItemType.VIEW or not payload_shown:
        return Refused("There is no such dialog.")
    elif item.person != press.person:
        return Refused("This dialog was opened for somebody else.")
    elif press.typed is not None:
        payload = _block_suggestion(person, user_id, item, payload_shown["view"], press)
    else:
        payload = _view_submission(person, user_id, item, payload_shown["view"], press.view_state or {})
    body = urlencode({"payload": json.dumps(payload)})
    headers = sign_callback(body.encode(), core.settings.sandbox_signing_secret, core.clock.now())
    return Signed(_CLICKS, headers, body)


def signed_command(core: Core, typed: TypedCommand) -> Signed | Refused:
    """Return the request that Slack would send for this command. Raises Unavailable.

    The form: docs.slack.dev/interactivity/implementing-slash-commands.
    """
    with core.database.reading() as connection:
        running = core.policies.running(connection)
        item = sandbox_inbox.find(connection, typed.message)
    person = running.policy.people.get(typed.person) if running else None
    user_id = core.expand(person.slack or "") if person else ""
    command, _, text = typed.typed.strip().partition(" ")
    if item is None or item.channel is not DestinationKind.SLACK:
        return Refused("There is no such channel in Slack.")
    if not user_id:
        return Refused(f"{typed.person} has no Slack id in the policy, so nothing can come from them.")
    if not command.startswith("/"):
        return Refused("A command begins with a slash. Nothing else typed here is processed.")
    form = {
        "team_id": TEAM,
        "team_domain": "sandbox",
        "channel_id": item.address,
        "channel_name": item.destination,
        "user_id": user_id,
        "user_name": typed.person,
        "command": command,
        "text": text,
        "api_app_id": _APP,
        "trigger_id": f"{user_id}.{item.ts}",
        "response_url": "",
    }
    body = urlencode(form)
    headers = sign_callback(body.encode(), core.settings.sandbox_signing_secret, core.clock.now())
    return Signed(_COMMANDS, headers, body)


def _interaction(kind: str, person: Person, user_id: str, item: InboxItem) -> Json:
    """Return the common part of all payloads (https://docs.slack.dev/reference/interaction-payloads)."""
    return {
        "type": kind,
        "team": {"id": TEAM, "domain": "sandbox"},
        "user": {"id": user_id, "username": person.key, "name": person.key, "team_id": TEAM},
        "api_app_id": _APP,
        "token": "",
        "trigger_id": f"{user_id}.{item.ts}",
    }


def _block_actions(person: Person, user_id: str, item: InboxItem, message: Mapping[str, Any], press: Press) -> Json:
    """Return the payload of a pressed button; without a `response_url`, so that answers go to the inbox."""
    action = {
        "type": "button",
        "block_id": _block_of(press.action_id, message),
        "action_id": press.action_id,
        "value": press.value,
        "action_ts": item.ts,
    }
    return {
        **_interaction("block_actions", person, user_id, item),
        "container": {
            "type": "message",
            "channel_id": item.address,
            "message_ts": item.ts,
            "is_ephemeral": item.type is InboxItemType.EPHEMERAL,
        },
        "channel": {"id": item.address, "name": item.destination},
        "message": {
            "type": "message",
            "ts": item.ts,
            "text": message.get("text", ""),
            "blocks": message.get("blocks", []),
        },
        "response_url": "",
        "actions": [action],
    }


def _block_of(action_id: str, message: Mapping[str, Any]) -> str:
    """Return the id of the block with that button."""
    rows = [block for block in message.get("blocks", ()) if block["type"] == "actions"]
    block_ids = {element["action_id"]: str(row["block_id"]) for row in rows for element in row["elements"]}
    return block_ids.get(action_id, "")


def _block_suggestion(person: Person, user_id: str, item: InboxItem, view: Mapping[str, Any], press: Press) -> Json:
    """Return the payload of a search in a window: block and action have the same name there."""
    return {
        **_interaction("block_suggestion", person, user_id, item),
        "action_id": press.action_id,
        "block_id": press.action_id,
        "value": press.typed,
        "container": {"type": "view", "view_id": f"V{item.ts}"},
        "view": {**view, "id": f"V{item.ts}", "team_id": TEAM, "app_id": _APP, "hash": "", "state": {"values": {}}},
    }


def _view_submission(
    person: Person, user_id: str, item: InboxItem, view: Mapping[str, Any], state: Mapping[str, Mapping[str, str]]
) -> Json:
    """Return the payload of a submitted window: the window, and the values of its inputs."""
    values = {
        block["block_id"]: {
            block["element"]["action_id"]: _input(
                block["element"], state.get(block["block_id"], {}).get(block["element"]["action_id"], "")
            )
        }
        for block in view["blocks"]
        if block["type"] == "input"
    }
    filled = {**view, "id": f"V{item.ts}", "team_id": TEAM, "app_id": _APP, "hash": "", "state": {"values": values}}
    return {**_interaction("view_submission", person, user_id, item), "view": filled, "response_urls": []}


def _input(element: Mapping[str, Any], value: str) -> Json:
    """Return the value of an input in Slack's form; null for an empty one."""
    match element["type"]:
        case "static_select":
            chosen = next((option for option in element["options"] if option["value"] == value), None)
            return {"type": "static_select", "selected_option": chosen}
        case "external_select":
            option = {"text": {"type": "plain_text", "text": value, "emoji": False}, "value": value}
            return {"type": "external_select", "selected_option": option if value else None}
        case "users_select":
            return {"type": "users_select", "selected_user": value or None}
        case kind:
            return {"type": kind, "value": value or None}
