"""What Slack refuses: the checks of the double, by slack_sdk's own models and the documented limits."""

import json

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

MAX_BLOCKS = 50
MAX_VIEW_BLOCKS = 100
MAX_UPDATE_TEXT = 4_000
MAX_TITLE = 24
MAX_OPTIONS = 100
MAX_PRIVATE_METADATA = 3_000
MAX_TEXTS = {"header": 150, "section": 3_000, "button": 75}
MAX_POST_TEXT = 40_000
MAX_ID = 255
MAX_BUTTON_VALUE = 2_000
MAX_CONFIRM = {"title": 100, "text": 300, "confirm": 30, "deny": 30}
MAX_VIEW_BYTES = 250_000
MAX_ALL_TEXTS = 11_000
"""Of a message's blocks together: below what Slack was seen to refuse (github.com/slackapi/bolt-js/issues/2867)."""


def length(text):
    """Return how long a text is in UTF-16 units: whichever way Slack counts, it is no more."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def text_problems(text, limit):
    """Return what Slack would refuse in a text."""
    problems = (
        [] if 1 <= length(text) <= limit and text.strip() else [f"a text of {length(text)} in a place of {limit}"]
    )
    return problems + (["half a surrogate pair"] if any("\ud800" <= char <= "\udfff" for char in text) else [])


def texts_in(blocks):
    """Yield every text in these blocks."""
    if isinstance(blocks, dict):
        for name, value in blocks.items():
            if name == "text" and isinstance(value, str):
                yield value
            else:
                yield from texts_in(value)
    elif isinstance(blocks, list):
        for one in blocks:
            yield from texts_in(one)


def block_problems(blocks, limit=MAX_BLOCKS):
    """Return what Slack would refuse in these blocks, in words."""
    if not isinstance(blocks, list) or len(blocks) > limit:
        return [f"more than {limit} blocks, or no list"]
    problems = [problem for block in blocks for problem in _one_block(block)]
    ids = [block["block_id"] for block in blocks if isinstance(block, dict) and "block_id" in block]
    problems += [f"a block_id of {len(one)}" for one in ids if not 1 <= len(one) <= MAX_ID]
    return [*problems, *(["a block_id twice"] if len(ids) != len(set(ids)) else [])]


def _one_block(block):
    try:
        parsed = Block.parse(block)
        if parsed is None or parsed.type is None:
            return [f"no such block: {block}"]
        parsed.validate_json()
    except (SlackObjectFormationError, TypeError, AttributeError, KeyError) as error:
        return [str(error)]
    if parsed.to_dict() != block:
        return [f"properties that Slack does not know: {block}"]
    return [*_texts(block), *_elements(block)]


def _texts(block):
    text = block.get("text")
    if text is None:
        return []
    if problems := text_problems(text["text"], MAX_TEXTS.get(block["type"], 3_000)):
        return [f"{problem} in a {block['type']}" for problem in problems]
    if block["type"] == "header" and text["type"] != "plain_text":
        return ["a header that is not plain"]
    return []


def _elements(block):
    elements = block.get("elements", [])
    ids = [element.get("action_id") for element in elements]
    problems = ["an action_id twice"] if len(ids) != len(set(ids)) else []
    if block["type"] == "actions" and not 1 <= len(elements) <= 25:
        problems.append("no or too many elements")
    return problems + [problem for element in elements for problem in [*_texts(element), *_button(element)]]


def _button(element):
    if element["type"] != "button":
        return []
    problems = [] if 1 <= len(element["action_id"]) <= MAX_ID else ["action_id"]
    problems += [] if len(element.get("value", "")) <= MAX_BUTTON_VALUE else ["value"]
    confirm = element.get("confirm", {})
    return problems + [
        problem for name, text in confirm.items() for problem in text_problems(text["text"], MAX_CONFIRM[name])
    ]


def is_too_long(blocks):
    """Whether Slack would answer `msg_blocks_too_long`."""
    return sum(map(length, texts_in(blocks))) > MAX_ALL_TEXTS


def view_problems(view):
    """Return what Slack would refuse in a modal, in words."""
    try:
        parsed = View(**view)
        parsed.validate_json()
        known = parsed.to_dict()
    except (SlackObjectFormationError, TypeError) as error:
        return [str(error)]
    if known != view:
        return ["properties that Slack does not know"]
    problems = block_problems(view.get("blocks"), MAX_VIEW_BLOCKS)
    for name in ("title", "submit", "close"):
        problems += [
            f"{problem}: {name}" for problem in text_problems(view.get(name, {"text": "x"})["text"], MAX_TITLE)
        ]
    if len(json.dumps(view).encode()) > MAX_VIEW_BYTES:
        problems.append("view_too_large")
    if len(view.get("private_metadata", "")) > MAX_PRIVATE_METADATA:
        problems.append("private_metadata")
    inputs = [block for block in view["blocks"] if block["type"] == "input"]
    if inputs and "submit" not in view:
        problems.append("inputs without submit")
    return problems + [problem for block in inputs for problem in _input(block)]


def _input(block):
    """Return what Slack would refuse in an input (docs.slack.dev, "Block Kit", by element)."""
    element = block["element"]
    problems = [f"{one}: label" for one in text_problems(block["label"]["text"], 2_000)]
    problems += [f"{one}: hint" for one in text_problems(block.get("hint", {"text": "x"})["text"], 2_000)]
    problems += [f"{one}: placeholder" for one in text_problems(element.get("placeholder", {"text": "x"})["text"], 150)]
    if element["type"] == "plain_text_input" and not 1 <= element.get("max_length", 3_000) <= 3_000:
        problems.append("max_length")
    if element["type"] == "static_select":
        problems += _options(element)
    if element["type"] == "external_select" and not 0 <= element.get("min_query_length", 3) <= 75:
        problems.append("min_query_length")
    return problems


def _options(element):
    options = element["options"]
    problems = option_problems(options)
    if "initial_option" in element and element["initial_option"] not in options:
        problems.append("an initial option that is not offered")
    return problems


def found_problems(answer):
    """Return what Slack would refuse in the answer to a search."""
    if set(answer) not in ({"options"}, {"option_groups"}):
        return ["neither options nor groups"]
    if "options" in answer:
        return option_problems(answer["options"]) if answer["options"] else []
    groups = answer["option_groups"]
    problems = [] if 1 <= len(groups) <= MAX_OPTIONS else [f"{len(groups)} groups"]
    problems += [problem for group in groups for problem in text_problems(group["label"]["text"], 75)]
    return problems + [problem for group in groups for problem in option_problems(group["options"])]


def option_problems(options):
    """Return what Slack would refuse in the options of a menu or a group."""
    problems = [] if 1 <= len(options) <= MAX_OPTIONS else [f"{len(options)} options"]
    values = [option["value"] for option in options]
    if len(values) != len(set(values)):
        problems.append("a value twice")
    problems += [problem for option in options for problem in text_problems(option["text"]["text"], 75)]
    return problems + [problem for option in options for problem in text_problems(option["value"], 150)]


def filled(view, values):
    """Return the state of a window whose inputs hold these values; raises for what Slack's client lets nobody send."""
    inputs = {block["block_id"]: block for block in view["blocks"] if block["type"] == "input"}
    if unknown := set(values) - set(inputs):
        raise LookupError(f"no such inputs: {sorted(unknown)}")
    return {name: {block["element"]["action_id"]: _held(block, values.get(name, ""))} for name, block in inputs.items()}


def _held(block, value):
    element = block["element"]
    if not value and not block.get("optional", False):
        raise ValueError(f"{block['block_id']} must be filled")
    if element["type"] == "static_select":
        chosen = [option for option in element["options"] if option["value"] == value]
        if value and not chosen:
            raise ValueError(f"{value} is not offered")
        return {"type": "static_select", "selected_option": chosen[0] if chosen else None}
    if element["type"] == "external_select":
        return {"type": "external_select", "selected_option": {"value": value} if value else None}
    if len(value) > element.get("max_length", 3_000):
        raise ValueError(f"{block['block_id']} is too long")
    return {"type": element["type"], "value": value or None}
