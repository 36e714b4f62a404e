"""A signed-in person, and what they may see."""

from dataclasses import dataclass

from sqlalchemy import Connection

from escalator.engine.categorize import restriction_rules_digest
from escalator.engine.oncall import may_view_schedule, may_view_team
from escalator.engine.permissions import allowed_people, may_view_category, people_allowed_to_view
from escalator.engine.silences import may_view_silence
from escalator.model.incident import Incident
from escalator.model.levels import Mode
from escalator.model.policy import Person, Policy
from escalator.model.silence import SilenceScope
from escalator.store.visibility import Audience, CategorySet, category_sets

DASHBOARD, API = "dashboard", "api"
"""The origin of an action, for records."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """A person of the running policy; `via` says how they are signed in: dashboard or api.

    A person of the sandbox is not authenticated: they see and answer only what the sandbox has opened.
    """

    person: Person
    via: str = DASHBOARD
    is_sandbox: bool = False

    def may_see(self, fits: CategorySet, policy: Policy) -> bool:
        """Whether they may see these categories."""
        allowed = people_allowed_to_view(fits, policy)
        return allowed is None or self.person.key in allowed

    def may_see_incident(self, incident: Incident, policy: Policy) -> bool:
        """Whether they may see this incident, by all that is known of it, also data newer than its row."""
        if self.is_sandbox and incident.mode is not Mode.SANDBOX:
            return False
        allowed = allowed_people(incident, policy)
        return allowed is None or self.person.key in allowed


def audience_of(connection: Connection, viewer: Viewer, policy: Policy) -> Audience:
    """Return what somebody may see under the running policy; every query about incidents uses it."""
    seen = frozenset(fits for fits in category_sets(connection) if viewer.may_see(fits, policy))
    sees_all = all(may_view_category(viewer.person.key, category, policy) for category in policy.categories.values())
    restrictions = None if sees_all else restriction_rules_digest(policy)
    return Audience(seen, viewer.is_sandbox, _unknown(viewer.person, policy), restrictions)


def open_audience(connection: Connection, policy: Policy) -> Audience:
    """Return what everybody may see under the running policy: for readers who are not known."""
    seen = frozenset(fits for fits in category_sets(connection) if people_allowed_to_view(fits, policy) is None)
    is_restricted = any(category.restricted_to for category in policy.categories.values())
    return Audience(seen, is_sandbox=False, restrictions=restriction_rules_digest(policy) if is_restricted else None)


def _unknown(person: Person, policy: Policy) -> frozenset[tuple[str, str]]:
    """Return what somebody may not know: subjects of silences, and who answers where that is restricted."""
    named = [(SilenceScope.CATEGORY, key) for key in policy.categories]
    named += [(SilenceScope.ROUTE, route.name) for route in policy.routes]
    unknown = {(of.value, name) for of, name in named if not may_view_silence(person, of, name, policy)}
    unknown |= {("schedule", key) for key in policy.schedules if not may_view_schedule(key, person, policy)}
    unknown |= {("team", key) for key in policy.teams if not may_view_team(key, person, policy)}
    return frozenset(unknown)
