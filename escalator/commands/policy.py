"""`escalator policy`: the versions that were active, their texts, and differences between two."""

import click
from sqlalchemy import Connection

from escalator.commands.arguments import Misused, read
from escalator.commands.open_installation import open_core
from escalator.commands.policy_version import version
from escalator.errors import Unavailable
from escalator.services.policies.versions import SHORT, diff_lines, previous_version, version_text
from escalator.store import policies
from escalator.store.policies import PolicyOffer, PolicyVersion


@click.group("policy")
def command() -> None:
    """Show the versions of the policy, and how they differ. `${NAME}` is not replaced."""


@command.command("history")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1), help="How many, newest first.")
def history(limit: int) -> None:
    """List every activated and refused version, newest first; the active version has a star."""
    with open_core().database.reading() as connection:
        active = policies.active_id(connection)
        offers = policies.history(connection, limit)
    if not offers:
        click.echo("No policy has been activated yet.")
    newest = next((offer for offer in offers if offer.version and offer.version.id == active), None)
    for offer in offers:
        click.echo(f"{'*' if offer is newest else ' '} {offer.at:%Y-%m-%d %H:%M:%S} UTC  {_offer_words(offer)}")


def _offer_words(offer: PolicyOffer) -> str:
    if offer.version is None:
        return f"{'refused':<{SHORT}}  by {offer.actor}: {offer.problems} problem{'' if offer.problems == 1 else 's'}"
    return f"{offer.version.sha256[:SHORT]}  by {offer.actor}"


@command.command("show")
@click.argument("sha256", required=False, metavar="[HASH]")
def show(sha256: str | None) -> None:
    """Print a version as it was written: the active one, or the one whose hash begins with HASH."""
    with open_core().database.reading() as connection:
        policy_version = version(connection, sha256) if sha256 else _active(connection)
        click.echo(policies.text_of(connection, policy_version.id), nl=False)


@command.command("diff")
@click.argument("old", required=False)
@click.argument("new", required=False)
@click.option("--file", "is_file", is_flag=True, help="Compare with the policy file.")
@click.pass_context
def diff(ctx: click.Context, old: str | None, new: str | None, *, is_file: bool) -> None:
    """Compare two versions: without arguments, the active one with the one before it.

    OLD and NEW are hashes or beginnings of them; NEW defaults to the active version. Exits 1 if they differ.
    """
    if new and is_file:
        raise Misused("use either --file or NEW, not both")
    core = open_core()
    with core.database.reading() as connection:
        if is_file:
            file = core.settings.policy_file
            ours = version(connection, old) if old else _active(connection)
            pair = version_text(connection, ours), (file.name, read(file).decode(errors="replace"))
        else:
            theirs = version(connection, new) if new else _active(connection)
            ours = version(connection, old) if old else _before(connection, theirs)
            pair = version_text(connection, ours), version_text(connection, theirs)
    lines = list(diff_lines(*pair))
    click.echo("\n".join(lines) if lines else "No difference.")
    ctx.exit(1 if lines else 0)


def _active(connection: Connection) -> PolicyVersion:
    active = policies.active_version(connection)
    if active is None:
        raise Unavailable("no policy is active yet")
    return active[0]


def _before(connection: Connection, current: PolicyVersion) -> PolicyVersion:
    previous = previous_version(connection, current.id)
    if previous is None:
        raise Misused("there is no earlier version; name two versions, or use --file")
    return previous
