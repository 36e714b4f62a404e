"""Silences: which one an incident is under, until when, and who may say so."""

from collections.abc import Iterable
from datetime import datetime

from escalator.engine.permissions import allowed_people, may_view_category
from escalator.model.incident import Incident, State
from escalator.model.levels import Role, Severity
from escalator.model.policy import Category, Person, Policy
from escalator.model.silence import Silence, SilenceScope


def active_silence(incident: Incident, silences: Iterable[Silence], policy: Policy, now: datetime) -> Silence | None:
    """Return the silence that an incident is under, or None. `policy` is the running one.

    Of several it is the one that ends last, of those too that follow without a gap: until then nobody would be told.
    """
    fitting = sorted((one for one in silences if one.ends_at > now), key=lambda one: one.starts_at)
    last, reach = None, now
    for one in fitting:
        if one.starts_at > reach:
            break
        if one.ends_at > reach and silence_matches(one, incident, policy):
            last, reach = one, one.ends_at
    return last


def silence_matches(silence: Silence, incident: Incident, policy: Policy) -> bool:
    """Whether a silence is about this incident, whatever the time.

    A rehearsal is never silenced, a critical incident only where somebody has said so, and a restricted one only by
    those who may know of it.
    """
    name = incident.category if silence.of is SilenceScope.CATEGORY else incident.route
    if name != silence.name or incident.drill is not None:
        return False
    if incident.severity is Severity.CRITICAL and not silence.is_for_critical:
        return False
    allowed = allowed_people(incident, policy)
    return allowed is None or silence.author in allowed


def is_silenced(incident: Incident) -> bool:
    """Whether a silence has taken the turn of the send that fired last."""
    return incident.state is State.TRIGGERED and incident.silenced_step == incident.step


def may_silence(person: Person, of: SilenceScope, name: str, policy: Policy) -> bool:
    """Whether somebody may silence this: seniors and admins, who may see what it is about."""
    return person.role >= Role.SENIOR and may_view_silence(person, of, name, policy)


def may_view_silence(person: Person, of: SilenceScope, name: str, policy: Policy) -> bool:
    """Whether somebody may see all that a silence of this is about.

    What a route takes besides the categories that it names is asked of each incident.
    """
    return all(may_view_category(person.key, category, policy) for category in silence_categories(of, name, policy))


def silence_categories(of: SilenceScope, name: str, policy: Policy) -> list[Category]:
    """Return the categories that a silence of this is about: the one of that name, or those that the route names."""
    if of is SilenceScope.CATEGORY:
        named = [name]
    else:
        named = [key for one in policy.routes if one.name == name for key in one.when.tests.get("category", ())]
    return [policy.categories[key] for key in named if key in policy.categories]
