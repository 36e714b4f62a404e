"""Simulated actions at a vendor: the alert changes there, and then the vendor's webhook is sent."""

import json
from dataclasses import dataclass
from uuid import UUID, uuid4

from escalator.channels import stand_in
from escalator.channels.stand_in import Refused
from escalator.model.destination_kind import DestinationKind
from escalator.sandbox.inbox import open_payload
from escalator.sandbox.registry import SANDBOX_VENDORS
from escalator.sandbox.signed_request import Signed
from escalator.services.core.context import Core
from escalator.store import sandbox_inbox


@dataclass(frozen=True, slots=True)
class Deed:
    """Somebody (a policy key) acts on an alert at a vendor; `act` is the label of the button."""

    person: str
    message: UUID
    act: str


def signed_act(core: Core, deed: Deed) -> Signed | Refused:
    """Do it at the vendor, and return the request that the vendor would send, signed with the sandbox's secret.

    The alert changes first, as with the real vendor, whose webhook may come late, or never. Raises Unavailable and
    ContentLocked.
    """
    with core.database.writing() as connection:
        running = core.policies.running(connection)
        person = running.policy.people.get(deed.person) if running else None
        if person is None:
            return Refused(f"There is nobody called {deed.person} in the policy.")
        known = sandbox_inbox.find(connection, deed.message)
        item = sandbox_inbox.lock_message(connection, known.address, known.ts) if known else None
        vendor = SANDBOX_VENDORS[item.channel] if item else None
        if item is None or vendor is None or vendor.act is None:
            return Refused("There is no such PagerDuty alert or Jira issue.")
        payload = open_payload(item, core.seal)

        def known_as(kind: DestinationKind) -> str:
            return core.expand(person.address_of(kind) or "")

        result = vendor.act(
            item,
            payload,
            stand_in.Deed(
                act=deed.act,
                person=person,
                known_as=known_as,
                now=core.clock.now(),
                event_id=uuid4().int,
                sandbox_secret=core.settings.sandbox_signing_secret,
            ),
        )
        if isinstance(result, Refused):
            return result
        new_payload = {**payload, vendor.stored_as: result.form}
        sandbox_inbox.update_payload(
            connection, item.id, core.seal.seal(json.dumps(new_payload).encode()), core.clock.now()
        )
    headers = {"Content-Type": "application/json", **result.headers}
    return Signed(f"/webhooks/{item.channel.value}", headers, result.body.decode())
