"""Messages that a silence for critical incidents began or ended: to `alarms`, and to the leads it concerns."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection
from uuid6 import uuid7

from escalator.engine.endpoints import PERSON_PREFIX
from escalator.engine.silences import categories_of_silence, may_view_silence
from escalator.engine.targets import Recipient, last_resort_targets, resolve_targets, team_of
from escalator.errors import ContentLocked
from escalator.model.bulletin import Bulletin, BulletinKind
from escalator.model.message import Card
from escalator.model.policy import Policy
from escalator.model.silence import Silence, SilenceScope
from escalator.rendering.silences import begun, ended, may_show_reason
from escalator.services.core.context import Core
from escalator.services.core.operator_alerts import operator_alert_mode
from escalator.services.core.policy_store import RunningPolicy
from escalator.services.core.transaction_context import TransactionContext
from escalator.services.notifications.bulletins import publish_bulletin
from escalator.store import silences
from escalator.store.deliveries import Delivery
from escalator.store.silences import StoredSilence


def announce_silence(  # noqa: PLR0913  # what happened, to what, when and by whom
    core: Core,
    connection: Connection,
    running: RunningPolicy,
    silence: Silence,
    now: datetime,
    *,
    is_over: bool = False,
    by: str | None = None,
) -> bool:
    """Publish that a silence has begun, or is over (ended `by` somebody); only for critical incidents.

    Return whether anybody is notified.
    """
    if not silence.is_for_critical:
        return False
    body = {
        "silence": str(silence.id) if silence.id else "",
        "of": silence.of.value,
        "name": silence.name,
        "author": silence.author,
        "starts_at": silence.starts_at.isoformat(),
        "ends_at": silence.ends_at.isoformat(),
        "is_over": is_over,
        "by": by or "",
    }
    recipients = _recipients(silence, running, now)
    new = Bulletin(uuid7(), BulletinKind.SILENCE, now, body)
    return publish_bulletin(core, connection, new, recipients, operator_alert_mode(core.settings)) > 0


def _recipients(silence: Silence, running: RunningPolicy, now: datetime) -> list[Recipient]:
    """Return who is notified of a silence: of a restricted category, only people who may see it.

    If none of the usual ones may, everybody who may is notified.
    """
    policy, roster = running.policy, running.roster(now)
    usual = resolve_targets((*last_resort_targets(policy), *_leads(silence, policy)), None, roster).recipients
    if not any(category.restricted_to for category in categories_of_silence(silence.of, silence.name, policy)):
        return list(usual)
    knowing = [
        PERSON_PREFIX + person.key
        for person in policy.people.values()
        if may_view_silence(person, silence.of, silence.name, policy)
    ]
    among = [recipient for recipient in usual if recipient.destination in knowing]
    return among or list(resolve_targets(knowing, None, roster).recipients)


def _leads(silence: Silence, policy: Policy) -> Iterator[str]:
    """Yield the leads of the teams to which silenced routes assign."""
    for route in policy.routes:
        named = (route.name,) if silence.of is SilenceScope.ROUTE else route.when.tests.get("category", ())
        team = team_of(route.assign, None, policy) if silence.name in named and route.assign else None
        if team is not None and team.lead is not None:
            yield PERSON_PREFIX + team.lead


def silence_card(context: TransactionContext, bulletin: Bulletin, to: Delivery) -> Card:
    """Return a bulletin's message to this reader; the reason only in Slack, and only where a note may be shown."""
    body = {name: str(value) for name, value in bulletin.body.items()}
    silence = Silence(
        of=SilenceScope(body["of"]),
        name=body["name"],
        starts_at=datetime.fromisoformat(body["starts_at"]),
        ends_at=datetime.fromisoformat(body["ends_at"]),
        author=body["author"],
        reason="",
        is_for_critical=True,
        id=UUID(body["silence"]) if body["silence"] else None,
    )
    policy = context.policy
    if bulletin.body["is_over"]:
        return ended(silence, policy, body["by"] or None)
    is_shown = to.channel.about.shows_names and may_show_reason(silence, policy)
    return begun(
        replace(silence, reason=_reason(context.core, context.connection, silence, policy)) if is_shown else silence,
        policy,
    )


def _reason(core: Core, connection: Connection, silence: Silence, policy: Policy) -> str:
    if silence.id is not None:
        stored = silences.find(connection, silence.id)
        return reason_of(core, stored) if stored else ""
    return next((silence_.reason for silence_ in policy.silences if replace(silence_, reason="") == silence), "")


def reason_of(core: Core, stored: StoredSilence) -> str:
    """Return the reason of a silence, or nothing when none of our keys decrypts it."""
    try:
        return core.seal.open(stored.sealed_reason).decode() if stored.sealed_reason else ""
    except ContentLocked:
        return ""
