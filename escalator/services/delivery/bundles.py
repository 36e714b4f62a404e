"""Bundles: when many pages wait for one destination, those beyond the first twenty are sent there as one message.

A bundle is a bulletin; its delivery is ordered among others of its address by urgency and age. Its pages wait for its
outcome: sent, they count as sent; failed for good, they count as failed, with the effects of a failed step. While it
waits, more pages may join; incidents that are answered drop out before it is sent.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection
from uuid6 import uuid7

from escalator.model.audit import AuditAction
from escalator.model.bulletin import Bulletin, BulletinKind
from escalator.model.incident import State
from escalator.model.levels import Mode
from escalator.model.message import Card, Link, Occasion
from escalator.model.policy import Policy
from escalator.rendering.bundles import MOST_BUTTONS, BundleActions, BundledIncident, incidents_card
from escalator.rendering.buttons import ButtonValue, encode, encode_bundle
from escalator.rendering.view import title_of
from escalator.services.core.context import Core
from escalator.services.core.transaction_context import TransactionContext
from escalator.services.delivery.outcomes import audit_entry, decide_failed_steps
from escalator.services.delivery.sender_uptime import senders_up_since
from escalator.services.incidents.apply import is_step_delivery
from escalator.services.incidents.transaction import unit_of_work
from escalator.services.notifications.answer_links import answer_link
from escalator.services.notifications.bulletins import EXPIRES
from escalator.services.notifications.claim_pages import why_called_off
from escalator.store import audit_log, bulletins, bundles, deliveries, incidents, jobs
from escalator.store.bundles import BundleAddress, BundledPage
from escalator.store.deliveries import Delivery, DeliveryKind

PAGES_SENT_SINGLY = 20
"""How many full messages wait singly for one destination (storms)."""

BUNDLE_AFTER = timedelta(seconds=5)
"""How long the others have waited before they are bundled: what is sent at once is sent singly.

They wait for their destination only while senders run: what waited because the database was frozen or no worker was
running is sent singly, as far as its destination accepts it within the same time.
"""

BATCH = 1_000
_FAILED_BATCH = 50
_JOB = "lists"


def bundle_waiting_pages(core: Core) -> None:
    """Bundle pages that are too many for their address; fail those of failed bundles. Raises Unavailable."""
    while _settle_failed(core):
        pass
    with core.database.reading() as connection:
        if not bundles.has_more_pending_than(connection, PAGES_SENT_SINGLY):
            return
    while _bundle_surplus(core) == BATCH:
        pass


def _bundle_surplus(core: Core) -> int:
    """Bundle up to a batch of pages; return how many. One process at a time: one bundle per address."""
    now = core.clock.now()
    with unit_of_work(core) as work:
        connection = work.connection
        since = senders_up_since(connection, now)
        if since is None or now - since < BUNDLE_AFTER or not jobs.claim_due(connection, _JOB, now, timedelta(0)):
            return 0
        surplus = bundles.lock_surplus_pages(connection, PAGES_SENT_SINGLY, now - BUNDLE_AFTER, BATCH)
        if not surplus:
            return 0
        waiting = bundles.lock_open_bundles(connection)
        for place, pages in _by_place(surplus).items():
            bundle_id = waiting.get(place) or _begin(connection, pages[0], now)
            bundles.add_pages(connection, bundle_id, [page.id for page in pages], max(page.urgency for page in pages))
            _record(connection, pages, bundle_id, now)
        work.has_deliveries = True
    return len(surplus)


def _by_place(surplus: Iterable[Delivery]) -> Mapping[BundleAddress, list[Delivery]]:
    by_address: dict[BundleAddress, list[Delivery]] = {}
    for delivery in surplus:
        by_address.setdefault(bundles.address_of(delivery), []).append(delivery)
    return by_address


def _begin(connection: Connection, first: Delivery, now: datetime) -> UUID:
    """Create a bundle for its first page's address; return its id."""
    new = Bulletin(uuid7(), BulletinKind.BUNDLE, now, {})
    bulletins.insert(connection, new)
    bundle_delivery = Delivery(
        id=uuid7(),
        kind=DeliveryKind.BULLETIN,
        occasion=Occasion.BUNDLE,
        target=first.target,
        destination=first.destination,
        address=first.address,
        channel=first.channel,
        endpoint=first.endpoint,
        mode=first.mode,
        urgency=first.urgency,
        created_at=now,
        next_attempt_at=now,
        expires_at=now + EXPIRES,
        bulletin_id=new.id,
    )
    deliveries.insert(connection, [bundle_delivery])
    return new.id


def _record(connection: Connection, pages: Iterable[Delivery], bundle_id: UUID, now: datetime) -> None:
    entries = [audit_entry(AuditAction.DELIVERY_LISTED, page) for page in pages]
    named = [replace(entry, after={**entry.after, "list": str(bundle_id)}) for entry in entries]
    audit_log.insert(connection, [(entry, None) for entry in named], now)


