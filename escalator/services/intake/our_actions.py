"""Looks up what we did in Stream to the subject of an event; asked only for events that show a deed."""

from datetime import datetime

from sqlalchemy import Connection

from escalator.model.policy import Policy
from escalator.services.core.context import Core
from escalator.services.incidents.stream_calls import target_digest
from escalator.store import stream_calls
from escalator.stream.our_actions import OurAction, OurActions, OursOf
from escalator.stream.subject import EventSubject


def our_actions_of(core: Core, connection: Connection, policy: Policy, source: str, now: datetime) -> OursOf:
    """Return the look-up for a source. What was done counts, whatever the policy lets people do by now."""
    known = policy.sources.get(source)
    service_user = core.expand(known.stream_user or "") if known else ""
    service_users = frozenset({service_user} - {""})

    def find(subject: EventSubject) -> OurActions:
        items = [subject.item_id] if subject.item_id else []
        authors = [target_digest(subject.author_id)] if subject.author_id and not items else []
        calls = stream_calls.made_on(connection, source, items, authors, now) if items or authors else ()
        actions = tuple(
            OurAction(
                call.id, call.part, call.user_id, call.stream_sent_at, call.stream_answered_at, call.stream_action_id
            )
            for call in calls
            if call.stream_sent_at is not None
        )
        return OurActions(actions, service_users)

    return find
