"""Messages that would have been sent, in their vendor's form and with the actions of their reader."""

from escalator.channels.stand_in import Json, SandboxDestination
from escalator.model.policy import Policy
from escalator.model.sandbox_item import InboxItem
from escalator.rendering.iso_timestamps import exact, exact_or_none
from escalator.sandbox.inbox import open_payload
from escalator.sandbox.registry import SANDBOX_VENDORS
from escalator.services.core.context import Core


def shown(core: Core, item: InboxItem, policy: Policy | None) -> Json:
    """Return one item as JSON for the page, its vendor's object under the name of its channel. Raises ContentLocked.

    After its content has been purged it is empty.
    """
    payload = open_payload(item, core.seal)
    view = payload.get("view")
    text = view["title"]["text"] if view else payload.get("text", "")
    form, buttons = SANDBOX_VENDORS[item.channel].show(item, payload, _reader(core, item, policy))
    return {
        "id": str(item.id),
        "at": exact(item.created_at),
        "updated_at": exact_or_none(item.updated_at),
        "kind": item.channel.value,
        "channel": item.channel.value,
        "type": item.type.value,
        "destination": item.destination,
        "address": item.address,
        "person": _person(core, item, policy),
        "incident": item.number,
        "ts": item.ts,
        "thread_ts": item.thread_ts,
        "thread": item.thread_ts,
        "broadcast": item.broadcast,
        "text": text,
        "first_text": payload.get("first_text", text),
        "blocks": payload.get("blocks", []),
        "buttons": buttons,
        "view": view,
        item.channel.value: form,
    }


def _person(core: Core, item: InboxItem, policy: Policy | None) -> str | None:
    """Return the recipient's policy key, also where only Slack's id was known."""
    people = policy.people.values() if policy else ()
    matches = (person.key for person in people if person.slack and core.expand(person.slack) == item.person)
    return next(matches, item.person) if item.person else None


def _reader(core: Core, item: InboxItem, policy: Policy | None) -> SandboxDestination:
    destination = policy.destinations.get(item.destination) if policy else None
    options = {name: core.expand(value) for name, value in destination.options.items()} if destination else {}
    return SandboxDestination(options, core.settings.sandbox_signing_secret)
