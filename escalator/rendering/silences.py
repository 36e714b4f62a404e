"""Silences in words: what they match, who created them, until when."""

from escalator.engine.silences import categories_of_silence
from escalator.model.levels import ContentRule
from escalator.model.message import Card, InlineTime, Line
from escalator.model.policy import Policy
from escalator.model.silence import Silence, SilenceScope
from escalator.rendering.push_text import words
from escalator.rendering.view import display_name, title_of


def subject(silence: Silence, policy: Policy) -> str:
    """Return `Self-harm`, or `the route "High and critical"`."""
    if silence.of is SilenceScope.ROUTE:
        return f'the route "{silence.name}"'
    category = policy.categories.get(silence.name)
    return title_of(category) if category else silence.name


def silenced_by(silence: Silence, policy: Policy) -> str:
    """Return `silenced by Dana Fox`."""
    return f"silenced by {display_name(silence.author, policy)}"


def may_show_reason(silence: Silence, policy: Policy) -> bool:
    """Whether the reason may be shown to everybody: not for restricted or withheld categories."""
    about = categories_of_silence(silence.of, silence.name, policy)
    return not any(category.restricted_to or category.content is ContentRule.WITHHOLD for category in about)


def begun(silence: Silence, policy: Policy) -> Card:
    """Return the announcement of a silence that also matches critical incidents; an empty reason is left out."""
    lasts = words(silence.ends_at - silence.starts_at)
    author = display_name(silence.author, policy)
    text = f"{author} silenced {subject(silence, policy)} for {lasts}, including critical incidents"
    until: Line = (
        "Until ",
        InlineTime(silence.ends_at),
        " one step of each incident is not sent, the step after it is",
    )
    return Card(text, text, (until, (f"Reason: {silence.reason}",)) if silence.reason else (until,))


def ended(silence: Silence, policy: Policy, by: str | None) -> Card:
    """Return the announcement of such a silence's end; `by` None when it has expired."""
    subject_text = subject(silence, policy)
    text = (
        f"{display_name(by, policy)} ended the silence for {subject_text}"
        if by
        else f"The silence for {subject_text} has ended"
    )
    return Card(text, text, (("Notifications that it held back are sent now",),))
