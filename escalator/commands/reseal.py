"""`escalator reseal`: encrypt all content with the newest CONTENT_KEY, so that older keys can be removed."""

from typing import NamedTuple

import click
from sqlalchemy import Column

from escalator.commands.open_installation import open_core
from escalator.errors import ContentLocked
from escalator.services.core.context import Core
from escalator.store.reencryption import reseal_batch, sealed_columns

_BATCH = 100


@click.command("reseal")
@click.pass_context
def command(ctx: click.Context) -> None:
    """Encrypt all content again with the first CONTENT_KEY. Safe while everything runs, and safe to repeat.

    Exits 1 if something cannot be decrypted with any of the keys.
    """
    core = open_core()
    results = [(f"{column.table.name}.{column.name}", _resealed(core, column)) for column in sealed_columns()]
    looked_at, changed, locked = (sum(result[place] for _, result in results) for place in range(3))
    for name, result in results:
        if result.locked:
            click.echo(f"{name}: {result.locked} cannot be decrypted with any key", err=True)
    click.echo(f"{looked_at} encrypted values, {changed} of them encrypted again.")
    if locked:
        click.echo("Append the key that these were encrypted with to CONTENT_KEY, and run this again.", err=True)
        ctx.exit(1)
    click.echo("All use the first key. Once every process runs with it, remove the other keys from CONTENT_KEY.")


class _Resealed(NamedTuple):
    """How many values of a column were read, resealed, and could not be opened."""

    looked_at: int
    changed: int
    locked: int


def _resealed(core: Core, column: Column[bytes]) -> _Resealed:
    """Reseal a column, batch by batch."""
    looked_at, changed, locked = 0, 0, 0

    def reseal(sealed: bytes) -> bytes | None:
        nonlocal locked
        try:
            return core.seal.renewed(sealed)
        except ContentLocked:
            locked += 1
            return None

    after: object | None = None
    while True:
        with core.database.writing() as connection:
            after, count, resealed = reseal_batch(connection, column, reseal, after, _BATCH)
        if after is None:
            return _Resealed(looked_at, changed, locked)
        looked_at, changed = looked_at + count, changed + resealed
