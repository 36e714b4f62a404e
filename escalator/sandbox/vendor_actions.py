"""What people do at a vendor, as the sandbox plays it: it changes there, and then we are told of it."""

import json
from dataclasses import dataclass
from uuid import UUID, uuid4

from escalator.channels import stand_in
from escalator.channels.stand_in import Refused
from escalator.model.destination_kind import DestinationKind
from escalator.sandbox.inbox import opened
from escalator.sandbox.registry import SANDBOX_VENDORS
from escalator.sandbox.signed_request import Signed
from escalator.services.core.context import Core
from escalator.store import sandbox_inbox


@dataclass(frozen=True, slots=True)
class Deed:
    """Somebody (a policy key) does something with what stands at a vendor; `act` is what its button says."""

    person: str
    message: UUID
    act: str


def signed_act(core: Core, deed: Deed) -> Signed | Refused:
    """Do it at the vendor, and return what the vendor would send us for it, signed with the sandbox's own secret.

    What stands there changes first, as with the real one: its webhook may come late, or never. Raises Unavailable and
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
        said = opened(item, core.seal)

        def known_as(kind: DestinationKind) -> str:
            return core.expand(person.address_of(kind) or "")

        done = vendor.act(
            item,
            said,
            stand_in.Deed(
                act=deed.act,
                person=person,
                known_as=known_as,
                now=core.clock.now(),
                event_id=uuid4().int,
                sandbox_secret=core.settings.sandbox_signing_secret,
            ),
        )
        if isinstance(done, Refused):
            return done
        now_said = {**said, vendor.stored_as: done.form}
        sandbox_inbox.update_payload(
            connection, item.id, core.seal.seal(json.dumps(now_said).encode()), core.clock.now()
        )
    headers = {"Content-Type": "application/json", **done.headers}
    return Signed(f"/webhooks/{item.channel.value}", headers, done.body.decode())
