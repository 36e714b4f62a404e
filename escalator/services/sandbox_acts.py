"""What people do on the sandbox page: send a sample, click as somebody, run a clock out, kill a worker."""

import json
import os
import signal
import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from sqlalchemy import select

from escalator.channels.slack.blocks import BUTTONS_BLOCK, Json
from escalator.channels.slack.callbacks import sign_callback
from escalator.model.policy import Person, Policy
from escalator.model.ranks import Mode
from escalator.ports import PROCESS_EVENTS
from escalator.services.beating import SWEEPER
from escalator.services.core import Core
from escalator.services.escalation import fire_now
from escalator.services.inbox.shelf import opened
from escalator.services.inbox.slack import TEAM
from escalator.services.intake import Accepted, Delivered, Receiver
from escalator.store import inbox, processes
from escalator.store.deliveries import BEAT_LOST
from escalator.store.inbox import Item, ItemType
from escalator.store.tables import incidents
from escalator.stream.samples import SAMPLES, sample
from escalator.stream.signature import sign

_APP = "SANDBOX"


@dataclass(frozen=True, slots=True)
class Refused:
    """Why something was not done, in words for the page."""

    why: str


@dataclass(frozen=True, slots=True)
class Press:
    """Somebody (a policy key) presses a button of an inbox message, or, with `view_state`, submits a window.

    `view_state` is what the inputs hold, as `{block_id: {action_id: value}}`.
    """

    person: str
    message: UUID
    action_id: str = ""
    value: str = ""
    view_state: Mapping[str, Mapping[str, str]] | None = field(default=None)


@dataclass(frozen=True, slots=True)
class SignedClick:
    """The very request that Slack would send for a click."""

    headers: Mapping[str, str]
    body: str


def send_sample(core: Core, receiver: Receiver, name: str) -> Accepted | Refused:
    """Let a realistic event in by the same door as Stream's, signed with the source's own secret.

    Raises what the receiver raises.
    """
    if name not in SAMPLES:
        return Refused(f"There is no sample called {name}.")
    with core.database.reading() as connection:
        running = core.policies.running(connection)
    credentials = next(_credentials(core, running.policy), None) if running else None
    if credentials is None:
        return Refused("No source of the policy has an API key and secret: set those that it names, and start again.")
    api_key, secret = credentials
    body = sample(name, core.clock.now(), lambda: str(uuid4()))
    accepted = receiver.receive(Delivered(body, api_key, sign(body, secret), str(uuid4())))
    core.queue.tell(PROCESS_EVENTS)
    return accepted


def _credentials(core: Core, policy: Policy) -> Iterator[tuple[str, str]]:
    for source in policy.sources.values():
        api_key = core.expand(source.api_key)
        secret = next((said for one in source.api_secrets if (said := core.expand(one)).strip()), None)
        if api_key and secret:
            yield api_key, secret


def signed_click(core: Core, press: Press) -> SignedClick | Refused:
    """Return what Slack would send us for this click, signed with the sandbox's own secret. Raises Unavailable."""
    with core.database.reading() as connection:
        running = core.policies.running(connection)
        item = inbox.by_id(connection, press.message)
    person = running.policy.people.get(press.person) if running else None
    user_id = core.expand(person.slack or "") if person else ""
    if item is None:
        return Refused("There is no such message.")
    if person is None or not user_id:
        return Refused(f"{press.person} has no Slack id in the policy, so nothing can come from them.")
    said = opened(item, core.seal)
    if press.view_state is None:
        payload = _block_actions(person, user_id, item, said, press)
    elif item.type is not ItemType.VIEW or not said:
        return Refused("There is no such window.")
    elif item.person != press.person:
        return Refused("This window was opened for somebody else.")
    else:
        payload = _view_submission(person, user_id, item, said["view"], press.view_state)
    body = urlencode({"payload": json.dumps(payload)})
    headers = sign_callback(body.encode(), core.settings.sandbox_signing_secret, core.clock.now())
    return SignedClick(headers, body)


def _interaction(kind: str, person: Person, user_id: str, item: Item) -> Json:
    """Return what every payload has (https://docs.slack.dev/reference/interaction-payloads)."""
    return {
        "type": kind,
        "team": {"id": TEAM, "domain": "sandbox"},
        "user": {"id": user_id, "username": person.key, "name": person.key, "team_id": TEAM},
        "api_app_id": _APP,
        "token": "",
        "trigger_id": f"{user_id}.{item.ts}",
    }


def _block_actions(person: Person, user_id: str, item: Item, said: Mapping[str, Any], press: Press) -> Json:
    """Return the payload of a pressed button; without an address to answer to, so that answers go to the inbox."""
    action = {
        "type": "button",
        "block_id": BUTTONS_BLOCK,
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
            "is_ephemeral": item.type is ItemType.EPHEMERAL,
        },
        "channel": {"id": item.address, "name": item.destination},
        "message": {"type": "message", "ts": item.ts, "text": said.get("text", ""), "blocks": said.get("blocks", [])},
        "response_url": "",
        "actions": [action],
    }


def _view_submission(
    person: Person, user_id: str, item: Item, view: Mapping[str, Any], state: Mapping[str, Mapping[str, str]]
) -> Json:
    """Return the payload of a submitted window: what it was, and what its inputs hold."""
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
    """Return what Slack says that an input holds; an empty one holds null."""
    match element["type"]:
        case "static_select":
            chosen = next((option for option in element["options"] if option["value"] == value), None)
            return {"type": "static_select", "selected_option": chosen}
        case "users_select":
            return {"type": "users_select", "selected_user": value or None}
        case kind:
            return {"type": kind, "value": value or None}


def run_out(core: Core, number: int) -> Refused | None:
    """Move the deadline of a sandbox incident to now; the workers fire it. Raises Unavailable."""
    with core.database.reading() as connection:
        mode = connection.scalar(select(incidents.c.mode).where(incidents.c.number == number))
    if mode != Mode.SANDBOX:
        return Refused(f"There is no #{number} in the sandbox.")
    return None if fire_now(core, number) else Refused(f"No clock is running for #{number}.")


def kill_worker(core: Core) -> int | Refused:
    """Kill the newest living worker of this machine, main process and all, without a warning; return its pid.

    Only a worker in our own process group, which is what `run` starts, is ever killed: a pid in a row may long be
    somebody else's. Raises Unavailable.
    """
    if not core.settings.can_kill_worker:
        return Refused("Only what `escalator run` has started can be killed from here: it starts again by itself.")
    since = core.clock.now() - BEAT_LOST
    with core.database.reading() as connection:
        alive = processes.processes(connection, since)
    for one in reversed(alive):
        if one.kind == SWEEPER and one.host == socket.gethostname()[:256] and _kill(one.pid):
            return one.pid
    return Refused("No worker is alive right now.")


def _kill(pid: int) -> bool:
    with suppress(ProcessLookupError, PermissionError):
        if pid != os.getpid() and os.getpgid(pid) == os.getpgrp():
            os.kill(pid, signal.SIGKILL)
            return True
    return False
