"""The modal of `/escalate`, by which somebody opens an incident."""

from collections.abc import Sequence

from escalator.channels.slack.blocks import Json
from escalator.channels.slack.modals import Choice, form, input_block, select, text_input

CALLBACK = "escalate"
CATEGORY = "category"
ABOUT = "about"
ITEM = "item"
AUTHOR = "author"
SOURCE = "source"

MAX_ABOUT = 2_000
MAX_ITEM = 500
MAX_AUTHOR = 200


def escalate_view(categories: Sequence[Choice], sources: Sequence[Choice]) -> Json:
    """Return the modal; it has an input for the source only where there are several."""
    inputs = [
        input_block(CATEGORY, "Category", select(CATEGORY, categories)),
        input_block(ABOUT, "Description", text_input(ABOUT, MAX_ABOUT, multiline=True), hint="Stored encrypted."),
        input_block(ITEM, "Link or id of the item", text_input(ITEM, MAX_ITEM), optional=True),
        input_block(AUTHOR, "User id in Stream", text_input(AUTHOR, MAX_AUTHOR), optional=True),
    ]
    if len(sources) > 1:
        inputs.append(input_block(SOURCE, "Where it was seen", select(SOURCE, sources)))
    return form(CALLBACK, "Escalate", "Escalate", inputs)
