"""`escalator audit`: export the audit log as JSON Lines, and verify it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import click

from escalator.commands.open_installation import open_core
from escalator.services.audit import verify as chain
from escalator.store import audit_log


@click.group("audit")
def command() -> None:
    """Export the audit log, or verify that nobody has changed it."""


@command.command("export")
@click.option("--out", type=click.File("w", encoding="utf-8", atomic=True), default="-", help="Write to this file.")
def export(out: IO[str]) -> None:
    """Write every record in the hash chain, oldest first, one JSON object a line."""
    core = open_core()
    with core.database.reading() as connection:
        count = 0
        for line, stored_hash in audit_log.chained_records(connection):
            out.write(json.dumps({**line, "hash": stored_hash}, ensure_ascii=False) + "\n")
            count += 1
        unchained = audit_log.count_unchained(connection)
    click.echo(f"{count} records; {_unchained(unchained)}", err=True)


@command.command("verify")
@click.argument("exported", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_context
def verify(ctx: click.Context, exported: Path | None) -> None:
    """Verify the hash chain, and name the first record that was changed or is missing.

    EXPORTED is a file written by `escalator audit export`; without it the database is verified. Exits 1 if it fails.
    """
    verdict, unchained = (chain.follow_chain(_read(exported)), 0) if exported else chain.verify_chain(open_core())
    if verdict.misfit is not None:
        click.echo(f"Verification failed after {verdict.count} records: {verdict.misfit}")
        ctx.exit(1)
    click.echo(f"{verdict.count} records verified, none changed or missing; the last hash is {verdict.last_hash}")
    if not exported:
        click.echo(_unchained(unchained))


def _read(path: Path) -> Iterator[chain.Line]:
    with path.open(encoding="utf-8") as file:
        for number, text in enumerate(file, 1):
            try:
                line = json.loads(text)
                yield line, line.pop("hash")
            except (ValueError, KeyError, AttributeError) as error:
                raise click.ClickException(f"{path}:{number}: not an exported audit record") from error


def _unchained(count: int) -> str:
    return (
        f"{count} more {'is' if count == 1 else 'are'} not in the hash chain yet"
        if count
        else "all are in the hash chain"
    )
