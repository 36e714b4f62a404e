"""A card in Slack's form: `text` for the locked phone, and Block Kit.

Whatever holds no instant and no link is a plain_text object, in which nothing is ever markup; the rest is mrkdwn,
escaped, and `verbatim`, so that Slack turns no word of it into a link or a mention. Limits are those that Slack
documents and slack_sdk's models enforce; what is longer is cut, because a refused message is a lost one.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import accumulate

from escalator.model.message import Button, Card, Line, Link, Moment

Json = dict[str, object]
Payload = dict[str, object]
"""What is sent to Slack besides the channel: `text`, and `blocks` where there are any."""

MAX_TEXT = 4_000
MAX_BLOCKS = 50
MAX_SECTION_TEXT = 3_000
MAX_HEADER_TEXT = 150
MAX_BUTTON_TEXT = 75
MAX_BUTTON_VALUE = 2_000
MAX_ACTION_ELEMENTS = 25
MAX_CONFIRM_TEXT = 300
MAX_URL = 2_000

BUTTONS_BLOCK = "answers"
BULLETIN_BLOCK = "bulletin"
"""The buttons of a full message, and those of a bulletin: what is clicked there is not the incident's own message."""

_MENTION = re.compile(r"[A-Z][A-Z0-9]{1,30}")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_URL_ESCAPES = str.maketrans({" ": "%20", "|": "%7C", "<": "%3C", ">": "%3E", "\n": "%0A", "\r": "%0D"})


def escape(text: str) -> str:
    """Return the text with the three characters escaped that begin a mention or a link (Slack asks for no more)."""
    return "".join(_ESCAPES.get(char, char) for char in text)


def fitting(lines: Iterable[str], more: str) -> str:
    """Return as many whole lines as fit, and `more` for those left out: a cut mention would be none."""
    said = ""
    for line in lines:
        if len(said) + len(line) + len(more) + 1 >= MAX_TEXT:
            return f"{said}\n{more}".lstrip("\n")
        said += f"\n{line}" if said else line
    return said


def message(card: Card) -> Payload:
    """Return what stands at Slack for this card."""
    return {"text": _fit(card.text, MAX_TEXT), "blocks": list(_blocks(card))}


def notice(text: str) -> Payload:
    """Return a plain answer to one person."""
    return {"text": _fit(text, MAX_TEXT)}


def _blocks(card: Card) -> Iterator[Json]:
    before: list[Json] = []
    if card.header:
        before.append({"type": "header", "text": plain(card.header, MAX_HEADER_TEXT)})
    mentions = " ".join(_mentions(card.mentions))
    if mentions:
        before.append({"type": "section", "text": _markup(mentions)})
    block_id = BULLETIN_BLOCK if card.is_bulletin else BUTTONS_BLOCK
    after = [_actions(card.buttons, block_id)] if card.buttons else []
    body = [*_sections(card.lines[:1]), *_snippet(card.snippet), *_sections(card.lines[1:])]
    yield from before
    yield from body[: MAX_BLOCKS - len(before) - len(after)]
    yield from after


def _snippet(snippet: str | None) -> Iterator[Json]:
    if snippet:
        yield {"type": "section", "text": plain(snippet, MAX_SECTION_TEXT)}


def _sections(lines: Iterable[Line]) -> Iterator[Json]:
    """Yield as few sections as hold the lines: neighbours of the same kind share one."""
    held: list[str] = []
    held_is_plain = True
    for line in lines:
        is_plain = all(isinstance(part, str) for part in line)
        said = _plain_line(line) if is_plain else _markup_line(line)
        if not said.strip():
            continue
        is_full = sum(map(len, held)) + len(held) + len(said) > MAX_SECTION_TEXT
        if held and (is_plain is not held_is_plain or is_full):
            yield _section("\n".join(held), is_plain=held_is_plain)
            held = []
        held_is_plain = is_plain
        held.append(said)
    if held:
        yield _section("\n".join(held), is_plain=held_is_plain)


def _section(text: str, *, is_plain: bool) -> Json:
    return {"type": "section", "text": plain(text, MAX_SECTION_TEXT) if is_plain else _markup(text)}


def _plain_line(line: Line) -> str:
    return _cut("".join(part for part in line if isinstance(part, str)), MAX_SECTION_TEXT)


def _markup_line(line: Line) -> str:
    """Return the line as mrkdwn; a part that no longer fits ends it, so that no markup is ever cut in two."""
    said = ""
    for part in line:
        room = MAX_SECTION_TEXT - len(said)
        more = _fit(part, room) if isinstance(part, str) else _element(part)
        if len(more) > room:
            break
        said += more
    return said


def _element(part: Moment | Link) -> str:
    if isinstance(part, Moment):
        return date(part.at)
    url = part.url.translate(_URL_ESCAPES)
    label = _fit(part.label, MAX_BUTTON_TEXT)
    return label if len(url) > MAX_URL else f"<{escape(url)}|{label}>"


def date(at: datetime) -> str:
    """Return an instant that Slack shows in the reader's own time zone; in UTC where it cannot."""
    fallback = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{fallback}>"


def _mentions(ids: Iterable[str]) -> Iterator[str]:
    for key in dict.fromkeys(ids):
        if _MENTION.fullmatch(key):
            yield f"<!subteam^{key}>" if key.startswith("S") else f"<@{key}>"


def _actions(buttons: tuple[Button, ...], block_id: str) -> Json:
    used: dict[str, int] = {}
    elements: list[Json] = []
    for button in buttons[:MAX_ACTION_ELEMENTS]:
        before = used.get(button.verb.value, 0)
        used[button.verb.value] = before + 1
        action_id = f"{button.verb.value}:{before + 1}" if before else button.verb.value
        elements.append(_button(button, action_id))
    return {"type": "actions", "block_id": block_id, "elements": elements}


def _button(button: Button, action_id: str) -> Json:
    element: Json = {
        "type": "button",
        "action_id": action_id,
        "text": plain(button.label, MAX_BUTTON_TEXT),
        "value": button.value[:MAX_BUTTON_VALUE],
    }
    if button.is_primary or button.is_danger:
        element["style"] = "primary" if button.is_primary else "danger"
    if button.confirm is not None:
        element["confirm"] = {
            "title": plain(button.label, MAX_BUTTON_TEXT),
            "text": plain(button.confirm, MAX_CONFIRM_TEXT),
            "confirm": plain("Yes", MAX_BUTTON_TEXT),
            "deny": plain("No", MAX_BUTTON_TEXT),
        }
    return element


def plain(text: str, limit: int) -> Json:
    """Return a plain_text object of at most so many characters, in which `:smile:` stays what it is."""
    return {"type": "plain_text", "text": _cut(text, limit), "emoji": False}


def _markup(text: str) -> Json:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _fit(text: str, limit: int) -> str:
    """Return the text escaped, cut so that the escaped form fits and no escape is cut in two."""
    escaped = escape(text)
    if len(escaped) <= limit:
        return escaped
    sizes = accumulate(len(_ESCAPES.get(char, char)) for char in text)
    kept = sum(size < limit for size in sizes)
    return f"{escape(text[:kept])}…" if limit > 0 else ""
