"""What Slack refuses: the checks of the double, by slack_sdk's own models and the documented limits."""

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

MAX_BLOCKS = 50
MAX_VIEW_BLOCKS = 100
MAX_UPDATE_TEXT = 4_000
MAX_TITLE = 24
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
    except (SlackObjectFormationError, TypeError) as error:
        return [str(error)]
    if parsed.to_dict() != view:
        return ["properties that Slack does not know"]
    problems = block_problems(view.get("blocks"), MAX_VIEW_BLOCKS)
    if not 1 <= len(view["title"]["text"]) <= MAX_TITLE:
        problems.append("title")
    if len(view.get("private_metadata", "")) > MAX_PRIVATE_METADATA:
        problems.append("private_metadata")
    if any(block["type"] == "input" for block in view["blocks"]) and "submit" not in view:
        problems.append("inputs without submit")
    return problems
