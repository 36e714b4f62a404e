"""The policy's people, how they can sign in, and when they last did."""

from dataclasses import dataclass
from datetime import datetime

from escalator.engine.targets import members_of
from escalator.model.policy import Person
from escalator.services.auth.sessions import IDLE, LONGEST
from escalator.services.auth.sign_in_methods import SignInMethod, methods_for_person
from escalator.services.core.context import Core
from escalator.services.core.policy_store import RunningPolicy
from escalator.store import sessions


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person: teams, ways to sign in, last sign-in, and number of signed-in browsers."""

    person: Person
    teams: tuple[str, ...]
    ways: frozenset[SignInMethod]
    signed_in_at: datetime | None
    browsers: int


def list_people(core: Core, running: RunningPolicy, now: datetime) -> list[PersonRow]:
    """Return everybody, in the order of the policy. Raises Unavailable."""
    policy = running.policy
    with core.database.reading() as connection:
        latest = sessions.last_sign_ins(connection, now - LONGEST, now - IDLE)
    rows = []
    for person in policy.people.values():
        teams = tuple(key for key in policy.teams if person.key in members_of(key, policy))
        signed_in_at, browsers = latest.get(person.key, (None, 0))
        rows.append(PersonRow(person, teams, methods_for_person(core, person, running), signed_in_at, browsers))
    return rows
