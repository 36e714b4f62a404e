"""Whether actions from alerts work at Stream: what has failed or waits, and what policy and app lack for them."""

from collections.abc import Iterator
from datetime import timedelta

from escalator.channels.stream.app import App
from escalator.commands.findings import Status
from escalator.commands.stream_hook_checks import Line
from escalator.engine.permissions import may_view_category
from escalator.model.policy import Person, Policy, Source
from escalator.rendering.push_text import words
from escalator.rendering.stream_actions import part_name, why_not_done
from escalator.services.core.context import Core
from escalator.store import stream_calls

_FAILED_WITHIN = timedelta(hours=24)
_WAITS_LONG = timedelta(minutes=1)


def check_actions(core: Core, policy: Policy, source: Source, app: App) -> Iterator[Line]:
    """Yield what was found; nothing where all is well or nothing is offered."""
    yield from _calls(core, source)
    if source.tells_escalations and not app.has_escalation_queue:
        found = "`tell_stream` is on, but the app's escalation queue is off, so escalations are not reported to Stream"
        yield Status.WARN, found, "enable the escalation queue in Stream's dashboard, or remove `tell_stream`"
    unknown = [] if source.acts_as_service else [person.name for person in _offered(policy) if not person.stream]
    if unknown:
        found = f"{', '.join(unknown)}: offered actions that they cannot use, as their id in Stream is not known"
        yield Status.WARN, found, "add `stream` to the person, or `act_as: service` and `stream_user` to the source"


def _calls(core: Core, source: Source) -> Iterator[Line]:
    now = core.clock.now()
    with core.database.reading() as connection:
        failed = stream_calls.failed_since(connection, source.name, now - _FAILED_WITHIN)
        oldest = stream_calls.oldest_waiting(connection, source.name)
    if failed:
        count = sum(part.calls for part in failed)
        each = "; ".join(f"{part.calls} × {part_name(part.part)}: {why_not_done(part.reason)}" for part in failed)
        yield Status.WARN, f"failed in the last 24 h: {count} ({each})", "see the timelines of the incidents"
    if oldest is not None and now - oldest.created_at > _WAITS_LONG:
        why = f" ({oldest.reason})" if oldest.reason else ""
        found = f"{part_name(oldest.part)} has waited for {words(now - oldest.created_at)}{why}"
        yield Status.WARN, found, "start a worker, or look at the other lines"


def _offered(policy: Policy) -> Iterator[Person]:
    """Yield whoever is offered an action, by role and by what they may see."""
    offers = [
        (policy.actions[key].role, category)
        for category in policy.categories.values()
        for key in category.actions
        if key in policy.actions
    ]
    for person in policy.people.values():
        if any(role <= person.role and may_view_category(person.key, category, policy) for role, category in offers):
            yield person
