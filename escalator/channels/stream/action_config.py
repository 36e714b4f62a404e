"""The buttons of Stream's moderation dashboard, and ours among them: `Page on-call`, a custom action.

Sources: GetStream/protocol, serverside-api.json (UpsertActionConfigRequest, GetActionConfigResponse).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from escalator.channels.stream.client import StreamApi
from escalator.model.message import Failed, FailureReason
from escalator.stream.escalations import CUSTOM, PAGE_ACTION, PAGE_MARK

PATH = "/api/v2/moderation/action_config"
MESSAGE = "stream:chat:v1:message"
"""The entity type of chat messages."""

LABEL = "Page on-call"
_OPTIONS = {"id": PAGE_ACTION, **PAGE_MARK}
_MOST_ORDER = 100


@dataclass(frozen=True, slots=True)
class ActionButton:
    """A button for items of one entity type. `id` is empty for those that Stream has by default."""

    id: str
    action: str
    entity_type: str
    description: str
    order: int
    custom: Mapping[str, Any]

    @property
    def has_our_options(self) -> bool:
        """Whether it is the button that this product installs."""
        return self.action == CUSTOM and any(self.custom.get(key) == value for key, value in _OPTIONS.items())


def read_buttons(client: StreamApi, entity_type: str) -> tuple[ActionButton, ...] | Failed:
    """Return the buttons of an entity type, stored and default ones (GET /api/v2/moderation/action_config)."""
    answer = client.ask("GET", PATH, query={"entity_type": entity_type})
    if isinstance(answer, Failed):
        return answer
    by_type = answer.body.get("action_config")
    if not isinstance(by_type, dict):
        return Failed(FailureReason.BAD_ANSWER, "no_action_config")
    return tuple(_buttons(by_type.get(entity_type), entity_type))


def _buttons(entries: object, entity_type: str) -> Iterator[ActionButton]:
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict):
            yield _button(entry, entity_type)


def _button(entry: Mapping[str, Any], entity_type: str) -> ActionButton:
    order, custom = entry.get("order"), entry.get("custom")
    return ActionButton(
        id=_text(entry.get("id")),
        action=_text(entry.get("action")),
        entity_type=_text(entry.get("entity_type")) or entity_type,
        description=_text(entry.get("description")),
        order=order if isinstance(order, int) else 0,
        custom=custom if isinstance(custom, dict) else {},
    )


def page_button(entity_type: str, present: Sequence[ActionButton], ours: ActionButton | None) -> dict[str, Any]:
    """Return the body that puts our button after all others, or makes ours as it should be, where it stands."""
    last = max((button.order for button in present), default=0)
    body = {
        "action": CUSTOM,
        "entity_type": entity_type,
        "description": LABEL,
        "order": ours.order if ours else min(last + 1, _MOST_ORDER),
        "custom": _OPTIONS,
    }
    return body | {"id": ours.id} if ours else body


def is_as_wanted(ours: ActionButton) -> bool:
    """Whether our button leads to the people on call, under its name."""
    has_options = all(ours.custom.get(key) == value for key, value in _OPTIONS.items())
    return ours.action == CUSTOM and ours.description == LABEL and has_options


def write_button(client: StreamApi, body: Mapping[str, Any]) -> str | Failed:
    """Write a button and return its id (POST /api/v2/moderation/action_config)."""
    answer = client.ask("POST", PATH, body=body)
    if isinstance(answer, Failed):
        return answer
    written = answer.body.get("action_config")
    button_id = _text(written.get("id")) if isinstance(written, dict) else ""
    return button_id or Failed(FailureReason.BAD_ANSWER, "no_id")


def delete_button(client: StreamApi, button_id: str) -> Failed | None:
    """Delete a stored button (DELETE /api/v2/moderation/action_config/{id})."""
    answer = client.ask("DELETE", f"{PATH}/{quote(button_id, safe='')}")
    return answer if isinstance(answer, Failed) else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
