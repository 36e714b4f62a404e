"""`escalator audit`: the trail as JSON Lines, and whether it is whole."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import click

from escalator.commands.opening import open_core
from escalator.services.core import Core
from escalator.store import records

Line = tuple[dict[str, Any], str]
"""A sealed record as exported, without its hash; and the hash that stands beside it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verifying has found: how many records fit, the last hash, and what is wrong with the next, if anything."""

    count: int
    last_hash: str
    misfit: str | None = None


@click.group("audit")
def command() -> None:
    """Export the audit trail, or verify that nobody has changed it."""


@command.command("export")
@click.option("--out", type=click.File("w", encoding="utf-8", atomic=True), default="-", help="A file; stdout if none.")
def export(out: IO[str]) -> None:
    """Write every sealed record, the oldest first, one JSON object a line."""
    core = open_core()
    with core.database.reading() as connection:
        count = 0
        for line, stored_hash in records.sealed(connection):
            out.write(json.dumps({**line, "hash": stored_hash}, ensure_ascii=False) + "\n")
            count += 1
        unsealed = records.count_unsealed(connection)
    click.echo(f"{count} records; {_unsealed(unsealed)}", err=True)


@command.command("verify")
@click.argument("exported", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_context
def verify(ctx: click.Context, exported: Path | None) -> None:
    """Say whether the chain is whole, or name the first record that does not fit.

    EXPORTED is a file that `escalator audit export` has written; without one the database is asked.
    """
    verdict, unsealed = (followed(_read(exported)), 0) if exported else _verify_database(open_core())
    if verdict.misfit is not None:
        click.echo(f"The trail does not fit after {verdict.count} records: {verdict.misfit}")
        ctx.exit(1)
    click.echo(f"{verdict.count} records, every one fits; the last hash is {verdict.last_hash}")
    if not exported:
        click.echo(_unsealed(unsealed))


def followed(lines: Iterable[Line]) -> Verdict:
    """Return how far the chain holds: each record numbered after the last, naming its hash, with a hash that fits."""
    seq, previous = 0, records.FIRST_HASH
    for line, stored_hash in lines:
        wrong = _misfit(line, stored_hash, seq + 1, previous)
        if wrong is not None:
            return Verdict(seq, previous, wrong)
        seq, previous = seq + 1, stored_hash
    return Verdict(seq, previous)


def _misfit(line: dict[str, Any], stored_hash: str, expected: int, previous: str) -> str | None:
    if line.get("seq") != expected:
        return f"record {expected} is missing, the next is {line.get('seq')}"
    named = f"record {expected} ({line.get('action')} at {line.get('at')}, incident {line.get('incident')})"
    if line.get("prev_hash") != previous:
        return f"{named} does not name the hash of the one before it"
    if records.chained(line) != stored_hash:
        return f"{named} has been changed: its hash is not the stored one"
    return None


def _verify_database(core: Core) -> tuple[Verdict, int]:
    with core.database.reading() as connection:
        verdict = followed(records.sealed(connection))
        last_seq = records.last_seq(connection)
        unsealed = records.count_unsealed(connection)
    if verdict.misfit is None and last_seq != verdict.count:
        verdict = Verdict(verdict.count, verdict.last_hash, f"record {verdict.count + 1} is missing, its seal is there")
    return verdict, unsealed


def _read(path: Path) -> Iterator[Line]:
    with path.open(encoding="utf-8") as file:
        for number, text in enumerate(file, 1):
            try:
                line = json.loads(text)
                yield line, line.pop("hash")
            except (ValueError, KeyError, AttributeError) as error:
                raise click.ClickException(f"{path}:{number}: is no exported record") from error


def _unsealed(count: int) -> str:
    return f"{count} more {'is' if count == 1 else 'are'} not sealed yet" if count else "all of them are sealed"
