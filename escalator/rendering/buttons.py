"""The buttons of a message, and the value that each sends back when clicked."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from escalator.engine.actions import MAX_EXTENSIONS
from escalator.engine.snooze import MAX_SNOOZES_IN_A_ROW
from escalator.model.incident import HELD_STATES, DueKind, Incident, State, Verb
from escalator.model.levels import ContentRule, Severity
from escalator.model.message import Button
from escalator.model.stream_action_rule import StreamActionRule
from escalator.rendering.stream_actions import confirmation_question, stream_action_label

SHORT_SNOOZE_MIN = 15
LONG_SNOOZE_MIN = 60

LABELS = {
    Verb.ACKNOWLEDGE: "Acknowledge",
    Verb.RELEASE: "Release",
    Verb.RESOLVE: "Resolve",
    Verb.FALSE_ALARM: "False alarm",
    Verb.SNOOZE: "Snooze",
    Verb.HAND_OVER: "Hand over",
    Verb.TAKE_OVER: "Take over",
    Verb.ESCALATE_NOW: "Escalate now",
    Verb.STILL_ON_IT: "Still on it",
    Verb.REVEAL: "Reveal",
    Verb.REOPEN: "Reopen",
    Verb.NOTE: "Note",
    Verb.STREAM_ACTION: "Act in Stream",
}
"""The label of each verb on all buttons."""


_ACTION = "action="


@dataclass(frozen=True, slots=True)
class ButtonValue:
    """The value of a button: which incident, and how old the message is. It never holds a person's name or content.

    `action` is the key of an action in Stream.
    """

    incident_id: UUID
    round: int
    fence: int
    minutes: int | None = None
    action: str = ""


def encode(value: ButtonValue) -> str:
    """Return `INCIDENT:ROUND:FENCE`, with `:MINUTES` where there are any, or with `:action=KEY`."""
    parts = [str(value.incident_id), str(value.round), str(value.fence)]
    if value.action:
        return ":".join([*parts, f"{_ACTION}{value.action}"])
    return ":".join(parts if value.minutes is None else [*parts, str(value.minutes)])


def decode(text: str) -> ButtonValue | None:
    """Return the value of a button, or None when it is none of ours."""
    first, *numbers_text = text.split(":")
    action = numbers_text.pop().removeprefix(_ACTION) if numbers_text and numbers_text[-1].startswith(_ACTION) else ""
    try:
        incident_id = UUID(first)
        numbers = [int(part) for part in numbers_text]
    except ValueError:
        return None
    match numbers:
        case [number, fence]:
            return ButtonValue(incident_id, number, fence, action=action)
        case [number, fence, minutes]:
            return ButtonValue(incident_id, number, fence, minutes)
        case _:
            return None


_ALL_OF_A_LIST = "list:"


def encode_bundle(bundle_id: UUID) -> str:
    """Return the value of the button for all incidents of a bundle."""
    return f"{_ALL_OF_A_LIST}{bundle_id}"


def decode_bundle(text: str) -> UUID | None:
    """Return the bundle that a button is about, or None when it is about none."""
    if not text.startswith(_ALL_OF_A_LIST):
        return None
    try:
        return UUID(text.removeprefix(_ALL_OF_A_LIST))
    except ValueError:
        return None


def buttons(
    incident: Incident, rule: ContentRule, *, can_reveal: bool, stream_actions: Iterable[StreamActionRule] = ()
) -> tuple[Button, ...]:
    """Return the buttons of a full message in this state; for a closed incident only Reopen.

    `stream_actions` are the actions in Stream that its category offers.
    """
    in_stream = tuple(_stream_button(incident, action) for action in stream_actions)
    reveal = (_button(incident, Verb.REVEAL),) if can_reveal else ()
    escalate = (_button(incident, Verb.ESCALATE_NOW),)
    if incident.state is State.TRIGGERED:
        acknowledge = _button(incident, Verb.ACKNOWLEDGE, is_primary=True)
        return (acknowledge, *reveal, *in_stream, *escalate, *_snoozes(incident, rule))
    if incident.state is State.RESOLVED:
        return (_button(incident, Verb.REOPEN),)
    if incident.state not in HELD_STATES:
        return ()
    still = (_button(incident, Verb.STILL_ON_IT),) if _may_go_on(incident) else ()
    resolve = _button(incident, Verb.RESOLVE, is_primary=True)
    hand_over = _button(incident, Verb.HAND_OVER)
    release = _button(incident, Verb.RELEASE)
    note = _button(incident, Verb.NOTE)
    return (resolve, *in_stream, _false_alarm(incident), *still, hand_over, release, *reveal, note, *escalate)


def _stream_button(incident: Incident, rule: StreamActionRule) -> Button:
    question = confirmation_question(rule, incident.number)
    value = encode(ButtonValue(incident.id, incident.round, incident.fence, action=rule.key))
    label = stream_action_label(rule, incident)
    return Button(Verb.STREAM_ACTION, label, value, is_danger=question is not None, confirm=question)


def incident_button(incident: Incident, verb: Verb, label: str) -> Button:
    """Return a button in a message about several incidents: its label says which one."""
    return _button(incident, verb, label=f"{label} #{incident.number}")


def _may_go_on(incident: Incident) -> bool:
    """Whether the second deadline is near, after the reminder, and may be moved once more."""
    return incident.due_kind is DueKind.RESOLVE_WITHIN and incident.extensions < MAX_EXTENSIONS


def _snoozes(incident: Incident, rule: ContentRule) -> tuple[Button, ...]:
    if rule is ContentRule.WITHHOLD or incident.snoozes >= MAX_SNOOZES_IN_A_ROW:
        return ()
    short = _button(incident, Verb.SNOOZE, label="Snooze 15 min", minutes=SHORT_SNOOZE_MIN)
    if incident.severity is Severity.CRITICAL:
        return (short,)
    return (short, _button(incident, Verb.SNOOZE, label="Snooze 1 h", minutes=LONG_SNOOZE_MIN))


def _false_alarm(incident: Incident) -> Button:
    return _button(incident, Verb.FALSE_ALARM, confirm=question_before(Verb.FALSE_ALARM, incident))


def question_before(verb: Verb, incident: Incident) -> str | None:
    """Return the question before a verb that is done in one click, or None where there is none."""
    if verb is not Verb.FALSE_ALARM or incident.severity <= Severity.HIGH:
        return None
    return f"Close #{incident.number} as no violation? It is {incident.severity.value}."


def _button(
    incident: Incident,
    verb: Verb,
    *,
    label: str = "",
    is_primary: bool = False,
    confirm: str | None = None,
    minutes: int | None = None,
) -> Button:
    value = encode(ButtonValue(incident.id, incident.round, incident.fence, minutes))
    return Button(
        verb, label or LABELS[verb], value, is_primary=is_primary, is_danger=confirm is not None, confirm=confirm
    )
