"""What people do at PagerDuty and in Jira, as the sandbox plays it: it changes there, and then we are told of it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from escalator.channels.jira import webhooks as jira_webhooks
from escalator.channels.pagerduty import webhooks as pagerduty_webhooks
from escalator.channels.slack.blocks import Json
from escalator.model.policy import DestinationKind, Person
from escalator.services.core.context import Core
from escalator.services.sandbox import jira, pagerduty
from escalator.services.sandbox.signed_request import Refused, Signed
from escalator.services.sandbox_vendors.inbox import opened
from escalator.store import sandbox_inbox
from escalator.store.sandbox_inbox import InboxItem


@dataclass(frozen=True, slots=True)
class Deed:
    """Somebody (a policy key) does something with what stands at a vendor; `act` is what its button says."""

    person: str
    message: UUID
    act: str


@dataclass(frozen=True, slots=True)
class _Done:
    """What a deed makes of the vendor's object, and the request that tells of it."""

    object: Json
    signed: Signed


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
        if item is None or item.channel not in _VENDORS:
            return Refused("There is nothing of PagerDuty's or Jira's like that.")
        said = opened(item, core.seal)
        done = _VENDORS[item.channel](core, item, said, person, deed.act)
        if isinstance(done, Refused):
            return done
        now_said = {**said, item.channel.value: done.object}
        sandbox_inbox.update_payload(
            connection, item.id, core.seal.seal(json.dumps(now_said).encode()), core.clock.now()
        )
    return done.signed


def _in_pagerduty(core: Core, item: InboxItem, said: Mapping[str, Any], person: Person, deed: str) -> _Done | Refused:
    alert = said.get("pagerduty", {})
    act = next((one for one in pagerduty.offered(alert) if one.value == deed), None)
    if act is None:
        return Refused(f"It is {alert.get('status', 'gone')} in PagerDuty by now, which does not offer that.")
    agent = pagerduty.agent_of(person, core.expand(person.pagerduty or ""))
    alert = pagerduty.after(alert, act, agent)
    body = pagerduty.told(item, alert, act, agent, core.clock.now(), uuid4().hex.upper()[:26])
    signature = pagerduty_webhooks.sign(body, core.settings.sandbox_signing_secret)
    return _Done(alert, _signed(DestinationKind.PAGERDUTY, body, pagerduty_webhooks.SIGNATURE_HEADER, signature))


def _in_jira(core: Core, item: InboxItem, said: Mapping[str, Any], person: Person, deed: str) -> _Done | Refused:
    issue = said.get("jira", {})
    act = next((one for one in jira.offered(issue) if one.value == deed), None)
    if act is None:
        return Refused(f"It is {issue.get('status', 'gone')} in Jira by now, which does not offer that.")
    agent = jira.Agent(person, core.expand(person.email or ""))
    body = jira.told(item.ts, issue, act, agent, core.clock.now(), str(uuid4().int)[:18])
    signature = jira_webhooks.sign(body, core.settings.sandbox_signing_secret)
    return _Done(jira.after(issue, act), _signed(DestinationKind.JIRA, body, "X-Hub-Signature", signature))


def _signed(vendor: DestinationKind, body: bytes, header: str, signature: str) -> Signed:
    return Signed(f"/webhooks/{vendor.value}", {"Content-Type": "application/json", header: signature}, body.decode())


_VENDORS: Mapping[DestinationKind, Callable[[Core, InboxItem, Mapping[str, Any], Person, str], _Done | Refused]] = {
    DestinationKind.PAGERDUTY: _in_pagerduty,
    DestinationKind.JIRA: _in_jira,
}
