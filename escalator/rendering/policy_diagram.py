"""A policy as a diagram: routes, the steps of each (a ladder of rungs), and whom each step means at an instant."""

from dataclasses import dataclass
from datetime import timedelta

from escalator.engine.endpoints import PERSON_PREFIX
from escalator.engine.hours import DURING, OUTSIDE
from escalator.engine.roster import Roster
from escalator.engine.targets import SCHEDULE_PREFIX, TEAM_PREFIX, Recipients, resolve_targets
from escalator.model.levels import ContentRule
from escalator.model.policy import Category, Conditions, Destination, Drill, Feed, Policy, Route, Step
from escalator.model.silence import Silence, SilenceScope
from escalator.rendering.conditions import Condition, condition_words
from escalator.rendering.push_text import words


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person whom a target means now, and the channel by which they are notified first."""

    key: str
    name: str
    channel: str


@dataclass(frozen=True, slots=True)
class Aim:
    """One target: `section` and `key` are its part of the policy, `note` says what is wrong with it.

    A destination has a `kind` and perhaps an `address`; anything else means `people`.
    """

    words: str
    section: str
    key: str
    kind: str = ""
    address: str = ""
    is_urgent: bool = False
    people: tuple[Somebody, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of a ladder. `fires` and `again` say when it notifies; `hours` are those that it waits for."""

    number: int
    fires: str
    again: str
    hours: tuple[Condition, ...]
    aims: tuple[Aim, ...]


@dataclass(frozen=True, slots=True)
class Ladder:
    """The steps of a route. `number` is the route's position from 1, 0 for the default."""

    number: int
    name: str
    when: tuple[Condition, ...]
    unless: tuple[Condition, ...]
    assign: Aim | None
    acknowledgements: int
    path: str
    rungs: tuple[Rung, ...]
    restricted: tuple[Category, ...]
    withheld: tuple[Category, ...]
    silences: tuple[Silence, ...]
    drills: tuple[Drill, ...]

    @property
    def is_silent(self) -> bool:
        """Whether it has no steps: incidents are only logged."""
        return not self.rungs


@dataclass(frozen=True, slots=True)
class Copies:
    """A feed: where copies go, and its conditions; without any, copies of everything."""

    aim: Aim
    when: tuple[Condition, ...]


def ladders(roster: Roster, silences: tuple[Silence, ...]) -> tuple[Ladder, ...]:
    """Return every route in order and then the default, with whom their steps mean at the roster's instant.

    `silences` are shown on the routes that they match.
    """
    policy = roster.policy
    routes = (*policy.routes, Route("", policy.default))
    return tuple(
        _ladder(0 if route is routes[-1] else place, route, roster, silences) for place, route in enumerate(routes, 1)
    )


def _ladder(number: int, route: Route, roster: Roster, silences: tuple[Silence, ...]) -> Ladder:
    policy = roster.policy
    named = [policy.categories[key] for key in route.when.tests.get("category", ()) if key in policy.categories]
    return Ladder(
        number=number,
        name=route.name,
        when=condition_words(route.when, policy),
        unless=condition_words(route.unless, policy),
        assign=target_aim(route.assign, None, roster) if route.assign else None,
        acknowledgements=route.acknowledgements,
        path=route.path,
        rungs=rungs(policy.paths.get(route.path, ()), route.assign, roster),
        restricted=tuple(category for category in named if category.restricted_to),
        withheld=tuple(category for category in named if category.content is ContentRule.WITHHOLD),
        silences=tuple(silence for silence in silences if _is_about(silence, route)),
        drills=tuple(drill for drill in policy.drills if drill.route == route.name),
    )


def _is_about(silence: Silence, route: Route) -> bool:
    if silence.of is SilenceScope.ROUTE:
        return silence.name == route.name
    return silence.name in route.when.tests.get("category", ())


def copies(feeds: tuple[Feed, ...], roster: Roster) -> tuple[Copies, ...]:
    """Return the feeds with their destinations."""
    return tuple(Copies(target_aim(feed.to, None, roster), condition_words(feed.when, roster.policy)) for feed in feeds)


def rungs(steps: tuple[Step, ...], assign: str | None, roster: Roster) -> tuple[Rung, ...]:
    """Return the rungs of a path; `assign` is what the target `team` means."""
    return tuple(_rung(number, step, assign, roster) for number, step in enumerate(steps, 1))


def _rung(number: int, step: Step, assign: str | None, roster: Roster) -> Rung:
    hours = {name: (key,) for name, key in ((DURING, step.during), (OUTSIDE, step.outside)) if key}
    return Rung(
        number=number,
        fires=_fires(number, step.after),
        again=_again(step),
        hours=condition_words(Conditions(hours), roster.policy),
        aims=tuple(target_aim(target, assign, roster) for target in step.notify),
    )


def _fires(number: int, after: timedelta) -> str:
    if number == 1:
        return f"after {words(after)}" if after else "at once"
    return f"{words(after)} later" if after else "immediately after"


def _again(step: Step) -> str:
    """Return how often it repeats: `repeated 3 times, every 10 min`."""
    if not step.repeat:
        return ""
    if step.repeat == 1:
        return f"repeated once, after {words(step.after)}"
    return f"repeated {step.repeat} times, every {words(step.after)}"


def target_aim(target: str, assign: str | None, roster: Roster) -> Aim:
    """Return what a target means at the roster's instant; `assign` is what the target `team` means."""
    policy = roster.policy
    destination = policy.destinations.get(target)
    if destination is not None:
        return _place(destination)
    resolved_target = assign if target == "team" and assign else target
    resolved = resolve_targets((target,), assign, roster)
    people = (recipient for recipient in resolved.recipients if recipient.person is not None)
    somebody = tuple(
        Somebody(recipient.person or "", _name(recipient.person, policy), recipient.kind.about.title)
        for recipient in people
    )
    section, key = _part(resolved_target)
    text = _name(key, policy) if section == "person" else key
    return Aim(text, section, key, people=somebody, note=_note(resolved, somebody))


def _place(destination: Destination) -> Aim:
    about = destination.kind.about
    address = "" if about.has_secret_address else ", ".join(destination.addresses)
    kind = about.title
    return Aim(destination.key, "destination", destination.key, kind, address, destination.urgent)


def _part(target: str) -> tuple[str, str]:
    """Return section and key of the part of the policy that a target other than a destination names."""
    for section, prefix in (("person", PERSON_PREFIX), ("schedule", SCHEDULE_PREFIX)):
        if target.startswith(prefix):
            return section, target.removeprefix(prefix)
    return "team", target.removeprefix(TEAM_PREFIX)


def _note(resolved: Recipients, people: tuple[Somebody, ...]) -> str:
    if resolved.unattended:
        return "nobody is on call: the lead is notified instead" if people else "nobody is on call"
    if resolved.missing:
        return "reaches nobody"
    return (
        ""
        if any(recipient.may_acknowledge for recipient in resolved.recipients)
        else "nobody here may acknowledge: the next step fires at once"
    )


def _name(person: str | None, policy: Policy) -> str:
    known = policy.people.get(person or "")
    return known.name if known else person or ""
