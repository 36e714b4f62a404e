"""What a moderator has written about an incident, as its thread shows it."""

from escalator.engine.permissions import is_withheld
from escalator.model.levels import ContentRule
from escalator.model.message import Card
from escalator.rendering import push_text
from escalator.rendering.view import View


def note_card(view: View, author: str, text: str | None) -> Card:
    """Return a note. Where the content is withheld, by now or from the first, nothing of it is said (RULES 5).

    `text` is None once it has been deleted. `view.running` names the author, a policy key.
    """
    said = f"Note on #{view.incident.number} by {view.name(author)}"
    is_shown = view.rule is not ContentRule.WITHHOLD and not is_withheld(view.incident, view.running)
    shown = text if is_shown else None
    head = push_text.marked(said, is_test=view.is_test, is_drill=view.is_drill)
    return Card(text=head, header="", lines=((head,), ("" if shown else "No longer shown here",)), snippet=shown)
