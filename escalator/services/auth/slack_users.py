"""Finds the person of a Slack user: by the policy, or by an email address that Slack and the policy share."""

import hashlib
from typing import Protocol

import structlog
from sqlalchemy import Connection

from escalator.channels.slack.api import Profile
from escalator.engine.permissions import Refusal, RefusalReason
from escalator.model.audit import Actor, AuditAction, AuditEntry
from escalator.model.levels import Mode
from escalator.model.message import Failed
from escalator.model.policy import Person, Policy
from escalator.rendering.replies import refusal_words, stranger_words
from escalator.services.auth.our_vendor_accounts import WORKSPACE, SlackHome, own_account, parse_home
from escalator.services.core.contacts import person_with_email
from escalator.services.core.context import Core
from escalator.store import audit_log, key_values

log = structlog.get_logger(__name__)

_LINK = "slack_user:"
_LONGEST_ID = 64


def is_our_workspace(connection: Connection, team_id: str, enterprise_id: str) -> bool:
    """Whether somebody is of our workspace or organization; everybody is until `auth.test` has returned it."""
    ours = key_values.get(connection, WORKSPACE)
    return not ours or parse_home(ours).includes(team_id, enterprise_id)


class SlackSender(Protocol):
    """Who sent a request: Slack id, workspace, and the organization where they sent it."""

    @property
    def user_id(self) -> str:
        """Return the id."""
        ...

    @property
    def team_id(self) -> str:
        """Return the workspace."""
        ...

    @property
    def enterprise_id(self) -> str:
        """Return the organization; empty when there is none."""
        ...


def slack_sender(
    core: Core, connection: Connection, policy: Policy, sender: SlackSender, *, is_sandbox: bool
) -> Person | str:
    """Return who typed a command or sent its window, or a message for somebody who may not.

    A request signed with the sandbox's own secret has no workspace.
    """
    if not is_sandbox and not is_our_workspace(connection, sender.team_id, sender.enterprise_id):
        return refusal_words(Refusal(RefusalReason.WRONG_WORKSPACE), None, policy, core.clock.now())
    return person_by_slack_id(core, connection, sender.user_id, policy) or stranger_words(sender.user_id)


def person_by_slack_id(core: Core, connection: Connection, user_id: str, policy: Policy) -> Person | None:
    """Return the person with this Slack id, or None.

    The policy has priority over stored links. A link does not count when its person has left the policy, or has another
    id or another email address there by now.
    """
    if not user_id:
        return None
    known = (person for person in policy.people.values() if _slack_id(core, person) == user_id)
    return next(known, None) or _linked(core, connection, user_id, policy)


def _slack_id(core: Core, person: Person) -> str:
    return core.expand(person.slack or "")


def _linked(core: Core, connection: Connection, user_id: str, policy: Policy) -> Person | None:
    stored = key_values.get(connection, _name_of(user_id)) or ""
    person = policy.people.get(stored.partition(" ")[0])
    return person if person is not None and not _slack_id(core, person) and stored == _link_to(core, person) else None


def _link_to(core: Core, person: Person) -> str:
    """Return what is stored of a link: the person, and a digest of the address it was made for."""
    email = core.expand(person.email or "").strip().casefold()
    return f"{person.key} {hashlib.sha256(email.encode()).hexdigest()[:32]}"


def _name_of(user_id: str) -> str:
    return _LINK + user_id[:_LONGEST_ID]


def link_slack_user(core: Core, user_id: str, team_id: str, enterprise_id: str) -> None:
    """Identify an unknown Slack user and store the link. Raises Unavailable.

    Slack is called outside of any transaction, within the time limit of a click. Only a full member of our workspace or
    organization, which must be known, is linked, and only to the one person of the policy with the same email address
    and no Slack id.
    """
    home = _home_of_stranger(core, user_id)
    if home is None or not home.includes(team_id, enterprise_id):
        return
    profile = core.slack(Mode.PRODUCTION).user(user_id)
    if isinstance(profile, Failed):
        log.warning("users_info_failed", reason=profile.reason.value, detail=profile.detail)
    elif profile.is_ours and home.includes(profile.team_id, profile.enterprise_id) and profile.email:
        _link(core, profile)


def _home_of_stranger(core: Core, user_id: str) -> SlackHome | None:
    """Return our workspace, if it is known and this user is unknown."""
    with core.database.reading() as connection:
        running = core.policies.required(connection)
        is_stranger = person_by_slack_id(core, connection, user_id, running.policy) is None
        stored = own_account(connection, core.settings, WORKSPACE)
        return parse_home(stored) if stored and is_stranger and user_id else None


def _link(core: Core, profile: Profile) -> None:
    now = core.clock.now()
    with core.database.writing() as connection:
        running = core.policies.running(connection)
        person = person_with_email(running.policy, core.expand, profile.email) if running else None
        if running is None or person is None or _slack_id(core, person):
            return
        link = _link_to(core, person)
        if key_values.get(connection, _name_of(profile.user_id)) == link:
            return
        key_values.save(connection, _name_of(profile.user_id), link, now)
        entry = AuditEntry(
            AuditAction.PERSON_LINKED, Actor("person", person.key), "slack", after={"slack": profile.user_id}
        )
        audit_log.insert(connection, [(entry, running.version)], now)
