"""Telling one destination or person a marked test, through the very way that a page takes."""

from dataclasses import dataclass
from datetime import datetime

from uuid6 import uuid7

from escalator.engine.roster import Roster
from escalator.engine.targets import Recipient, resolve
from escalator.model.message import Delivered, Failed, Occasion
from escalator.model.policy import Policy
from escalator.model.ranks import Mode
from escalator.model.records import Action, Actor, Entry
from escalator.rendering.card import alarm
from escalator.services import messages
from escalator.services.addresses import address
from escalator.services.calls import ToSend
from escalator.services.core import Core
from escalator.services.destination_health import heal
from escalator.services.sending import send
from escalator.services.troubles import Troubles
from escalator.services.ways import way
from escalator.store import calendars, destinations, records
from escalator.store.deliveries import Delivery, DeliveryKind

_WORDS = "This is a test of {name}: nothing has happened, and nobody has to answer"
_BY = Actor("system", "cli")


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of the test of one recipient."""

    recipient: Recipient
    mode: Mode
    result: Delivered | Failed


def try_out(core: Core, name: str, policy: Policy) -> list[Tried]:
    """Tell everybody whom a target of the policy means; a list of nobody when it means none. Raises Unavailable."""
    mode, now = _mode(core, name, policy), core.clock.now()
    with core.database.reading() as connection:
        roster = Roster(policy, now, calendars.said(connection, policy))
    tried = [_test(core, one, policy, mode, now) for one in resolve((name,), None, roster).told]
    with core.database.writing() as connection:
        for one in tried:
            _note(Troubles(connection, now), one, policy)
    return tried


def _mode(core: Core, name: str, policy: Policy) -> Mode:
    """Return where it goes: to the inbox unless pages are really sent there in the present mode."""
    diverted_to = {source.divert_to for source in policy.sources.values()}
    if core.settings.mode is Mode.DIVERT and name in diverted_to:
        return Mode.DIVERT
    return Mode.PRODUCTION if core.settings.mode is Mode.PRODUCTION else Mode.SANDBOX


def _test(core: Core, recipient: Recipient, policy: Policy, mode: Mode, now: datetime) -> Tried:
    delivery = Delivery(
        id=uuid7(),
        kind=DeliveryKind.ALARM,
        occasion=Occasion.TEST,
        target=recipient.target,
        destination=recipient.destination,
        address=address(recipient, core.settings.environment),
        channel=recipient.kind,
        mode=mode,
        urgency=0,
        created_at=now,
        next_at=now,
        expires_at=now,
    )
    card = alarm(_WORDS.format(name=recipient.target), is_test=True)
    note = messages.notice(core, policy, delivery, card, now)
    return Tried(recipient, mode, send(core, ToSend(note, mode, recipient.kind, 0, delivery=delivery)))


def _note(troubles: Troubles, tried: Tried, policy: Policy) -> None:
    """Record the test; a destination that was reached is neither broken nor gone."""
    name = tried.recipient.destination
    reason = "" if isinstance(tried.result, Delivered) else tried.result.reason.value
    after = {"destination": name, "channel": tried.recipient.kind.value, "mode": tried.mode.value}
    entry = Entry(Action.DESTINATION_TESTED, _BY, "cli", reason, after=after)
    records.insert(troubles.connection, [(entry, None)], troubles.now)
    found = way(name, tried.recipient.kind, tried.recipient.address, policy)
    if heal(troubles, [(found, tried.mode, tried.result)]):
        destinations.forget_gone(troubles.connection, name)
