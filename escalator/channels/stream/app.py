"""An app of Stream as it is set up: its event hooks, its moderation preferences, its rate limits.

Every field is read leniently: what has another form than expected counts as not said.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from escalator.channels.stream.client import StreamApi
from escalator.model.message import Failed, FailureReason

_ADDRESSES = {"webhook": "webhook_url", "sqs": "sqs_queue_url", "sns": "sns_topic_arn"}
_LEGACY_URLS = ("webhook_url", "moderation_webhook_url", "sqs_url", "sns_topic_arn")


@dataclass(frozen=True, slots=True)
class Hook:
    """Where Stream sends events. `event_types` that is empty means all of them, future ones too.

    `url` is the address of a webhook or a queue, or the ARN of a topic.
    """

    id: str
    kind: str
    url: str
    product: str
    event_types: tuple[str, ...]
    is_enabled: bool

    def is_webhook_to(self, url: str) -> bool:
        """Whether it posts events to this address, which is given without a slash at its end."""
        return self.kind == "webhook" and self.url.rstrip("/") == url


@dataclass(frozen=True, slots=True)
class App:
    """The settings that matter here. `preferences` are switches that are on or off; `at` is Stream's time.

    `raw_hooks` are the hooks as Stream shows them, whatever is in them, to be written back unchanged.
    """

    name: str
    hooks: tuple[Hook, ...]
    raw_hooks: tuple[Mapping[str, Any], ...]
    is_on_legacy_webhooks: bool
    legacy_url: str
    preferences: Mapping[str, bool]
    has_escalation_queue: bool
    escalation_reasons: tuple[str, ...]
    at: datetime | None


@dataclass(frozen=True, slots=True)
class RateLimit:
    """How many calls of one endpoint may be made in a minute, how many are left, and until when that counts."""

    endpoint: str
    limit: int
    remaining: int
    resets_at: datetime | None


def read_app(client: StreamApi) -> App | Failed:
    """Ask for the app's settings (GET /api/v2/app)."""
    answer = client.ask("GET", "/api/v2/app")
    if isinstance(answer, Failed):
        return answer
    app = answer.body.get("app")
    if not isinstance(app, dict):
        return Failed(FailureReason.BAD_ANSWER, "no_app")
    listed = app.get("event_hooks")
    hooks = tuple(hook for hook in listed if isinstance(hook, dict)) if isinstance(listed, list) else ()
    dashboard = app.get("moderation_dashboard_preferences")
    preferences = dashboard if isinstance(dashboard, dict) else {}
    return App(
        name=_text(app.get("name")),
        hooks=tuple(_read_hook(hook) for hook in hooks),
        raw_hooks=hooks,
        is_on_legacy_webhooks=app.get("use_hook_v2") is False and any(app.get(name) for name in _LEGACY_URLS),
        legacy_url=_text(app.get("moderation_webhook_url")),
        preferences={
            key: value
            for key, value in {**app, **preferences}.items()
            if isinstance(key, str) and isinstance(value, bool)
        },
        has_escalation_queue=preferences.get("escalation_queue_enabled") is True,
        escalation_reasons=_texts(preferences.get("escalation_reasons")),
        at=answer.at,
    )


def read_rate_limits(client: StreamApi, *endpoints: str) -> tuple[RateLimit, ...] | Failed:
    """Ask how often we may call these endpoints (GET /api/v2/rate_limits)."""
    answer = client.ask("GET", "/api/v2/rate_limits", query={"server_side": "true", "endpoints": ",".join(endpoints)})
    if isinstance(answer, Failed):
        return answer
    limits = answer.body.get("server_side")
    return tuple(_rate_limits(limits if isinstance(limits, dict) else {}))


def _read_hook(hook: Mapping[str, Any]) -> Hook:
    return Hook(
        id=_text(hook.get("id")),
        kind=_text(hook.get("hook_type")),
        url=_text(hook.get(_ADDRESSES.get(_text(hook.get("hook_type")), ""))),
        product=_text(hook.get("product")) or "all",
        event_types=_texts(hook.get("event_types")),
        is_enabled=hook.get("enabled") is True,
    )


def _rate_limits(limits: Mapping[str, Any]) -> Iterator[RateLimit]:
    for endpoint, said in limits.items():
        if isinstance(said, dict) and isinstance(said.get("limit"), int):
            reset = said.get("reset")
            resets_at = datetime.fromtimestamp(reset, UTC) if isinstance(reset, int) and 0 < reset < 1e11 else None
            remaining = said.get("remaining")
            yield RateLimit(endpoint, said["limit"], remaining if isinstance(remaining, int) else 0, resets_at)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(values: object) -> tuple[str, ...]:
    return tuple(value for value in values if isinstance(value, str)) if isinstance(values, list) else ()
