"""`escalator sign-in-link`: print a link that signs somebody in once. Who may run commands here may do anything."""

import click

from escalator.commands.arguments import Misused
from escalator.commands.open_installation import open_core
from escalator.model.policy import Policy
from escalator.rendering.push_text import words
from escalator.services.auth import magic_links
from escalator.services.auth.magic_links import PRINTED_GOOD_FOR, PRINTER, first_admin

_VIA = "cli"


@click.command("sign-in-link")
@click.argument("person", required=False)
def command(person: str | None) -> None:
    """Print a link that signs in PERSON (default: the first admin of the policy). It works once, within 24 h."""
    core = open_core()
    with core.database.reading() as connection:
        policy = core.policies.required(connection).policy
    key = _person_key(person, policy)
    url = magic_links.create_link(core, key, PRINTER, _VIA, PRINTED_GOOD_FOR)
    click.echo(f"Signs in {policy.people[key].name}; works once, within {words(PRINTED_GOOD_FOR)}:", err=True)
    click.echo(url)


def _person_key(person: str | None, policy: Policy) -> str:
    """Return the person's key; raises Misused when there is no such person."""
    if person is None:
        admin = first_admin(policy)
        if admin is None:
            raise Misused("nobody in the policy is an admin; give somebody `role: admin`, or name a person")
        return admin.key
    if person not in policy.people:
        raise Misused(f"{person!r} is not a person of the policy; one of {', '.join(policy.people)}")
    return person
