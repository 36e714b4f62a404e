"""The two windows that a click may open: the hidden text, and how an incident ends. Only plain text, never an image."""

import json
from dataclasses import dataclass

from escalator.channels.slack.blocks import MAX_SECTION_TEXT, Json, plain
from escalator.model.incident import Outcome

MAX_TITLE = 24
MAX_REVEALED_SECTIONS = 30
MAX_METADATA = 3_000
MAX_REFERENCE = 200
MAX_OPTION_TEXT = 75
MAX_LABEL = 2_000

RESOLVE_CALLBACK = "resolve"
REVEAL_CALLBACK = "reveal"
OUTCOME = "outcome"
REFERENCE = "reference"

_CHOICES = {
    Outcome.ACTION_TAKEN: "Action taken",
    Outcome.NO_VIOLATION: "No violation",
    Outcome.DUPLICATE: "Duplicate",
    Outcome.REFERRED: "Referred (needs a reference)",
    Outcome.TEST: "Test",
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a window was opened from: the button's value, and the message to answer under."""

    value: str
    channel_id: str = ""
    message_ts: str = ""

    def to_metadata(self) -> str:
        """Return what Slack keeps with the window and gives back: ids only."""
        return json.dumps([self.value, self.channel_id, self.message_ts], separators=(",", ":"))


def origin_of(metadata: str) -> Origin:
    """Return what a window was opened from; an empty origin for metadata that is none of ours."""
    try:
        parts = json.loads(metadata)
    except ValueError:
        return Origin("")
    match parts:
        case [str(value), str(channel_id), str(message_ts)]:
            return Origin(value, channel_id, message_ts)
        case _:
            return Origin("")


def reveal_view(number: int, text: str) -> Json:
    """Return the window that shows a hidden text; where it does not fit, the last line says where the rest is."""
    parts = [text[at : at + MAX_SECTION_TEXT] for at in range(0, len(text), MAX_SECTION_TEXT)]
    shown = [part for part in parts[:MAX_REVEALED_SECTIONS] if part.strip()]
    if len(parts) > MAX_REVEALED_SECTIONS:
        shown.append("… the rest is in Stream's dashboard")
    sections: list[Json] = [{"type": "section", "text": plain(part, MAX_SECTION_TEXT)} for part in shown or ["No text"]]
    return _view(REVEAL_CALLBACK, f"Text of #{number}", sections)


def resolve_view(number: int, origin: Origin) -> Json:
    """Return the window that asks how it ended; a reference is required for what was referred."""
    options = [{"text": plain(label, MAX_OPTION_TEXT), "value": outcome.value} for outcome, label in _CHOICES.items()]
    outcome = {"type": "static_select", "action_id": OUTCOME, "options": options, "initial_option": options[0]}
    reference = {"type": "plain_text_input", "action_id": REFERENCE, "multiline": False, "max_length": MAX_REFERENCE}
    inputs: list[Json] = [
        {"type": "input", "block_id": OUTCOME, "label": plain("Outcome", MAX_LABEL), "element": outcome},
        {
            "type": "input",
            "block_id": REFERENCE,
            "label": plain("Reference", MAX_LABEL),
            "hint": plain("The number of a report or case. No content, no names.", MAX_LABEL),
            "element": reference,
            "optional": True,
        },
    ]
    view = _view(RESOLVE_CALLBACK, f"Resolve #{number}", inputs)
    return {
        **view,
        "submit": plain("Resolve", MAX_TITLE),
        "private_metadata": origin.to_metadata()[:MAX_METADATA],
    }


def reference_needed() -> Json:
    """Return the answer that keeps the window open because something was referred without saying where."""
    return {
        "response_action": "errors",
        "errors": {REFERENCE: "Say where it was referred to: a case or report number."},
    }


def _view(callback_id: str, title: str, blocks: list[Json]) -> Json:
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain(title, MAX_TITLE),
        "close": plain("Close", MAX_TITLE),
        "blocks": blocks,
    }