def bundle_card(context: TransactionContext, bulletin: Bulletin, to: Delivery) -> Card | None:
    """Return the bundle's message now; None when all its incidents have been dealt with.

    Pages that are not wanted any more leave it for good. The incidents are not locked, because they may be ten
    thousand: one that is answered at this moment is still listed, like a page claimed just before.
    """
    pages: dict[UUID, BundledPage] = {}
    unwanted: dict[str, list[BundledPage]] = {}
    for member in bundles.pages_of(context.connection, bulletin.id):
        reason = _why_unwanted(context.core, context.policy, member, to.mode)
        if reason is None:
            pages[member.incident_id] = member
        else:
            unwanted.setdefault(reason, []).append(member)
    for reason, dropped in unwanted.items():
        bundles.drop_pages(context.connection, [member.id for member in dropped], reason)
    if not pages:
        return None
    answered = {member.incident_id for dropped in unwanted.values() for member in dropped} - pages.keys()
    bundled = [_bundled_incident(member, context.policy) for member in pages.values()]
    actions = BundleActions(
        encode_bundle(bulletin.id),
        bulletin.id,
        _links(context.core, context.connection, context.policy, list(pages), to),
    )
    return incidents_card(bundled, len(answered), actions, is_test=to.mode is Mode.DIVERT)


def current_card(core: Core, bundle_id: UUID) -> Card | None:
    """Return a sent bundle's present text for Slack, or None when there is no such bundle.

    Nothing drops out of it any more. Raises Unavailable.
    """
    with core.database.reading() as connection:
        mode = bundles.mode_of(connection, bundle_id)
        members = {member.incident_id: member for member in bundles.pages_of(connection, bundle_id)}
        policy = core.policies.required(connection).policy
    if mode is None or not members:
        return None
    bundled = [_bundled_incident_now(member, policy) for member in members.values()]
    actions = BundleActions(encode_bundle(bundle_id), bundle_id, (_dashboard(core),))
    return incidents_card(bundled, 0, actions, is_test=mode is Mode.DIVERT)


def _bundled_incident_now(member: BundledPage, policy: Policy) -> BundledIncident:
    owner = policy.people.get(member.owner or "")
    is_answered = member.state is not State.TRIGGERED
    return replace(
        _bundled_incident(member, policy), is_answered=is_answered, owner=owner.name if owner else member.owner or ""
    )


def _dashboard(core: Core) -> Link:
    return Link("All incidents", f"{core.settings.base_url}/incidents")


def _links(core: Core, connection: Connection, policy: Policy, ids: Sequence[UUID], to: Delivery) -> tuple[Link, ...]:
    """Return the links to answer a bundle: the dashboard, and in email one link for each incident."""
    dashboard = _dashboard(core)
    if not to.channel.about.has_answer_link:
        return (dashboard,)
    about = incidents.readable(connection, ids[:MOST_BUTTONS], core.seal)
    links = (
        answer_link(core, about[incident_id], policy, to) for incident_id in ids[:MOST_BUTTONS] if incident_id in about
    )
    return (*(link for link in links if link is not None), dashboard)


def _why_unwanted(core: Core, policy: Policy, member: BundledPage, mode: Mode) -> str | None:
    if core.mode_of(member.source, policy) < mode:
        return "mode"
    return why_called_off(member.occasion, member.round_asked, member)


def _bundled_incident(member: BundledPage, policy: Policy) -> BundledIncident:
    title = title_of(policy.categories.get(member.category or ""))
    is_asked = member.state is State.TRIGGERED
    answer = encode(ButtonValue(member.incident_id, member.round_asked, member.fence)) if is_asked else ""
    return BundledIncident(member.number, member.severity, title, is_drill=member.drill is not None, answer=answer)


def _settle_failed(core: Core) -> bool:
    """Fail some pages of failed bundles, with the effects of a failed step; return whether more may remain."""
    with core.database.reading() as connection:
        forsaken = bundles.find_failed(connection)
        pages = bundles.pending_pages_of(connection, forsaken, _FAILED_BATCH) if forsaken else []
    if not pages:
        return False
    now = core.clock.now()
    with unit_of_work(core) as work:
        connection = work.connection
        running = core.policies.running(connection)
        if running is None:
            return False
        locked = incidents.lock(connection, {incident_id for _, incident_id in pages}, core.seal)
        failed = bundles.fail_pages(connection, [page_id for page_id, _ in pages], "list")
        entries = [audit_entry(AuditAction.DELIVERY_FAILED, page, "list") for page in failed]
        audit_log.insert(connection, [(entry, None) for entry in entries], now)
        touched = {page.incident_id for page in failed if is_step_delivery(page)}
        work.apply(
            decide_failed_steps(TransactionContext(core, connection, running, now), locked, touched), running, now
        )
    return True
