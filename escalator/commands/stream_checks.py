"""How a source's app is set up at Stream, and whether its events come here. Asking changes nothing there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from escalator.channels.stream.app import App, read_app, read_rate_limits
from escalator.channels.stream.client import StreamClient
from escalator.channels.stream.review_queue import UNREVIEWED, created_at, read_page, updated_since, with_ids
from escalator.channels.stream.users import MOST_USERS, known_users
from escalator.commands.findings import UNREACHED_REMEDY, Finding, Status
from escalator.commands.stream_action_checks import check_actions
from escalator.commands.stream_hook_checks import check_hooks
from escalator.commands.stream_reconcile import sync_findings
from escalator.model.levels import Mode
from escalator.model.message import Failed, FailureReason
from escalator.model.policy import Policy, Source
from escalator.rendering.probe_failures import NOBODY_ANSWERED, probe_words
from escalator.rendering.push_text import words
from escalator.rendering.watched_queues import waiting_words
from escalator.services.core.context import Core
from escalator.services.stream.clients import client_of
from escalator.services.stream.watch_queues import is_asked, queues_at_sources
from escalator.store import source_activity, stream_queues
from escalator.stream.recovered import state_of

_MOST_OFFSET = timedelta(seconds=60)
_ENDPOINTS = ("QueryReviewQueue", "SubmitAction")
_PREFERENCES = {
    "flag_user_on_flagged_content": "each flagged content also flags its author: a second item, and a second incident",
    "disable_flagging_reviewed_entity": "an item that was reviewed gets no further flags, so nobody hears of them",
    "async_review_queue_upsert": "an item may be found in the queue only some time after its webhook",
    "disable_audit_logs": "Stream keeps no log of actions, so who acted cannot be looked up there",
}
"""What switches of an app mean here, where they are on. Names: GetStream/protocol, serverside-api.json."""
_REMEDIES = {
    FailureReason.BAD_CREDENTIALS: "check `api_key` and `api_secret` of the source; the secret may have been rotated",
    FailureReason.FORBIDDEN: "Stream does not allow it to this app; look at its state in the dashboard",
}


@dataclass(frozen=True, slots=True)
class SourceCheck:
    """What one source is checked with."""

    core: Core
    policy: Policy
    source: Source
    client: StreamClient

    def finding(self, status: Status, found: str, remedy: str = "") -> Finding:
        """Return a line about this source."""
        return Finding(f"stream {self.source.name}", status, found, remedy)


def sources(core: Core, policy: Policy) -> Iterator[Finding]:
    """Look at every source. In the sandbox nothing is asked: nothing leaves it.

    That Stream cannot be reached is no failure here: alerts come by webhook, and are sent without asking Stream.
    """
    if core.settings.mode is not Mode.SANDBOX:
        for source in policy.sources.values():
            yield from check_source(core, policy, source, if_unreached=Status.WARN)


def check_source(
    core: Core, policy: Policy, source: Source, *, if_unreached: Status = Status.FAIL
) -> Iterator[Finding]:
    """Yield what was found, the grave things first. A source whose key is empty is off, and nothing is asked."""
    check = SourceCheck(core, policy, source, client_of(core, source))
    if not core.expand(source.api_key):
        yield check.finding(Status.WARN, "off: its `api_key` is empty", "set the variable that the policy names")
        return
    app = read_app(check.client)
    if isinstance(app, Failed):
        status = if_unreached if app.reason in NOBODY_ANSWERED else Status.FAIL
        yield check.finding(status, probe_words(app), _remedy(app))
        return
    yield check.finding(Status.OK, f"key and secret are accepted by the app {app.name or '(without a name)'}")
    yield from _clock(check, app)
    yield from (check.finding(*line) for line in check_hooks(core, source, app))
    yield _last_event(check)
    yield from _queue(check)
    yield from _watched_queues(check)
    yield from _preferences(check, app)
    yield from _users(check)
    yield from (check.finding(*line) for line in check_actions(core, policy, source, app))
    yield _rate_limits(check)
    yield from _reconciled(check)


def _remedy(failed: Failed) -> str:
    return UNREACHED_REMEDY if failed.reason in NOBODY_ANSWERED else _REMEDIES.get(failed.reason, "try again later")


def _clock(check: SourceCheck, app: App) -> Iterator[Finding]:
    if app.at is not None and abs(app.at - check.core.clock.now()) > _MOST_OFFSET:
        offset = words(abs(app.at - check.core.clock.now()))
        yield check.finding(Status.WARN, f"its clock and ours differ by {offset}", "check this machine's clock (NTP)")


def _last_event(check: SourceCheck) -> Finding:
    with check.core.database.reading() as connection:
        at = source_activity.last_event_at(connection, check.source.name)
    if at is None:
        remedy = "flag a message there as a trial; a wrong secret shows in web's log as `unauthorized`"
        return check.finding(Status.WARN, "no event has come yet", remedy)
    return check.finding(Status.OK, f"the last event came {_ago(check, at)}")


def _queue(check: SourceCheck) -> Iterator[Finding]:
    page = read_page(check.client, UNREVIEWED, limit=1)
    if isinstance(page, Failed):
        yield check.finding(Status.WARN, f"the review queue: {probe_words(page)}", _remedy(page))
        return
    oldest = created_at(page.items[0]) if page.items else None
    if oldest is not None:
        yield check.finding(
            Status.OK, f"the oldest item in Stream's queue without a review is from {_ago(check, oldest)}"
        )
        yield from _filters(check, page.items[0])
    elif not page.items:
        yield check.finding(Status.OK, "nothing in Stream's queue waits for a review")


def _filters(check: SourceCheck, item: Mapping[str, Any]) -> Iterator[Finding]:
    """Check the filters by which the queue is compared: at Stream, a wrong one is no error and matches nothing."""
    state = state_of(item)
    if state is None:
        return
    page = read_page(check.client, {**with_ids([state.item_id]), **updated_since(state.updated_at)}, limit=1)
    if not isinstance(page, Failed) and not page.items:
        found = "its queue shows an item that it does not find by id and time of update, so lost webhooks are not found"
        yield check.finding(Status.FAIL, found, "report it as a bug")


def _watched_queues(check: SourceCheck) -> Iterator[Finding]:
    """Yield what is known of each queue that the policy watches at this source."""
    core, now = check.core, check.core.clock.now()
    watched = [watch for watch in queues_at_sources(check.policy) if watch.source == check.source]
    if not watched:
        return
    with core.database.reading() as connection:
        known = stream_queues.all_queues(connection)
    for watch in watched:
        name, row = f"the watched queue {watch.queue.name}", known.get(watch.key)
        if not is_asked(core, check.source, check.policy):
            yield check.finding(Status.OK, f"{name} is not asked for in the sandbox")
        elif row is None or (row.figures is None and row.failing_since is None):
            yield check.finding(Status.WARN, f"{name} has not been asked for yet", "start a worker")
        elif row.failing_since is not None:
            found = f"{name} has not been answered since {_ago(check, row.failing_since)} ({row.failure})"
            yield check.finding(Status.WARN, found, "nobody is notified of it meanwhile; see the other lines")
        elif row.figures is not None:
            asked = f"asked {words(now - row.figures.at)} ago"
            yield check.finding(Status.OK, f"{name}: {waiting_words(row.figures)}; {asked}")


def _preferences(check: SourceCheck, app: App) -> Iterator[Finding]:
    for name, meaning in _PREFERENCES.items():
        if app.preferences.get(name):
            yield check.finding(Status.WARN, f"{name} is on: {meaning}", "change it in Stream's dashboard, or know it")
    if app.has_escalation_queue:
        reasons = f", with the reasons {', '.join(app.escalation_reasons)}" if app.escalation_reasons else ""
        yield check.finding(Status.OK, f"its escalation queue is on{reasons}")


def _users(check: SourceCheck) -> Iterator[Finding]:
    """Check that Stream knows the people of the policy, and the user as whom the product acts."""
    core, service = check.core, check.core.expand(check.source.stream_user or "")
    named = {core.expand(person.stream): person.name for person in check.policy.people.values() if person.stream}
    asked = list(dict.fromkeys(filter(None, (service, *named))))[:MOST_USERS]
    if not asked:
        return
    known = known_users(check.client, asked)
    if isinstance(known, Failed):
        yield check.finding(Status.WARN, f"its users: {probe_words(known)}", _remedy(known))
        return
    if service and service not in known:
        found = f"Stream knows no user {service} (`stream_user`), so it may refuse what is done as that user"
        yield check.finding(Status.WARN, found, "create the user in Stream, or correct `stream_user` of the source")
    for user, name in named.items():
        if user in asked and user not in known:
            found = f"{name}: Stream knows no user {user}, so reviews of theirs count as a stranger's"
            yield check.finding(Status.WARN, found, "correct `stream` of the person in the policy")


def _rate_limits(check: SourceCheck) -> Finding:
    limits = read_rate_limits(check.client, *_ENDPOINTS)
    if isinstance(limits, Failed):
        return check.finding(Status.WARN, f"its rate limits: {probe_words(limits)}", _remedy(limits))
    shown = ", ".join(f"{limit.endpoint} {limit.limit} a minute, {limit.remaining} left" for limit in limits)
    return check.finding(Status.OK, f"rate limits: {shown or 'none are told'}")


def _reconciled(check: SourceCheck) -> Iterator[Finding]:
    for status, found, remedy in sync_findings(check.core, check.policy, check.source):
        yield check.finding(status, found, remedy)


def _ago(check: SourceCheck, at: datetime) -> str:
    return f"{words(check.core.clock.now() - at)} ago"
