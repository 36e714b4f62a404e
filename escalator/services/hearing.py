"""What PagerDuty and Jira tell us: stored before the answer, done by the workers, each in a transaction of its own."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection
from uuid6 import uuid7

from escalator.channels.jira import webhooks as jira
from escalator.channels.pagerduty import webhooks as pagerduty
from escalator.channels.pagerduty.api import ACKNOWLEDGE
from escalator.engine.change import Change
from escalator.engine.rights import Refusal
from escalator.engine.vendors import heard, stranger
from escalator.errors import InvalidEvent, Unavailable
from escalator.model.heard import Agent, AgentKind, Heard, HeardKind
from escalator.model.incident import Incident
from escalator.model.message import Failed
from escalator.model.policy import DestinationKind, Person, Policy
from escalator.model.records import Actor
from escalator.ports import HEAR
from escalator.services.accounts import JIRA_ACCOUNT
from escalator.services.answering import is_in_sandbox, record_refusal
from escalator.services.applying import Decision, rules_for
from escalator.services.core import Core
from escalator.services.policies import Running
from escalator.services.troubles import Troubles
from escalator.services.work import Work, working
from escalator.store import callbacks, incidents, posts, processes
from escalator.store.callbacks import Callback
from escalator.store.posts import Post
from escalator.tally import CALLBACKS

log = structlog.get_logger(__name__)

BATCH = 20
TRIES = 5
GIVE_UP_AFTER = timedelta(hours=2)
_BACKOFF_S = (1, 2, 4, 8, 15, 30, 60)
_NUMBER = re.compile(r"#(\d{1,9})\b")

_PARSERS: Mapping[DestinationKind, Callable[[bytes], Heard | None]] = {
    DestinationKind.PAGERDUTY: pagerduty.parse,
    DestinationKind.JIRA: jira.parse,
}


def take_in(core: Core, vendor: DestinationKind, event_id: str, body: bytes, *, is_sandbox: bool) -> None:
    """Store what a vendor tells us, once for each of its events, and tell the workers. Raises Unavailable."""
    new = Callback(uuid7(), vendor, event_id[:128], is_sandbox, core.clock.now(), core.seal.seal(body))
    with core.database.one_statement() as connection:
        is_new = callbacks.insert(connection, new)
    core.tally.count(CALLBACKS, vendor=vendor.value, outcome="stored" if is_new else "duplicate")
    if is_new:
        core.queue.tell(HEAR)


def hear_all(core: Core) -> None:
    """Do what vendors have told us of and what is due, a batch of it; the rest is told again. Raises Unavailable."""
    with core.database.reading() as connection:
        waiting = callbacks.due(connection, core.clock.now(), BATCH)
    for one in waiting:
        _hear_safely(core, one)
    if len(waiting) == BATCH:
        core.queue.tell(HEAR)


def _hear_safely(core: Core, one: Callback) -> None:
    """Do one; whatever it does to us, the others must not wait for it."""
    try:
        _hear(core, one)
    except Unavailable:
        raise
    except Exception as error:
        log.exception("callback_failed", vendor=one.vendor.value, id=str(one.id))
        _try_later(core, one, type(error).__name__, is_last=one.attempts + 1 >= TRIES)


def _hear(core: Core, one: Callback) -> None:
    try:
        said = _PARSERS[one.vendor](core.seal.open(one.sealed_body or b""))
    except InvalidEvent:
        said = None
    if said is None:
        with core.database.writing() as connection:
            callbacks.done(connection, one.id, "means nothing here")
        return
    named = _named(core, said, one)
    if isinstance(named, Failed):
        is_last = core.clock.now() - one.received_at >= GIVE_UP_AFTER
        _try_later(core, one, named.reason.value, is_last=is_last)
        return
    with working(core) as work:
        _Case(core, work, core.clock.now()).settle(one, named)


def _named(core: Core, said: Heard, one: Callback) -> Heard | Failed:
    """Return it with the references of ours that it is about.

    PagerDuty leaves its `incident_key` out where an incident was opened through the Events API (api-schema, REST), so
    what is not known yet is asked for, outside of any transaction.
    """
    with core.database.reading() as connection:
        if posts.find(connection, said.vendor, said.refs, said.alias):
            return said
    if said.vendor is not DestinationKind.PAGERDUTY or not said.alias or one.is_sandbox:
        return said
    if not core.settings.pagerduty_api_token:
        return said
    keys = core.vendors.pagerduty_rest.alert_keys(said.alias)
    return keys if isinstance(keys, Failed) else replace(said, refs=(*said.refs, *keys))


def _try_later(core: Core, one: Callback, reason: str, *, is_last: bool) -> None:
    now = core.clock.now()
    with core.database.writing() as connection:
        if not is_last:
            wait = _BACKOFF_S[min(one.attempts, len(_BACKOFF_S) - 1)]
            callbacks.put_off(connection, one.id, now + timedelta(seconds=wait), reason)
            return
        callbacks.park(connection, one.id, reason)
        running = core.policies.running(connection)
        if running is not None:
            detail = f"what {one.vendor.value} told us could not be done ({reason}); it is kept as {one.id}"
            Troubles(connection, now).find(f"callback:{one.vendor.value}", detail, running.policy, core.settings)
    core.tally.count(CALLBACKS, vendor=one.vendor.value, outcome="parked")


@dataclass(frozen=True, slots=True)
class _Case:
    """One thing that a vendor told us, while it is decided about."""

    core: Core
    work: Work
    now: datetime

    @property
    def connection(self) -> Connection:
        return self.work.connection

    def settle(self, one: Callback, said: Heard) -> None:
        """Do it, if it still waits: for every incident of ours that what stands there is about."""
        running = self.core.policies.running(self.connection)
        if running is None:
            raise Unavailable("no policy is active yet")
        if callbacks.lock(self.connection, one.id) is None:
            return
        said, found = self._without_our_own(said), self._posts(said)
        locked = incidents.lock(self.connection, [post.incident_id for post in found], self.core.seal)
        about = [(post, locked[post.incident_id]) for post in found if post.incident_id in locked]
        ours = [pair for pair in about if is_in_sandbox(self.core, pair[1], running.policy) is one.is_sandbox]
        for post, incident in ours:
            self._do(said, post, incident, running)
        callbacks.done(self.connection, one.id, None if ours else "not ours")
        self.core.tally.count(CALLBACKS, vendor=said.vendor.value, outcome="done" if ours else "not_ours")

    def _posts(self, said: Heard) -> list[Post]:
        found = posts.find(self.connection, said.vendor, said.refs, said.alias)
        if found or self.core.settings.pagerduty_api_token:
            return found
        number = _NUMBER.search(said.title)
        return posts.of_number(self.connection, said.vendor, int(number[1])) if number else []

    def _do(self, said: Heard, post: Post, incident: Incident, running: Running) -> None:
        if said.alias:
            posts.name(self.connection, post, said.alias)
        rules = rules_for(self.core, self.connection, incident, running)
        decided = heard(said, self._who(said, running.policy), incident, rules, self.now)
        if isinstance(decided, Change):
            self.work.apply([Decision(incident, decided)], running, self.now)
        elif decided is not None:
            self._refuse(said, incident, decided, running)
        self._look_at(post, said, decided.incident if isinstance(decided, Change) else incident)

    def _without_our_own(self, said: Heard) -> Heard:
        """Return it with our own account, which Jira knows as a user like any other, as the integration that it is."""
        if said.vendor is DestinationKind.JIRA and said.agent.id == processes.recall(self.connection, JIRA_ACCOUNT):
            return replace(said, agent=Agent(AgentKind.INTEGRATION, said.agent.id))
        return said

    def _who(self, said: Heard, policy: Policy) -> Person | None:
        agent, expand = said.agent, self.core.expand
        if said.vendor is DestinationKind.PAGERDUTY:
            known = (one for one in policy.people.values() if one.pagerduty and expand(one.pagerduty) == agent.id)
        else:
            email = agent.email.casefold()
            known = (one for one in policy.people.values() if one.email and expand(one.email).casefold() == email)
        return next(known, None) if agent.kind is AgentKind.PERSON else None

    def _refuse(self, said: Heard, incident: Incident, why: Refusal, running: Running) -> None:
        who = self._who(said, running.policy)
        actor = Actor("person", who.key) if who else Actor("stranger", stranger(said).key)
        record_refusal(self.connection, incident, actor, said.vendor.value, said.kind.value, why, self.now)

    def _look_at(self, post: Post, said: Heard, incident: Incident) -> None:
        """Note what stands at the vendor now, so that it is neither told its own news nor left with what is wrong."""
        if said.kind is HeardKind.MERGED:
            posts.rename(self.connection, said.vendor, said.alias, said.merged_into)
        elif said.vendor is DestinationKind.PAGERDUTY:
            self._look_at_alert(post, said, incident)
        elif said.kind is not HeardKind.NOTED:
            posts.look_again(self.connection, post)
            self.work.has_deliveries = True

    def _look_at_alert(self, post: Post, said: Heard, incident: Incident) -> None:
        if said.kind is HeardKind.RESOLVED and incident.is_open:
            # The alert is over while we are not: the next step opens a new one.
            posts.forget_ref(self.connection, post)
        elif said.kind is HeardKind.ACKNOWLEDGED:
            posts.seen_as(self.connection, post, ACKNOWLEDGE)
        elif said.kind in {HeardKind.UNACKNOWLEDGED, HeardKind.REOPENED}:
            posts.seen_as(self.connection, post, None)
