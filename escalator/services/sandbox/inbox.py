"""What would have been sent, each in its vendor's own form and with what its reader may do there."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from escalator.channels.slack.blocks import Json
from escalator.model.policy import DestinationKind, Policy
from escalator.rendering.timestamps import exact, exact_or_none
from escalator.services.core.context import Core
from escalator.services.sandbox import jira, mail, pagerduty, webhook
from escalator.services.sandbox_vendors.inbox import opened
from escalator.store.sandbox_inbox import InboxItem

Said = Mapping[str, Any]


def shown(core: Core, item: InboxItem, policy: Policy | None) -> Json:
    """Return one item as the page reads it, its vendor's object under the name of its channel. Raises ContentLocked.

    Once its content has been purged there is nothing in it.
    """
    said = opened(item, core.seal)
    view = said.get("view")
    text = view["title"]["text"] if view else said.get("text", "")
    form, buttons = _FORMS[item.channel](core, item, said, policy)
    return {
        "id": str(item.id),
        "at": exact(item.at),
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
        "first_text": said.get("first_text", text),
        "blocks": said.get("blocks", []),
        "buttons": buttons,
        "view": view,
        item.channel.value: form,
    }


def _person(core: Core, item: InboxItem, policy: Policy | None) -> str | None:
    """Return for whom it is, by the policy's key also where Slack's id is all that was known."""
    people = policy.people.values() if policy else ()
    known = (one.key for one in people if one.slack and core.expand(one.slack) == item.person)
    return next(known, item.person) if item.person else None


def _slack(_core: Core, item: InboxItem, said: Said, _policy: Policy | None) -> tuple[Json, list[Json]]:
    """Return what would be posted to Slack."""
    kept = {name: said[name] for name in ("text", "blocks", "view") if name in said}
    form = {"channel": item.address, "thread_ts": item.thread_ts, "reply_broadcast": item.broadcast, **kept}
    return form, _slack_buttons(said.get("blocks", ()))


def _slack_buttons(blocks: Iterable[Mapping[str, Any]]) -> list[Json]:
    return [
        {"action_id": one["action_id"], "label": one["text"]["text"], "value": one["value"]}
        for block in blocks
        if block["type"] == "actions"
        for one in block["elements"]
    ]


def _mail(_core: Core, _item: InboxItem, said: Said, _policy: Policy | None) -> tuple[Json, list[Json]]:
    letter = said.get("mail", {})
    return letter, [{"label": label, "url": url} for label, url in mail.links(letter.get("html", ""))]


def _pagerduty(_core: Core, _item: InboxItem, said: Said, _policy: Policy | None) -> tuple[Json, list[Json]]:
    alert = said.get("pagerduty", {})
    return (
        alert and {**alert, "title": pagerduty.title(alert), "urgency": pagerduty.urgency(alert)},
        [
            {"action_id": act.value, "label": pagerduty.LABELS[act], "value": alert["dedup_key"]}
            for act in pagerduty.offered(alert)
        ],
    )


def _jira(_core: Core, item: InboxItem, said: Said, _policy: Policy | None) -> tuple[Json, list[Json]]:
    issue = said.get("jira", {})
    return (
        issue and {"key": item.ts, **issue},
        [{"action_id": act.value, "label": jira.LABELS[act], "value": item.ts} for act in jira.offered(issue)],
    )


def _webhook(core: Core, item: InboxItem, said: Said, policy: Policy | None) -> tuple[Json, list[Json]]:
    request = said.get("webhook", {})
    if not request:
        return {}, []
    destination = policy.destinations.get(item.destination) if policy else None
    secret = core.expand(destination.options.get("secret", "")) if destination else ""
    verified = webhook.verified(request, secret or core.settings.sandbox_signing_secret)
    return {"method": "POST", **request, "verified": verified}, []


_FORMS: Mapping[DestinationKind, Callable[[Core, InboxItem, Said, Policy | None], tuple[Json, list[Json]]]] = {
    DestinationKind.SLACK: _slack,
    DestinationKind.EMAIL: _mail,
    DestinationKind.PAGERDUTY: _pagerduty,
    DestinationKind.JIRA: _jira,
    DestinationKind.WEBHOOK: _webhook,
}
