"""A card in Slack's form: `text` for the locked phone, and Block Kit.

Lines without instants and links are plain_text objects, which have no markup; the others are mrkdwn, escaped, and
`verbatim`, so that Slack turns no word into a link or a mention. Texts above Slack's `limits` are split or cut
visibly, because a refused message is lost; the buttons are never cut.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from escalator.channels.slack import limits
from escalator.channels.slack.text import element, fit, length, markup, plain
from escalator.model.message import Button, Card, Line
from escalator.rendering.truncate import MORE, cut, utf16

Json = dict[str, object]
Payload = dict[str, object]
"""A message without its channel: `text`, and `blocks` where there are any."""

BUTTONS_BLOCK = "answers"
BULLETIN_BLOCK = "bulletin"
"""Block ids of the buttons of a full message, and of a bulletin, which is not the incident's own message."""

MENTIONS_BLOCK = "mentions"
_CUT = f"{MORE} the rest does not fit into a Slack message"

_MENTION = re.compile(r"[A-Z][A-Z0-9]{1,30}")


def message(card: Card) -> Payload:
    """Return the message for this card."""
    return {"text": _text(card.text, limits.TEXT), "blocks": _blocks(card)}


def notice(text: str) -> Payload:
    """Return a plain answer to one person."""
    return {"text": _text(text, limits.EPHEMERAL_TEXT)}


def _text(text: str, limit: int) -> str:
    fitted = fit(text, limit)
    return fitted if fitted.strip() else MORE


def smaller(blocks: Sequence[Json]) -> Iterator[list[Json]]:
    """Yield smaller lists of blocks to try when Slack refuses them, without the least important first.

    Blocks with an id of ours (mentions and buttons) stay longest; the last list is empty.
    """
    named = [block for block in blocks if "block_id" in block]
    buttons = [block for block in named if block["type"] == "actions"]
    tried = list(blocks)
    for fewer in (named, buttons, []):
        if len(fewer) < len(tried):
            yield fewer
            tried = fewer


def _blocks(card: Card) -> list[Json]:
    """Return the blocks of a card. Required blocks get their room first, then the body."""
    before: list[Json] = []
    if card.header:
        before.append({"type": "header", "text": plain(card.header, limits.HEADER)})
    after = _actions(card.buttons, BULLETIN_BLOCK if card.is_bulletin else BUTTONS_BLOCK, card.bundle_id)
    needed = _text_size([*before, *after]) + limits.BODY_TEXT
    before += _mention_sections(card.mentions, limits.MESSAGE_TEXT - needed)
    body = [*_sections(card.lines[:1]), *_snippet(card.snippet), *_sections(card.lines[1:])]
    required = [*before, *after]
    room = limits.MESSAGE_TEXT - _text_size(required)
    return [*before, *_within(body, limits.BLOCKS - len(required), room), *after]


def _within(body: Sequence[Json], max_blocks: int, room: int) -> Iterator[Json]:
    """Yield as many blocks as fit, from the first on; if some are left out, a last block says so."""
    mark = _section(_CUT, is_plain=True)
    for at, block in enumerate(body):
        is_last = at == len(body) - 1
        needed = _text_size(block) + (0 if is_last else _text_size(mark))
        if needed > room or (at == max_blocks - 1 and not is_last):
            yield mark
            return
        room -= _text_size(block)
        yield block


def _text_size(block: object) -> int:
    """Return the length of all texts in a block, which counts for `limits.MESSAGE_TEXT`."""
    if isinstance(block, dict):
        own = block.get("text")
        inner = [value for name, value in block.items() if name != "text" or not isinstance(own, str)]
        return (length(own) if isinstance(own, str) else 0) + sum(map(_text_size, inner))
    return sum(map(_text_size, block)) if isinstance(block, list) else 0


def _snippet(snippet: str | None) -> Iterator[Json]:
    if snippet:
        yield {"type": "section", "text": plain(snippet, limits.SECTION)}


def _sections(lines: Iterable[Line]) -> Iterator[Json]:
    """Yield the lines in as few sections as possible: neighbours of the same kind share one."""
    held: list[str] = []
    held_is_plain = True
    for line in lines:
        is_plain = all(isinstance(part, str) for part in line)
        text = _plain_line(line) if is_plain else _markup_line(line)
        if not text.strip():
            continue
        is_full = sum(map(length, held)) + len(held) + length(text) > limits.SECTION
        if held and (is_plain is not held_is_plain or is_full):
            yield _section("\n".join(held), is_plain=held_is_plain)
            held = []
        held_is_plain = is_plain
        held.append(text)
    if held:
        yield _section("\n".join(held), is_plain=held_is_plain)


