"""The window of `/escalate`: what somebody says who opens an incident by hand."""

from collections.abc import Sequence

from escalator.channels.slack.blocks import Json
from escalator.channels.slack.modals import Choice, asked, form, select, written

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
    """Return the window; which source it is about is asked only where there are several."""
    inputs = [
        asked(CATEGORY, "Category", select(CATEGORY, categories)),
        asked(ABOUT, "Description", written(ABOUT, MAX_ABOUT, multiline=True), hint="Stored encrypted."),
        asked(ITEM, "Link or id of the item", written(ITEM, MAX_ITEM), optional=True),
        asked(AUTHOR, "User id in Stream", written(AUTHOR, MAX_AUTHOR), optional=True),
    ]
    if len(sources) > 1:
        inputs.append(asked(SOURCE, "Where it was seen", select(SOURCE, sources)))
    return form(CALLBACK, "Escalate", "Escalate", inputs)
