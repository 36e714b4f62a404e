"""Search among more choices than a menu holds: Slack's request while somebody types, and the answer.

docs.slack.dev/reference/interaction-payloads/block_suggestion-payload; it is answered within 3 s with options, or with
groups of them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from escalator.channels.slack import limits
from escalator.channels.slack.blocks import Json
from escalator.channels.slack.modals import Choice, offerable, option, origin_of
from escalator.channels.slack.submissions import Sender
from escalator.channels.slack.text import plain
from escalator.rendering.buttons import ButtonValue, decode


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Somebody searches in the input `name` of one of our modals. `button` is the button that opened it, if any."""

    user_id: str
    team_id: str
    api_app_id: str
    callback_id: str
    name: str
    typed: str
    button: ButtonValue | None
    enterprise_id: str = ""


def suggestion(sender: Sender, payload: Mapping[str, Any]) -> Suggestion | None:
    """Return the search, or None where it is not in a modal."""
    view = payload["view"]
    if view is None:
        return None
    return Suggestion(
        user_id=sender.user_id,
        team_id=sender.team_id,
        api_app_id=sender.api_app_id,
        callback_id=view["callback_id"],
        name=payload["action_id"] or "",
        typed=payload["value"] or "",
        button=decode(origin_of(view["private_metadata"]).value),
        enterprise_id=sender.enterprise_id,
    )


def options(choices: Iterable[Choice], typed: str) -> Json:
    """Return the choices with every typed word in label or value; where not all fit, a heading says so."""
    words = typed.casefold().split()
    matches = [choice for choice in offerable(choices) if all(word in " ".join(choice).casefold() for word in words)]
    shown = [option(*choice) for choice in matches[: limits.OPTIONS]]
    if len(matches) <= len(shown):
        return {"options": shown}
    heading = f"The first {len(shown)} of {len(matches)}: type more of the name"
    return {"option_groups": [{"label": plain(heading, limits.OPTION_GROUP_LABEL), "options": shown}]}
