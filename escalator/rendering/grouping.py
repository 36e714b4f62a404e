"""The line of a group's message that says how many alerts it holds, and which."""

from escalator.model.incident import CLOSED_STATES
from escalator.model.levels import ContentRule
from escalator.rendering.redaction import NAME_CHARS, one_line
from escalator.rendering.view import View

_AUTHOR = "author"
_MOST_AUTHORS = 3


def group_words(view: View) -> str:
    """Return `Group of 37 similar alerts, #1047 to #1083 · author user-42`.

    The author is named where all have the same and their id may be shown. The number is left out for a closed group,
    whose members are closed one after the other, and for one that was reopened without them.
    """
    summary = ", ".join(part for part in (_alerts(view), _numbers(view)) if part)
    authors = _authors(view)
    return f"{summary} · author {authors}" if authors else summary


def _alerts(view: View) -> str:
    count = view.incident.member_count or 0
    if view.incident.state in CLOSED_STATES or not count:
        return "Group of similar alerts"
    return "Group of 1 alert" if count == 1 else f"Group of {count} similar alerts"


def _numbers(view: View) -> str:
    if view.others.told_of is None:
        return ""
    first, newest = view.others.told_of
    return f"#{first}" if first == newest else f"#{first} to #{newest}"


def _authors(view: View) -> str:
    rule = view.frozen.grouping
    if rule is None or _AUTHOR not in rule.by or view.rule is ContentRule.WITHHOLD:
        return ""
    known = sorted(view.incident.facts.values(_AUTHOR))[:_MOST_AUTHORS]
    return ", ".join(one_line(author, NAME_CHARS) for author in known)
