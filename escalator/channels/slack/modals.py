"""The modals that a click may open. Only plain text, never an image; `submissions` reads their results."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from escalator.channels.slack import limits
from escalator.channels.slack.blocks import Json
from escalator.channels.slack.text import length, plain
from escalator.model.incident import Outcome
from escalator.rendering.truncate import pieces, utf16

MAX_REFERENCE = 200
MAX_NOTE = 2_000

RESOLVE_CALLBACK = "resolve"
REVEAL_CALLBACK = "reveal"
HAND_OVER_CALLBACK = "hand_over"
NOTE_CALLBACK = "note"
TOLD_CALLBACK = "told"
OUTCOME = "outcome"
REFERENCE = "reference"
TO = "to"
NOTE = "note"

Choice = tuple[str, str]
"""A value and its label."""

_CHOICES = {
    Outcome.ACTION_TAKEN: "Action taken",
    Outcome.NO_VIOLATION: "No violation",
    Outcome.DUPLICATE: "Duplicate",
    Outcome.REFERRED: "Referred (needs a reference)",
    Outcome.TEST: "Test",
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a modal was opened: the button's value, and the message to reply to."""

    value: str
    channel_id: str = ""
    message_ts: str = ""

    def to_metadata(self) -> str:
        """Return the metadata that Slack stores with the modal and sends back: ids only."""
        return json.dumps([self.value, self.channel_id, self.message_ts], separators=(",", ":"))


def origin_of(metadata: str) -> Origin:
    """Return the origin of a modal; an empty one for metadata that is none of ours."""
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
    """Return the modal with a hidden text; where it does not fit, the last line says where the rest is."""
    sections: list[Json] = []
    room = limits.VIEW_TEXT
    for piece in pieces(text, limits.SECTION, utf16):
        room -= length(piece)
        if room < 0:
            sections.append(_section("… the rest is in Stream's dashboard"))
            break
        if piece.strip():
            sections.append(_section(piece))
    return _view(REVEAL_CALLBACK, f"Text of #{number}", sections or [_section("No text")])


def resolve_view(number: int, origin: Origin) -> Json:
    """Return the modal for resolving; the outcome "referred" needs a reference."""
    outcome = select(OUTCOME, [(outcome.value, label) for outcome, label in _CHOICES.items()])
    inputs = [
        input_block(OUTCOME, "Outcome", {**outcome, "initial_option": outcome["options"][0]}),
        input_block(
            REFERENCE,
            "Reference",
            text_input(REFERENCE, MAX_REFERENCE),
            hint="The number of a report or case. No content, no names.",
            optional=True,
        ),
    ]
    return form(RESOLVE_CALLBACK, f"Resolve #{number}", "Resolve", inputs, origin)


def hand_over_view(number: int, origin: Origin, people: Iterable[Choice]) -> Json:
    """Return the modal for handing over; `people` are keys and names."""
    hint = "They are notified at once and must acknowledge it. Until they do, it keeps escalating."
    inputs = [input_block(TO, "New owner", select(TO, people), hint=hint)]
    return form(HAND_OVER_CALLBACK, f"Hand over #{number}", "Hand over", inputs, origin)


def note_view(number: int, origin: Origin, *, is_posted: bool) -> Json:
    """Return the modal for a note."""
    hint = "It is shown in the thread." if is_posted else "Stored encrypted, and not shown in Slack."
    inputs = [input_block(NOTE, "Note", text_input(NOTE, MAX_NOTE, multiline=True), hint=hint)]
    return form(NOTE_CALLBACK, f"Note on #{number}", "Keep", inputs, origin)


def result_view(title: str, text: str) -> Json:
    """Return the modal that shows the result of another one."""
    return _view(TOLD_CALLBACK, title, [_section(text)])


def _section(text: str) -> Json:
    return {"type": "section", "text": plain(text, limits.SECTION)}


def reference_needed() -> Json:
    """Return the answer that keeps the modal open because the reference is missing."""
    return errors({REFERENCE: "Enter where it was referred to: a case or report number."})


def errors(by_input: dict[str, str]) -> Json:
    """Return the answer that keeps a modal open and shows errors, by the input's name."""
    return {"response_action": "errors", "errors": by_input}


def form(callback_id: str, title: str, submit: str, inputs: Iterable[Json], origin: Origin | None = None) -> Json:
    """Return a modal with inputs; Slack stores its origin and sends it back."""
    view = {**_view(callback_id, title, list(inputs)), "submit": plain(submit, limits.VIEW_TITLE)}
    return view if origin is None else {**view, "private_metadata": origin.to_metadata()}


def input_block(name: str, label: str, element: Json, *, hint: str = "", optional: bool = False) -> Json:
    """Return an input block; block and action have the same name."""
    block: Json = {"type": "input", "block_id": name, "label": plain(label, limits.INPUT_LABEL), "element": element}
    if hint:
        block["hint"] = plain(hint, limits.INPUT_HINT)
    return {**block, "optional": True} if optional else block


def select(name: str, choices: Iterable[Choice]) -> dict[str, Any]:
    """Return a menu; with more choices than a menu holds, a search (see `external_select`)."""
    offered = offerable(choices)
    if len(offered) > limits.OPTIONS:
        return {
            "type": "external_select",
            "action_id": name,
            "placeholder": plain(f"Search {len(offered)} names", limits.PLACEHOLDER),
            "min_query_length": 0,
        }
    return {"type": "static_select", "action_id": name, "options": [option(*choice) for choice in offered]}


def offerable(choices: Iterable[Choice]) -> list[Choice]:
    """Return the choices that Slack accepts as options: their values must not be too long."""
    return [choice for choice in choices if 0 < length(choice[0]) <= limits.OPTION_VALUE]


def option(value: str, label: str) -> Json:
    """Return one option of a menu."""
    return {"text": plain(label or value, limits.OPTION_TEXT), "value": value}


def text_input(name: str, max_length: int, *, multiline: bool = False) -> Json:
    """Return a field for text."""
    return {"type": "plain_text_input", "action_id": name, "multiline": multiline, "max_length": max_length}


def _view(callback_id: str, title: str, blocks: list[Json]) -> Json:
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain(title, limits.VIEW_TITLE),
        "close": plain("Close", limits.VIEW_TITLE),
        "blocks": blocks,
    }
