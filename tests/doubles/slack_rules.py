"""What Slack refuses: the checks of the double, by slack_sdk's own models and the documented limits."""

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


def block_problems(blocks, limit=MAX_BLOCKS):
    """Return what Slack would refuse in these blocks, in words."""
    if not isinstance(blocks, list) or len(blocks) > limit:
        return [f"more than {limit} blocks, or no list"]
    problems = [problem for block in blocks for problem in _one_block(block)]
    ids = [block["block_id"] for block in blocks if isinstance(block, dict) and "block_id" in block]
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
    if not 1 <= len(text["text"]) <= MAX_TEXTS.get(block["type"], 3_000):
        return [f"text of {len(text['text'])} characters in a {block['type']}"]
    if block["type"] == "header" and text["type"] != "plain_text":
        return ["a header that is not plain"]
    return []


def _elements(block):
    elements = block.get("elements", [])
    ids = [element.get("action_id") for element in elements]
    problems = ["an action_id twice"] if len(ids) != len(set(ids)) else []
    if block["type"] == "actions" and not 1 <= len(elements) <= 25:
        problems.append("no or too many elements")
    return problems + [problem for element in elements for problem in _texts(element)]


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
    if not 1 <= len(view["title"]["text"]) <= MAX_TITLE:
        problems.append("title")
    if len(view.get("private_metadata", "")) > MAX_PRIVATE_METADATA:
        problems.append("private_metadata")
    inputs = [block for block in view["blocks"] if block["type"] == "input"]
    if inputs and "submit" not in view:
        problems.append("inputs without submit")
    return problems + [problem for block in inputs for problem in _input(block)]


def _input(block):
    """Return what Slack would refuse in an input (docs.slack.dev, "Block Kit", by element)."""
    element = block["element"]
    problems = [] if 1 <= len(block["label"]["text"]) <= 2_000 else ["label"]
    if element["type"] == "plain_text_input" and not 1 <= element.get("max_length", 3_000) <= 3_000:
        problems.append("max_length")
    if element["type"] == "static_select":
        problems += _options(element)
    return problems


def _options(element):
    options = element["options"]
    problems = [] if 1 <= len(options) <= MAX_OPTIONS else [f"{len(options)} options"]
    values = [option["value"] for option in options]
    if len(values) != len(set(values)):
        problems.append("a value twice")
    if any(not 1 <= len(option["text"]["text"]) <= 75 or not 1 <= len(option["value"]) <= 150 for option in options):
        problems.append("an option that is empty or too long")
    if "initial_option" in element and element["initial_option"] not in options:
        problems.append("an initial option that is not offered")
    return problems


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
    if len(value) > element.get("max_length", 3_000):
        raise ValueError(f"{block['block_id']} is too long")
    return {"type": element["type"], "value": value or None}
