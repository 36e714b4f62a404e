"""Small makers for tests: what is not said is ordinary. Minutes count from 14:00, on Stream's clock and on ours."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from escalator.engine.apply_event import open_incident
from escalator.engine.incident_change import Change, PolicyPair
from escalator.engine.roster import Roster
from escalator.model.facts import Content, Facts, ItemKey, Observation, Review
from escalator.model.incident import Incident
from escalator.model.levels import Mode
from escalator.model.policy import Conditions, Policy, Route, Step
from escalator.policy.parse import load
from tests.policy.files import EXAMPLE

START = datetime(2026, 8, 20, 14, 0, tzinfo=UTC)
VERSION = UUID(int=1)
ITEM = ItemKey("item", "item-1")
ENTITY = ItemKey("entity", "stream:chat:v1:message/message-1")
EXAMPLE_POLICY = load(EXAMPLE, {})


def minute(count: float) -> datetime:
    return START + timedelta(minutes=count)


def a_policy(**changes) -> Policy:
    """The example's policy, changed. In it Ana and Ben are child-safety, Dana is a senior, Eli the admin."""
    return replace(EXAMPLE_POLICY, **changes)


def a_roster(at: datetime = START, **changes) -> Roster:
    """The people of the example's policy, changed, at that instant."""
    return Roster(a_policy(**changes), at)


def rules(policy: Policy = EXAMPLE_POLICY, running: Policy | None = None) -> PolicyPair:
    return PolicyPair(policy, running or policy, VERSION)


def a_route(path: str, name: str = "", **when: str | Iterable[str]) -> Route:
    tests = {key: (value,) if isinstance(value, str) else tuple(value) for key, value in when.items()}
    return Route(name or f"{tests} to {path}", path, Conditions(tests))


def a_step(*notify: str, after: float = 0, repeat: int = 0) -> Step:
    return Step(notify, timedelta(minutes=after), repeat)


def some_facts(at: float = 0, latest: str = "", **seen: str | Iterable[str]) -> Facts:
    """Facts by name, all seen at that minute; `custom__tier` means custom.tier."""
    values = {name: (said,) if isinstance(said, str) else tuple(said) for name, said in seen.items()}
    register = {"recommended_action": (minute(at), latest)} if latest else {}
    return Facts({name.replace("__", "."): dict.fromkeys(said, minute(at)) for name, said in values.items()}, register)


def an_observation(
    at: float = 0,
    *,
    event: str = "review_queue_item.updated",
    keys: tuple[ItemKey, ...] = (ITEM, ENTITY),
    review: str | None = None,
    reviewed: float | None = None,
    content: dict[str, str] | None = None,
    opens: bool = True,
    only_if_named: bool = False,
    called: str | None = None,
    **seen: str | Iterable[str],
) -> Observation:
    """An event of that minute; `review` is the Stream id of who reviewed then, or at the minute `reviewed`.

    `called` is the action by which a person called for people then.
    """
    facts = some_facts(at, event=event, **seen, **({"action": called} if called else {}))
    if called:
        facts = facts.merged(Facts({}, {f"call:{called}": (minute(at), called)}))
    reviewed_at = minute(at if reviewed is None else reviewed)
    if review is not None:
        facts = facts.merged(Facts({"review": {review: reviewed_at}}))
    return Observation(
        event_type=event,
        at=minute(at),
        keys=keys,
        facts=facts,
        content=Content({name: (minute(at), said) for name, said in (content or {}).items()}),
        review=Review(reviewed_at, review, "mark_reviewed") if review is not None else None,
        opens=opens,
        only_if_named=only_if_named,
        links={"item_id": ITEM.value} if ITEM in keys else {},
    )


def a_blank(number: int = 1, at: float = 0) -> Incident:
    return Incident(UUID(int=number), number, "chat-prod", Mode.PRODUCTION, VERSION, minute(at))


def opening(said: Observation, policy: Policy = EXAMPLE_POLICY, at: float = 0) -> Change:
    """What opening an incident with that event amounts to."""
    return open_incident(a_blank(at=at), said, rules(policy), minute(at))


def an_incident(policy: Policy = EXAMPLE_POLICY, **changes) -> Incident:
    """A goodbye note that has just told its first step: critical, route `Urgent harms`, path `urgent`, assigned to
    policy (Chen and Ben), the next step at minute 5.
    """
    return replace(opening(an_observation(label="SELF_HARM"), policy).incident, **changes)


def told(change: Change) -> list[str]:
    """Whom a decision tells: person or destination, in order."""
    return [notice.recipient.destination for notice in change.notices]


def recorded(change: Change) -> list[str]:
    return [entry.action.value.partition(".")[2] for entry in change.entries]
