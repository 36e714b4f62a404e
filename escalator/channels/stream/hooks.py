"""Our webhook among the event hooks of an app: what it should be, and the list to write back.

Stream's list of hooks is written as a whole. Its documentation says that hooks which are left out are deleted; a newer
SDK sends `explicit_event_hooks_deletion`, with which they stay (GetStream/stream-chat-js#1596). The whole list with
that flag is right under both readings. Whether Stream masks secrets where it shows hooks is not known, and a masked
secret that is written back would break somebody else's hook: an app with such a hook is not written at all.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from escalator.channels.stream.app import App, read_app
from escalator.channels.stream.client import StreamClient
from escalator.model.message import Failed

RawHook = Mapping[str, Any]

_SECRETS = ("sqs_secret", "sns_secret", "failover_config")
_CHANGES_BY_ITSELF = "updated_at"


@dataclass(frozen=True, slots=True)
class HookPlan:
    """What would be written: `hooks` is the whole list, `differences` what changes in it, in words; none: nothing."""

    hooks: tuple[RawHook, ...]
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HookRefusal:
    """Why the list must not be written by us."""

    why: str


def plan_hooks(app: App, url: str, event_types: Sequence[str]) -> HookPlan | HookRefusal:
    """Return the list in which one webhook sends these types to this address, and all others are as they were."""
    place = _place_of_ours(app, url)
    ours = app.raw_hooks[place] if place is not None else {}
    wanted = _wanted(ours, url, event_types)
    differences = tuple(_differences(ours, wanted))
    if not differences:
        return HookPlan(app.raw_hooks, ())
    with_secret = [hook for at, hook in enumerate(app.raw_hooks) if at != place and any(map(hook.get, _SECRETS))]
    if with_secret:
        return HookRefusal(f"{_called(with_secret[0])} holds a secret, which Stream may show masked")
    if app.is_on_legacy_webhooks:
        return HookRefusal("the app still uses the older webhook settings, which event hooks would replace")
    if place is None:
        return HookPlan((*app.raw_hooks, wanted), differences)
    return HookPlan((*app.raw_hooks[:place], wanted, *app.raw_hooks[place + 1 :]), differences)


def _wanted(ours: RawHook, url: str, event_types: Sequence[str]) -> RawHook:
    """Return our webhook as it should be; what it sends already it goes on sending, an empty list means all types.

    Product `all`, because the events come from moderation, chat and video.
    """
    sent = ours.get("event_types")
    is_for_all = bool(ours) and sent == []
    types = [] if is_for_all else sorted({*event_types, *(sent if isinstance(sent, list) else ())})
    return {
        "hook_type": "webhook",
        "webhook_url": url,
        **ours,
        "enabled": True,
        "product": "all",
        "event_types": types,
    }


def write_hooks(client: StreamClient, plan: HookPlan, before: App, url: str) -> tuple[str, ...] | Failed:
    """Write the list, read it again, and return what is not as it was planned; nothing if all is (PATCH /api/v2/app).

    Nothing else of the app is sent.
    """
    body = {"event_hooks": list(plan.hooks), "explicit_event_hooks_deletion": True}
    written = client.ask("PATCH", "/api/v2/app", body=body)
    if isinstance(written, Failed):
        return written
    after = read_app(client)
    return after if isinstance(after, Failed) else tuple(_unexpected(plan, before, after, url))


def _unexpected(plan: HookPlan, before: App, after: App, url: str) -> Iterator[str]:
    place_before, place_after = _place_of_ours(before, url), _place_of_ours(after, url)
    wanted = plan.hooks[-1 if place_before is None else place_before]
    ours = {} if place_after is None else after.raw_hooks[place_after]
    yield from (f"our webhook: {difference}" for difference in _differences(ours, wanted))
    kept = [_without_time(hook) for hook in after.raw_hooks]
    for at, hook in enumerate(before.raw_hooks):
        if at != place_before and _without_time(hook) not in kept:
            yield f"{_called(hook)} is not what it was"


def _place_of_ours(app: App, url: str) -> int | None:
    """Return where in the list the webhook to our address stands; an enabled one before a disabled one."""
    ours = [place for place, hook in enumerate(app.hooks) if hook.is_webhook_to(url)]
    return min(ours, key=lambda place: not app.hooks[place].is_enabled, default=None)


def _differences(hook: RawHook, wanted: RawHook) -> Iterator[str]:
    if not hook:
        yield "there is none yet"
        return
    for key in ("enabled", "product"):
        if hook.get(key) != wanted[key]:
            yield f"{key} is {json.dumps(hook.get(key))}, and should be {json.dumps(wanted[key])}"
    sent = hook.get("event_types")
    missing = sorted(set(wanted["event_types"]) - set(sent if isinstance(sent, list) else ()))
    if missing:
        yield f"it does not send {', '.join(missing)}"


def _called(hook: RawHook) -> str:
    return f"the {hook.get('hook_type', 'event')} hook {hook.get('id', 'without an id')}"


def _without_time(hook: RawHook) -> RawHook:
    return {key: value for key, value in hook.items() if key != _CHANGES_BY_ITSELF}
