"""A moderator's note on an incident, as its thread shows it."""

from escalator.engine.permissions import is_withheld
from escalator.model.levels import ContentRule
from escalator.model.message import Card
from escalator.rendering import push_text
from escalator.rendering.view import View


def note_card(view: View, author: str, text: str | None) -> Card:
    """Return the card of a note. Where the content is or was withheld, its text is left out (RULES 5).

    `text` is None once it has been deleted. `view.running` names the author, a policy key.
    """
    heading = f"Note on #{view.incident.number} by {view.name(author)}"
    is_shown = view.rule is not ContentRule.WITHHOLD and not is_withheld(view.incident, view.running)
    shown = text if is_shown else None
    head = push_text.marked(heading, is_test=view.is_test, is_drill=view.is_drill)
    return Card(text=head, header="", lines=((head,), ("" if shown else "No longer shown here",)), snippet=shown)
