"""The modal of `/silence`, by which somebody silences a category or a route."""

from collections.abc import Sequence

from escalator.channels.slack.blocks import Json
from escalator.channels.slack.modals import Choice, form, input_block, select, text_input

CALLBACK = "silence"
NAMED = "named"
LASTS = "lasts"
REASON = "reason"
CRITICAL = "critical"
YES = "yes"

_LASTS = ((30, "30 min"), (60, "1 h"), (120, "2 h"), (240, "4 h"), (480, "8 h"), (1440, "24 h"))
_CRITICAL = (("no", "No, they are sent as usual"), (YES, "Yes, for at most 8 h; this is announced"))


def minutes_of(value: str) -> int:
    """Return the chosen minutes; 0 for a value that was not offered."""
    return next((minutes for minutes, _label in _LASTS if str(minutes) == value), 0)


def silence_view(choices: Sequence[Choice], most_reason: int) -> Json:
    """Return the modal."""
    lasts = select(LASTS, [(str(minutes), label) for minutes, label in _LASTS])
    critical = select(CRITICAL, _CRITICAL)
    hint = "One step of each incident is not sent. The step after it is sent, and what was held back when it ends."
    inputs = [
        input_block(NAMED, "What to silence", select(NAMED, choices), hint=hint),
        input_block(LASTS, "For how long", {**lasts, "initial_option": lasts["options"][1]}),
        input_block(
            REASON, "Why", text_input(REASON, most_reason), hint="Others can see it. No content, no user names."
        ),
        input_block(CRITICAL, "Include critical incidents", {**critical, "initial_option": critical["options"][0]}),
    ]
    return form(CALLBACK, "Silence", "Silence", inputs)
