"""What is known of destinations besides the policy: which are to be left alone for a while, and which are gone."""

from datetime import datetime

from sqlalchemy import Connection, case, select, update

from escalator.store.tables import destinations
from escalator.store.upserts import upsert


def close_until(connection: Connection, name: str, until: datetime) -> None:
    """Let a destination be left alone for a while, because its vendor asked for it; a longer wait stays."""
    statement = upsert(connection, destinations).values(name=name, not_before=until)
    known = destinations.c.not_before
    latest = case((known > until, known), else_=until)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"not_before": latest}))


def closed_beyond(connection: Connection, instant: datetime) -> dict[str, datetime]:
    """Return the destinations that are to be left alone until later than that, and until when."""
    known = select(destinations.c.name, destinations.c.not_before).where(destinations.c.not_before > instant)
    return {row.name: row.not_before for row in connection.execute(known)}


def note_gone(connection: Connection, name: str, address_digest: str) -> None:
    """Note that nothing is received at this address of a destination any more."""
    statement = upsert(connection, destinations).values(name=name, gone_address=address_digest)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"gone_address": address_digest}))


def is_gone(connection: Connection, name: str, address_digest: str) -> bool:
    """Whether a destination is gone; one that has another address since is not."""
    known = select(destinations.c.gone_address).where(destinations.c.name == name)
    return connection.scalar(known) == address_digest


def forget_gone(connection: Connection, name: str) -> None:
    """Note that a destination is there after all."""
    connection.execute(update(destinations).where(destinations.c.name == name).values(gone_address=None))