def _section(text: str, *, is_plain: bool) -> Json:
    return {"type": "section", "text": plain(text, limits.SECTION) if is_plain else markup(text)}


def _plain_line(line: Line) -> str:
    return cut("".join(part for part in line if isinstance(part, str)), limits.SECTION, utf16)


def _markup_line(line: Line) -> str:
    """Return the line as mrkdwn; it ends before a part that no longer fits, so that no markup is cut."""
    markup_text = ""
    for part in line:
        room = limits.SECTION - length(markup_text) - length(MORE)
        more = fit(part, room) if isinstance(part, str) else element(part)
        if length(more) > room:
            return markup_text + MORE
        markup_text += more
    return markup_text


def _mention_sections(ids: Iterable[str], room: int) -> Iterator[Json]:
    """Yield sections that mention these people within `room`; the last one says how many more there are.

    People without a mention are still notified: each person of a step has a delivery of their own.
    """
    waiting = [_mention(key) for key in dict.fromkeys(ids) if _MENTION.fullmatch(key)]
    for number in range(1, limits.MENTION_SECTIONS + 1):
        section_room = min(room, limits.SECTION)
        held = _as_many_as_fit(waiting, section_room)
        is_last = number == limits.MENTION_SECTIONS or room <= limits.SECTION
        if is_last and len(held) < len(waiting):
            held = _as_many_as_fit(waiting, section_room - len(f" {MORE} and {len(waiting)} more"))
            held.append(f"{MORE} and {len(waiting) - len(held)} more")
        if not held:
            return
        yield {"type": "section", "block_id": _numbered(MENTIONS_BLOCK, number), "text": markup(" ".join(held))}
        if is_last:
            return
        waiting, room = waiting[len(held) :], room - limits.SECTION


def _as_many_as_fit(words: Sequence[str], room: int) -> list[str]:
    """Return as many words as fit into the room with a space between them."""
    fitting_words: list[str] = []
    for word in words:
        room -= len(word) + (1 if fitting_words else 0)
        if room < 0:
            break
        fitting_words.append(word)
    return fitting_words


def _mention(key: str) -> str:
    return f"<!subteam^{key}>" if key.startswith("S") else f"<@{key}>"


def _actions(buttons: Sequence[Button], block_id: str, bundle_id: UUID | None) -> list[Json]:
    """Return the buttons in as many blocks as needed; the block ids of a bundle hold its id."""
    used: dict[str, int] = {}
    elements: list[Json] = []
    for button in buttons:
        before = used.get(button.verb.value, 0)
        used[button.verb.value] = before + 1
        elements.append(_button(button, _numbered(button.verb.value, before + 1)))
    rows = [elements[at : at + limits.ACTIONS] for at in range(0, len(elements), limits.ACTIONS)]
    return [
        {"type": "actions", "block_id": _block_id(block_id, number, bundle_id), "elements": row}
        for number, row in enumerate(rows, start=1)
    ]


def _numbered(name: str, number: int) -> str:
    """Return an id with a number, because ids are unique in a message; the first is the name alone."""
    return name if number == 1 else f"{name}:{number}"


def _block_id(name: str, number: int, bundle_id: UUID | None) -> str:
    return _numbered(name, number) if bundle_id is None else f"{name}:{number}:{bundle_id}"


def bundle_of(block_id: str) -> UUID | None:
    """Return the bundle of this block's buttons, or None when it is no bundle's."""
    name, _, id_text = block_id.partition(":")
    try:
        return UUID(id_text.partition(":")[2]) if name == BULLETIN_BLOCK else None
    except ValueError:
        return None


def first_id(numbered: str) -> str:
    """Return the name in a block or action id of ours, without its number."""
    return numbered.partition(":")[0]


def _button(button: Button, action_id: str) -> Json:
    element: Json = {
        "type": "button",
        "action_id": action_id,
        "text": plain(button.label, limits.BUTTON_TEXT),
        "value": cut(button.value, limits.BUTTON_VALUE, utf16),
    }
    if button.is_primary or button.is_danger:
        element["style"] = "primary" if button.is_primary else "danger"
    if button.confirm is not None:
        element["confirm"] = {
            "title": plain(button.label, limits.CONFIRM_TITLE),
            "text": plain(button.confirm, limits.CONFIRM_TEXT),
            "confirm": plain("Yes", limits.CONFIRM_BUTTON),
            "deny": plain("No", limits.CONFIRM_BUTTON),
        }
    return element
