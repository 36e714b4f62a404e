"""Lines: the destinations of the policy, and of a person each channel by which they are told."""

from sqlalchemy import ColumnElement, Table, case

from escalator.model.policy import DestinationKind

_PERSON = "person:"


def line_of(destination: str, channel: DestinationKind) -> str:
    """Return what hangs or answers on its own: a destination, or a person by one channel (`person:ana/slack`)."""
    return f"{destination}/{channel.value}" if destination.startswith(_PERSON) else destination


def line(table: Table) -> ColumnElement[str]:
    """Return the same for a row of deliveries or posts."""
    by_channel = table.c.destination.concat("/").concat(table.c.channel)
    return case((table.c.destination.startswith(_PERSON), by_channel), else_=table.c.destination)
