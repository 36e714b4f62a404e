"""Read one event of Stream as an observation: its item, its facts, and whether it may open an incident (RULES 1)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from escalator.model.facts import Facts, Observation, Review
from escalator.stream import drill, events, manual_incident, recovered
from escalator.stream.actors import Actors
from escalator.stream.content import content_of
from escalator.stream.envelope import event_type_of, parse_json
from escalator.stream.facts import facts_of
from escalator.stream.our_actions import ForeignPart, OursOf, nothing_of_ours, shows_deeds, without_ours
from escalator.stream.reviews import reviews_of
from escalator.stream.schemas import StreamEvent, read_event
from escalator.stream.subject import subject_of

_OUR_OWN = {manual_incident.TYPE: manual_incident.observation, drill.TYPE: drill.observation}
"""Types that only we can store, like `recovered.TYPE`: as webhooks they are dropped."""


def observe(
    body: bytes | Mapping[str, object],
    received_at: datetime,
    staff: frozenset[str] = frozenset(),
    ours_of: OursOf = nothing_of_ours,
) -> Observation | None:
    """Return the observation of a verified event, or None for one that is not supported.

    Values of unexpected types count as not sent. `received_at` (aware UTC) replaces a time that Stream does not send;
    `staff` are the ids in Stream of the policy's people: a server-side call in their name counts as their own action.
    `ours_of` looks up what we did to its subject: that is confirmed by it, and is no fact.
    Raises InvalidEvent for what is not JSON, no object, or has no type.
    """
    value = parse_json(body) if isinstance(body, bytes) else body
    event_type = event_type_of(value)
    if event_type in _OUR_OWN and isinstance(value, Mapping):
        return _OUR_OWN[event_type](value, received_at)
    if event_type == recovered.TYPE and isinstance(value, Mapping):
        return _observe_recovered(value, received_at, staff, ours_of)
    if not isinstance(value, Mapping) or not events.is_handled(event_type, value):
        return None
    event = read_event(value)
    at = event.created_at or event.received_at or received_at
    subject, state = subject_of(event), recovered.item_state_in(event)
    foreign = without_ours(event, ours_of(subject), at) if shows_deeds(event) else ForeignPart(event)
    event = foreign.event
    actors = Actors(subject.author_id, staff)
    reviews = () if foreign.is_empty else reviews_of(event, actors, at)
    return Observation(
        event_type=event_type,
        at=at,
        keys=subject.keys,
        other_keys=subject.other_keys,
        facts=Facts() if foreign.is_empty else facts_of(event, subject, actors, at),
        content=content_of(event, subject, at),
        review=reviews[-1] if reviews else None,
        opens=not foreign.is_empty and _opens(event, reviews, actors),
        waits=event_type in events.WAITING,
        only_if_named=events.is_appeal(event_type),
        links=subject.links,
        item=state,
        confirmed=foreign.confirmed,
    )


def _observe_recovered(
    body: Mapping[str, object], received_at: datetime, staff: frozenset[str], ours_of: OursOf
) -> Observation | None:
    webhook = recovered.webhook_of(body)
    observation = observe(webhook, received_at, staff, ours_of)
    if observation is None:
        return None
    facts = observation.facts.joined(recovered.facts_of_creation(webhook, observation.at))
    return replace(observation, facts=facts, was_lost=recovered.was_lost(body))


def _opens(event: StreamEvent, reviews: tuple[Review, ...], actors: Actors) -> bool:
    """Whether the event opens an incident where there is none; a review does, which is resolved at once."""
    if reviews:
        return True
    if event.type == events.USER_BANNED:
        return not actors.banned_by(event)
    return event.type not in events.ONLY_SHOWN | {events.MARK_REVIEWED}
