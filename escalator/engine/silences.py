"""Silences: which one applies to an incident, until when, and who may create one."""

from collections.abc import Iterable
from datetime import datetime

from escalator.engine.permissions import allowed_people, may_view_category
from escalator.model.incident import Incident, State
from escalator.model.levels import Role, Severity
from escalator.model.policy import Category, Person, Policy
from escalator.model.silence import Silence, SilenceScope


def active_silence(incident: Incident, silences: Iterable[Silence], policy: Policy, now: datetime) -> Silence | None:
    """Return the silence that applies to an incident, or None. `policy` is the running one.

    Of several, also of those that follow without a gap, it is the one that ends last: until then nobody is notified.
    """
    candidates = sorted(
        (silence for silence in silences if silence.ends_at > now), key=lambda silence: silence.starts_at
    )
    active, reach = None, now
    for silence in candidates:
        if silence.starts_at > reach:
            break
        if silence.ends_at > reach and silence_matches(silence, incident, policy):
            active, reach = silence, silence.ends_at
    return active


def silence_matches(silence: Silence, incident: Incident, policy: Policy) -> bool:
    """Whether a silence matches this incident, whatever the time.

    A drill is never silenced, a critical incident only by a silence for critical ones, and a restricted one only by
    those who may see it.
    """
    name = incident.category if silence.of is SilenceScope.CATEGORY else incident.route
    if name != silence.name or incident.drill is not None:
        return False
    if incident.severity is Severity.CRITICAL and not silence.is_for_critical:
        return False
    allowed = allowed_people(incident, policy)
    return allowed is None or silence.author in allowed


def is_silenced(incident: Incident) -> bool:
    """Whether a silence has replaced the send that fired last."""
    return incident.state is State.TRIGGERED and incident.silenced_step == incident.step


def may_silence(person: Person, scope: SilenceScope, name: str, policy: Policy) -> bool:
    """Whether somebody may silence this: seniors and admins who may see what it is about."""
    return person.role >= Role.SENIOR and may_view_silence(person, scope, name, policy)


def may_view_silence(person: Person, scope: SilenceScope, name: str, policy: Policy) -> bool:
    """Whether somebody may see all that a silence of this is about.

    What a route takes beyond the categories that it names is checked for each incident.
    """
    return all(
        may_view_category(person.key, category, policy) for category in categories_of_silence(scope, name, policy)
    )


def categories_of_silence(scope: SilenceScope, name: str, policy: Policy) -> list[Category]:
    """Return the categories that a silence of this is about: the one of that name, or those that the route names."""
    if scope is SilenceScope.CATEGORY:
        named = [name]
    else:
        named = [key for route in policy.routes if route.name == name for key in route.when.tests.get("category", ())]
    return [policy.categories[key] for key in named if key in policy.categories]
