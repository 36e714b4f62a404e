"""What the message of a group says of the alerts that it tells of: how many there are, and which."""

from escalator.model.incident import CLOSED_STATES
from escalator.model.levels import ContentRule
from escalator.rendering.redaction import NAME_CHARS, one_line
from escalator.rendering.view import View

_AUTHOR = "author"
_MOST_AUTHORS = 3


def storm_words(view: View) -> str:
    """Return `Storm: 37 alerts of one kind, #1047 to #1083 · author user-42`.

    The author is named where all have the same and their id may be said. How many there were is not said of a group
    that is over, since they end with it one after the other, nor when it has been opened again without them.
    """
    said = ", ".join(part for part in (f"Storm: {_alerts(view)} of one kind", _numbers(view)) if part)
    authors = _authors(view)
    return f"{said} · author {authors}" if authors else said


def _alerts(view: View) -> str:
    count = view.incident.members or 0
    if view.incident.state in CLOSED_STATES or not count:
        return "alerts"
    return "1 alert" if count == 1 else f"{count} alerts"


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
