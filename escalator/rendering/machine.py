"""What machines are told of an incident (outgoing webhooks and feeds): keys, ids, figures; content only where asked."""

from escalator.rendering.view import View


def data(view: View) -> dict[str, object]:
    """Return the `data` of an outgoing webhook."""
    incident = view.incident
    return {"number": incident.number, "source": incident.source, "state": incident.state.value}
